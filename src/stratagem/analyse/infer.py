"""What the moves already made say: of every uncertain number, of the forecast, and which move says how much (M10, M12).

Takes a study; gives a finding. The probability of what was seen, under the equilibrium, is the likelihood of the numbers: worlds are
weighed by it, and where those weights collapse the numbers are drawn anew, led by the likelihood's gradient.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.learn import Number, numbers_of
from stratagem.analyse.pooling import Pooled, pool
from stratagem.analyse.posterior import Spread, Weighing, asked, bits, ends_of, spread, weigh
from stratagem.analyse.revealed import (
    judged,
    revealed_caveats,
    revealed_judgements,
    revealed_table,
    statements_of,
)
from stratagem.analyse.seen import (
    History,
    Reading,
    Readings,
    in_order,
    label,
    prefixes,
    read,
    refuse_impossible,
    without,
)
from stratagem.analyse.study import Study
from stratagem.analyse.trials import Trials
from stratagem.errors import UsageError, near, quote
from stratagem.graph.game import Floats
from stratagem.scenario.model import Scenario
from stratagem.solve.solve import Chunk, Solver

SAMPLERS = ("auto", "weights", "nuts")
LITTLE_BITS = 0.005
ERRORS = 2.0  # Monte Carlo errors within which a change is none
CAVEATS = (
    "a likelihood is the model's: what was seen speaks of the numbers only as far as the players choose as it says (M9)",
    "one move tells of precision times payoff gap, never of either alone (M12)",
)


@dataclass(frozen=True)
class Posterior:
    """Worlds after what was seen, whichever way they were got."""

    sampler: str
    numbers: dict[str, Floats]  # [W]
    weight: Floats  # [W]
    reading: Reading
    diagnostics: Table
    verdict: str
    is_sound: bool
    manifest: dict[str, object]
    inefficiency: float = 1.0  # draws that one independent draw is worth


@dataclass(frozen=True)
class Prior:
    """Worlds before and while moves were seen."""

    history: History
    readings: Readings
    weight: Floats  # [W] before anything was seen

    def weighing(self, history: History) -> Weighing:
        """The worlds after a history."""
        return weigh(self.readings.of[history].likelihood)


def infer(
    study: Study, sampler: str = "auto", draws: int | None = None, progress: Callable[[int, int], None] | None = None
) -> Finding:
    """What the study's history reveals. Raises `UsageError` without one, for one that cannot have happened, and for an unknown sampler."""
    statements = statements_of(study) if study.seen else {}
    trials = Trials(study, list(statements.values()))
    prior, posterior = condition(study, sampler, draws, progress, trials.look)
    trials.take(prior.readings.others)
    history = prior.history
    moves = [_move(study, prior, place) for place in range(len(history))]
    numbers = list(_numbers(study.scenario, prior, posterior))
    questions = list(_questions(study.scenario, prior, posterior))
    tried = judged(study, statements, trials)
    return Finding(
        kind="infer",
        title=f"{study.scenario.scenario}: what the moves reveal",
        judgements=(
            *_judgements(prior, posterior, moves, numbers, questions),
            *revealed_judgements(study, tried),
        ),
        tables=(
            posterior.diagnostics,
            _moves_table(moves),
            *((revealed_table(tried),) if tried else ()),
            _numbers_table(numbers),
            _ranges_table(numbers),
            _questions_table(questions),
            _contributions_table(study, prior),
        ),
        caveats=(*_caveats(prior, posterior), *revealed_caveats(tried)),
        manifest={
            "history": [label(study, one) for one in history],
            "sampler": posterior.sampler,
            "worlds": study.worlds,
            "worlds_failed": int((~prior.readings.is_counted).sum()),
            "seed": study.seed,
            **posterior.manifest,
        },
    )


