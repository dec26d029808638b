"""Players who discount: what actions are worth when worth is reckoned step by step instead of by the total of a path (M5).

Such a player counts V = CE[gain + discount x V'] at each step, in payoff of that step's date. Risk is counted when it falls, whoever
sees it. At an infoset it is the certainty equivalent over the histories that he may have come by, in which what was gained on the way
counts at face value: with discount 1 that is constant risk aversion on the total, and where he knows the history it changes nothing.

Axes: W worlds, P players, A actions, T steps, S steps that are actions of these players, X pairs (a step of S and another's action).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints
from stratagem.solve.hidden.steps import Steps

MILD = 0.25  # risk aversion times the range of payoffs, below which differences from the mean are summed
LEAST_LOG = -1e4  # as good as none: its exponential is 0


@dataclass(frozen=True)
class Form:
    """What the steps alone say about sums and derivatives."""

    layout: Layout
    own: Ints  # [S] steps, by action
    action: Ints  # [S]
    before: sparse.csr_array  # [S, A] the actions that weigh the way to the step
    early: tuple[Ints, Ints]  # each [X'] place in S, and the action before it
    late: tuple[Ints, Ints]  # each [X''] place in S, and the step after it
    is_ours: NDArray[np.bool_]  # [A] whether the mover is one of these players
    sums: sparse.csr_array  # [R, X] from pairs to the terms of the layout

    @cached_property
    def first(self) -> Ints:
        """Where each action of these players begins in S, and the actions."""
        return np.flatnonzero(np.diff(self.action, prepend=-1))


@dataclass(frozen=True)
class Recursion:
    """The steps of some worlds."""

    form: Form
    steps: Steps
    log_odds: Floats  # [S, W] of chance on the way; -inf where fewer trembles lead to the action
    past: Floats  # [S, W] what was gained on the way

    def part(self, worlds: NDArray[np.int64]) -> Recursion:
        """Some of the worlds."""
        return replace(
            self, steps=self.steps.part(worlds), log_odds=self.log_odds[:, worlds], past=self.past[:, worlds]
        )


def form_of(layout: Layout, steps: Steps) -> Form:
    """The form of steps under the layout of their paths."""
    players = np.unique(steps.player)
    action = steps.action
    mover = np.where(action >= 0, layout.player_of_action[action], -1)
    own = np.flatnonzero(mover == steps.player)
    own = own[np.argsort(action[own], kind="stable")]
    early = _early(layout, steps, own)
    late = _late(steps, own)
    by = np.concatenate([early[1], action[late[1]]])
    sums = layout.sums_to_terms(action[own][np.concatenate([early[0], late[0]])], by)
    before = sparse.csr_array((np.ones(len(early[0])), early), shape=(len(own), len(layout.infoset_of_action)))
    return Form(layout, own, action[own], before, early, late, np.isin(layout.player_of_action, players), sums)


def recursion(form: Form, steps: Steps) -> Recursion:
    """The numbers of some worlds."""
    log_odds, past = np.zeros_like(steps.gain), np.zeros_like(steps.gain)
    trembles = np.zeros(steps.gain.shape, np.int64)
    is_impossible = np.isneginf(steps.log_odds)
    counted = np.where(is_impossible, 0.0 if steps.log_tremble is None else steps.log_tremble, steps.log_odds)
    for level in steps.levels[1:]:
        above = steps.parent[level]
        past[level] = past[above] + steps.gain[above]
        log_odds[level] = log_odds[above] + counted[above]
        trembles[level] = trembles[above] + is_impossible[above]
    fewest = np.minimum.reduceat(trembles[form.own], form.first, axis=0) if len(form.own) else trembles[form.own]
    is_fewest = trembles[form.own] <= np.repeat(fewest, _sizes(form.first, len(form.own)), axis=0)
    return Recursion(form, steps, np.where(is_fewest, log_odds[form.own], -np.inf), past[form.own])


@dataclass(frozen=True)
class Reckoned:
    """What actions are worth, and how that moves."""

    is_ours: NDArray[np.bool_]  # [A] whether the mover is one of these players
    worth: Floats  # [A, W] 0 for the actions of others
    terms: Floats  # [R, W] their part of the derivatives; see `Layout.terms`

    def part(self, worlds: NDArray[np.int64]) -> Reckoned:
        """Some of the worlds."""
        return replace(self, worth=self.worth[:, worlds], terms=self.terms[:, worlds])


def reckon(one: Recursion, log_choice: Floats) -> Reckoned:
    """The worth of these players' actions under log probabilities [A, W] of choice."""
    form, steps = one.form, one.steps
    behind = look_back(steps, odds(steps, log_choice))
    at = look_over(one, log_choice, behind)
    log_passed = _passed_on(steps, behind)
    early, late = form.early, form.late
    onward = log_passed[steps.parent[late[1]]] - log_passed[form.own[late[0]]]
    onward += _log_factor(steps, form.own[late[0]])
    slopes = np.concatenate([at.lean[early[0]], at.share[late[0]] * np.exp(onward) * behind.lean[late[1]]])
    table = np.zeros_like(log_choice)
    table[form.action[form.first]] = at.worth
    return Reckoned(form.is_ours, table, form.sums @ slopes)


