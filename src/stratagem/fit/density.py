"""The density that a Bayesian fit draws from, as JAX differentiates and compiles it: prior times likelihood.

The likelihood is the one that maximum likelihood climbs: trees and ultimatum games are written once, over numbers of any kind.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from stratagem.errors import UsageError
from stratagem.fit.priors import Prior
from stratagem.fit.problem import Problem
from stratagem.fit.responses import Observed

Array = Any


def log_density(problem: Problem, prior: Prior) -> tuple[Callable[[Array, Any], Array], Any]:
    """The log-density of standard normal numbers z [P] (up to a constant), and the data that it reads.

    Raises `UsageError` for a signalling game.
    """
    if problem.model.kind == "signalling":
        raise UsageError(
            f"{problem.model.file}: --bayes draws from trees and ultimatum games. The equilibrium of a signalling game is searched for in "
            "every row at every step, and jumps where a row changes equilibrium: chains would take hours and stick at the jumps. "
            "Fit it by maximum likelihood, with `--errors bootstrap` for how sure it is [F9]"
        )

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
