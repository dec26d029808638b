"""How scores become choices: logit, and probit with an independent standard normal error for each action.

A score is precision times worth, plus an offset that gives the base shares at precision 0; only differences within an infoset count.

Axes: W worlds, A actions, D unknowns, R terms, K entries of the Jacobian.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from scipy import sparse

from stratagem.solve.hidden.layout import Layout
from stratagem.solve.hidden.paths import Floats

SAFE_EXPONENT = 500.0


class Response(Protocol):
    """Choices as a function of scores, with its derivatives."""

    def offsets(self, log_share: Floats) -> Floats:
        """The scores [A, W] that give base shares [A, W]."""

    def log_choice(self, scores: Floats) -> Floats:
        """Log probabilities [A, W] of scores [A, W]."""

    def moved(self, scores: Floats, log_choice: Floats, change: Floats) -> Floats:
        """The change of log probabilities [A, W] for a change of the unknown scores [D, W]."""

    def pulled(self, scores: Floats, log_choice: Floats, pull: Floats) -> Floats:
        """The transpose of `moved`: from [A, W] to [D, W]."""

    def offset_moved(self, offset: Floats, change: Floats) -> Floats:
        """The change of offsets [A, W] for a change of log base shares [A, W]; only differences within an infoset count."""

    def offset_pulled(self, offset: Floats, pull: Floats) -> Floats:
        """The transpose of `offset_moved`; pulls sum to 0 within an infoset."""

    def entries(self, scores: Floats, log_choice: Floats, terms: Floats) -> Floats:
        """The Jacobian's entries [K, W]: derivatives by log probabilities [R, W] become derivatives by scores."""


class Logit:
    """Odds are the exponential of the difference of scores."""

    def __init__(self, layout: Layout) -> None:
        self.layout = layout
        self.first = layout.paths.first_action[:-1]
        row, column, term, entry = layout.entries
        action = layout.terms[1][term]
        is_same = action == layout.unknown[column[entry]]
        shape = (len(row), len(layout.terms[0]))
        self.direct = _selection(entry[is_same], term[is_same], shape)
        self.total = _selection(entry, term, shape)
        self.action_of_entry = layout.unknown[column]

    def offsets(self, log_share: Floats) -> Floats:
        """Log base shares."""
        return self.log_choice(log_share)

    def log_choice(self, scores: Floats) -> Floats:
        """Scores less the logarithm of their summed exponentials."""
        infoset = self.layout.infoset_of_action
        if np.abs(scores).max(initial=0.0) > SAFE_EXPONENT:
            scores = scores - np.maximum.reduceat(scores, self.first, axis=0)[infoset]
        return np.asarray(scores - np.log(self.layout.total @ np.exp(scores))[infoset])

    def moved(self, scores: Floats, log_choice: Floats, change: Floats) -> Floats:
        """Own change less the expected one."""
        del scores
        full = np.zeros_like(log_choice)
        full[self.layout.unknown] = change
        mean = self.layout.total @ (np.exp(log_choice) * full)
        return np.asarray(full - mean[self.layout.infoset_of_action])

    def pulled(self, scores: Floats, log_choice: Floats, pull: Floats) -> Floats:
        """Own pull less the choice's share of the infoset's."""
        del scores
        total = (self.layout.total @ pull)[self.layout.infoset_of_action]
        return np.asarray((pull - np.exp(log_choice) * total)[self.layout.unknown])

    def offset_moved(self, offset: Floats, change: Floats) -> Floats:
        """As log shares."""
        del offset
        return change

    def offset_pulled(self, offset: Floats, pull: Floats) -> Floats:
        """As log shares."""
        del offset
        return pull

    def entries(self, scores: Floats, log_choice: Floats, terms: Floats) -> Floats:
        """An action's own term less its probability times the sum over its infoset."""
        del scores
        return np.asarray(self.direct @ terms - np.exp(log_choice)[self.action_of_entry] * (self.total @ terms))


def _selection(row: np.ndarray, column: np.ndarray, shape: tuple[int, int]) -> sparse.csr_array:
    return sparse.csr_array((np.ones(len(row)), (row, column)), shape=shape)
