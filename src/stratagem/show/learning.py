"""What players learn from the moves that they see, as blocks on a terminal."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rich.console import RenderableType
from rich.text import Text

from stratagem.analyse.beliefs import BeliefAnswer
from stratagem.show import columns as kind
from stratagem.show.columns import Page, text
from stratagem.show.numbers import chance

COLUMNS = (kind.CHANCE, kind.BEFORE, kind.AFTER, kind.FACTOR)
LEGEND = "chance of what is seen; then of what is hidden, before and after; and what multiplies its odds"


def belief_blocks(page: Page, beliefs: Sequence[BeliefAnswer], names: Mapping[str, str]) -> Iterator[RenderableType]:
    """Each onlooker at each move, with what he makes of each thing that he may see."""
    if not beliefs:
        return
    yield Text(LEGEND, style="dim")
    label = page.label_width((_label(one) for one in beliefs), COLUMNS)
    for place, ((title, player), found) in enumerate(groupby(beliefs, key=lambda one: (one.title, one.player))):
        yield text(f"{names.get(player, player)}, on {title}", "bold")
        rows = [
            (_label(one), chance(one.chance.mean), chance(one.before.mean), chance(one.after.mean), _factor(one))
            for one in found
        ]
        yield page.table(COLUMNS, rows, label, has_header=place == 0)


def _label(one: BeliefAnswer) -> str:
    return f"{one.look}: {one.hidden} = {one.value}"


def _factor(one: BeliefAnswer) -> str:
    return "certain" if one.bayes_factor is None else f"{one.bayes_factor:.2g}"
