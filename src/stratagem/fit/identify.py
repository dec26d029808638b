"""What the data can see of a model: directions in which the likelihood is flat, and those in which it rises for ever."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from stratagem.fit.jet import Floats
from stratagem.fit.likelihood import Likelihood

RANK = 1e-8  # a singular value of the scores below this share of the largest is zero
WEAK = 1e-8  # an information below this share of the largest is none
NONE = 1e-6  # an information below which a coefficient is known to no better than a thousand errors
NEAR = WEAK**0.5  # the same of scores, whose squares are information
PART = 1e-3  # the least share of a flat direction that names a coefficient


@dataclass(frozen=True)
class Mix:
    """A direction in coefficients: how far each moves while the one that moves most moves by one."""

    parts: Mapping[str, float]

    @property
    def names(self) -> tuple[str, ...]:
        """The coefficients that it mixes."""
        return tuple(self.parts)


@dataclass(frozen=True)
class Flat:
    """Directions without information, at a point."""

    unseen: tuple[Mix, ...] = ()  # the likelihood does not change along them, there or elsewhere: not identified
    faint: tuple[Mix, ...] = ()  # it hardly changes along them, there or elsewhere: next to not identified
    diverging: tuple[Mix, ...] = ()  # it rises along them without end: separation

    def names(self) -> frozenset[str]:
        """Every coefficient that has no standard error."""
        return frozenset(name for one in (*self.unseen, *self.faint, *self.diverging) for name in one.parts)


@dataclass(frozen=True)
class Seen:
    """How many directions the data do not see, and how many they hardly see, wherever one looks."""

    unseen: int = 0
    faint: int = 0


def seen(likelihood: Likelihood, at: Floats, spreads: Floats, seed: int) -> Seen:
    """How many directions no row's score ever has a part in, or hardly any: the least at three points near `at` [P]."""
    generator = np.random.default_rng(seed)
    unseen, faint = len(at), len(at)
    for _ in range(3):
        point = at + 0.3 * generator.standard_normal(len(at)) / spreads
        with np.errstate(all="ignore"):
            scores = np.nan_to_num(likelihood.scores(point) / spreads, posinf=0.0, neginf=0.0)
        norms = np.sqrt((scores**2).sum(0))
        sizes = np.linalg.svd(scores / np.where(norms > 0, norms, 1.0), compute_uv=False)
        largest = max(float(sizes.max(initial=0)), 1e-300)
        unseen = min(unseen, len(at) - int((sizes > RANK * largest).sum()))
        faint = min(faint, len(at) - int((sizes > NEAR * largest).sum()))
    return Seen(unseen, faint - unseen)


def num_flat(information: Floats, spreads: Floats) -> int:
    """In how many directions an information matrix [P, P] has none."""
    sizes = np.asarray(np.linalg.eigvalsh(information / np.outer(spreads, spreads)), float)
    return int(_is_flat(sizes).sum())


def _is_flat(sizes: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return np.asarray(sizes <= max(WEAK * float(sizes.max(initial=0)), NONE), bool)


def flat_directions(information: Floats, names: tuple[str, ...], spreads: Floats, known: Seen) -> Flat:
    """The flat directions of an information matrix [P, P], of which those `known` are so everywhere."""
    sizes, ways = np.linalg.eigh(information / np.outer(spreads, spreads))
    order = [at for at in np.argsort(np.abs(sizes)) if _is_flat(sizes)[at]]
    cuts = np.cumsum([0, known.unseen, known.faint, len(order)])
    unseen, faint, diverging = (_mixes(ways[:, order[low:high]].T, names, spreads) for low, high in pairwise(cuts))
    return Flat(unseen, faint, diverging)


def _mixes(ways: Floats, names: tuple[str, ...], spreads: Floats) -> tuple[Mix, ...]:
    """The space that directions [D, P] span, by directions that mix as few coefficients as elimination leaves."""
    rows = ways.copy()
    for at in range(len(rows)):
        row, column = divmod(int(np.abs(rows[at:]).argmax()), rows.shape[1])
        rows[[at, at + row]] = rows[[at + row, at]]
        rows[at] /= rows[at, column]
        others = np.arange(len(rows)) != at
        rows[others] -= np.outer(rows[others, column], rows[at])
    return tuple(_mix(row, names, spreads) for row in rows)


def _mix(way: Floats, names: tuple[str, ...], spreads: Floats) -> Mix:
    is_part = np.abs(way) > PART * np.abs(way).max()
    raw = np.where(is_part, way / spreads, 0.0)
    raw = raw / raw[np.abs(raw).argmax()]
    return Mix({name: float(part) for name, part, kept in zip(names, raw, is_part, strict=True) if kept})
