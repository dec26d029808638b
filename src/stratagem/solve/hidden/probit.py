"""Probit choice: each action's score has an independent standard normal error, and the highest is chosen.

Two actions have a closed form, over the square root of 2 (as in Signorino 1999, American Political Science Review 93:279-297). More
actions are one integral each, over the own error. Its integrand is log-concave, with a curvature of at least 1, and analytic, so that
the trapezium rule around its peak is exact to rounding; being taken in logarithms it holds for actions of no measurable probability.

Axes: W worlds, A actions, G infosets of one width, B actions of each, S slopes (pairs of actions of one infoset), R terms.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats, Ints

HALF_RANGE = 9.0
STEP = 0.8  # over the square root of the number of actions
MOST_STEP = 0.25
MOST_NEWTON = 60
LOG_ROOT = 0.5 * np.log(2 * np.pi)
OFFSET_TOLERANCE = 1e-14


class Probit:
    """The response by normal errors; see `Response` for the meaning of its methods."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        first, width = layout.paths.first_action[:-1], np.diff(layout.paths.first_action)
        self.groups = [
            first[width == one][:, None] + np.arange(one) for one in np.unique(width) if one > 1
        ]  # each [G, B]
        self.row = np.concatenate(
            [np.zeros(0, np.int64), *(np.repeat(one, one.shape[1], 1).ravel() for one in self.groups)]
        )
        self.column = np.concatenate(
            [np.zeros(0, np.int64), *(np.tile(one, (1, one.shape[1])).ravel() for one in self.groups)]
        )
        actions = len(layout.infoset_of_action)
        place = {pair: number for number, pair in enumerate(zip(self.row.tolist(), self.column.tolist(), strict=True))}
        row, column, term, entry = layout.entries
        pairs = zip(layout.terms[1][term].tolist(), layout.unknown[column[entry]].tolist(), strict=True)
        self.slope_of_sum = np.array([place[pair] for pair in pairs], np.int64)
        self.term_of_sum = term
        self.to_entry = _sums(entry, len(row))
        self.to_row, self.to_column = _sums(self.row, actions), _sums(self.column, actions)

    def offsets(self, log_share: Floats) -> Floats:
        """The scores that give base shares."""
        offset = np.zeros_like(log_share)
        for actions in self.groups:
            offset[actions] = offsets(log_share[actions])
        return offset

    def log_choice(self, scores: Floats) -> Floats:
        """The logarithm of the probability that a score with its error is highest."""
        result = np.zeros_like(scores)
        for actions in self.groups:
            result[actions] = log_choice(scores[actions])
        return result

    def moved(self, scores: Floats, log_choice: Floats, change: Floats) -> Floats:
        """Slopes times changes."""
        full = np.zeros_like(log_choice)
        full[self.layout.unknown] = change
        return np.asarray(self.to_row @ (self._slopes(scores) * full[self.column]))

    def pulled(self, scores: Floats, log_choice: Floats, pull: Floats) -> Floats:
        """Slopes times pulls."""
        del log_choice
        return np.asarray((self.to_column @ (self._slopes(scores) * pull[self.row]))[self.layout.unknown])

    def entries(self, scores: Floats, log_choice: Floats, terms: Floats) -> Floats:
        """Terms times slopes, summed over the actions of an infoset."""
        del log_choice
        return np.asarray(self.to_entry @ (terms[self.term_of_sum] * self._slopes(scores)[self.slope_of_sum]))

    def offset_moved(self, offset: Floats, change: Floats) -> Floats:
        """The slopes of the shares, solved for the offsets."""
        result = np.zeros_like(change)
        for actions in self.groups:
            share = change[actions]
            result[actions[:, 1:]] = _solved(_lead_slopes(offset[actions]), share[:, 1:] - share[:, :1])
        return result

    def offset_pulled(self, offset: Floats, pull: Floats) -> Floats:
        """The same transposed."""
        result = np.zeros_like(pull)
        for actions in self.groups:
            one = _solved(_lead_slopes(offset[actions]).swapaxes(1, 2), pull[actions[:, 1:]])
            result[actions[:, 1:]] = one
            result[actions[:, 0]] = -one.sum(axis=1)
        return result

    def _slopes(self, scores: Floats) -> Floats:
        """[S, W] derivatives of the row's log probability by the column's score."""
        parts = [_slopes(scores[actions]).reshape(-1, scores.shape[1]) for actions in self.groups]
        return np.concatenate([np.zeros((0, scores.shape[1])), *parts])


def _sums(group: Ints, count: int) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(group)), (group, np.arange(len(group)))), shape=(count, len(group)))


def _hazard(lead: Floats) -> Floats:
    """The normal density over its distribution function."""
    return np.asarray(np.exp(-0.5 * lead**2 - special.log_ndtr(lead) - LOG_ROOT))


def offsets(log_share: Floats) -> Floats:
    """Scores [G, B, W] that give base shares [G, B, W], by Newton's method where there are more than two actions."""
    share = log_share - special.logsumexp(log_share, axis=1, keepdims=True)
    offset = np.zeros_like(share)
    if share.shape[1] == 2:
        lead = special.ndtri_exp(share) * np.sqrt(2)
        offset[:, 1] = np.where(share[:, 1] < share[:, 0], lead[:, 1], -lead[:, 0])
    elif share.shape[1] > 2 and np.ptp(share, axis=1).max() > 0:
        offset = _inverse(share)
    return offset


