"""Which uncertain numbers a leader's choice hangs on: the variance of his payoff gap, and of the chance of an option, shared out.

The index is the Shapley effect, because quantities may be correlated (see `shapley`): it is never negative but for noise, it sums to
the variance, and of what two correlated quantities share each gets a part. Beside it stand the two ends between which it lies for
a sum of functions: what a quantity resolves alone, and what is lost without it when all others are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.digits import chance
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.gap import world_gap
from stratagem.analyse.grounds import bases
from stratagem.analyse.pooling import effective_size
from stratagem.analyse.shapley import LEAST_EFFECTIVE, Effects, effects
from stratagem.analyse.study import Study
from stratagem.analyse.subject import Subject, subject
from stratagem.graph.game import Floats

UNRESOLVED = 0.25  # a share beyond this is said in words
TOLD = 3  # quantities named in words
ERRORS = 2  # standard errors within which an effect is not told from none


@dataclass(frozen=True)
class _Target:
    """A number by world whose variance is shared out."""

    name: str
    words: str
    found: Effects | None
    reason: str


def sensitivity(study: Study, decision: str, option: str | None = None) -> Finding:
    """How much of the variance over worlds each quantity accounts for; without `option`, for the likeliest.

    Of two numbers: the mover's payoff gap between the option and its strongest rival, and the probability of the option given that
    the decision is reached. Raises `UsageError` for what the scenario does not have or too few worlds that count.
    """
    what = subject(study, decision, option)
    targets = (_gap_target(study, what), _chance_target(what))
    tables = tuple(table for target in targets for table in _tables(target))
    return Finding(
        kind="sensitivity",
        title=f"{study.scenario.scenario}: what {what.mover}'s choice of “{what.titles[0]}” at {what.label} hangs on",
        judgements=tuple(line for target in targets for line in _judgements(target)),
        tables=tables,
        caveats=tuple(_caveats(study, what)),
        rests_on=bases(study.scenario, (study.game.steps[what.step].move,), tables),
        manifest={
            "decision": what.label,
            "option": study.game.steps[what.step].options[what.options[0]],
            "rival": study.game.steps[what.step].options[what.options[1]],
            "index": "Shapley effect",
            "worlds": study.worlds,
            "counted": len(what.weight),
            "effective": effective_size(what.weight),
            "seed": study.seed,
        },
    )


def _gap_target(study: Study, what: Subject) -> _Target:
    gap, weight = world_gap(study, what.step, what.options)
    here = what.is_counted & (weight > 0) & np.isfinite(gap)
    words = f"{what.mover}'s payoff gap (“{what.titles[0]}” over “{what.titles[1]}”)"
    inputs = {name: values[here[what.is_counted]] for name, values in what.inputs.items()}
    return _target("gap", words, inputs, gap[here], weight[here])


def _chance_target(what: Subject) -> _Target:
    return _target("chance", f"the chance of “{what.titles[0]}”", what.inputs, what.chance, what.weight)


def _target(name: str, words: str, inputs: dict[str, Floats], output: Floats, weight: Floats) -> _Target:
    """The target with its effects, or with the reason why it has none."""
    inputs = {key: values for key, values in inputs.items() if len(values) and np.ptp(values) > 0}
    size = effective_size(weight) if len(weight) else 0.0
    if not inputs or size < LEAST_EFFECTIVE:
        return _Target(
            name,
            words,
            None,
            f"the worlds that tell count as {size:,.0f} of equal weight; it takes at least {LEAST_EFFECTIVE}",
        )
    found = effects(inputs, output, weight)
    return _Target(name, words, found, "" if found else "it is the same in every world")


# --- tables and words --------------------------------------------------------------------------------------------


def _tables(target: _Target) -> Iterator[Table]:
    columns = (
        Column("quantity", "quantity"), Column("shapley", "effect", "size"), Column("error", "error", "size"),
        Column("alone", "alone", "size"), Column("alone_error", "error", "size"), Column("last", "lost without", "size"),
    )  # fmt: skip
    title = f"Shares of the variance of {target.words}"
    found = target.found
    if found is None:
        yield Table(target.name, title, columns, (), target.reason)
        return
    rows: list[tuple[Cell, ...]] = [
        (one.name, one.shapley, one.shapley_error, one.alone, one.alone_error, one.last) for one in found.followed
    ]
    if found.rest_names:
        rows.append((f"the other {len(found.rest_names)} together", found.rest, found.rest_error, None, None, None))
    rows.append(("unresolved", found.unresolved, None, None, None, None))
    note = (
        f"standard deviation {np.sqrt(found.variance):.3g} about a mean of {found.mean:.3g}. Effect: Shapley effect, whose column sums to 1; alone: what "
        "knowing it only would resolve; lost without: what is lost where all others are known; unresolved: interactions of three and more or with quantities not followed, and kinks"
    )
    yield Table(target.name, title, columns, tuple(rows), note)
    if found.rest_names:
        yield _rest_table(target, found)


def _rest_table(target: _Target, found: Effects) -> Table:
    names = sorted(found.rest_names, key=lambda name: -found.alone[name][0])
    rows = tuple((name, found.alone[name][0], found.alone[name][1]) for name in names)
    columns = (Column("quantity", "quantity"), Column("alone", "alone", "size"), Column("error", "error", "size"))
    return Table(f"{target.name}_others", f"The other quantities, one at a time: {target.words}", columns, rows)


def _judgements(target: _Target) -> Iterator[str]:
    found = target.found
    if found is None:
        yield f"Nothing can be said of {target.words}: {target.reason}."
        return
    told = [one for one in found.followed if one.shapley > ERRORS * one.shapley_error][:TOLD]
    if told:
        parts = [f"{one.name} accounts for {chance(one.shapley, one.shapley_error)}" for one in told]
        yield f"Of the variance of {target.words}, {', '.join(parts)}."
    else:
        yield f"No single quantity accounts for a share of the variance of {target.words} that is told from none."
    error = float(np.sqrt(sum(one.shapley_error**2 for one in found.followed) + found.rest_error**2))
    if found.unresolved > UNRESOLVED:
        yield f"Of the variance of {target.words}, {chance(found.unresolved, error)} is resolved into neither the single quantities nor the pairs of those followed, and is shared out to none."


def _caveats(study: Study, what: Subject) -> Iterator[str]:
    pairs = [one.between for one in study.scenario.correlations]
    if pairs:
        yield (
            "quantities are correlated ("
            + "; ".join(f"{one} with {other}" for one, other in pairs[:4])
            + (f" and {len(pairs) - 4} more" if len(pairs) > 4 else "")
            + "): a quantity that does nothing of its own has an effect where it goes with one that does"
        )
    for name, others in what.twins.items():
        yield f"{name} stands for {', '.join(others)} too: they order the worlds alike, or oppositely"
    yield (
        f"{len(what.weight):,} worlds come to the decision and count as {effective_size(what.weight):,.0f} of equal weight; errors are standard errors "
        "over worlds, for the inputs as followed"
    )
