"""The density that a Bayesian fit draws from, as JAX differentiates and compiles it: prior times likelihood.

The likelihood is the one that maximum likelihood climbs: trees and ultimatum games are written once over numbers of any
kind; of a signalling game, whose equilibrium is searched for, JAX is handed values and exact gradients.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from stratagem.errors import UsageError
from stratagem.fit.jet import Floats
from stratagem.fit.priors import Prior
from stratagem.fit.problem import Problem
from stratagem.fit.responses import Observed

Array = Any


def log_density(problem: Problem, prior: Prior) -> tuple[Callable[[Array, Any], Array], Any]:
    """The log-density of standard normal numbers z [P] (up to a constant), and the data that it reads.

    Raises `UsageError` for an equilibrium that is free in every row.
    """
    if problem.model.kind == "signalling":
        return _handed_over(problem, prior), None

    def density(z: Array, data: Any) -> Array:
        coefficients = prior.coefficients(z)
        inputs = [
            matrix @ coefficients[np.array(one.index)] + one.term.fixed
            for one, matrix in zip(problem.design.inputs, data["matrices"], strict=True)
        ]
        seen = replace(problem, observed=Observed(**data["observed"]))
        found: Array = seen.of_rows(inputs, slice(None))
        return found.sum() - (z**2).sum() / 2

    return density, data_of(problem)


def data_of(problem: Problem) -> dict[str, Any]:
    """What a density reads of a problem: matrices of inputs and what was observed."""
    return {"matrices": [one.matrix for one in problem.design.inputs], "observed": dict(vars(problem.observed))}


def _handed_over(problem: Problem, prior: Prior) -> Callable[[Array, Any], Array]:
    """A density whose likelihood is worked out outside JAX, for all chains at once."""
    import jax

    if problem.model.equilibrium == "constrained":
        raise UsageError(
            f"{problem.model.file}: with `equilibrium: constrained` every row may be in another equilibrium, and no prior says how "
            "likely each is; --bayes needs `equilibrium: traced` [F7]"
        )
    likelihood, size = problem.likelihood(), len(problem.design)

    def outside(z: Floats) -> tuple[Floats, Floats]:
        flat = np.asarray(z, float).reshape(-1, size)
        there = likelihood(prior.coefficients(flat), 1)
        slope = np.nan_to_num(there.gradient @ prior.mix, posinf=0.0, neginf=0.0)
        return there.value.reshape(z.shape[:-1]), slope.reshape(z.shape)

    def both(z: Array) -> Any:
        shapes = jax.eval_shape(lambda one: (one.sum(), one), z)
        return jax.pure_callback(outside, shapes, z, vmap_method="broadcast_all")

    @jax.custom_vjp
    def log_likelihood(z: Array) -> Array:
        return both(z)[0]

    log_likelihood.defvjp(both, lambda slope, by_value: (slope * by_value,))
    return lambda z, _: log_likelihood(z) - (z**2).sum() / 2