@dataclass(frozen=True)
class Behind:
    """What lies behind each step, and how that moves."""

    value: Floats  # [T, W] its gain with what follows
    follows: Floats  # [T, W] what follows, undiscounted; 0 after the last step of a path
    log_share: (
        Floats  # [T, W] the logarithm of how much a change of its value counts in what follows the step before it
    )
    lean: Floats  # [T, W] how what follows the step before it moves with the logarithm of its odds


def look_back(steps: Steps, log_odds: Floats) -> Behind:
    """From the ends of paths to their beginning, under log odds [T, W] of chance and choice."""
    alpha = steps.aversion[steps.player]
    value, follows = steps.gain.copy(), np.zeros_like(steps.gain)
    log_share, lean = np.zeros_like(log_odds), np.zeros_like(log_odds)
    for level in steps.levels[:0:-1]:
        above = steps.parent[level]
        first = np.flatnonzero(np.diff(above, prepend=-1))
        worth = _equivalent(alpha[level][first], log_odds[level], value[level], first)
        gap = value[level] - np.repeat(worth, _sizes(first, len(above)), axis=0)
        lean[level] = _lean(alpha[level], log_odds[level], gap)
        log_share[level] = np.maximum(log_odds[level] - alpha[level] * gap, LEAST_LOG)
        follows[above[first]] = worth
        value[above[first]] += steps.factor[above[first]] * worth
    return Behind(value, follows, log_share, lean)


@dataclass(frozen=True)
class Over:
    """What actions are worth over the ways to their infosets, and how that moves."""

    worth: Floats  # [G, W] of these players' actions in the order of the form
    share: Floats  # [S, W] how it moves with what was gained up to a step, or is to come
    lean: Floats  # [S, W] how it moves with the logarithm of the odds of the way to a step


def look_over(one: Recursion, log_choice: Floats, behind: Behind) -> Over:
    """Certainty equivalents over the histories that a mover may have come by."""
    form = one.form
    size = _sizes(form.first, len(form.own))
    weight = form.before @ log_choice + one.log_odds
    weight -= np.repeat(_log_sum(weight, form.first), size, axis=0)
    total, alpha = one.past + behind.value[form.own], one.steps.aversion[one.steps.player[form.own]]
    worth = _equivalent(alpha[form.first], weight, total, form.first)
    gap = total - np.repeat(worth, size, axis=0)
    return Over(worth, np.exp(weight - alpha * gap), _lean(alpha, weight, gap))


def odds(steps: Steps, log_choice: Floats) -> Floats:
    """Log odds [T, W] of chance and, under log probabilities [A, W], of choice."""
    return np.asarray(steps.log_odds + np.where(steps.action[:, None] >= 0, log_choice[steps.action], 0.0))


def _passed_on(steps: Steps, behind: Behind) -> Floats:
    """The logarithm [T, W] of how much of a change behind each step counts before the first step."""
    log_passed = behind.log_share.copy()
    for level in steps.levels:
        log_passed[level] += _log_factor(steps, level)
    for level in steps.levels[1:]:
        log_passed[level] += log_passed[steps.parent[level]]
    return log_passed


