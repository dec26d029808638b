"""What forecasts are held against out of sample: themselves recalibrated, the base rate, a multinomial logit.

Takes forecasts and folds; gives probabilities for rows that a model was not fitted to.

Axes: N rows, K categories, D coefficients.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.score_rules import Categories
from stratagem.analyse.score_table import Forecasts
from stratagem.graph.game import Floats

FOLDS, BLOCKS = 10, 5
LEAST_TRAINED = 5  # rows that a model is fitted to at least
PRIOR_SD = 5.0  # of each coefficient, on standardised columns: keeps a fit finite where outcomes are separated
LEAST_CHANCE = 1e-6  # forecasts nearer to 0 are recalibrated as if there
NEWTON_STEPS = 100
Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Scheme:
    """A way to keep what is fitted apart from what is scored."""

    name: str
    title: str
    folds: tuple[tuple[Rows, Rows], ...]  # rows fitted to, rows scored


def schemes(forecasts: Forecasts) -> Iterator[Scheme]:
    """The schemes that a table allows: whole clusters left out in turn; the past for the future, where there are dates."""
    grouped = tuple(_grouped(forecasts))
    if len(grouped) > 1:
        yield Scheme("grouped", f"whole {forecasts.clusters} left out in turn", grouped)
    ahead = tuple(_ahead(forecasts)) if forecasts.day is not None else ()
    if ahead:
        yield Scheme("temporal", "each date from earlier ones", ahead)


def _grouped(forecasts: Forecasts) -> Iterator[tuple[Rows, Rows]]:
    """Clusters dealt out to folds, largest first to the smallest fold."""
    places, sizes = np.unique(forecasts.cluster, return_counts=True)
    fold_of = dict[int, int]()
    filled = np.zeros(min(FOLDS, len(places)), np.intp)
    for place in np.argsort(-sizes, kind="stable"):
        fold = int(filled.argmin())
        fold_of[int(places[place])] = fold
        filled[fold] += sizes[place]
    own = np.array([fold_of[int(one)] for one in forecasts.cluster])
    for number in range(len(filled)):
        fitted, scored = np.flatnonzero(own != number), np.flatnonzero(own == number)
        if len(fitted) >= LEAST_TRAINED:
            yield fitted, scored


def _ahead(forecasts: Forecasts) -> Iterator[tuple[Rows, Rows]]:
    """Blocks of dates, each scored from all rows of earlier dates; rows of one date stay together."""
    assert forecasts.day is not None
    order = np.sort(forecasts.day)
    starts = np.unique(order[[len(order) * block // BLOCKS for block in range(1, BLOCKS)]])
    ends = [*starts[1:], order[-1] + 1]
    for start, end in zip(starts, ends, strict=True):
        fitted = np.flatnonzero(forecasts.day < start)
        scored = np.flatnonzero((forecasts.day >= start) & (forecasts.day < end))
        if len(fitted) >= LEAST_TRAINED and len(scored):
            yield fitted, scored


def out_of_sample(forecasts: Forecasts, scheme: Scheme) -> tuple[Rows, dict[str, Floats]]:
    """The rows scored, and by model their probabilities [rows, K] from the rows fitted to."""
    models: dict[str, Callable[[Forecasts, Rows, Rows], Floats]] = {
        "as stated": lambda one, _, scored: one.chance[scored], "recalibrated": recalibrated, "base rate": base_rate,
    }  # fmt: skip
    if forecasts.features is not None:
        models["multinomial logit"] = multinomial_logit
    rows = np.concatenate([scored for _, scored in scheme.folds])
    found = {
        name: np.concatenate([model(forecasts, fitted, scored) for fitted, scored in scheme.folds])
        for name, model in models.items()
    }
    return rows, found


def base_rate(forecasts: Forecasts, fitted: Rows, scored: Rows) -> Floats:
    """How often each category came, half an occurrence added to each (Jeffreys), so that none is ruled out."""
    share = frequencies(forecasts.happened[fitted], forecasts.weight[fitted], len(forecasts.categories), 0.5)
    return np.tile(share, (len(scored), 1))


def frequencies(happened: Categories, weight: Floats, categories: int, added: float = 0.0) -> Floats:
    """[K] the weighted share of each category."""
    relative = weight * (len(weight) / weight.sum())
    count = np.bincount(happened, relative, categories) + added
    return np.asarray(count / count.sum())


def recalibrated(forecasts: Forecasts, fitted: Rows, scored: Rows) -> Floats:
    """Forecasts with their logarithms stretched and shifted, p_k ~ exp(a_k + b log p_k): of two categories Cox's recalibration (1958)."""
    logs = np.log(np.clip(forecasts.chance, LEAST_CHANCE, 1.0))
    shifts = np.broadcast_to(_shifts(len(forecasts.categories)), (len(logs), *_shifts(len(forecasts.categories)).shape))
    terms = np.concatenate([shifts, logs[:, :, None]], axis=2)
    centre = np.append(np.zeros(shifts.shape[2]), 1.0)
    fit = _fit(terms[fitted], forecasts.happened[fitted], forecasts.weight[fitted], centre)
    return chances(terms[scored], fit)


