"""A compiled scenario put into arrays: nodes in the order of their layers, edges in the order of their nodes."""

from __future__ import annotations

from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from itertools import groupby

import numpy as np

from stratagem.errors import UsageError, quote
from stratagem.graph.game import (
    CHANCE,
    NO_EVENT,
    TERMINAL,
    Account,
    Cast,
    Expression,
    Game,
    Ints,
    ProbabilityCheck,
    StepInfo,
)
from stratagem.graph.knowledge import Knowledge, Known, components
from stratagem.graph.landing import Event, Landing
from stratagem.graph.merge import Place, agreed, merged
from stratagem.graph.timeline import Step, Timeline
from stratagem.graph.transition import Gains, State
from stratagem.scenario.model import Move, Scenario


@dataclass
class DraftEdge:
    """An edge, before it is known which node it comes to."""

    onward: Landing
    option: int
    share: int
    gains: Gains
    events: tuple[Event, ...]


@dataclass
class DraftNode:
    """A node: a step, who moves, the state, and what the players know."""

    layer: int
    step: int
    player: int
    state: State
    known: Known
    edges: list[DraftEdge] = field(default_factory=list)
    outcome: int = -1


@dataclass(frozen=True)
class Draft:
    """All that a compiled scenario is made of."""

    scenario: Scenario
    timeline: Timeline
    knowledge: Knowledge
    nodes: list[DraftNode]
    order: list[int]
    states: list[dict[str, str]]
    root_events: tuple[Event, ...]
    accounts: tuple[tuple[str, str], ...]
    outcomes: tuple[str, ...]
    expressions: tuple[Expression, ...]
    checks: tuple[ProbabilityCheck, ...]
    guarded: frozenset[int]
    facts: tuple[str, ...]
    is_public: bool
    casts: list[Cast] | None  # by node


def to_game(draft: Draft) -> Game:
    """The game. Raises `UsageError` where one who cannot tell two states apart could do different things in them."""
    stands_for = _merged(draft)
    order = [number for number in draft.order if stands_for[number] == number]
    nodes = [draft.nodes[number] for number in order]
    rank = np.empty(len(draft.nodes), np.int32)
    rank[order] = np.arange(len(nodes), dtype=np.int32)
    rank = rank[stands_for]
    edges = [edge for node in nodes for edge in node.edges]
    ends = [edge.onward.resolved() for edge in edges]
    sources = [node for node in nodes for _ in node.edges]
    years = [
        draft.timeline.years_between(node.step, draft.nodes[child].step)
        for node, (child, _) in zip(sources, ends, strict=True)
    ]
    durations = sorted({*years, 0.0})
    gains: dict[Gains, int] = {(): 0}
    gain_of_edge = _ints(gains.setdefault(edge.gains, len(gains)) for edge in edges)
    entries = [(number, account, row) for one, number in gains.items() for account, row in one]
    events = [(NO_EVENT, *event) for event in draft.root_events]
    for number, (edge, (_, onward)) in enumerate(zip(edges, ends, strict=True)):
        events += [(number, *event) for event in (*edge.events, *onward)]
    players = tuple(draft.scenario.players)
    casts, cast_of_node = _casts(draft, order)
    infosets = _infosets(nodes, draft.is_public)
    game = Game(
        players=players,
        steps=tuple(_step_info(draft, step, number) for number, step in enumerate(draft.timeline.steps)),
        accounts=tuple(_account(name, side) for name, side in draft.accounts),
        outcomes=draft.outcomes,
        questions=tuple(draft.scenario.questions),
        facts=draft.facts,
        expressions=draft.expressions,
        checks=draft.checks,
        layer_of_node=_ints(node.layer for node in nodes),
        player_of_node=_ints(node.player for node in nodes),
        step_of_node=_ints(node.step for node in nodes),
        infoset_of_node=infosets,
        casts=casts,
        cast_of_node=cast_of_node,
        knowledge_of_node=None if draft.is_public else _knowledge(nodes, len(players)),
        outcome_of_node=_ints(node.outcome for node in nodes),
        state_of_node=_states(draft, order, stands_for),
        first_edge=np.concatenate([[0], np.cumsum([len(node.edges) for node in nodes])]).astype(np.int32),
        child_of_edge=rank[[child for child, _ in ends]] if edges else _ints(()),
        option_of_edge=_ints(edge.option for edge in edges),
        share_of_edge=_ints(edge.share for edge in edges),
        gain_of_edge=gain_of_edge,
        duration_of_edge=np.searchsorted(durations, years).astype(np.int32),
        durations=np.array(durations, np.float64),
        gain_row=_ints(entry[0] for entry in entries),
        gain_account=_ints(entry[1] for entry in entries),
        gain_value=_ints(entry[2] for entry in entries),
        num_gains=len(gains),
        event_edge=_ints(event[0] for event in events),
        event_question=_ints(event[1] for event in events),
        event_value=_ints(event[2] for event in events),
        is_conditional=tuple(question.given is not None for question in draft.scenario.questions.values()),
        guarded_rows=_ints(sorted(draft.guarded)),
        num_histories=_histories(nodes, rank, ends),
    )
    _check_infosets(game, draft)
    return game


def _merged(draft: Draft) -> list[int]:
    """For each node the one that stands for it."""
    stands_for = list(range(len(draft.nodes)))
    ids: dict[Hashable, int] = {}
    for _, layer in groupby(reversed(draft.order), lambda number: draft.nodes[number].layer):
        numbers = list(layer)[::-1]
        interested = sorted(draft.knowledge.interested[draft.nodes[numbers[0]].step])
        places = [_place(draft, number, stands_for, interested, ids) for number in numbers]
        linked = range(len(numbers)) if draft.is_public else components([place.known for place in places])
        for number, first in zip(numbers, merged(places, linked), strict=True):
            stands_for[number] = numbers[first]
    return stands_for


