"""A Bayesian fit as a finding: whether to trust the draws, what the coefficients are, what the data could not tell."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np

from stratagem.analyse.finding import Column, Finding, Table
from stratagem.fit.convergence import LEAST_SIZE, MOST_HAT
from stratagem.fit.finding import basis, missing_rows, provenance, scale_note
from stratagem.fit.jet import Floats
from stratagem.fit.loo import Loo, loo_table
from stratagem.fit.posterior import Posterior
from stratagem.fit.predictive import Checks, check_tables
from stratagem.fit.sampler import DEEPEST

SEVERAL = 1.1  # R-hat from which chains that sit apart count as several modes


def bayes_finding(
    posterior: Posterior, checks: Checks, loo: Loo, further: tuple[Table, ...] = (), said: tuple[str, ...] = ()
) -> Finding:
    """The finding of a Bayesian fit, with what else was asked of it."""
    return Finding(
        kind="fit",
        title=posterior.problem.model.title,
        judgements=(*_judgements(posterior, checks, loo), *said),
        tables=(
            _coefficients(posterior), *_chains(posterior), _diagnostics(posterior), *check_tables(checks), loo_table(loo),
            _priors(posterior), *further,
        ),
        caveats=tuple(_caveats(posterior, checks, loo)),
        rests_on=basis(posterior.problem),
        manifest=_manifest(posterior, checks, loo),
    )  # fmt: skip


# --- sentences -------------------------------------------------------------------------------------------------------


def _judgements(posterior: Posterior, checks: Checks, loo: Loo) -> Iterator[str]:
    problem, request = posterior.problem, posterior.request
    worst = _worst(posterior)
    shown = (
        f"{request.chains} chains of {request.draws:,} draws after {request.warmup:,}: R-hat at most {worst['r_hat']:.3f}, "
        f"bulk and tail effective sizes from {worst['bulk']:,.0f} and {worst['tail']:,.0f}, {int(posterior.chains.diverged.sum())} divergences."
    )
    yield f"Posterior of {len(posterior.names)} coefficients on {problem.num_rows:,} rows; NUTS, priors as stated below."
    if posterior.has_converged:
        yield f"The draws can be trusted: {shown}"
    else:
        yield f"The draws are not to be trusted: {shown} " + " ".join(_why_not(posterior))
    odd = [one for one in checks.all if one.is_odd]
    overall = "" if checks.overall is None else f"chi-square over cells p = {checks.overall.p:.2f}; "
    yield (
        f"Posterior predictive checks: {overall}{len(odd)} of {len(checks.all)} lie where the model hardly ever goes"
        + (
            ": " + ", ".join(f"{one.what} {f'({one.of}) ' if one.of else ''}p = {one.p:.3f}" for one in odd[:4])
            if odd
            else ""
        )
        + "."
    )
    yield f"Leave-one-out: elpd {loo.elpd:.2f}, standard error {loo.error:.2f}; Pareto k too high in {loo.num_bad} rows."


def _why_not(posterior: Posterior) -> Iterator[str]:
    worst = _worst(posterior)
    if worst["r_hat"] > SEVERAL and len(posterior.places) > 1:
        heights = posterior.chains.log_density.mean(1)
        groups = " and ".join(
            f"{'chains' if len(one) > 1 else 'chain'} {', '.join(str(at + 1) for at in one)} "
            f"(log-density {heights[list(one)].mean():.1f})"
            for one in posterior.places
        )
        yield (
            f"Chains disagree: {groups} sit apart, furthest in `{_apart(posterior)}`. The posterior may have several modes, whose "
            "shares these chains do not tell; the summaries below mix them."
        )
    elif worst["r_hat"] > MOST_HAT:
        yield f"Not converged (R-hat up to {MOST_HAT} is wanted); give more `--warmup` and `--draws`."
    elif min(worst["bulk"], worst["tail"]) < LEAST_SIZE:
        yield f"Too few draws (effective sizes from {LEAST_SIZE} are wanted); give more `--draws`."
    if posterior.chains.diverged.any():
        yield "Divergences: some region is too curved for the steps, and the posterior may be wrong there; tighten `--prior-scale` or simplify the model."


def _apart(posterior: Posterior) -> str:
    """The coefficient in which chains sit furthest apart."""
    z = posterior.chains.z
    within = np.sqrt(z.var(1).mean(0))
    return posterior.names[int((np.ptp(z.mean(1), axis=0) / np.maximum(within, 1e-300)).argmax())]


def _caveats(posterior: Posterior, checks: Checks, loo: Loo) -> Iterator[str]:
    for one in posterior.untold:
        yield (
            f"The data say next to nothing of {'a mix of ' if len(one) > 1 else ''}{', '.join(f'`{name}`' for name in one)}: there the posterior is the prior. "
            "Fix one of them or leave one out, or rest nothing on it."
        )
    if loo.num_bad:
        yield (
            f"{loo.num_bad} rows have a Pareto k over {loo.limit:.2f}: each alone moves the posterior far, and leave-one-out is not "
            "reliable there."
        )
    deep = int((posterior.chains.steps >= 2**DEEPEST - 1).sum())
    if deep:
        yield f"{deep} trajectories reached the longest allowed: sampling is slow, not wrong."
    if checks.overall is not None:
        yield "Checks use the data twice: a p that is not extreme does not show that the model is right."
    yield from missing_rows(posterior.problem)


# --- tables ----------------------------------------------------------------------------------------------------------


def _coefficients(posterior: Posterior) -> Table:
    columns = (
        Column("coefficient", "coefficient"), Column("mean", "mean", "amount"), Column("sd", "sd", "size"),
        Column("p5", "5 %", "amount"), Column("p95", "95 %", "amount"), Column("above_zero", "above 0", "size"),
        Column("prior_sd", "prior sd", "size"),
    )  # fmt: skip
    low, high = np.quantile(posterior.draws, (0.05, 0.95), axis=0)
    above = (posterior.draws > 0).mean(0)
    rows = tuple(
        (
            one.name,
            one.value,
            one.error,
            float(low[at]),
            float(high[at]),
            float(above[at]),
            float(posterior.prior.spread[at]),
        )
        for at, one in enumerate(posterior.estimates)
    )
    return Table("coefficients", "Coefficients, posterior", columns, rows, scale_note(posterior))


def _chains(posterior: Posterior) -> Iterator[Table]:
    """Each chain, where they sit apart."""
    if len(posterior.places) < 2:
        return
    apart = posterior.names.index(_apart(posterior))
    columns = (
        Column("chain", "chain", "count"), Column("log_density", "log-density", "amount"),
        Column("divergences", "divergences", "count"), Column("leaps", "leaps", "size"),
        Column("mean", f"mean of {posterior.names[apart]}", "amount"),
    )  # fmt: skip
    found = posterior.chains
    rows = tuple(
        (
            at + 1, float(found.log_density[at].mean()), int(found.diverged[at].sum()), float(found.steps[at].mean()),
            float(posterior.by_chain[at, :, apart].mean()),
        )
        for at in range(len(found.z))
    )  # fmt: skip
    yield Table("chains", "Chains, one by one", columns, rows)


def _diagnostics(posterior: Posterior) -> Table:
    columns = (
        Column("number", "number"), Column("r_hat", "R-hat", "size"), Column("bulk", "bulk size", "size"),
        Column("tail", "tail size", "size"), Column("learnt", "learnt", "chance"),
    )  # fmt: skip
    learnt = 1 - np.sqrt(np.diag(posterior.covariance)) / posterior.prior.spread
    shares = [*(float(one) for one in np.clip(learnt, 0, 1)), None]
    rows = tuple(
        (name, _finite(one.hat), one.bulk, one.tail, share)
        for name, one, share in zip((*posterior.names, "log-density"), posterior.agreements, shares, strict=True)
    )
    note = "learnt: how much narrower the posterior is than the prior"
    return Table("diagnostics", "Can the draws be trusted?", columns, rows, note)


def _priors(posterior: Posterior) -> Table:
    columns = (Column("coefficient", "coefficient"), Column("prior", "prior"))
    rows = tuple(zip(posterior.names, posterior.prior.stated, strict=True))
    note = "`by s`: of the coefficient times the standard deviation s of its column; `at the means`: of the payoff where its columns are at their means"
    return Table("priors", "Priors", columns, rows, note)


# --- for programs ----------------------------------------------------------------------------------------------------


def _worst(posterior: Posterior) -> dict[str, float]:
    found = posterior.agreements
    return {
        "r_hat": max(one.hat for one in found),
        "bulk": min(one.bulk for one in found),
        "tail": min(one.tail for one in found),
    }


def _manifest(posterior: Posterior, checks: Checks, loo: Loo) -> Mapping[str, object]:
    request, worst = posterior.request, _worst(posterior)
    logs: Floats = posterior.problem.likelihood()(posterior.coefficients[None], 0).value
    return {
        **provenance(posterior.problem), "method": "bayes", "coefficients": len(posterior.names), "seed": request.seed,
        "chains": request.chains, "draws": request.draws, "warmup": request.warmup, "accepted": request.accepted,
        "prior_scale": request.scale, "r_hat": _finite(worst["r_hat"]), "bulk_size": worst["bulk"], "tail_size": worst["tail"],
        "divergences": int(posterior.chains.diverged.sum()), "has_converged": posterior.has_converged,
        "places": [[at + 1 for at in one] for one in posterior.places], "untold": [list(one) for one in posterior.untold],
        "log_likelihood_at_mean": _finite(float(logs[0])), "elpd_loo": loo.elpd, "elpd_loo_error": loo.error,
        "p_loo": loo.num_effective, "k_limit": loo.limit, "k_too_high": loo.num_bad,
        "predictive_p": None if checks.overall is None else checks.overall.p,
    }  # fmt: skip


def _finite(number: float) -> float | None:
    return number if math.isfinite(number) else None
