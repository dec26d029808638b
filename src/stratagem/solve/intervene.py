"""Forcing a move, and keeping to what was seen (M10, M11).

Takes a game and choices; gives a game in which they are announced, or arrays over edges that override or restrict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import UsageError, near, quote
from stratagem.graph.game import Expression, Floats, Game
from stratagem.scenario.choices import parse_seen

FREE, REMOVED, FORCED = -1, 0, 1


@dataclass(frozen=True)
class Choice:
    """An option at a step."""

    step: int
    option: int


def choice(game: Game, text: str) -> Choice:
    """The choice that `move=action` or `move[2]=action` names. Raises `UsageError` with the near miss."""
    parts = parse_seen(text)
    _refuse_number(game, text)
    if parts is None:
        raise UsageError(f"{quote(text)}: expected `move=action`, or `move[2]=action` in rounds [L22]")
    move, number, action = parts
    here = [(n, step) for n, step in enumerate(game.steps) if step.move == move]
    if not here:
        raise UsageError(f"the unknown move {quote(move)}{near(move, {step.move for step in game.steps})} [L22]")
    rounds = [step.round for _, step in here]
    if rounds[0] is not None and "[" not in text:
        raise UsageError(
            f"{quote(move)} stands in rounds: name one, `{move}[1]={action}` to `{move}[{len(rounds)}]={action}` [L22]"
        )
    if rounds[0] is None and "[" in text:
        raise UsageError(f"{quote(move)} is not in rounds: write `{move}={action}` [L22]")
    found = [(n, step) for n, step in here if step.round in (None, number)]
    if not found:
        raise UsageError(f"round {number} of {quote(move)}; it has rounds 1 to {len(rounds)} [L22]")
    step, info = found[0]
    if action not in info.options:
        raise UsageError(
            f"the unknown action {quote(action)} of {quote(move)}{near(action, info.options)}; one of {', '.join(info.options)} [L22]"
        )
    return Choice(step, info.options.index(action))


def _refuse_number(game: Game, text: str) -> None:
    """Raise `UsageError` for what names a number of the scenario as if it were a move, or a hidden one by its value."""
    name, _, value = (part.strip() for part in text.partition("="))
    if name in game.facts:
        step = game.steps[game.step_named(name)]
        if value not in step.options:
            types = ", ".join(f"`{one}` ({title})" for one, title in zip(step.options, step.option_titles, strict=True))
            raise UsageError(f"{quote(text)}: {quote(name)} is not known to all, and is one of {types} [M6]")
    elif any(one.operation == "quantity" and one.operands[0] == name for one in game.expressions):
        raise UsageError(
            f"{quote(text)}: {quote(name)} is a number, not a move; `stratagem solve --do {name}=NUMBER` sets it [M11]"
        )


def overrides(game: Game, choices: Sequence[Choice]) -> NDArray[np.int8]:
    """[E]: FORCED for chosen edges, REMOVED for their rivals, FREE for all others."""
    found = np.full(game.num_edges, FREE, np.int8)
    step = game.step_of_node[game.parent_of_edge]
    for one in choices:
        here = (step == one.step) & (game.option_of_edge >= 0)
        found[here] = np.where(game.option_of_edge[here] == one.option, FORCED, REMOVED)
    return found


def dead_ends(game: Game, choices: Sequence[Choice]) -> NDArray[np.int64]:
    """The nodes of a forced move at which the action that is forced stands in no world."""
    override = overrides(game, choices)
    parent = game.parent_of_edge
    return np.setdiff1d(parent[override == REMOVED], parent[override == FORCED])


def announced(game: Game, choices: Sequence[Choice]) -> Game:
    """The game in which the choices are known from the start: their rivals are not available."""
    override = overrides(game, choices)
    rows = len(game.expressions)
    constants = (Expression("constant", (0.0,)), Expression("constant", (1.0,)))
    is_chance = game.player_of_node[game.parent_of_edge] < 0
    share = np.where(override == REMOVED, rows, game.share_of_edge)
    share = np.where((override == FORCED) & is_chance, rows + 1, share)
    return replace(game, expressions=(*game.expressions, *constants), share_of_edge=share.astype(np.int32))


def surprised(game: Game, choices: Sequence[Choice], behaviour: NDArray[np.float64]) -> NDArray[np.float64]:
    """Behaviour [E, W] with the choices made, whatever was intended; all before and after stays as it was."""
    override = overrides(game, choices)
    found = behaviour.copy()
    found[override == FORCED] = 1.0
    found[override == REMOVED] = 0.0
    return found


def after_surprise(game: Game, one: Choice, behaviour: Floats, given: Floats) -> Floats:
    """What is given [E, W] to those who move after a choice is forced: all decisions before it, and the choice itself, from which
    they infer nothing."""
    before = (game.step_of_node < one.step)[game.parent_of_edge] & (game.player_of_node >= 0)[game.parent_of_edge]
    found = np.where(before[:, None], behaviour, given)
    override = overrides(game, [one])
    found[override == FORCED] = 1.0
    found[override == REMOVED] = 0.0
    return found


def consistent(game: Game, seen: Sequence[Choice]) -> NDArray[np.bool_]:
    """[E]: the edges of histories in which every choice of `seen` was made; an edge that passes over its step is none."""
    kept = np.ones(game.num_edges, bool)
    parent, child = game.step_of_node[game.parent_of_edge], game.step_of_node[game.child_of_edge]
    for one in seen:
        at_move = (parent == one.step) & (game.option_of_edge >= 0)
        passes = (parent < one.step) & (child > one.step)
        gate_skips = (parent == one.step) & (game.option_of_edge < 0) & (child > one.step)
        kept &= ~passes & ~gate_skips & (~at_move | (game.option_of_edge == one.option))
    return kept
