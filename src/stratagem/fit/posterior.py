"""A Bayesian fit: draws of the coefficients by prior times likelihood, and what they say of rows.

Takes a `Problem` and what was asked; gives a `Posterior`. Knows no file and no view.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.special import logsumexp

from stratagem.errors import NotSolvedError, UsageError
from stratagem.fit.convergence import Agreement, agreement
from stratagem.fit.density import log_density
from stratagem.fit.design import Design
from stratagem.fit.estimate import Estimate
from stratagem.fit.jet import Floats
from stratagem.fit.priors import SCALE, Prior, default_prior
from stratagem.fit.problem import Problem
from stratagem.fit.sampler import Chains, Progress, Settings, draw, load_jax

LEAST_CHAINS, LEAST_STEPS, MOST_DRAWS = 2, 100, 200_000
CANDIDATES = 10  # drawn from the prior for each chain, the likeliest of which it starts from
TOGETHER = 1 << 22  # draws times rows worked on at once
FEW = 400  # draws that intervals of predictions are taken over
HARDLY, STILL = (
    0.9,
    0.3,
)  # a direction with this share of its prior variance, and this little shift, is one that the data leave alone
PART = 0.1  # the least share of such a direction that names a coefficient
APART = 2.0  # chains whose means are so many standard deviations from each other are in different places


@dataclass(frozen=True)
class BayesRequest:
    """How to draw. Raises `UsageError` for what gives no posterior."""

    chains: int = 4
    draws: int = 1000
    warmup: int = 1000
    seed: int = 1
    scale: float = SCALE  # of the prior of slopes
    accepted: float = 0.9

    def __post_init__(self) -> None:
        if self.chains < LEAST_CHAINS:
            raise UsageError(
                f"--chains {self.chains}: at least {LEAST_CHAINS}, or nothing shows whether they agree [F9]"
            )
        for name, count in (("draws", self.draws), ("warmup", self.warmup)):
            if count < LEAST_STEPS:
                raise UsageError(f"--{name} {count}: too few for a posterior; at least {LEAST_STEPS} a chain [F9]")
        if self.chains * self.draws > MOST_DRAWS:
            raise UsageError(f"{self.chains} chains of {self.draws} draws; at most {MOST_DRAWS:,} draws together [F9]")
        if not (math.isfinite(self.scale) and 0 < self.scale <= 1e3):
            raise UsageError(f"--prior-scale {self.scale:g}: a number over 0, up to 1000, in units of payoff [F9]")


@dataclass(frozen=True)
class Posterior:
    """A model fitted by Bayes' rule. Axes: C chains, D draws, S = C times D, P coefficients, N rows."""

    problem: Problem
    request: BayesRequest
    prior: Prior
    chains: Chains

    @cached_property
    def by_chain(self) -> Floats:
        """The draws of the coefficients [C, D, P]."""
        return np.asarray(self.prior.coefficients(self.chains.z), float)

    @cached_property
    def draws(self) -> Floats:
        """The draws of the coefficients [S, P], chain after chain."""
        return self.by_chain.reshape(-1, len(self.names))

    @property
    def names(self) -> tuple[str, ...]:
        """The coefficients."""
        return self.problem.design.names

    @cached_property
    def coefficients(self) -> Floats:
        """The posterior means [P]."""
        return np.asarray(self.draws.mean(0), float)

    @cached_property
    def covariance(self) -> Floats:
        """The posterior covariance [P, P]."""
        return np.atleast_2d(np.cov(self.draws.T))

    @property
    def estimates(self) -> tuple[Estimate, ...]:
        """Each coefficient's posterior mean and standard deviation."""
        spread = np.sqrt(np.diag(self.covariance))
        return tuple(
            Estimate(name, float(mean), float(sd))
            for name, mean, sd in zip(self.names, self.coefficients, spread, strict=True)
        )

    @cached_property
    def agreements(self) -> tuple[Agreement, ...]:
        """Of each coefficient, then of the log-density: whether the chains agree."""
        each = [self.by_chain[..., at] for at in range(len(self.names))]
        return tuple(agreement(one) for one in (*each, self.chains.log_density))

    @property
    def has_converged(self) -> bool:
        """Whether the draws can be trusted."""
        return all(one.is_good for one in self.agreements) and not self.chains.diverged.any()

    @cached_property
    def places(self) -> tuple[tuple[int, ...], ...]:
        """The chains in groups, each of chains in one place; one group where all agree."""
        z = self.chains.z
        middle, within = z.mean(1), np.sqrt(z.var(1).mean(0))
        far = (np.abs(middle[:, None] - middle[None]) / np.maximum(within, 1e-300)).max(-1) > APART
        groups: list[list[int]] = []
        for chain in range(len(z)):
            home = next((one for one in groups if not far[chain, one].any()), None)
            if home is None:
                groups.append([chain])
            else:
                home.append(chain)
        return tuple(tuple(one) for one in groups)

    @cached_property
    def untold(self) -> tuple[tuple[str, ...], ...]:
        """Mixes of coefficients of which the data say next to nothing: along them the posterior is the prior."""
        flat = self.chains.z.reshape(-1, len(self.names))
        sizes, ways = np.linalg.eigh(np.atleast_2d(np.cov(flat.T)))
        moved = np.abs(flat.mean(0) @ ways)
        found = []
        for at in np.flatnonzero((sizes > HARDLY) & (moved < STILL)):
            largest = np.abs(ways[:, at]).max()
            found.append(
                tuple(name for name, part in zip(self.names, ways[:, at], strict=True) if abs(part) > PART * largest)
            )
        return tuple(found)

    # --- what the draws say of rows ------------------------------------------------------------------------------

    def log_likelihoods(self, problem: Problem | None = None) -> Iterator[tuple[slice, Floats]]:
        """The log-likelihood of rows [S, rows], some rows at a time; of another problem's rows where one is given."""
        on = problem or self.problem
        step = max(1, TOGETHER // len(self.draws))
        for begin in range(0, on.num_rows, step):
            rows = slice(begin, min(begin + step, on.num_rows))
            yield rows, on.likelihood().of_many(self.draws, rows)

    def forecast(self, problem: Problem) -> Floats:
        """The logarithm of the posterior predictive probability of each row of a problem [N]."""
        found = np.empty(problem.num_rows)
        for rows, logs in self.log_likelihoods(problem):
            found[rows] = logsumexp(logs, axis=0) - math.log(len(logs))
        return found

    def drawn(self, seed: int) -> Floats:
        """Some of the draws [≤ FEW, P]."""
        chosen = np.random.default_rng(seed).permutation(len(self.draws))[:FEW]
        return self.draws[chosen]

    def outcomes(self, on: Design | None = None) -> dict[str, Floats]:
        """The posterior mean of each outcome's probability in each row."""
        return {name: one.mean(0) for name, one in self.problem.outcomes_of_many(self.drawn(1), on).items()}

    def offers(self, on: Design | None = None) -> tuple[Floats, Floats]:
        """The posterior means of the expected offer and of the chance of acceptance in each row."""
        each = [self.problem.offers(one, on) for one in self.drawn(1)[:100]]
        offer, accepted = (np.mean(one, axis=0) for one in zip(*each, strict=True))
        return offer, accepted


def sample(problem: Problem, request: BayesRequest | None = None, progress: Progress | None = None) -> Posterior:
    """The posterior of a problem's coefficients. Raises `NotSolvedError` where no draw of the prior has a likelihood."""
    request = request or BayesRequest()
    load_jax()
    prior = default_prior(problem.model, problem.design, request.scale)
    density, data = log_density(problem, prior)
    starts = _starts(problem, prior, request)
    settings = Settings(request.warmup, request.draws, request.accepted, request.seed)
    return Posterior(problem, request, prior, draw(density, data, starts, settings, progress))


def _starts(problem: Problem, prior: Prior, request: BayesRequest) -> Floats:
    """[C, P] standard normal numbers, for each chain the likeliest of some drawn from the prior."""
    generator = np.random.default_rng(request.seed)
    drawn = generator.standard_normal((CANDIDATES * request.chains, len(problem.design)))
    found = problem.likelihood()(prior.coefficients(drawn), 0).value - (drawn**2).sum(1) / 2
    height = np.where(np.isfinite(found), found, -np.inf).reshape(request.chains, CANDIDATES)
    if np.isinf(height.max(1)).any():
        raise NotSolvedError(
            f"{problem.model.file}: draws of the prior have no likelihood; give a smaller `--prior-scale`, or simplify the model"
        )
    best = height.argmax(1)
    return np.asarray(drawn.reshape(request.chains, CANDIDATES, -1)[np.arange(request.chains), best], float)
