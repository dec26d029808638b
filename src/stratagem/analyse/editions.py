"""Two editions of a scenario: which inputs changed, which conclusions moved and by how much, and which did not (M14)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pydantic import BaseModel

from stratagem.analyse.digits import chance
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import Forecast
from stratagem.analyse.grounds import bases
from stratagem.analyse.pooling import Pooled
from stratagem.scenario.estimate import Amount, Estimate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Chance, Fact, Move, Quantity, Rounds, Scenario, Simultaneous

LONG = 160  # characters of an input that are shown
NOTICED = 3.0  # Monte Carlo errors of the difference
GONE, NEW = "left out", "new"


@dataclass(frozen=True)
class Change:
    """One input that differs."""

    element: str
    before: str
    after: str
    why: str


def diff(before: Scenario, after: Scenario, answers: tuple[Forecast, Forecast]) -> Finding:
    """What differs between two editions that were solved in the same worlds."""
    changes = list(changed_inputs(before, after))
    moved = list(_conclusions(*answers))
    shifted = [row for row in moved if row[6] == "moved"]
    tables = (_input_table(changes), _conclusion_table(moved))
    return Finding(
        kind="diff",
        title=f"{before.scenario} → {after.scenario}",
        judgements=tuple(_judgements(changes, moved, shifted)),
        tables=tables,
        caveats=(
            "the same worlds on both sides: a number that did not change is the same in each of them",
            f"a conclusion moved where it differs by more than {NOTICED:g} Monte Carlo errors",
        ),
        rests_on=bases(after, (), tables),
        manifest={"before": dict(answers[0].manifest), "after": dict(answers[1].manifest)},
    )


def changed_inputs(before: Scenario, after: Scenario) -> Iterator[Change]:
    """Every input that differs, by the element that holds it."""
    old, new = dict(_inputs(before)), dict(_inputs(after))
    reasons = dict(_reasons(after))
    for element in dict.fromkeys([*old, *new]):
        one, two = old.get(element), new.get(element)
        if one != two:
            yield Change(element, NEW if one is None else one, GONE if two is None else two, reasons.get(element, ""))
    for section in ("timeline", "outcomes"):
        first, second = _order(section, old, new), _order(section, new, old)
        if first != second:
            yield Change(f"order of {section}", first, second, "")


def _order(section: str, elements: Mapping[str, str], common: Mapping[str, str]) -> str:
    """The parts of a section that stand in both editions, in the order of one of them."""
    names = (name for name in elements if name in common and name.startswith(f"{section}."))
    return ", ".join(name.removeprefix(f"{section}.") for name in names)


def _inputs(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Every input with how it is written."""
    yield "as of", scenario.as_of.text if scenario.as_of else "undated"
    for who, name, quantity in scenario.known_quantities():
        types = f" in {quantity.types} types" if quantity.types else ""
        yield name, f"{quantity.is_.text}{f' {quantity.unit}' if quantity.unit else ''}, known to {who}{types}"
    if scenario.taken_as_known:
        yield "taken as known", ", ".join(sorted(scenario.taken_as_known))
    for one in scenario.correlations:
        yield f"correlation of {' and '.join(sorted(one.between))}", f"{one.rank:g}"
    for name, fact in scenario.facts.items():
        yield f"facts.{name}", fact.says or (fact.is_.text if fact.is_ else "")
    for place, seen in enumerate(scenario.history):
        yield f"history {place + 1}", seen.that
    for section in (
        "lexicon",
        "players",
        "forces",
        "state",
        "stakes",
        "links",
        "perceptions",
        "mistakes",
        "outcomes",
        "revealed",
    ):
        for name, part in getattr(scenario, section).items():
            yield f"{section}.{name}", _written(part)
    for name, formula in scenario.definitions.items():
        yield name, formula.text
    for item in scenario.timeline:
        yield f"timeline.{_name(item)}", _written(item)
    yield from _asked(scenario)