def _place(draft: Draft, number: int, stands_for: list[int], interested: list[int], ids: dict[Hashable, int]) -> Place:
    """What may follow a node, as a number for all that is the same, and what players who still move know there."""
    node, edges = draft.nodes[number], []
    for edge in node.edges:
        child, events = edge.onward.resolved()
        edges.append((edge.option, edge.share, edge.gains, edge.events + events, stands_for[child]))
    cast = () if draft.casts is None else tuple(sorted(draft.casts[number].items()))
    future = ids.setdefault((node.player, node.outcome, cast, tuple(edges)), len(ids))
    known = tuple(node.known.of_player[player] for player in interested) if node.known.of_player else ()
    return Place(interested.index(node.player) if node.player >= 0 else None, future, known, draft.states[number])


def _states(draft: Draft, order: list[int], stands_for: list[int]) -> tuple[dict[str, str], ...]:
    """The live state of each node in words: what all states have in common that are one."""
    groups: dict[int, list[dict[str, str]]] = {number: [] for number in order}
    for number, state in enumerate(draft.states):
        groups[stands_for[number]].append(state)
    return tuple(agreed(group) for group in groups.values())


def _infosets(nodes: list[DraftNode], is_public: bool) -> Ints:
    """[N] numbered in the order of nodes; decisions at which their mover knows the same are one."""
    number: dict[object, int] = {}
    return _ints(
        -1
        if node.player < 0
        else number.setdefault(place if is_public else (node.step, node.known.of_player[node.player]), len(number))
        for place, node in enumerate(nodes)
    )


def _casts(draft: Draft, order: list[int]) -> tuple[tuple[Cast, ...], Ints | None]:
    """The distinct casts, and which each node [N] has."""
    if draft.casts is None:
        return (), None
    number: dict[tuple[object, ...], int] = {}
    keys = [tuple(sorted(draft.casts[node].items())) for node in order]
    places = _ints(number.setdefault(key, len(number)) for key in keys)
    return tuple(dict(key) for key in number), places  # type: ignore[arg-type]


def _knowledge(nodes: list[DraftNode], players: int) -> Ints:
    """[P, N] what each player knows, -1 at the end of the game."""
    known = [node.known.of_player if node.player != TERMINAL else (-1,) * players for node in nodes]
    return np.asarray(np.stack([_ints(one) for one in known], axis=1), np.int32)


def _check_infosets(game: Game, draft: Draft) -> None:
    """Raise `UsageError` where the options, or their base shares, differ within an infoset."""
    first: dict[int, int] = {}
    for node in np.flatnonzero(game.infoset_of_node >= 0):
        other = first.setdefault(int(game.infoset_of_node[node]), int(node))
        if _offer(game, other) == _offer(game, int(node)):
            continue
        step = game.steps[game.step_of_node[node]]
        one, two = (", ".join(history_to(game, at)) or "the start" for at in (other, int(node)))
        where = draft.scenario.where(*draft.timeline.steps[game.step_of_node[node]].path)
        raise UsageError(
            f"{where}at {step.label}, {quote(game.players[step.player])} cannot tell {one} from {two}, yet what can be done differs [M1]; "
            "let the player see what makes the difference (`seen by`), or let the same be available in both"
        )


def _offer(game: Game, node: int) -> list[tuple[int, int]]:
    edges = slice(game.first_edge[node], game.first_edge[node + 1])
    return list(zip(game.option_of_edge[edges].tolist(), game.share_of_edge[edges].tolist(), strict=True))


def history_to(game: Game, node: int) -> list[str]:
    """The moves of one history that comes to a node, as `move = action`."""
    into = {int(child): edge for edge, child in reversed(list(enumerate(game.child_of_edge)))}
    parent = game.parent_of_edge
    found: list[str] = []
    while node in into:
        edge = into[node]
        node = int(parent[edge])
        if game.option_of_edge[edge] >= 0:
            step = game.steps[game.step_of_node[node]]
            found.append(f"`{step.label} = {step.options[game.option_of_edge[edge]]}`")
    return found[::-1]


def _step_info(draft: Draft, step: Step, number: int) -> StepInfo:
    item = step.item
    return StepInfo(
        label=step.label,
        move=item.id,
        round=step.round,
        player=tuple(draft.scenario.players).index(item.player) if isinstance(item, Move) else CHANCE,
        date=draft.timeline.date(number),
        title=item.title or item.id.replace("_", " "),
        options=tuple(item.options),
        option_titles=tuple(option.title or name.replace("_", " ") for name, option in item.options.items()),
        ties=item.ties if isinstance(item, Move) else "equal",
        looks=tuple(draft.knowledge.look(number, player) for player in range(len(draft.scenario.players))),
        public=draft.knowledge.public(number),
    )


def _histories(nodes: list[DraftNode], rank: Ints, ends: list[tuple[int, tuple[Event, ...]]]) -> float:
    """How many histories the merged game stands for."""
    count = [0.0] * len(nodes)
    edge = len(ends)
    for number in reversed(range(len(nodes))):
        edge -= len(nodes[number].edges)
        children = [rank[child] for child, _ in ends[edge : edge + len(nodes[number].edges)]]
        count[number] = sum(count[child] for child in children) if children else 1.0
    return count[0]


def _account(name: str, side: str) -> Account:
    return Account(name, None if side == "payoff" else name, side)


def _ints(values: Iterable[int]) -> Ints:
    return np.array(list(values), np.int32)
