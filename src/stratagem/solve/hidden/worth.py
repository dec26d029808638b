"""What each action is worth to its mover, given how all choose, and how that moves.

The worth of an action is the certainty equivalent of the payoff over the paths through it, weighed by chance and by all other
choices on them; with constant risk aversion only a monotone function stands between it and a mean. Weights are logarithms less their
maximum over the action's paths, so what is believed off the path comes out of ratios of probabilities that are themselves 0.

Axes: W worlds, P players, A actions, V visits, D unknowns, K entries of the Jacobian.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Numbers
from stratagem.solve.hidden.recursive import Reckoned, Recursion, form_of, reckon, recursion
from stratagem.solve.hidden.response import Response

MILD = 4.0  # risk aversion times the range of payoffs, up to which differences of exponentials from 1 are averaged

SAFE_EXPONENT = -600.0  # above it no exponential is lost


@dataclass(frozen=True)
class Attitude:
    """Constant absolute risk aversion."""

    aversion: Floats  # [A, W]
    is_strong: NDArray[np.bool_]  # [A, W] where exponentials are summed as they are
    exponent: Floats  # [V, W] minus aversion times payoff
    has_strong: bool

    def part(self, worlds: NDArray[np.int64]) -> Attitude:
        """Some of the worlds."""
        return Attitude(self.aversion[:, worlds], self.is_strong[:, worlds], self.exponent[:, worlds], self.has_strong)


@dataclass(frozen=True)
class Batch:
    """Some worlds of one layout, their numbers laid out by visit."""

    layout: Layout
    response: Response
    log_chance: Floats  # [V, W] as the mover of the visit's action sees it; -inf where fewer trembles reach the action
    value: Floats  # [V, W] payoff of the mover, less the middle of the range; or what is averaged in its place
    offset: Floats  # [A, W]
    rate: Floats  # [A, W] precision of the mover, for one unit along the branch
    scale: Floats  # [W] where on the branch precision times the range of payoffs is 1, for the player with the most
    disparity: Floats  # [W] how many times that player has what the one with the least has
    attitude: Attitude | None
    recursion: Recursion | None = None

    def __len__(self) -> int:
        """W."""
        return len(self.scale)

    @cached_property
    def least_chance(self) -> float:
        """The least log probability of chance."""
        return float(self.log_chance.min(initial=0.0))

    @cached_property
    def chance(self) -> Floats | None:
        """[V, W] probabilities of chance; None where all visits of an action have the same, which then weighs nothing."""
        first = self.log_chance[self.layout.first_visit][self.layout.action_of_visit]
        return None if np.array_equal(first, self.log_chance) else np.exp(self.log_chance)

    def part(self, worlds: NDArray[np.int64]) -> Batch:
        """Some of the worlds."""
        attitude = None if self.attitude is None else self.attitude.part(worlds)
        recursion = None if self.recursion is None else self.recursion.part(worlds)
        cut = (self.log_chance[:, worlds], self.value[:, worlds], self.offset[:, worlds], self.rate[:, worlds])
        scales = (self.scale[worlds], self.disparity[worlds])
        return Batch(self.layout, self.response, *cut, *scales, attitude, recursion)


@dataclass(frozen=True)
class Worth:
    """What actions are worth under some choices, and the parts that derivatives are made of."""

    layout: Layout
    worth: Floats  # [A, W] certainty equivalent, up to a constant of the player
    weight: Floats  # [V, W] of the path, up to a factor of the visit's action
    total: Floats  # [A, W] summed weights
    value: Floats  # [V, W] what is averaged
    mean: Floats  # [A, W]
    exponent: Floats | None = None  # [V, W] of the tilt by risk aversion
    lift: Floats | None = None  # [A, W] mean tilt where aversion is mild, 1 elsewhere
    strong: Tilted | None = None  # where some aversion is strong
    reckoned: Reckoned | None = None  # for players who discount, instead

    @property
    def terms(self) -> Floats:
        """[R, W] derivatives of unknowns' worth by log probabilities; see `Layout.terms`."""
        if self.reckoned is None:
            return np.asarray(self.layout.terms[2] @ self.slope)
        is_theirs = ~self.reckoned.is_ours[self.layout.action_of_visit]
        return np.asarray(self.layout.terms[2] @ (self.slope * is_theirs[:, None]) + self.reckoned.terms)

    @property
    def share(self) -> Floats:
        """[V, W] derivative of the action's worth by the payoff on the path: its probability, tilted by risk aversion."""
        if self.exponent is None or self.lift is None:
            return self.belief
        action = self.layout.action_of_visit
        if self.strong is None:
            return np.asarray(self.belief * np.exp(self.exponent) / self.lift[action])
        mild = self.belief * np.exp(np.where(self.strong.is_strong[action], 0.0, self.exponent)) / self.lift[action]
        return np.where(self.strong.is_strong[action], self.strong.share, mild)

    @property
    def belief(self) -> Floats:
        """[V, W] probability of the path, given the visit's action."""
        return np.asarray(self.weight * (1 / self.total)[self.layout.action_of_visit])

    @property
    def slope(self) -> Floats:
        """[V, W] derivative of the action's worth by the logarithm of the path's weight."""
        action = self.layout.action_of_visit
        slope = self.value - self.mean[action]
        slope *= self.weight
        slope *= (1 / (self.total if self.lift is None else self.total * self.lift))[action]
        if self.strong is None:
            return np.asarray(slope)
        return np.where(self.strong.is_strong[action], self.strong.slope, slope)

    def part(self, worlds: NDArray[np.int64]) -> Worth:
        """Some of the worlds."""
        return Worth(
            self.layout,
            self.worth[:, worlds],
            self.weight[:, worlds],
            self.total[:, worlds],
            self.value[:, worlds],
            self.mean[:, worlds],
            None if self.exponent is None else self.exponent[:, worlds],
            None if self.lift is None else self.lift[:, worlds],
            None if self.strong is None else self.strong.part(worlds),
            None if self.reckoned is None else self.reckoned.part(worlds),
        )