def multinomial_logit(forecasts: Forecasts, fitted: Rows, scored: Rows) -> Floats:
    """Probabilities by a multinomial logit on the features, standardised in the rows fitted to."""
    assert forecasts.features is not None
    mean, spread = forecasts.features[fitted].mean(axis=0), forecasts.features[fitted].std(axis=0)
    own = (forecasts.features - mean) / np.where(spread > 0, spread, 1.0)
    columns = np.column_stack([np.ones(len(own)), own])
    terms = np.einsum("nf,kd->nkfd", columns, _shifts(len(forecasts.categories)))
    terms = terms.reshape(len(own), len(forecasts.categories), -1)
    fit = _fit(terms[fitted], forecasts.happened[fitted], forecasts.weight[fitted], np.zeros(terms.shape[2]))
    return chances(terms[scored], fit)


def _shifts(categories: int) -> Floats:
    """[K, K-1]: the first category is what the others are compared with."""
    return np.eye(categories)[:, 1:]


def chances(terms: Floats, coefficients: Floats) -> Floats:
    """[N, K] of a conditional logit with terms [N, K, D]."""
    utility = terms @ coefficients
    powers = np.exp(utility - utility.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _fit(terms: Floats, happened: Categories, weight: Floats, centre: Floats) -> Floats:
    """Coefficients [D] of a conditional logit (McFadden 1974) with a normal prior about `centre`, by Newton's method with halved steps."""
    share = weight * (len(weight) / weight.sum())
    found = centre.copy()
    for _ in range(NEWTON_STEPS):
        chance = chances(terms, found)
        mean = np.einsum("nk,nkd->nd", chance, terms)
        gradient = share @ (terms[np.arange(len(terms)), happened] - mean) - (found - centre) / PRIOR_SD**2
        spread = np.einsum("n,nk,nkd,nke->de", share, chance, terms, terms) - np.einsum(
            "n,nd,ne->de", share, mean, mean
        )
        step = np.linalg.solve(spread + np.eye(len(found)) / PRIOR_SD**2, gradient)
        scale, before = 1.0, _worth(terms, happened, share, centre, found)
        while scale > 1e-9 and _worth(terms, happened, share, centre, found + scale * step) < before:
            scale /= 2
        found = found + scale * step
        if float(np.abs(scale * step).max()) < 1e-9:
            break
    return found


def _worth(terms: Floats, happened: Categories, share: Floats, centre: Floats, at: Floats) -> float:
    utility = terms @ at
    top = utility.max(axis=1)
    logs = utility[np.arange(len(terms)), happened] - top - np.log(np.exp(utility - top[:, None]).sum(axis=1))
    return float(share @ logs) - float(((at - centre) ** 2).sum()) / (2 * PRIOR_SD**2)
