"""What each player believes of what is hidden from him, before and after each move that he sees (M7).

Takes a solution; gives, for each onlooker, move, hidden thing and look, the probability before and after, and the Bayes factor.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.pooling import Pooled, pool
from stratagem.graph.game import Floats
from stratagem.solve.solution import Solution
from stratagem.solve.witness import Sighting

TELLING = 1e-12  # of a probability: less is rounding


@dataclass(frozen=True)
class BeliefAnswer:
    """What a player makes of a move that he sees."""

    player: str
    step: str
    title: str
    date: str | None
    hidden: str  # what he cannot see
    value: str
    look: str  # what the move looks like to him
    chance: Pooled  # of that look
    before: Pooled  # probability that the hidden thing has the value
    after: Pooled  # the same once the move is seen
    bayes_factor: float | None  # odds after over odds before; None where the look rules the alternative out


def beliefs(solution: Solution) -> Iterator[BeliefAnswer]:
    """Beliefs in the order of the timeline, given what the history has before each move. Worlds without an answer are left out, as are looks
    that never come and moves that tell nothing."""
    told = np.where(solution.is_solved, solution.told, 0.0)
    groups: dict[tuple[int, int, str], list[int]] = {}
    for place, one in enumerate(solution.sightings):
        groups.setdefault((one.step, one.player, one.hidden), []).append(place)
    for rows in groups.values():
        yield from _of_one(solution, [solution.sightings[row] for row in rows], told[rows])


def _of_one(solution: Solution, sightings: list[Sighting], told: Floats) -> Iterator[BeliefAnswer]:
    values, looks = np.array([one.value for one in sightings]), np.array([one.look for one in sightings])
    total = told.sum(axis=0)
    if _tells_nothing(told, values, looks):
        return
    for place, one in enumerate(sightings):
        of_value, of_look = told[values == one.value].sum(axis=0), told[looks == one.look].sum(axis=0)
        if not of_value.any():
            continue  # he holds it to be impossible
        chance, before, after = pool(of_look, total), pool(of_value, total), pool(told[place], of_look)
        if chance is None or before is None or after is None:
            continue
        step = solution.game.steps[one.step]
        yield BeliefAnswer(
            player=solution.game.players[one.player],
            step=step.label,
            title=step.title,
            date=step.date,
            hidden=one.hidden,
            value=one.value,
            look=one.look,
            chance=chance,
            before=before,
            after=after,
            bayes_factor=_factor(told[place].sum(), of_value.sum(), of_look.sum(), total.sum()),
        )


def _tells_nothing(told: Floats, values: NDArray[np.str_], looks: NDArray[np.str_]) -> bool:
    """Whether in every world what is seen is independent of what is hidden."""
    total = told.sum(axis=0)
    return all(
        (
            np.abs(
                told[place] * total
                - told[values == values[place]].sum(axis=0) * told[looks == looks[place]].sum(axis=0)
            )
            <= TELLING * total**2
        ).all()
        for place in range(len(told))
    )


def _factor(both: float, of_value: float, of_look: float, total: float) -> float | None:
    """How much likelier the look is under the value than otherwise."""
    other_look, other = of_look - both, total - of_value
    if not (of_value > TELLING and other > TELLING and other_look > TELLING * total):
        return None
    return float((both / of_value) / (other_look / other))


def learning(found: Sequence[BeliefAnswer], names: Mapping[str, str], manifest: Mapping[str, object]) -> Finding | None:
    """Beliefs as a finding, with the players' names; None where no move tells anybody anything hidden."""
    if not found:
        return None
    rows: list[tuple[Cell, ...]] = [
        (
            names.get(one.player, one.player), one.title, one.look, f"{one.hidden} = {one.value}",
            one.chance.mean, one.before.mean, one.after.mean, one.bayes_factor,
        )
        for one in found
    ]  # fmt: skip
    most = max(found, key=lambda one: one.chance.mean * abs(one.after.mean - one.before.mean))
    said = (
        f"What tells most is “{most.title}”: where {names.get(most.player, most.player)} sees {most.look}, "
        f"{most.hidden} = {most.value} goes from {100 * most.before.mean:.0f} % to {100 * most.after.mean:.0f} %."
    )
    columns = (
        Column("player", "onlooker"), Column("title", "move"), Column("sees", "what is seen"), Column("hidden", "what is hidden"),
        Column("chance", "chance", "chance"), Column("before", "before", "chance"), Column("after", "after", "chance"),
        Column("factor", "× odds", "size"),
    )  # fmt: skip
    table = Table("beliefs", "What players make of the moves that they see", columns, tuple(rows))
    return Finding("beliefs", "What the moves tell those who see them", (said,), (table,), manifest=manifest)
