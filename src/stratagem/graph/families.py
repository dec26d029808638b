"""Quantiles of the families of estimates (L5). SciPy is loaded only for the two families that need it."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from stratagem.graph.game import Floats
from stratagem.scenario.estimate import Estimate

LEAST_GAMMA = 1e-200


def quantile(estimate: Estimate, u: Floats) -> Floats:
    """The values of an estimate at the probabilities `u`."""
    with np.errstate(over="ignore"):
        return np.asarray(_QUANTILES[estimate.family](u, *estimate.parameters))


def _exact(u: Floats, value: float) -> Floats:
    return np.full(len(u), value)


def _uniform(u: Floats, low: float, high: float) -> Floats:
    return low + (high - low) * u


def _choice(u: Floats, *values_and_shares: float) -> Floats:
    values, shares = np.asarray(values_and_shares).reshape(2, -1)
    order = np.argsort(values, kind="stable")
    edges = np.cumsum(shares[order])
    return np.asarray(values[order][np.minimum(np.searchsorted(edges, u, side="right"), len(values) - 1)])


def _normal(u: Floats, mean: float, sd: float) -> Floats:
    return mean + sd * normal_quantile(u)


def _lognormal(u: Floats, median: float, sd: float) -> Floats:
    return np.asarray(median * np.exp(sd * normal_quantile(u)))


def _logitnormal(u: Floats, median: float, sd: float) -> Floats:
    return np.asarray(1 / (1 + np.exp(-(np.log(median / (1 - median)) + sd * normal_quantile(u)))))


def _beta(u: Floats, a: float, b: float) -> Floats:
    from scipy import special  # noqa: PLC0415 - a third of a second that most scenarios need not wait for

    return np.asarray(special.betaincinv(a, b, u))


def _pert(u: Floats, low: float, mode: float, high: float) -> Floats:
    first = 1 + 4 * (mode - low) / (high - low)
    return low + (high - low) * _beta(u, first, 6 - first)


def log_gamma_quantile(alpha: float, u: Floats) -> Floats:
    """Logarithms of quantiles of the unit gamma; the exponential's have a closed form.

    Of a small shape, quantiles may be too small for a number: there the distribution is x^alpha / (alpha Gamma(alpha)).
    """
    if alpha == 1:
        return np.asarray(np.log(-np.log1p(-u)))
    from scipy import special  # noqa: PLC0415

    value = special.gammaincinv(alpha, u)
    lower = (np.log(u) + special.gammaln(alpha + 1)) / alpha
    return np.asarray(np.where(value > LEAST_GAMMA, np.log(np.maximum(value, LEAST_GAMMA)), lower))


def normal_quantile(u: Floats) -> Floats:
    """Quantiles of the standard normal, to 1e-15 (Wichura 1988, Applied Statistics 37:477, AS 241)."""
    centre = u - 0.5
    tail = np.sqrt(-np.log(np.minimum(u, 1 - u)))
    z = np.sign(centre) * np.where(tail <= 5, _ratio(tail - 1.6, _MIDDLE), _ratio(tail - 5, _FAR))
    return np.asarray(np.where(np.abs(centre) <= 0.425, centre * _ratio(0.180625 - centre**2, _CENTRE), z))


def _ratio(x: Floats, coefficients: tuple[tuple[float, ...], tuple[float, ...]]) -> Floats:
    above, below = (np.polynomial.polynomial.polyval(x, one) for one in coefficients)
    return np.asarray(above / below)


_CENTRE = (
    (3.3871328727963666080, 133.14166789178437745, 1971.5909503065514427, 13731.693765509461125, 45921.953931549871457,
     67265.770927008700853, 33430.575583588128105, 2509.0809287301226727),
    (1.0, 42.313330701600911252, 687.18700749205790830, 5394.1960214247511077, 21213.794301586595867, 39307.895800092710610,
     28729.085735721942674, 5226.4952788528545610),
)  # fmt: skip
_MIDDLE = (
    (1.42343711074968357734, 4.63033784615654529590, 5.76949722146069140550, 3.64784832476320460504, 1.27045825245236838258,
     0.241780725177450611770, 0.0227238449892691845833, 7.74545014278341407640e-4),
    (1.0, 2.05319162663775882187, 1.67638483018380384940, 0.689767334985100004550, 0.148103976427480074590,
     0.0151986665636164571966, 5.47593808499534494600e-4, 1.05075007164441684324e-9),
)  # fmt: skip
_FAR = (
    (6.65790464350110377720, 5.46378491116411436990, 1.78482653991729133580, 0.296560571828504891230, 0.0265321895265761230930,
     0.00124266094738807843860, 2.71155556874348757815e-5, 2.01033439929228813265e-7),
    (1.0, 0.599832206555887937690, 0.136929880922735805310, 0.0148753612908506148525, 7.86869131145613259100e-4,
     1.84631831751005468180e-5, 1.42151175831644588870e-7, 2.04426310338993978564e-15),
)  # fmt: skip


def _triangular(u: Floats, low: float, mode: float, high: float) -> Floats:
    width = high - low
    left = low + np.sqrt(u * width * (mode - low))
    right = high - np.sqrt((1 - u) * width * (high - mode))
    return np.asarray(np.where(u < (mode - low) / width, left, right))


_QUANTILES: dict[str, Callable[..., Floats]] = {
    "exact": _exact, "uniform": _uniform, "choice": _choice, "normal": _normal, "lognormal": _lognormal,
    "logitnormal": _logitnormal, "beta": _beta, "pert": _pert, "triangular": _triangular,
}  # fmt: skip