def _asked(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """What is asked, what stands beside it, and how it was resolved."""
    for name, question in scenario.questions.items():
        yield (
            f"questions.{name}",
            f"{question.event.text}"
            + (f" given {question.given.text}" if question.given else "")
            + (f" by {question.by.text}" if question.by else ""),
        )
        if question.resolved != "open":
            yield f"questions.{name}.resolved", question.resolved
        for key, judgement in (("base rate", question.base_rate), ("crowd", question.crowd)):
            if judgement is not None:
                yield f"questions.{name}.{key}", judgement.is_.text


def _name(item: object) -> str:
    """What an item of the timeline is called: a move by its name, a block by its own or by the moves within."""
    if isinstance(item, Move | Chance):
        return item.id
    if isinstance(item, Rounds):
        return item.name or " and ".join(_name(one) for one in item.moves)
    return " and ".join(_name(one) for one in item.simultaneous) if isinstance(item, Simultaneous) else ""


def _written(value: object) -> str:
    """A part of a scenario as flat text, without titles and sources."""
    if isinstance(value, Formula | Estimate):
        return value.text
    if isinstance(value, Amount):
        return _written(value.estimate or value.formula)
    if isinstance(value, BaseModel):
        told = ((key, inner) for key, inner in value if key not in ("title", "source", "assumption", "name", "role"))
        parts = {key.rstrip("_").replace("_", " "): inner for key, inner in told}
        return _written(parts)
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {_written(inner)}" for key, inner in value.items() if inner not in (None, {}, [], ()))
    if isinstance(value, list | tuple):
        return ", ".join(_written(one) for one in value)
    return str(value)


def _reasons(scenario: Scenario) -> Iterator[tuple[str, str]]:
    """Why a number changed: the latest of its versions says."""
    parts: list[tuple[str, Quantity | Fact]] = [(name, one) for _, name, one in scenario.known_quantities()]
    parts += ((f"facts.{name}", one) for name, one in scenario.facts.items())
    for name, one in parts:
        if one.was:
            latest = one.was[-1]
            yield name, latest.because or latest.source or one.source or ""
        elif one.source:
            yield name, one.source


def _conclusions(before: Forecast, after: Forecast) -> Iterator[tuple[Cell, ...]]:
    """Each question and outcome that both editions answer."""
    pairs: list[tuple[str, Pooled | None, Pooled | None]] = []
    answered = {one.name: one for one in after.questions}
    pairs += [
        (one.title, one.probability, answered[one.name].probability) for one in before.questions if one.name in answered
    ]
    ended = {one.name: one for one in after.outcomes}
    pairs += [
        (f"ends in: {one.title}", one.value, ended[one.name].value) for one in before.outcomes if one.name in ended
    ]
    for title, one, two in pairs:
        if one is None or two is None:
            yield (
                title,
                one.mean if one else None,
                None,
                two.mean if two else None,
                None,
                None,
                "void" if one is None and two is None else "moved",
            )
            continue
        error = (one.error**2 + two.error**2) ** 0.5
        change = two.mean - one.mean
        verdict = "moved" if abs(change) > max(NOTICED * error, 0.005) else "did not move"
        yield title, one.mean, one.error, two.mean, two.error, change, verdict


def _input_table(changes: list[Change]) -> Table:
    columns = (Column("element", "input"), Column("before", "before"), Column("after", "after"), Column("why", "why"))
    rows = tuple((one.element, *_short(one.before, one.after), one.why) for one in changes)
    return Table("inputs", "What changed in the inputs", columns, rows, None if rows else "nothing")


def _short(before: str, after: str) -> tuple[str, str]:
    """Two texts, where they are long from shortly before they differ."""
    if max(len(before), len(after)) <= LONG:
        return before, after
    same = next((at for at, (one, two) in enumerate(zip(before, after, strict=False)) if one != two), 0)
    start = max(same - LONG // 4, 0)
    first, second = (f"{'…' if start else ''}{one[start:]}" for one in (before, after))
    return tuple(one if len(one) <= LONG else f"{one[: LONG - 1]}…" for one in (first, second))  # type: ignore[return-value]


def _conclusion_table(moved: list[tuple[Cell, ...]]) -> Table:
    columns = (
        Column("conclusion", "conclusion"), Column("before", "before", "chance"), Column("before_error", "±", "size"), Column("after", "after", "chance"),
        Column("after_error", "±", "size"), Column("change", "change", "points"), Column("verdict", ""),
    )  # fmt: skip
    ordered = sorted(moved, key=lambda row: -abs(row[5]) if isinstance(row[5], float) else 0.0)
    return Table("conclusions", "What it did to the conclusions", columns, tuple(ordered))


def _judgements(changes: list[Change], moved: list[tuple[Cell, ...]], shifted: list[tuple[Cell, ...]]) -> Iterator[str]:
    yield f"{len(changes)} {'input differs' if len(changes) == 1 else 'inputs differ'}; {len(shifted)} of {len(moved)} conclusions moved."
    numbers = [
        row for row in shifted if isinstance(row[5], float) and isinstance(row[1], float) and isinstance(row[3], float)
    ]
    if numbers:
        most = max(numbers, key=lambda row: abs(row[5]))  # type: ignore[arg-type]
        yield f"Most of all: {most[0]} — from {chance(most[1], most[2])} to {chance(most[3], most[4])}."  # type: ignore[arg-type]
