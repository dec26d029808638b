"""The game as a layered flow: a row a move, a box for what is done there, bands to what comes next, widths by share of plays.

Takes a flow over merged states, however many, so the picture grows with the moves and not with the states. Built as elements, never as text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from xml.etree.ElementTree import Element, SubElement, tostring

from stratagem.analyse.flow import START, Flow, FlowStep
from stratagem.show.figures import wrapped
from stratagem.show.numbers import chance, clean
from stratagem.show.vega import named

LEAST = 0.005  # moves that fewer plays meet are left out
NUM_HUES = 6
BOX, STRIP, GAP = 26, 5, 7
CHARACTER, HEAD_CHARACTER = 7.0, 7.4
Span = tuple[float, float]
Band = tuple[float, float, str, Span, bool]  # place at the source, width, colour, span there, whether it leaves a box
Crossing = tuple[int, Span, Span, str, bool]  # row, where it leaves, where it arrives, colour, whether it leaves a box


@dataclass(frozen=True)
class Frame:
    """How a picture is laid out: its width, that of the column for headings (none: they stand above the boxes), and the height of a row."""

    name: str
    width: int
    column: int
    head: int
    row: int


WIDE = Frame("wide", 900, 258, 0, 64)
NARROW = Frame("narrow", 350, 0, 36, 92)
PART = 260  # height of the parts in which a picture is drawn, so that they fill printed pages; on a screen they join
JOIN = 9  # how far above the boxes of a row a part begins


@dataclass
class Item:
    """What stands in a row: the box of its move or an outcome, or a band of plays on their way to a later row."""

    target: int  # the row it leads to; its own for a box
    share: float = 0.0
    x: float = 0.0
    width: float = 0.0
    comes: list[Band] = field(default_factory=list)


class Layout:
    """Places of all rows, items and bands."""

    def __init__(self, flow: Flow, frame: Frame) -> None:
        self.flow, self.frame = flow, frame
        self.steps = [number for number, step in enumerate(flow.steps) if step.met >= LEAST]
        self.ends = [number for number, (_, _, share) in enumerate(flow.outcomes) if share >= LEAST]
        self.last = len(self.steps)
        row_of = {step: row for row, step in enumerate(self.steps)}
        count = len(flow.steps)
        # Outcomes share the last row; each is a target of its own, after all moves.
        row_of.update({count + end: self.last + place for place, end in enumerate(self.ends)})
        self.links = [
            (-1 if one.step == START else row_of[one.step], one.option, row_of[one.to], one.share)
            for one in flow.links
            if one.to in row_of and (one.step == START or one.step in row_of)
        ]
        self.rows = [self._row(number) for number in range(self.last + 1)]
        widest = max(len(row) for row in self.rows)
        self.scale = (frame.width - frame.column - GAP * (widest - 1)) / max(
            sum(one.share for one in row.values()) for row in self.rows
        )
        for row in self.rows:
            x = float(frame.column)
            for item in row.values():
                item.x, item.width = x, item.share * self.scale
                x += item.width + GAP

    def _row(self, row: int) -> dict[int, Item]:
        """The items of a row by target, soonest first."""
        found: dict[int, Item] = defaultdict(lambda: Item(0))
        for source, _, target, share in self.links:
            if source < row <= target:
                found[target].share += share
        for target, item in found.items():
            item.target = target
        return dict(sorted(found.items()))

    def top(self, row: int) -> float:
        """Where the boxes of a row begin."""
        return row * self.frame.row + self.frame.head + 6.0

    @property
    def height(self) -> float:
        """The height of the picture."""
        return self.top(self.last) + BOX + 18 + 17 * len(self.ends)

    def bottom(self, row: int, is_box: bool) -> float:
        """Where bands leave a row: below the box, and below the strip of best replies where there is one."""
        has_strip = not is_box or self.flow.steps[self.steps[row]].player is not None
        return self.top(row) + BOX + (STRIP if has_strip else 0)

    def segments(self, row: int) -> Iterator[tuple[int, Span]]:
        """The options of a row's move with where each stands in the box."""
        item = self.rows[row][row]
        x = item.x
        for number, option in enumerate(self.flow.steps[self.steps[row]].options):
            width = option.chance * item.width
            yield number, (x, x + width)
            x += width

    def bands(self) -> Iterator[Crossing]:
        """Every band from one row to the next: the row, where it leaves, where it arrives, its colour, whether it leaves a box."""
        for row in range(self.last):
            for source, target in self._leaving(row):
                if target in self.rows[row + 1]:
                    self.rows[row + 1][target].comes.append(source)
            for item in self.rows[row + 1].values():
                x = item.x
                for _, width, colour, span, is_box in sorted(item.comes, key=lambda one: one[0]):
                    yield row, span, (x, x + width), colour, is_box
                    x += width

    def _leaving(self, row: int) -> Iterator[tuple[Band, int]]:
        if row in self.rows[row]:
            for option, (left, _) in self.segments(row):
                x = left
                for _, _, target, share in sorted(link for link in self.links if link[:2] == (row, option)):
                    width = share * self.scale
                    yield (
                        (x, width, colour_of(self.flow, self.flow.steps[self.steps[row]]), (x, x + width), True),
                        target,
                    )
                    x += width
        for target, item in self.rows[row].items():
            if target != row:
                yield (item.x, item.width, "var(--chance)", (item.x, item.x + item.width), False), target