@dataclass(frozen=True)
class Tilted:
    """Derivatives where aversion is strong."""

    is_strong: NDArray[np.bool_]  # [A, W]
    share: Floats  # [V, W]
    slope: Floats  # [V, W]

    def part(self, worlds: NDArray[np.int64]) -> Tilted:
        """Some of the worlds."""
        return Tilted(self.is_strong[:, worlds], self.share[:, worlds], self.slope[:, worlds])


def batch_of(layout: Layout, response: Response, numbers: Numbers) -> Batch:
    """The numbers of some worlds by visit."""
    player, path = layout.player_of_visit, layout.path_of_visit
    evaluator = player if numbers.log_chance.shape[0] > 1 else np.zeros_like(player)
    log_chance = numbers.finite_log_chance[evaluator, path]
    if numbers.has_trembles:
        trembles = numbers.order[evaluator, path]
        fewest = np.minimum.reduceat(trembles, layout.first_visit, axis=0)
        log_chance = np.where(trembles > fewest[layout.action_of_visit], -np.inf, log_chance)
    rate = np.where(np.isinf(numbers.precision), 1.0, numbers.precision)
    low, high = numbers.payoff.min(axis=1), numbers.payoff.max(axis=1)  # [P, W]
    is_decider = np.isin(np.arange(len(low)), layout.player_of_action)
    reach = np.where(is_decider[:, None], rate * (high - low), 0.0)
    most, least = reach.max(axis=0), np.where(reach > 0, reach, np.inf).min(axis=0)
    scale = 1 / np.where(most > 0, most, 1.0)
    disparity = np.where(most > 0, most, 1.0) / np.where(most > 0, least, 1.0)
    value = numbers.payoff[player, path] - ((low + high) / 2)[player]
    attitude = None
    if numbers.risk_aversion is not None and numbers.risk_aversion.any():
        alpha = numbers.risk_aversion
        exponent = -alpha[player] * value
        is_strong = np.abs(alpha) * (high - low) > MILD
        by_action = layout.player_of_action
        attitude = Attitude(alpha[by_action], is_strong[by_action], exponent, bool(is_strong[by_action].any()))
        safe = np.where((alpha == 0) | is_strong, 1.0, alpha)[player]
        is_mild = ((alpha != 0) & ~is_strong)[player]
        value = np.where(is_mild, -np.expm1(np.where(is_mild, exponent, 0.0)) / safe, value)
    return Batch(
        layout,
        response,
        log_chance,
        value,
        response.offsets(numbers.log_share),
        rate[layout.player_of_action],
        scale,
        disparity,
        attitude,
        None if numbers.steps is None else recursion(form_of(layout, numbers.steps), numbers.steps),
    )


