"""What the data can see of a model: directions in which the likelihood is flat, and those in which it rises for ever."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Likelihood

RANK = 1e-8  # a singular value below this share of the largest is zero
WEAK = 1e-8  # an information below this share of the largest is none
PART = 1e-3  # the least share of a flat direction that names a coefficient


@dataclass(frozen=True)
class Flat:
    """Directions without information: each names the coefficients that it mixes."""

    unseen: tuple[tuple[str, ...], ...]  # the likelihood does not change along them: not identified
    diverging: tuple[tuple[str, ...], ...]  # it rises along them without end: separation

    def names(self) -> frozenset[str]:
        """Every coefficient that has no standard error."""
        return frozenset(name for one in (*self.unseen, *self.diverging) for name in one)


def num_unseen(likelihood: Likelihood, at: Floats, spreads: Floats, seed: int) -> int:
    """How many directions no row's score ever has a part in, at points near `at` [P]: the least over three of them."""
    generator = np.random.default_rng(seed)
    least = len(at)
    for _ in range(3):
        point = at + 0.3 * generator.standard_normal(len(at)) / spreads
        with np.errstate(all="ignore"):
            scores = np.nan_to_num(likelihood.scores(point) / spreads, posinf=0.0, neginf=0.0)
        norms = np.sqrt((scores**2).sum(0))
        sizes = np.linalg.svd(scores / np.where(norms > 0, norms, 1.0), compute_uv=False)
        rank = int((sizes > RANK * max(sizes.max(initial=0), 1e-300)).sum())
        least = min(least, len(at) - rank)
    return least


def flat_directions(information: Floats, names: tuple[str, ...], spreads: Floats, unseen: int) -> Flat:
    """The flat directions of an information matrix [P, P] at a maximum, of which `unseen` are so everywhere."""
    scaled = information / np.outer(spreads, spreads)
    sizes, ways = np.linalg.eigh(scaled)
    is_flat = sizes <= WEAK * max(float(sizes.max(initial=0)), 1e-300)
    order = [at for at in np.argsort(np.abs(sizes)) if is_flat[at]]
    kinds = [_named(ways[:, at], names) for at in order]
    if unseen and len(order) > unseen:
        return Flat(tuple(kinds[:unseen]), tuple(kinds[unseen:]))
    return Flat(tuple(kinds) if unseen else (), () if unseen else tuple(kinds))


def _named(way: Floats, names: tuple[str, ...]) -> tuple[str, ...]:
    largest = float(np.abs(way).max())
    return tuple(name for name, part in zip(names, way, strict=True) if abs(part) > PART * largest)