def colour_of(flow: Flow, step: FlowStep) -> str:
    """The colour of a move's player, by the order in which players first move."""
    players = list(dict.fromkeys(one.player for one in flow.steps if one.player is not None))
    return "var(--chance)" if step.player is None else f"var(--p{players.index(step.player) % NUM_HUES})"


def game_picture(flow: Flow, players: Mapping[str, str], name: str, title: str, description: str) -> tuple[str, str]:
    """The SVG of a flow for a wide page and for a narrow one; the wide one in parts that join, between which a printed page may end."""
    wide, narrow = Layout(flow, WIDE), Layout(flow, NARROW)
    count = max(1, round(wide.height / PART + 0.4))
    cuts = [round(place * (wide.last + 1) / count) for place in range(count)] + [wide.last + 1]
    bands = list(wide.bands())
    parts = [_picture(wide, players, bands, rows) for rows in pairwise(cuts)]
    first = named(parts[0], f"{name}-wide", title, description)
    for part in parts[1:]:
        part.set("aria-hidden", "true")  # the first part tells of the whole
    whole = _picture(narrow, players, list(narrow.bands()), (0, narrow.last + 1))
    return first + "".join(tostring(part, encoding="unicode") for part in parts[1:]), named(
        whole, f"{name}-narrow", title, description
    )


def _picture(layout: Layout, players: Mapping[str, str], bands: list[Crossing], rows: tuple[int, int]) -> Element:
    """The rows from one to before another, with the bands that come in and go out."""
    start, stop = rows
    top = layout.top(start) - JOIN if start else 0.0
    bottom = layout.top(stop) - JOIN if stop <= layout.last else layout.height
    root = Element("svg", {"viewBox": f"0 {top:.0f} {layout.frame.width} {bottom - top:.0f}"})
    for row, leaves, arrives, colour, is_box in bands:
        if start - 1 <= row < stop and arrives[1] - arrives[0] >= 0.3:
            _band(root, (layout.bottom(row, is_box), layout.top(row + 1)), leaves, arrives, colour)
    for row in range(start, min(stop, layout.last)):
        for target, item in layout.rows[row].items():
            if target > row:
                _rect(root, item.x, layout.top(row), item.width, BOX + STRIP, "var(--chance)", 0.16)
        _heading(root, layout, row, players)
        _box(root, layout, row)
    if stop > layout.last:
        _outcomes(root, layout)
    return root


def _band(root: Element, heights: Span, start: Span, end: Span, colour: str) -> None:
    top, bottom = heights
    middle = (top + bottom) / 2
    (a, b), (c, d) = start, end
    path = (
        f"M{a:.1f},{top:.1f}C{a:.1f},{middle:.1f},{c:.1f},{middle:.1f},{c:.1f},{bottom:.1f}L{d:.1f},{bottom:.1f}"
        f"C{d:.1f},{middle:.1f},{b:.1f},{middle:.1f},{b:.1f},{top:.1f}Z"
    )
    SubElement(
        root, "path", {"d": path, "fill": colour, "fill-opacity": "0.16" if colour == "var(--chance)" else "0.28"}
    )


def _box(root: Element, layout: Layout, row: int) -> None:
    """The box of a move, a segment for each option; below it a strip of what the best replies would be."""
    step = layout.flow.steps[layout.steps[row]]
    colour, top = colour_of(layout.flow, step), layout.top(row)
    best = max(range(len(step.options)), key=lambda one: step.options[one].best or 0.0)
    x = layout.rows[row][row].x
    for number, (left, right) in layout.segments(row):
        option, width = step.options[number], right - left
        if width < 0.2:
            continue
        group = SubElement(root, "g")
        said = f"{option.title}: {chance(option.chance)}" + (
            "" if option.best is None else f"; best reply in {chance(option.best)}"
        )
        SubElement(group, "title").text = clean(said)
        _rect(group, left, top, max(width - 1.2, 0.4), BOX, colour, 1.0 if number % 2 == 0 else 0.82)
        _label(group, (left + right) / 2, top + 17, width, option.name.replace("_", " "), option.chance)
    if step.player is None:
        return
    for number, (left, right) in layout.segments(row):
        width = (step.options[number].best or 0.0) * layout.rows[row][row].width
        if width >= 0.4:
            _rect(
                root,
                x,
                top + BOX + 1,
                max(width - 1.2, 0.4),
                STRIP - 1,
                "var(--ink)",
                0.75 if number % 2 == 0 else 0.45,
            )
        x += width
        if number == best:
            middle = (left + right) / 2
            SubElement(root, "path", {"d": f"M{middle - 5:.1f},{top - 7:.1f}h10l-5,6z", "fill": "var(--ink)"})


