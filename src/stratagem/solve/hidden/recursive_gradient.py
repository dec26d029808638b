"""How what actions are worth to players who discount moves with the numbers of their steps, choices unchanged.

Takes a recursion and log probabilities of choice; gives directional derivatives and their transpose. Must not know that choices answer.

Axes: W worlds, A actions, T steps, S steps that are actions of these players, G these players' actions.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratagem.solve.hidden.paths import Floats
from stratagem.solve.hidden.recursive import Recursion, look_back, look_over, odds
from stratagem.solve.hidden.steps import Steps


@dataclass(frozen=True)
class StepChange:
    """Changes of the numbers of steps [T, W], or derivatives by them; of log odds only those of chance count.

    Derivatives by log odds hold for changes under which the probabilities of a move of chance still sum to 1.
    """

    gain: Floats
    log_odds: Floats
    factor: Floats


def worth_moved(one: Recursion, log_choice: Floats, change: StepChange) -> Floats:
    """The change of what actions are worth [A, W]; 0 for the actions of others."""
    form, steps = one.form, one.steps
    behind = look_back(steps, odds(steps, log_choice))
    over = look_over(one, log_choice, behind)
    log_odds = np.where(_is_chance(one), change.log_odds, 0.0)
    value, past, way = change.gain + change.factor * behind.follows, np.zeros_like(log_odds), np.zeros_like(log_odds)
    share = np.exp(behind.log_share)
    for level in steps.levels[:0:-1]:
        above = steps.parent[level]
        follows = share[level] * value[level] + behind.lean[level] * log_odds[level]
        np.add.at(value, above, steps.factor[above] * follows)
    for level in steps.levels[1:]:
        above = steps.parent[level]
        past[level] = past[above] + change.gain[above]
        way[level] = way[above] + log_odds[above]
    moved = over.share * (past + value)[form.own] + over.lean * way[form.own]
    table = np.zeros_like(log_choice)
    np.add.at(table, form.action, moved)
    return table


def worth_pulled(one: Recursion, log_choice: Floats, pull: Floats) -> StepChange:
    """The transpose of `worth_moved`, from [A, W] to [T, W]."""
    form, steps = one.form, one.steps
    behind = look_back(steps, odds(steps, log_choice))
    over = look_over(one, log_choice, behind)
    by_value, by_way, by_odds = (np.zeros_like(steps.gain) for _ in range(3))
    by_value[form.own] = pull[form.action] * over.share
    by_way[form.own] = pull[form.action] * over.lean
    by_past = by_value.copy()
    share = np.exp(behind.log_share)
    for level in steps.levels[1:]:
        above = steps.parent[level]
        by_follows = (by_value * steps.factor)[above]
        by_value[level] += by_follows * share[level]
        by_odds[level] = by_follows * behind.lean[level]
    by_past, by_way = (_behind(steps, table) for table in (by_past, by_way))
    by_odds = np.where(_is_chance(one), by_odds + by_way, 0.0)
    return StepChange(by_value + by_past, by_odds, by_value * behind.follows)


def _behind(steps: Steps, table: Floats) -> Floats:
    """Sums [T, W] over all steps behind each."""
    total = table.copy()
    for level in steps.levels[:0:-1]:
        np.add.at(total, steps.parent[level], total[level])
    return total - table


def _is_chance(one: Recursion) -> Floats:
    """[T, W] steps of chance that can happen: log odds of others are not numbers of the game."""
    return np.asarray((one.steps.action[:, None] < 0) & ~np.isneginf(one.steps.log_odds))