def worth(batch: Batch, log_choice: Floats) -> Worth:
    """What all actions are worth under log probabilities [A, W] of choice."""
    layout = batch.layout
    is_safe = batch.least_chance + layout.most_others * log_choice.min(initial=0.0) > SAFE_EXPONENT
    has_strong = batch.attitude is not None and batch.attitude.has_strong
    shared = layout.distinct_others if is_safe and not has_strong else None
    log_weight = None
    if shared is None:
        log_weight = layout.others @ log_choice
        log_weight += batch.log_chance
        weight = np.exp(log_weight) if is_safe else _weight(layout, log_weight)
        total = layout.sum_of_action @ weight
    else:
        distinct = np.exp(shared[0] @ log_choice)
        weight = np.take(distinct, shared[1], axis=0)
        if batch.chance is None:
            total = layout.distinct_sums @ distinct
        else:
            weight *= batch.chance
            total = layout.sum_of_action @ weight
    mean = layout.sum_of_action @ (weight * batch.value) / total
    plain = Worth(layout, mean, weight, total, batch.value, mean)
    found = plain if batch.attitude is None else _averse(plain, batch.attitude, log_weight)
    if batch.recursion is None:
        return found
    reckoned = reckon(batch.recursion, log_choice)
    return replace(found, worth=np.where(reckoned.is_ours[:, None], reckoned.worth, found.worth), reckoned=reckoned)


def _averse(plain: Worth, one: Attitude, log_weight: Floats | None) -> Worth:
    """Certainty equivalents in place of means; `log_weight` is asked for where aversion is strong."""
    mild = np.where(one.is_strong, 0.0, one.aversion) if one.has_strong else one.aversion
    gain = -mild * plain.mean
    value = np.where(mild == 0, plain.mean, -np.log1p(gain) / np.where(mild == 0, 1.0, mild))
    averse = replace(plain, worth=value, exponent=one.exponent, lift=1 + gain)
    return averse if log_weight is None or not one.has_strong else _strongly_averse(averse, one, log_weight)


def _strongly_averse(mild: Worth, one: Attitude, log_weight: Floats) -> Worth:
    """Where aversion is so strong that differences of exponentials from 1 would be lost, their logarithms are summed."""
    layout, action = mild.layout, mild.layout.action_of_visit
    tilted = log_weight + one.exponent
    weight = _weight(layout, tilted)
    share = weight / (layout.sum_of_action @ weight)[action]
    change = _log_sum(layout, tilted) - _log_sum(layout, log_weight)
    safe = np.where(one.is_strong, one.aversion, 1.0)
    value = np.where(one.is_strong, -change / safe, mild.worth)
    return replace(mild, worth=value, strong=Tilted(one.is_strong, share, (mild.belief - share) / safe[action]))


def _weight(layout: Layout, log_weight: Floats) -> Floats:
    """Weights [V, W], for each action up to a factor where exponentials would be lost."""
    if log_weight.min() > SAFE_EXPONENT:
        return np.exp(log_weight)
    top = np.maximum.reduceat(log_weight, layout.first_visit, axis=0)
    return np.asarray(np.exp(log_weight - top[layout.action_of_visit]))


def _log_sum(layout: Layout, log_weight: Floats) -> Floats:
    """The logarithm of each action's summed weights [A, W]."""
    top = np.maximum.reduceat(log_weight, layout.first_visit, axis=0)
    return np.asarray(top + np.log(layout.sum_of_action @ np.exp(log_weight - top[layout.action_of_visit])))
