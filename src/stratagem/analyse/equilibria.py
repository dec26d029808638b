"""The equilibria of the central world, where a part of the game that hides something has several (M9).

Each is listed with its residual, and later parts are played as solved; that there are no more is not shown.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.graph.game import Game
from stratagem.solve.solution import Rival, Solution

TITLE = "Equilibria of the central world, with their residuals"


@dataclass(frozen=True)
class Played:
    """What is done at a decision, by one who knows what `knows` says."""

    step: str
    title: str
    player: str
    knows: Mapping[str, str]
    actions: Mapping[str, float]


@dataclass(frozen=True)
class EquilibriumAnswer:
    """One of several equilibria of a part of the game; number 1 is the one that the answer goes by."""

    part: str  # the decision or event with which the part begins
    number: int
    source: str
    residual: float
    decisions: tuple[Played, ...]


def equilibria(solution: Solution) -> Iterator[EquilibriumAnswer]:
    """The equilibria of each part of the central world that has several, in the order of play."""
    game, count = solution.game, dict[int, int]()
    for one in solution.rivals:
        count[one.root] = count.get(one.root, 0) + 1
        part = game.steps[game.step_of_node[one.root]].label
        yield EquilibriumAnswer(part, count[one.root], one.source, one.residual, tuple(_played(game, one)))


def _played(game: Game, one: Rival) -> Iterator[Played]:
    infosets = game.infoset_of_node[game.parent_of_edge[one.edges]]
    starts = np.flatnonzero(np.diff(infosets, prepend=-1))
    for edges, chances in zip(np.split(one.edges, starts[1:]), np.split(one.behaviour, starts[1:]), strict=True):
        node = int(game.parent_of_edge[edges[0]])
        info = game.steps[game.step_of_node[node]]
        alike = np.flatnonzero(game.infoset_of_node == game.infoset_of_node[node])
        state = game.state_of_node[node]
        knows = {
            name: value
            for name, value in state.items()
            if all(game.state_of_node[other].get(name) == value for other in alike)
        }
        names = [info.options[option] for option in game.option_of_edge[edges]]
        actions = dict(zip(names, chances.tolist(), strict=True))
        yield Played(info.label, info.title, game.players[info.player], knows, actions)


def equilibria_finding(
    found: Sequence[EquilibriumAnswer],
    warnings: Sequence[str],
    names: Mapping[str, str],
    manifest: Mapping[str, object],
) -> Finding | None:
    """The equilibria as a finding, with what warnings say of branches; None where nothing is to be said."""
    said = [one for one in warnings if "(M9)" in one]
    if not found and not said:
        return None
    columns = (
        Column("part", "part from"), Column("number", "number", "count"), Column("source", "found"), Column("residual", "residual"),
        Column("title", "decision"), Column("player", "player"), Column("knows", "knowing"), Column("action", "action"),
        Column("chance", "chance", "chance"),
    )  # fmt: skip
    rows: tuple[tuple[Cell, ...], ...] = tuple(
        (
            one.part, one.number, one.source, f"{one.residual:.1e}", where.title, names.get(where.player, where.player),
            ", ".join(f"{name} = {value}" for name, value in where.knows.items()), action, chance,
        )
        for one in found
        for where in one.decisions
        for action, chance in where.actions.items()
    )  # fmt: skip
    note = (
        "number 1 is the one that all answers go by; later parts are played as solved; a search proves no list complete"
    )
    tables = (Table("equilibria", TITLE, columns, rows, note),) if rows else ()
    return Finding("equilibria", "How sure the equilibrium is", tuple(said), tables, manifest=manifest)