def _log_factor(steps: Steps, some: Ints) -> Floats:
    with np.errstate(divide="ignore"):
        return np.asarray(np.maximum(np.log(steps.factor[some]), LEAST_LOG))


def _equivalent(alpha: Floats, log_odds: Floats, value: Floats, first: Ints) -> Floats:
    """The certainty equivalents [G, W] of groups of rows [n, W] that begin at `first` [G], under risk aversions [G, W]."""
    size = _sizes(first, len(value))
    odds = np.exp(log_odds)
    mean = np.add.reduceat(odds * value, first, axis=0)
    if not alpha.any():
        return np.asarray(mean)
    safe = np.where(alpha == 0, 1.0, alpha)
    strong = -_log_sum(log_odds - np.repeat(alpha, size, axis=0) * value, first) / safe
    gap = value - np.repeat(mean, size, axis=0)
    far = np.maximum.reduceat(np.abs(gap), first, axis=0)
    is_mild = np.abs(alpha) * far < MILD
    bend = np.expm1(-np.repeat(np.where(is_mild, alpha, 0.0), size, axis=0) * gap)
    mild = mean - np.log1p(np.add.reduceat(odds * bend, first, axis=0)) / safe
    return np.where(alpha == 0, mean, np.where(is_mild, mild, strong))


def _lean(alpha: Floats, log_odds: Floats, gap: Floats) -> Floats:
    """How a certainty equivalent moves with the logarithm of the odds of one value [n, W] that lies by `gap` above it."""
    odds, tilt = np.exp(log_odds), -alpha * gap
    safe = np.where(alpha == 0, 1.0, alpha)
    is_mild = np.abs(tilt) < 1
    near = np.where(alpha == 0, gap, -np.expm1(np.where(is_mild, tilt, 0.0)) / safe)
    return np.where(is_mild, odds * near, (odds - np.exp(log_odds + tilt)) / safe)


def _log_sum(table: Floats, first: Ints) -> Floats:
    """The logarithms [G, W] of summed exponentials [n, W]."""
    top = np.maximum.reduceat(table, first, axis=0)
    spread = np.exp(table - np.repeat(top, _sizes(first, len(table)), axis=0))
    return np.asarray(top + np.log(np.add.reduceat(spread, first, axis=0)))


def _sizes(first: Ints, count: int) -> Ints:
    return np.diff(first, append=count)


def _early(layout: Layout, steps: Steps, own: Ints) -> tuple[Ints, Ints]:
    """Each step of `own`, with the actions before it that weigh the way there."""
    num_paths = layout.paths.num_paths
    visit = np.searchsorted(
        layout.action_of_visit * num_paths + layout.path_of_visit, steps.action[own] * num_paths + steps.some_path[own]
    )
    place, above = _above(steps, own)
    is_action = steps.action[above] >= 0
    place, action = place[is_action], steps.action[above][is_action]
    others, size = layout.others.tocoo(), len(layout.infoset_of_action)
    weighs = np.isin(visit[place] * size + action, np.asarray(others.row, np.int64) * size + others.col)
    return place[weighs], action[weighs]


def _late(steps: Steps, own: Ints) -> tuple[Ints, Ints]:
    """Each step of `own`, with the actions after it."""
    place_of = np.full(len(steps.parent), -1)
    place_of[own] = np.arange(len(own))
    actions = np.flatnonzero(steps.action >= 0)
    place, above = _above(steps, actions)
    is_own = place_of[above] >= 0
    return place_of[above][is_own], actions[place[is_own]]


def _above(steps: Steps, some: Ints) -> tuple[Ints, Ints]:
    """Places in `some` steps, and a step before each: every pair."""
    places, found = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    place, above = np.arange(len(some)), steps.parent[some]
    while len(place):
        place, above = place[above >= 0], above[above >= 0]
        places.append(place)
        found.append(above)
        above = steps.parent[above]
    return np.concatenate(places), np.concatenate(found)
