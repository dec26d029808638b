"""The structure of a scenario on a terminal: its game, and where its numbers come from."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from stratagem.analyse.inspect import GameView, LayerView
from stratagem.analyse.provenance import PlaceView, ProvenanceView
from stratagem.scenario.model import Claim
from stratagem.show.columns import text
from stratagem.show.numbers import clean

BAR_STATES = 24


def render_game(view: GameView) -> Group:
    """Size by layer, what merged, and what each move sees and can do."""
    merged = view.num_histories / max(view.num_nodes, 1)
    blocks: list[RenderableType] = [
        text(view.title, "bold"),
        Text(
            f"{view.num_nodes:,} states and {view.num_edges:,} edges stand for {_count(view.num_histories)} histories ({_count(merged)} a state)."
        ),
        Text(
            f"{view.num_expressions:,} distinct expressions over {view.num_quantities} quantities; outcomes: {', '.join(view.outcomes)}."
        ),
        "",
    ]
    most = max((layer.num_states for layer in view.layers), default=1)
    for layer in view.layers:
        blocks += _layer(layer, most)
    return Group(*blocks)


def _layer(layer: LayerView, most: int) -> Iterable[RenderableType]:
    bar = "█" * max(round(BAR_STATES * layer.num_states / most), 1 if layer.num_states else 0)
    date = f"  {layer.date}" if layer.date else ""
    yield Text.assemble(
        (f"{layer.step}", "bold"), f"  {layer.player}{date}  {layer.num_states:,} states  ", (bar, "cyan")
    )
    yield Padding(text(f"can: {', '.join(layer.options)}"), (0, 0, 0, 4))
    if layer.never and layer.num_states:
        yield Padding(Text(f"never available: {', '.join(layer.never)}", style="yellow"), (0, 0, 0, 4))
    if not layer.num_states:
        yield Padding(Text("never reached", style="yellow"), (0, 0, 0, 4))
    if layer.cannot_see:
        sets = f"{layer.num_infosets:,} information set{'s' if layer.num_infosets > 1 else ''}"
        yield Padding(
            Text(f"{sets}: {layer.player} cannot see {', '.join(layer.cannot_see)}", style="magenta"), (0, 0, 0, 4)
        )
    yield Padding(Text(f"states differ by: {', '.join(layer.sees) or 'nothing'}", style="dim"), (0, 0, 0, 4))


def _count(number: float) -> str:
    return f"{number:,.0f}" if number < 1e7 else f"{number:.2g}"


def render_provenance(view: ProvenanceView) -> Group:
    """Sources paragraph by paragraph, then what rests on assumption alone."""
    blocks: list[RenderableType] = [text(view.title, "bold"), ""]
    cited = dict(view.sources)
    for source in dict.fromkeys(place.source for place in view.places):
        blocks += [text(f"{source}: {cited[source]}", "bold underline")]
        for place in view.places:
            if place.source == source:
                blocks += _place(place)
        blocks.append("")
    if view.assumptions:
        blocks.append(Text("Rests on the analyst's assumption alone", style="bold underline"))
        blocks += [_item(f"{name} = {written}", why) for name, written, why in view.assumptions]
    if view.unstated:
        blocks += [
            "",
            Text("Rests on nothing that the file states", style="bold underline yellow"),
            *_wrapped(name for name, _ in view.unstated),
        ]
    if view.versions:
        blocks += ["", Text("Corrected since", style="bold underline")]
        blocks += [_item(f"{name}: was {was}; now {now}", why) for name, was, now, why in view.versions]
    return Group(*blocks)


def _place(place: PlaceView) -> Iterable[RenderableType]:
    yield text(place.place or "(as a whole)", "bold")
    for name, claim in place.claims:
        yield _item(f"{name} {claim.says}", _fate(claim))
    if place.numbers:
        yield Padding(Text("numbers: " + ", ".join(name for name, _ in place.numbers)), (0, 0, 0, 2))


def _fate(claim: Claim) -> str:
    if claim.modelled_by is not None:
        return "modelled by " + ", ".join(claim.modelled_by)
    return f"context: {claim.context}" if claim.context is not None else f"not modelled: {claim.not_modelled}"


def _item(said: str, note: str) -> RenderableType:
    return Padding(Text.assemble(clean(said), ("\n  → " + clean(note), "dim")), (0, 0, 0, 2))


def _wrapped(names: Iterable[str] | Sequence[str]) -> Iterable[RenderableType]:
    yield Padding(Text(", ".join(names)), (0, 0, 0, 2))
