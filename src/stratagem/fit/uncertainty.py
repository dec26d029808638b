"""Standard errors: from the observed information, robust to a wrong variance, by clusters, and by the bootstrap."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from stratagem.fit.identify import NONE, WEAK
from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Likelihood
from stratagem.fit.maximise import maximise

BATCH = 25  # bootstrap samples at once


def inverse_information(information: Floats, spreads: Floats) -> Floats:
    """The inverse of an information matrix [P, P] where it has one: flat directions are left out."""
    sizes, ways = np.linalg.eigh(information / np.outer(spreads, spreads))
    is_kept = sizes > max(WEAK * float(sizes.max(initial=0)), NONE)
    kept = ways[:, is_kept]
    return np.asarray((kept / sizes[is_kept]) @ kept.T / np.outer(spreads, spreads), float)


def sandwich(inverse: Floats, scores: Floats, clusters: Sequence[object] | None = None) -> Floats:
    """The covariance that stays right where the likelihood is wrong (Huber 1967), by rows or by clusters.

    With G clusters it is multiplied by G / (G - 1); so are rows, each its own cluster.
    """
    if clusters is not None:
        _, number = np.unique(np.array([str(one) for one in clusters]), return_inverse=True)
        sums = np.zeros((number.max() + 1, scores.shape[1]))
        np.add.at(sums, number, scores)
        scores = sums
    groups = len(scores)
    return np.asarray(inverse @ (scores.T @ scores) @ inverse * groups / max(groups - 1, 1), float)


def bootstrap(
    likelihood: Likelihood,
    at: Floats,
    spreads: Floats,
    count: int,
    seed: int,
    clusters: Sequence[object] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Floats, int]:
    """Estimates [B, P] on `count` samples of the rows (or clusters) with replacement, and how many had no maximum.

    Each sample is climbed from the estimate on all rows.
    """
    generator = np.random.default_rng(seed)
    labels = (
        np.arange(likelihood.num_rows)
        if clusters is None
        else np.unique([str(one) for one in clusters], return_inverse=True)[1]
    )
    groups, found, failed = int(labels.max()) + 1, [], 0
    for begin in range(0, count, BATCH):
        size = min(BATCH, count - begin)
        drawn = generator.multinomial(groups, np.full(groups, 1 / groups), size=size)
        weights = drawn[:, labels].astype(float)
        ends = maximise(replace(likelihood, weights=weights), np.repeat(at[None], size, 0), spreads)
        bounded = np.abs((ends.coefficients - at) * spreads).max(1) < 50
        is_good = ends.has_converged & bounded
        found.append(ends.coefficients[is_good])
        failed += int((~is_good).sum())
        if progress is not None:
            progress(begin + size, count)
    return np.vstack(found), failed