def log_choice(scores: Floats) -> Floats:
    """Log probabilities [G, B, W] that a score with its error is highest, of scores [G, B, W]."""
    if scores.shape[1] == 1:
        return np.zeros_like(scores)
    if scores.shape[1] == 2:
        lead = (scores[:, 1] - scores[:, 0]) / np.sqrt(2)
        return np.stack([special.log_ndtr(-lead), special.log_ndtr(lead)], axis=1)
    result = np.empty_like(scores)
    for own in range(scores.shape[1]):
        result[:, own] = _Integral.of(scores, own).log_total
    return result


def _slopes(scores: Floats) -> Floats:
    """[G, B, B, W] derivatives of log probabilities by scores."""
    count, width, worlds = scores.shape
    slopes = np.zeros((count, width, width, worlds))
    if width == 2:
        lead = (scores[:, 1] - scores[:, 0]) / np.sqrt(2)
        for own, sign in ((0, -1), (1, 1)):
            slopes[:, own, own] = _hazard(sign * lead) / np.sqrt(2)
            slopes[:, own, 1 - own] = -slopes[:, own, own]
        return slopes
    for own in range(width):
        rest = [other for other in range(width) if other != own]
        by_rival = _Integral.of(scores, own).mean_hazard()
        slopes[:, own, rest] = -by_rival
        slopes[:, own, own] = by_rival.sum(axis=1)
    return slopes


@dataclass(frozen=True)
class _Integral:
    """The probability of an action, as an integral over its own error, by the trapezium rule."""

    lead: Floats  # [G, B - 1, W] own score over the others'
    peak: Floats  # [G, W]
    nodes: Floats  # [N] around the peak
    log_height: Floats  # [N, G, W] of the integrand at the nodes

    @classmethod
    def of(cls, scores: Floats, own: int) -> _Integral:
        """The integral of one action of each infoset; the peak by Newton's method, which from 0 goes up to it."""
        lead = scores[:, own, None] - np.delete(scores, own, axis=1)
        peak = np.zeros_like(lead[:, 0])
        for _ in range(MOST_NEWTON):
            at = lead + peak[:, None]
            hazard = _hazard(at)
            move = (hazard.sum(axis=1) - peak) / (1 + (hazard * (hazard + at)).sum(axis=1))
            peak = peak + move
            if np.abs(move / (1 + np.abs(peak))).max(initial=0.0) < 1e-3:
                break
        step = min(MOST_STEP, STEP / np.sqrt(scores.shape[1]))
        nodes = np.arange(-HALF_RANGE, HALF_RANGE + step / 2, step)
        log_height = np.stack(
            [special.log_ndtr(lead + (peak + node)[:, None]).sum(axis=1) - 0.5 * (peak + node) ** 2 for node in nodes]
        )
        return cls(lead, peak, nodes, log_height)

    @property
    def log_total(self) -> Floats:
        """[G, W]."""
        step = self.nodes[1] - self.nodes[0]
        total = special.logsumexp(self.log_height, axis=0) + np.log(step) - LOG_ROOT
        return np.asarray(np.minimum(total, 0.0))

    def mean_hazard(self) -> Floats:
        """[G, B - 1, W] the hazard of each lead, averaged over the integrand."""
        weight = np.exp(self.log_height - special.logsumexp(self.log_height, axis=0))
        total = np.zeros_like(self.lead)
        for node, one in zip(self.nodes, weight, strict=True):
            total += one[:, None] * _hazard(self.lead + (self.peak + node)[:, None])
        return total


def _lead_slopes(scores: Floats) -> Floats:
    """[G, B - 1, B - 1, W] derivatives of log odds against the first action by the others' scores."""
    slopes = _slopes(scores)
    return np.asarray(slopes[:, 1:, 1:] - slopes[:, :1, 1:])


def _solved(matrix: Floats, side: Floats) -> Floats:
    """The solutions [G, B - 1, W] of systems [G, B - 1, B - 1, W]."""
    found = np.asarray(np.linalg.solve(np.moveaxis(matrix, -1, 1), np.moveaxis(side, -1, 1)[..., None]), np.float64)
    return np.moveaxis(found[..., 0], 1, -1)


def _inverse(log_share: Floats) -> Floats:
    """Scores [G, B, W] whose choice has log probabilities [G, B, W]; 0 for the first action."""
    scores = log_share - log_share[:, :1]
    wanted = scores[:, 1:]
    for _ in range(MOST_NEWTON):
        log_odds = log_choice(scores)
        miss = wanted - (log_odds[:, 1:] - log_odds[:, :1])
        if np.abs(miss).max() < OFFSET_TOLERANCE * (1 + np.abs(wanted).max()):
            break
        scores = scores.copy()
        scores[:, 1:] += np.clip(_solved(_lead_slopes(scores), miss), -2.0, 2.0)
    return scores