def condition(
    study: Study,
    sampler: str = "auto",
    draws: int | None = None,
    progress: Callable[[int, int], None] | None = None,
    also: Callable[[Solver, Chunk], Any] | None = None,
) -> tuple[Prior, Posterior]:
    """The study's worlds before and after its history; `also` is what else to look at before. Raises `UsageError` as `infer` does."""
    if sampler not in SAMPLERS:
        raise UsageError(f"the unknown sampler {quote(sampler)}{near(sampler, SAMPLERS)}; one of {', '.join(SAMPLERS)}")
    if sampler == "weights" and draws is not None:
        raise UsageError("`draws` are those of `nuts`, and the sampler is `weights`; one of them")
    history = in_order(study.seen)
    if not history:
        raise UsageError(
            "nothing was seen yet: the scenario has no `history`; say what was seen with `--history MOVE=ACTION` [L22]"
        )
    wanted = dict.fromkeys((*prefixes(history), *(without(history, place) for place in range(len(history)))))
    readings = read(study, list(wanted), progress=progress, also=also)
    refuse_impossible(study, history, readings)
    prior = Prior(history, readings, readings.is_counted.astype(np.float64))
    weighing = prior.weighing(history)
    if sampler == "weights" or (sampler == "auto" and not (weighing.has_collapsed and _can_sample())):
        return prior, by_weights(readings, history, weighing)
    from stratagem.analyse.nuts import sample_posterior  # noqa: PLC0415 - needs an extra, and seconds to load

    try:
        return prior, sample_posterior(study, history, readings, draws=draws)
    except UsageError as error:
        if sampler == "nuts":
            raise
        return prior, by_weights(readings, history, weighing, str(error))


def _can_sample() -> bool:
    """Whether drawing anew is to be had without being asked for: its packages are there."""
    from importlib.util import find_spec  # noqa: PLC0415

    return all(find_spec(name) is not None for name in ("jax", "numpyro"))


def by_weights(readings: Readings, history: History, weighing: Weighing, why: str | None = None) -> Posterior:
    """The prior's worlds, weighed; `why` says what keeps them from being drawn anew."""
    shape, size, count = weighing.smoothed.shape, weighing.size, int(readings.is_counted.sum())
    verdict = f"{size:,.0f} effective worlds of {count:,}, {_shape_spoken(shape)}"
    if weighing.has_collapsed:
        verdict = (
            f"the weights have collapsed ({verdict}): what follows is not to be trusted; "
            + (why or 'draw anew with `--sampler nuts` (pip install "stratagem[bayes]")')
            + ", or use more `--worlds`"
        )
    rows: tuple[tuple[Cell, ...], ...] = (
        ("effective worlds", size, "Kish; of a mean over worlds"),
        (
            "Pareto k-hat",
            shape if np.isfinite(shape) else _shape_spoken(shape),
            f"reliable up to {weighing.smoothed.limit:.2f}",
        ),
        ("largest weight", float(weighing.weight.max()), "share of the heaviest world"),
        (
            "ruled out",
            float(np.mean(readings.of[history].likelihood[readings.is_counted] <= 0)),
            "share of worlds in which it cannot have happened",
        ),
    )
    columns = (Column("measure", "measure"), Column("value", "value", "size"), Column("meaning", ""))
    return Posterior(
        sampler="weights",
        numbers=readings.numbers,
        weight=weighing.weight,
        reading=readings.of[history],
        diagnostics=Table("diagnostics", "Can the weights be trusted?", columns, rows),
        verdict=verdict,
        is_sound=not weighing.has_collapsed,
        manifest={"effective_worlds": size, "pareto_k": shape if np.isfinite(shape) else None, "pareto_k_limit": weighing.smoothed.limit, "has_collapsed": weighing.has_collapsed},
    )  # fmt: skip


def _shape_spoken(shape: float) -> str:
    if shape == -np.inf:
        return "weights without a tail"
    return "all weight on a few worlds" if shape == np.inf else f"Pareto k-hat {shape:.2f}"


# --- moves -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MoveSeen:
    """What one move says."""

    name: str
    likelihood: Pooled
    bits: float  # of the worlds, when it came
    bits_alone: float  # that only it tells, of all moves seen
    is_constant: bool

    @property
    def says_nothing(self) -> bool:
        """Whether it tells next to nothing of the worlds."""
        return max(self.bits, self.bits_alone) < LITTLE_BITS


def _move(study: Study, prior: Prior, place: int) -> MoveSeen:
    history, of = prior.history, prior.readings.of
    before, now = of[history[:place]].likelihood, of[history[: place + 1]].likelihood
    others, whole = of[without(history, place)].likelihood, of[history].likelihood
    found = pool(now, before)
    assert found is not None  # the history is possible
    ratio = _ratio(now, before)
    here = ratio[before > 0]
    return MoveSeen(
        name=label(study, history[place]),
        likelihood=found,
        bits=bits(ratio, before),
        bits_alone=bits(_ratio(whole, others), others),
        is_constant=bool(np.ptp(here) <= 1e-12),
    )


def _ratio(above: Floats, below: Floats) -> Floats:
    return np.asarray(np.where(below > 0, above / np.where(below > 0, below, 1.0), 0.0))


