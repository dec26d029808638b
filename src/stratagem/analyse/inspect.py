"""What a compiled game looks like: layers, merging, what each move sees and does (M1, M2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stratagem.graph.game import CHANCE, Game
from stratagem.scenario.model import Scenario


@dataclass(frozen=True)
class LayerView:
    """A step of the game: how many states, and what its mover sees and can do."""

    step: str
    title: str
    player: str
    date: str | None
    num_states: int
    num_edges: int
    num_infosets: int  # of its mover; fewer than states where he cannot tell some apart
    sees: tuple[str, ...]
    cannot_see: tuple[str, ...]  # variables that differ within an information set
    options: tuple[str, ...]
    never: tuple[str, ...]  # options that are available in no state


@dataclass(frozen=True)
class GameView:
    """The game as a whole."""

    title: str
    num_nodes: int
    num_edges: int
    num_histories: float
    num_expressions: int
    num_quantities: int
    outcomes: tuple[str, ...]
    layers: tuple[LayerView, ...]


def inspect(scenario: Scenario, game: Game) -> GameView:
    """The view of a scenario's game."""
    return GameView(
        title=scenario.scenario,
        num_nodes=game.num_nodes,
        num_edges=game.num_edges,
        num_histories=game.num_histories,
        num_expressions=len(game.expressions),
        num_quantities=sum(1 for _ in scenario.known_quantities()),
        outcomes=game.outcomes,
        layers=tuple(_layers(game)),
    )


def _layers(game: Game) -> Iterator[LayerView]:
    parent_step = game.step_of_node[game.parent_of_edge]
    for number, step in enumerate(game.steps):
        here = (parent_step == number) & (game.option_of_edge >= 0)
        nodes = np.unique(game.parent_of_edge[here])
        used = set(np.unique(game.option_of_edge[here]).tolist())
        yield LayerView(
            step=step.label,
            title=step.title,
            player="chance" if step.player == CHANCE else game.players[step.player],
            date=step.date,
            num_states=len(nodes),
            num_edges=int(here.sum()),
            num_infosets=len(np.unique(game.infoset_of_node[nodes])) if step.player != CHANCE else len(nodes),
            sees=tuple(_differing(game, nodes)),
            cannot_see=tuple(_unseen(game, nodes)),
            options=step.options,
            never=tuple(option for place, option in enumerate(step.options) if place not in used),
        )


def _differing(game: Game, nodes: np.ndarray) -> Iterator[str]:
    """The variables by which the states of a step differ."""
    states = [game.state_of_node[node] for node in nodes]
    for slot in dict.fromkeys(slot for state in states for slot in state):
        if len({state.get(slot) for state in states}) > 1:
            yield slot


def _unseen(game: Game, nodes: np.ndarray) -> dict[str, None]:
    """The variables that differ among states which the mover cannot tell apart."""
    infosets = game.infoset_of_node[nodes]
    found: dict[str, None] = {}
    for infoset in np.unique(infosets[infosets >= 0]):
        found.update(dict.fromkeys(_differing(game, nodes[infosets == infoset])))
    return found


def tree_lines(game: Game, max_lines: int) -> Iterator[tuple[int, str]]:
    """The game as an indented tree (depth, text); a state that was shown before is named, not opened again."""
    names: dict[int, int] = {}
    stack: list[tuple[int, int, str]] = [(0, 0, "")]
    count = 0
    while stack and count < max_lines:
        node, depth, by = stack.pop()
        count += 1
        if node in names:
            yield depth, f"{by} → as #{names[node]} above"
            continue
        names[node] = len(names) + 1
        yield depth, f"{by}{' → ' if by else ''}{_node_text(game, node)} #{names[node]}"
        edges = range(game.first_edge[node], game.first_edge[node + 1])
        stack += [(int(game.child_of_edge[edge]), depth + 1, _edge_text(game, node, edge)) for edge in reversed(edges)]
    if stack:
        yield 0, f"… and more; {game.num_nodes:,} states in all"


def _node_text(game: Game, node: int) -> str:
    if game.outcome_of_node[node] >= 0:
        return f"[{game.outcomes[game.outcome_of_node[node]]}]"
    step = game.steps[game.step_of_node[node]]
    player = game.player_of_node[node]
    return f"{'chance' if player == CHANCE else game.players[player]}: {step.label}"


def _edge_text(game: Game, node: int, edge: int) -> str:
    option = game.option_of_edge[edge]
    return game.steps[game.step_of_node[node]].options[option] if option >= 0 else "(passes)"
