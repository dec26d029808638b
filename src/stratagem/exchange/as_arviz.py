"""A Bayesian fit for ArviZ: draws, log-likelihoods of rows, how they were drawn, what was observed, and what the model produces by posterior and prior.

Takes a `Posterior`; gives ArviZ's `InferenceData`, or what a file of it holds. ArviZ is in the extra `bayes`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from stratagem.errors import UsageError
from stratagem.fit.predictive import replicated

if TYPE_CHECKING:
    from stratagem.fit.posterior import Posterior

MOST_CELLS = 1 << 27  # draws times rows of log-likelihoods, or of what the model produces
PRIOR_DRAWS = 500


def inference_data(posterior: Posterior) -> Any:
    """The posterior as `arviz.InferenceData`. Raises `UsageError` where ArviZ is missing or there are too many rows."""
    arviz = load_arviz()
    problem, found = posterior.problem, posterior.chains
    chains, draws = found.log_density.shape
    if chains * draws * problem.num_rows * max(len(problem.observed.outcomes), 1) > MOST_CELLS:
        raise UsageError(
            f"{chains * draws:,} draws of {problem.num_rows:,} rows are too many for ArviZ; give fewer `--draws`"
        )
    before = posterior.prior.coefficients(_normals(posterior))
    logs = np.concatenate([one for _, one in posterior.log_likelihoods()], axis=1)
    return arviz.from_dict(
        posterior={"coefficients": posterior.by_chain},
        log_likelihood={"response": logs.reshape(chains, draws, -1)},
        sample_stats={
            "lp": found.log_density,
            "diverging": found.diverged,
            "n_steps": found.steps,
            "acceptance_rate": found.accepted,
        },
        observed_data=_observed(posterior),
        posterior_predictive=_produced(posterior, posterior.draws, chains),
        prior={"coefficients": before[None]},
        prior_predictive=_produced(posterior, before, 1),
        coords={
            "coefficient": list(posterior.names),
            "line": problem.table.lines,
            "outcome": list(problem.observed.outcomes),
        },
        dims={
            "coefficients": ["coefficient"], "response": ["line"], "counts": ["line", "outcome"], "offer": ["line"],
            "accepted": ["line"],
        },
        attrs={"model": problem.model.file, "data": problem.table.file, "inference_library": "stratagem"},
    )  # fmt: skip


def _normals(posterior: Posterior) -> Any:
    """[R, P] standard normal numbers from which draws of the prior follow."""
    return np.random.default_rng(posterior.request.seed).standard_normal((PRIOR_DRAWS, len(posterior.names)))


def _produced(posterior: Posterior, draws: Any, chains: int) -> dict[str, Any]:
    """What the model produces in the rows fitted, [chains, draws, lines, …], by the names of what was observed."""
    return {name: one.reshape(chains, -1, *one.shape[1:]) for name, one in replicated(posterior, draws).items()}


def _observed(posterior: Posterior) -> dict[str, Any]:
    seen = posterior.problem.observed
    if seen.outcomes:
        return {"counts": np.stack(list(seen.outcomes.values()), 1)}
    return dict(seen.offered)


def netcdf(posterior: Posterior) -> bytes:
    """The posterior as a NetCDF file that `arviz.from_netcdf` reads."""
    data = inference_data(posterior)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "draws.nc"
        data.to_netcdf(str(file))
        return file.read_bytes()


def load_arviz() -> Any:
    """ArviZ. Raises `UsageError` where it is missing."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that a later version will differ
            import arviz  # noqa: PLC0415
    except ImportError:
        raise UsageError('the hand-over needs ArviZ: pip install "stratagem[bayes]"') from None
    return arviz
