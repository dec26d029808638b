"""A fitted model as a finding: sentences, tables and caveats that any view can show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib.metadata import version

import numpy as np

from stratagem.analyse.finding import Basis, Column, Finding, Table
from stratagem.fit.estimate import Fitted
from stratagem.fit.identify import Mix
from stratagem.fit.jet import Floats, Jet
from stratagem.fit.predict import Forecaster
from stratagem.fit.problem import Problem
from stratagem.fit.signalling import num_equilibria

ERRORS = {
    "observed": "standard errors from the observed information",
    "robust": "robust standard errors (sandwich)",
    "clustered": "standard errors by clusters (sandwich)",
    "bootstrap": "standard errors from the bootstrap",
}
NORMALISED = {
    "probit": "scale: each action's error is standard normal, so the difference of two has variance 2",
    "logit": "scale: differences of errors are standard logistic",
    "private": "scale: each player's shock to each payoff is standard normal",
    "ultimatum": "scale: shocks to reservation values are logistic, in units of the offer",
    "signalling": "scale: the three private shocks are standard normal",
}


def fit_finding(fitted: Fitted, further: tuple[Table, ...] = (), said: tuple[str, ...] = ()) -> Finding:
    """The finding of a fit, with what else was asked of it."""
    model = fitted.problem.model
    return Finding(
        kind="fit",
        title=model.title,
        judgements=(*_judgements(fitted), *said),
        tables=(coefficients_table(fitted), *_maxima(fitted), *_outcomes(fitted), *further),
        caveats=tuple(_caveats(fitted)),
        rests_on=basis(fitted.problem),
        manifest=manifest(fitted),
    )


def basis(problem: Problem) -> tuple[Basis, ...]:
    """The source that a model file names."""
    model = problem.model
    return () if model.source is None else (Basis("model", model.title, model.source, None),)


def provenance(problem: Problem) -> dict[str, object]:
    """What was fitted, to which rows."""
    model = problem.model
    return {
        "stratagem": version("stratagem"), "model": model.file, "kind": model.kind, "data": problem.table.file,
        "rows": problem.num_rows, "rows_left_out": problem.num_left_out, "rows_dropped": problem.num_dropped,
        "missing": dict(problem.dropped), "errors_on": model.errors.on, "shape": model.errors.shape,
    }  # fmt: skip


def manifest(fitted: Fitted) -> Mapping[str, object]:
    """Who made this fit, from what."""
    problem = fitted.problem
    return {
        **provenance(problem), "method": "maximum likelihood",
        "log_likelihood": fitted.log_likelihood, "coefficients": len(fitted.names), "aic": -2 * fitted.log_likelihood + 2 * fitted.num_free,
        "bic": -2 * fitted.log_likelihood + np.log(problem.num_rows) * fitted.num_free,
        "standard_errors": fitted.request.errors, "largest_gradient": fitted.gradient,
        "penalty": None if fitted.request.penalty is None else list(fitted.request.penalty), "seed": fitted.request.seed,
        "starts": fitted.num_starts, "starts_unfinished": fitted.num_unfinished, "samples_failed": fitted.num_failed_samples,
        "has_maximum": fitted.has_maximum, "is_bounded": fitted.is_bounded, "unidentified": [list(one.parts) for one in fitted.flat.unseen],
        "hardly_identified": [list(one.parts) for one in fitted.flat.faint], "separated": [] if fitted.has_maximum else list(fitted.rising),
        "equilibrium": problem.model.equilibrium if problem.model.kind == "signalling" else None,
    }  # fmt: skip


def _judgements(fitted: Fitted) -> Iterator[str]:
    problem = fitted.problem
    yield (
        f"Log-likelihood {fitted.log_likelihood:.4f} on {problem.num_rows:,} rows, {len(fitted.names)} coefficients; "
        f"{ERRORS[fitted.request.errors]}."
    )
    top = fitted.maxima[0] if fitted.maxima else None
    if top is not None:
        others = len(fitted.maxima) - 1
        more = (
            "no other maximum was found"
            if not others
            else f"{others} other {'maximum lies' if others == 1 else 'maxima lie'} lower"
        )
        yield f"{top.num_starts} of {fitted.num_starts} starts ended at this maximum; {more}."


def coefficients_table(fitted: Fitted) -> Table:
    """Each coefficient with its standard error; a dash where the data cannot see it."""
    columns = (
        Column("coefficient", "coefficient"), Column("estimate", "estimate", "amount"), Column("error", "std error", "size"),
        Column("z", "z", "amount"), Column("p", "p", "size"),
    )  # fmt: skip
    rows = tuple((one.name, one.value, one.error, one.z, one.p) for one in fitted.estimates)
    return Table("coefficients", "Coefficients", columns, rows, scale_note(fitted))


def scale_note(fitted: Forecaster) -> str:
    """In which unit payoffs are."""
    model = fitted.problem.model
    key = model.kind if model.kind != "tree" else "private" if model.errors.on == "payoffs" else model.errors.shape
    return NORMALISED[key] + ("; scales as stated in the model" if model.errors.scales and model.kind == "tree" else "")


def _maxima(fitted: Fitted) -> Iterator[Table]:
    if len(fitted.maxima) < 2:
        return
    columns = (
        Column("log_likelihood", "log-likelihood", "amount"),
        Column("starts", "starts", "count"),
        Column("apart", "most apart in"),
    )
    spreads = fitted.problem.spreads()
    best = fitted.maxima[0].coefficients
    rows = []
    for one in fitted.maxima:
        gaps = np.abs((one.coefficients - best) * spreads)
        rows.append((one.value, one.num_starts, None if one is fitted.maxima[0] else fitted.names[int(gaps.argmax())]))
    yield Table("maxima", "Distinct maxima found", columns, tuple(rows), "the first is reported; the others lie lower")


def _outcomes(fitted: Fitted) -> Iterator[Table]:
    if fitted.problem.model.kind == "ultimatum":
        yield _offers(fitted)
        return
    problem = fitted.problem
    counts = problem.observed.outcomes
    each = np.asarray(sum(counts.values()))
    chances = problem.outcomes(fitted.coefficients)
    columns = (
        Column("outcome", "outcome"), Column("count", "observed", "count"), Column("observed", "share", "chance"),
        Column("fitted", "fitted", "chance"),
    )  # fmt: skip
    rows = tuple(
        (
            name,
            int(counts[name].sum()),
            float(counts[name].sum() / each.sum()),
            float((chances[name] * each).sum() / each.sum()),
        )
        for name in problem.model.outcomes
    )
    yield Table("outcomes", "Outcomes, observed and fitted on average", columns, rows)


def _offers(fitted: Fitted) -> Table:
    offer, accepted = fitted.problem.offers(fitted.coefficients)
    seen = fitted.problem.observed
    assert seen.offer is not None
    columns = (Column("what", ""), Column("observed", "observed", "size"), Column("fitted", "fitted", "size"))
    rows: list[tuple[str, float, float]] = [("mean offer", float(seen.offer.mean()), float(offer.mean()))]
    if seen.accepted is not None:
        rows.append(("share accepted", float(seen.accepted.mean()), float(accepted.mean())))
    return Table("outcomes", "Offers, observed and fitted", columns, tuple(rows))


def _caveats(fitted: Fitted) -> Iterator[str]:
    problem = fitted.problem
    never = [name for name, count in problem.observed.outcomes.items() if not count.any()]
    if never:
        yield f"No row ends in {_listed(never)}: what leads there is known only to be rare."
    for one in fitted.flat.unseen:
        yield (
            f"Not identified: the likelihood does not change as {_mixed(one)}; no standard error is given for {_them(one)}. "
            "Fix one of them, or leave one out."
        )
    for one in fitted.flat.faint:
        yield (
            f"Next to not identified: the likelihood hardly changes as {_mixed(one)}; no standard error is given for {_them(one)}. "
            "Fix one of them, or leave one out."
        )
    if not fitted.has_maximum:
        yield (
            f"No maximum (as under separation): the likelihood rises without end along {_listed(fitted.rising)}; the estimates stand where "
            "the climb stopped, and these have no standard error. Give `--penalty log-f`, fix one of them or leave one out."
            if fitted.rising
            else "No maximum was found: the estimates stand where the highest climb stopped and have no standard errors. Simplify the model, "
            "or give `--penalty ridge`."
        )
    if fitted.has_maximum and not fitted.is_bounded:
        yield (
            f"The likelihood may have no highest point: a start rose above the maximum reported, to the log-likelihood {fitted.highest:.4f}, "
            f"without end{' along ' + _listed(fitted.rising) if fitted.rising else ''}. Give `--penalty log-f` or leave a term out."
        )
    if fitted.num_unfinished:
        yield f"{fitted.num_unfinished} of {fitted.num_starts} starts ended on no maximum."
    if fitted.maxima and fitted.maxima[0].num_starts == 1 and fitted.num_starts > 1:
        yield "The best maximum was found by one start only; try `--starts` with a larger number."
    yield from _weak(fitted)
    yield from missing_rows(problem)
    if fitted.num_failed_samples:
        yield f"{fitted.num_failed_samples} of {fitted.request.samples} bootstrap samples had no maximum; they are left out of the standard errors."
    if fitted.request.penalty is not None:
        yield f"Penalised ({fitted.request.penalty[0]}, strength {fitted.request.penalty[1]:g}): estimates are pulled towards zero, and standard errors do not say by how much."
    if problem.model.kind == "signalling":
        yield from _equilibria(fitted)


def _mixed(mix: Mix) -> str:
    """How coefficients move together."""
    parts = [f"`{name}` moves by {part:+.3g}" for name, part in mix.parts.items()]
    return ", ".join(parts[:8]) + (f" and {len(parts) - 8} more move" if len(parts) > 8 else "")


def _them(mix: Mix) -> str:
    return "it" if len(mix.parts) == 1 else "them"


def missing_rows(problem: Problem) -> Iterator[str]:
    """Which rows were not used."""
    if problem.num_dropped:
        cells = ", ".join(f"{name} {count}" for name, count in problem.dropped.items())
        yield f"{problem.num_dropped} rows dropped for missing cells ({cells})."
    if problem.num_left_out:
        yield f"{problem.num_left_out} rows left out by conditions."


def _weak(fitted: Fitted) -> Iterator[str]:
    """Coefficients that the data see, but hardly: their errors multiply a hundredfold because of one another."""
    inverse = fitted.covariance
    if fitted.flat.names() or fitted.request.errors != "observed":
        return
    alone = 1 / np.maximum(np.diag(np.linalg.pinv(inverse)), 1e-300)
    inflation = np.sqrt(np.diag(inverse) / alone)
    weak = [name for name, one in zip(fitted.names, inflation, strict=True) if one > 100]
    if weak:
        yield f"Weakly identified: {_listed(weak)} can hardly be told apart; their standard errors are over a hundred times what each would have alone."


def _equilibria(fitted: Fitted) -> Iterator[str]:
    yield f"Equilibrium selection: {'the traced one, on the branch from precision 0' if fitted.problem.model.equilibrium == 'traced' else 'free in every row; its probability is a parameter under the equilibrium constraint'}."
    several = int((num_equilibria(_plain(fitted)) > 1).sum())
    yield f"{several} of {fitted.problem.num_rows} rows have several equilibria at the estimates."
    if several and not fitted.has_maximum:
        yield "The likelihood may jump where a row's equilibrium ceases to exist, so that climbs end at the edge; compare both forms of `equilibrium`."


def _plain(fitted: Fitted) -> list[Floats]:
    problem = fitted.problem
    whole = problem.whole(problem.design.jets(fitted.coefficients[None], 0))
    values = [one.value if isinstance(one, Jet) else np.asarray(one, float) for one in whole]
    return [np.broadcast_to(one, (1, problem.num_rows))[0] for one in values]


def _listed(names: tuple[str, ...] | list[str], most: int = 8) -> str:
    shown = ", ".join(f"`{one}`" for one in names[:most])
    return shown + (f" and {len(names) - most} more" if len(names) > most else "")