def _moves_table(moves: list[MoveSeen]) -> Table:
    columns = (
        Column("move", "move seen"), Column("likelihood", "chance", "chance"), Column("low", "5 %", "chance"), Column("high", "95 %", "chance"),
        Column("bits", "bits", "size"), Column("bits_alone", "alone", "size"), Column("says", ""),
    )  # fmt: skip
    rows = tuple(
        (one.name, one.likelihood.mean, one.likelihood.p5, one.likelihood.p95, one.bits, one.bits_alone, _says(one))
        for one in moves
    )
    note = "`chance`: given the moves before it, with its range over worlds; `bits`: what it told of the worlds when it came; `alone`: what is told by no other move"
    return Table("moves", "The moves seen, and what each says", columns, rows, note)


def _says(one: MoveSeen) -> str:
    if one.is_constant:
        return "nothing: it had the same chance in every world"
    return "next to nothing" if one.says_nothing else ""


# --- numbers -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Learnt:
    """A number before and after."""

    name: str
    title: str
    before: Spread
    after: Spread

    @property
    def shift(self) -> float:
        """How far its mean moved, in standard deviations before."""
        return (self.after.mean - self.before.mean) / self.before.sd

    @property
    def error(self) -> float:
        """The Monte Carlo error of the shift."""
        return float(np.hypot(self.after.error, self.before.error)) / self.before.sd

    @property
    def is_clear(self) -> bool:
        """Whether it moved by more than Monte Carlo error."""
        return abs(self.shift) > ERRORS * self.error


def _numbers(scenario: Scenario, prior: Prior, posterior: Posterior) -> Iterator[Learnt]:
    """The numbers that vary, those that moved most first."""
    known = numbers_of(scenario)
    found = []
    for name, values in prior.readings.numbers.items():
        here = values[prior.readings.is_counted]
        if np.ptp(here) <= 1e-12 * np.abs(here).max():
            continue
        ends = ends_of(here)
        title = known.get(name, Number(name, "")).title
        before = spread(here, np.ones(len(here)), ends)
        after = spread(posterior.numbers[name], posterior.weight, ends)
        found.append(Learnt(name, title, before, replace(after, error=after.error * posterior.inefficiency**0.5)))
    yield from sorted(found, key=lambda one: -abs(one.shift))


def _numbers_table(numbers: list[Learnt]) -> Table:
    columns = (
        Column("number", "number"), Column("before", "before", "size"), Column("after", "after", "size"), Column("shift", "shift", "amount"),
        Column("error", "error", "size"), Column("density_before", "before"), Column("density_after", "after"), Column("title", ""),
    )  # fmt: skip
    rows = tuple(
        (
            one.name,
            one.before.mean,
            one.after.mean,
            one.shift,
            one.error,
            one.before.density,
            one.after.density,
            one.title,
        )
        for one in numbers
    )
    note = "means before and after; `shift` is that of the mean in standard deviations before, with its Monte Carlo error; densities over the range before"
    return Table("numbers", "Every uncertain number, before and after", columns, rows, note)


def _ranges_table(numbers: list[Learnt]) -> Table:
    columns = (
        Column("number", "number"),
        Column("before_5", "before: 5 %", "size"), Column("before_50", "50 %", "size"), Column("before_95", "95 %", "size"),
        Column("after_5", "after: 5 %", "size"), Column("after_50", "50 %", "size"), Column("after_95", "95 %", "size"),
    )  # fmt: skip
    rows = tuple((one.name, *_ends(one.before), *_ends(one.after)) for one in numbers)
    return Table("ranges", "Their ranges, before and after", columns, rows)


def _ends(one: Spread) -> tuple[float, float, float]:
    return one.p5, one.p50, one.p95


# --- questions ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Asked:
    """A question before and after; None where it is void."""

    name: str
    title: str
    before: Pooled | None
    after: Pooled | None
    unweighed: Pooled | None  # the history taken as given, without learning from it

    @property
    def change(self) -> float | None:
        """By how much the history moves it."""
        return None if self.before is None or self.after is None else self.after.mean - self.before.mean


def _questions(scenario: Scenario, prior: Prior, posterior: Posterior) -> Iterator[Asked]:
    nothing, whole = prior.readings.of[()], prior.readings.of[prior.history]
    possible = (whole.likelihood > 0).astype(np.float64)
    for place, (name, question) in enumerate(scenario.questions.items()):
        yield Asked(
            name,
            question.title,
            asked(nothing, prior.weight, place),
            _after(posterior, place),
            asked(whole, possible, place),
        )


def _after(posterior: Posterior, place: int) -> Pooled | None:
    found = asked(posterior.reading, posterior.weight, place)
    return None if found is None else replace(found, error=found.error * posterior.inefficiency**0.5)