def _label(group: Element, x: float, y: float, width: float, name: str, value: float) -> None:
    for text in (f"{name} {chance(value)}", name, chance(value)):
        if len(text) * CHARACTER + 6 <= width:
            label = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": "middle", "font-size": "12", "fill": "var(--on)"}
            SubElement(group, "text", label).text = clean(text)
            return


def _heading(root: Element, layout: Layout, row: int, players: Mapping[str, str]) -> None:
    """Who moves, at what, when, and in how many merged states."""
    step, frame = layout.flow.steps[layout.steps[row]], layout.frame
    who = "Chance" if step.player is None else players.get(step.player, step.player)
    number = f" ({step.label.partition('[')[2].rstrip(']')})" if "[" in step.label else ""
    states = "1 state" if step.num_states == 1 else f"{step.num_states:,} states"
    told = " · ".join(
        [*([step.date] if step.date else []), "made" if step.is_seen else f"met in {chance(step.met)}", states]
    )
    room, most = (
        int((frame.column - 22 if frame.column else frame.width - 14) / HEAD_CHARACTER),
        2 if frame.column else 1,
    )
    lines = wrapped(clean(f"{who}: {step.title}{number}"), room)
    if len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: room - 1] + "…"]
    y = layout.top(row) + 3 if frame.column else layout.top(row) - 26
    _rect(root, 0, y - 8, 8, 8, colour_of(layout.flow, step), 1.0)
    _text(root, 14, y, lines, "var(--ink)", "600")
    _text(root, 14, y + 14 * len(lines), [told], "var(--soft)", "400")


def _text(root: Element, x: float, y: float, lines: list[str], colour: str, weight: str) -> None:
    """Lines of text with a margin in the colour of the paper, so that they can stand on bands."""
    for place, line in enumerate(lines):
        look = {
            "fill": colour,
            "font-weight": weight,
            "font-size": "12",
            "stroke": "var(--paper)",
            "stroke-width": "3",
            "paint-order": "stroke",
        }
        SubElement(root, "text", {"x": f"{x:.1f}", "y": f"{y + 14 * place:.1f}", **look}).text = line


def _outcomes(root: Element, layout: Layout) -> None:
    """The last row: a box for each outcome."""
    top = layout.top(layout.last)
    for place, end in enumerate(layout.ends):
        _, title, share = layout.flow.outcomes[end]
        item = layout.rows[layout.last].get(layout.last + place)
        if item is None:
            continue
        group = SubElement(root, "g")
        SubElement(group, "title").text = clean(f"{title}: {chance(share)}")
        _rect(group, item.x, top, item.width, BOX, "var(--ink)", 0.85)
        if item.width > 28:
            look = {"text-anchor": "middle", "font-size": "12", "fill": "var(--paper)"}
            SubElement(
                group, "text", {"x": f"{item.x + item.width / 2:.1f}", "y": f"{top + 17:.1f}", **look}
            ).text = chance(share)
    head = layout.frame.column
    _text(root, 14 if head else 0, top + (12 if head else -8), ["How it ends"], "var(--ink)", "600")
    for line, end in enumerate(layout.ends):
        _, title, share = layout.flow.outcomes[end]
        room = int((layout.frame.width - head - 50) / CHARACTER)
        told = wrapped(clean(title), room)
        _text(
            root, head + 50, top + BOX + 18 + 17 * line, [told[0] + ("…" if len(told) > 1 else "")], "var(--ink)", "400"
        )
        _text(root, head + 4, top + BOX + 18 + 17 * line, [chance(share)], "var(--soft)", "600")


def _rect(parent: Element, x: float, y: float, width: float, height: float, colour: str, opacity: float) -> None:
    place = {"x": f"{x:.1f}", "y": f"{y:.1f}", "width": f"{width:.1f}", "height": f"{height:.1f}"}
    SubElement(parent, "rect", {**place, "fill": colour, "fill-opacity": f"{opacity:g}"})
