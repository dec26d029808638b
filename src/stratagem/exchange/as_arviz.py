"""A Bayesian fit for ArviZ: draws, log-likelihoods of rows, how they were drawn, and what was observed.

Takes a `Posterior`; gives ArviZ's `InferenceData`, or what a file of it holds. ArviZ is in the extra `bayes`.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import numpy as np

from stratagem.errors import UsageError

if TYPE_CHECKING:
    from stratagem.fit.posterior import Posterior

MOST_CELLS = 1 << 27  # draws times rows of log-likelihoods


def inference_data(posterior: Posterior) -> Any:
    """The posterior as `arviz.InferenceData`. Raises `UsageError` where ArviZ is missing or there are too many rows."""
    arviz = load_arviz()
    problem, found = posterior.problem, posterior.chains
    chains, draws = found.log_density.shape
    if chains * draws * problem.num_rows > MOST_CELLS:
        raise UsageError(
            f"{chains * draws:,} draws of {problem.num_rows:,} rows are too many for ArviZ; give fewer `--draws`"
        )
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