def _questions_table(questions: list[Asked]) -> Table:
    columns = (
        Column("question", "question"), Column("title", ""), Column("before", "before", "chance"), Column("after", "after", "chance"),
        Column("change", "change", "points"), Column("error", "error", "points"), Column("low", "5 %", "chance"), Column("high", "95 %", "chance"),
        Column("unlearnt", "unlearnt", "chance"),
    )  # fmt: skip
    rows = tuple(
        (
            one.name, one.title, one.before.mean if one.before else None, one.after.mean if one.after else None, one.change,
            one.after.error if one.after else None, one.after.p5 if one.after else None, one.after.p95 if one.after else None,
            one.unweighed.mean if one.unweighed else None,
        )
        for one in questions
    )  # fmt: skip
    note = "in points; the range is over worlds after; `unlearnt`: the moves taken as made but nothing learnt from them about the numbers"
    return Table("questions", "Forecasts, before and after what was seen", columns, rows, note)


def _contributions_table(study: Study, prior: Prior) -> Table:
    """What each move did to each question, when it came and as the only one left out."""
    columns = (
        Column("question", "question"), Column("move", "move"), Column("before", "before it", "chance"), Column("after", "after it", "chance"),
        Column("change", "change", "points"), Column("left_out", "all but it", "chance"), Column("alone", "its own", "points"),
    )  # fmt: skip
    history = prior.history
    rows: list[tuple[str, str, float | None, float | None, float | None, float | None, float | None]] = []
    for place, one in enumerate(history):
        ends = [
            _all_asked(study, prior, part)
            for part in (history[:place], history[: place + 1], without(history, place), history)
        ]
        for question, before, after, others, whole in zip(study.scenario.questions, *ends, strict=True):
            rows.append((question, label(study, one), before, after, _gap(after, before), others, _gap(whole, others)))
    rows.sort(key=lambda row: 1.0 if row[4] is None else -abs(round(row[4], 9)))  # rounding settles no order
    note = "`change`: what the move did when it came; `its own`: by how much the forecast would be another had it alone not been seen; – where weights collapse or a question is void"
    return Table("contributions", "What each move did to each forecast", columns, tuple(rows), note)


def _all_asked(study: Study, prior: Prior, history: History) -> list[float | None]:
    weighing = prior.weighing(history)
    found = [
        asked(prior.readings.of[history], weighing.weight, place) for place in range(len(study.scenario.questions))
    ]
    return [None if one is None or weighing.has_collapsed else one.mean for one in found]


def _gap(after: float | None, before: float | None) -> float | None:
    return None if after is None or before is None else after - before


# --- sentences ---------------------------------------------------------------------------------------------------


def _judgements(
    prior: Prior, posterior: Posterior, moves: list[MoveSeen], numbers: list[Learnt], questions: list[Asked]
) -> Iterator[str]:
    whole = prior.readings.of[prior.history].likelihood
    mean = float(whole.sum() / prior.weight.sum())
    count = "The move seen" if len(moves) == 1 else f"The {len(moves)} moves seen"
    yield f"{count} had a probability of {_small(mean)} before; {posterior.verdict}."
    telling = [one for one in moves if not one.says_nothing]
    if telling:
        most = max(telling, key=lambda one: one.bits_alone)
        yield f"Most is told by {most.name} ({most.bits_alone:.2f} bits that no other move tells)."
    silent = [one.name for one in moves if one.says_nothing]
    if silent:
        yield f"Next to nothing of the uncertain numbers is told by {', '.join(silent)}."
    clear = [one for one in numbers if one.is_clear and abs(one.shift) >= 0.1]
    for one in clear[:3]:
        yield f"“{one.title}” moves from {one.before.mean:.3g} to {one.after.mean:.3g} ({one.shift:+.2f} standard deviations)."
    if not clear:
        yield "No uncertain number moves by as much as a tenth of its standard deviation."
    moved = sorted((one for one in questions if one.change is not None), key=lambda one: -abs(one.change or 0.0))
    for question in moved[:2]:
        assert question.before is not None
        assert question.after is not None
        yield f"{question.title} {percent(question.before.mean)} before, {percent(question.after.mean)} after."


def _small(chance: float) -> str:
    return percent(chance) if chance >= 0.01 else f"{100 * chance:.2g} %"


def _caveats(prior: Prior, posterior: Posterior) -> Iterator[str]:
    failed = int((~prior.readings.is_counted).sum())
    if failed:
        yield f"{failed} worlds have no answer and are left out"
    if posterior.sampler != "weights":
        yield "what each move did is reckoned by weights; – stands where those collapse"
    yield from CAVEATS
