"""What to watch: the moves and outcomes ahead, by how far each would move a question or a hidden fact.

Takes a study; gives a finding. An indicator's Bayes factor is how many times likelier it is seen where the answer is yes; its bits are
the information that looking for it is expected to bring (Lindley 1956).

Axes: W worlds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent, shown
from stratagem.analyse.learn import Number, numbers_of
from stratagem.analyse.pooling import effective_size, quantiles
from stratagem.analyse.seen import History, Readings, in_order, label, read, refuse_impossible
from stratagem.analyse.study import Study
from stratagem.graph.game import Floats
from stratagem.scenario.lexicon import in_words
from stratagem.scenario.model import Scenario
from stratagem.scenario.quantities import unknown_names
from stratagem.solve.intervene import Choice

MOST_WORLDS = 1024
MOST_ROWS = 8  # indicators of one question or fact
ALERT, ALARM = 3.0, 20.0  # Bayes factors from which evidence is positive, strong (Kass & Raftery 1995)
NEGLIGIBLE = 1e-9  # probability
LEAST_BITS = 1e-3
CAVEATS = (
    f"up to {MOST_ROWS} indicators each, the most telling first; alert: a Bayes factor from {ALERT:g} (or a third), alarm: from {ALARM:g}; the error is that of its "
    "logarithm; bits are what looking is expected to bring; what tells nothing beyond Monte Carlo error is left out",
    "each indicator counts for itself, given what was seen so far; several of them are not to be multiplied",
    "a fact is asked as whether its number lies above its median as held now",
)


@dataclass(frozen=True)
class Indicator:
    """Something that may be seen, and what it says of one question or fact."""

    about: str
    name: str
    date: str | None
    chance: float  # of seeing it
    now: float
    if_seen: float
    if_not: float
    factor: float
    error: float
    bits: float

    @property
    def is_settling(self) -> bool:
        """Whether seeing it leaves no doubt."""
        return not NEGLIGIBLE < self.if_seen < 1 - NEGLIGIBLE

    @property
    def is_clear(self) -> bool:
        """Whether it tells anything beyond Monte Carlo error."""
        return self.bits > LEAST_BITS and (
            not math.isfinite(self.error) or abs(math.log(max(self.factor, 1e-300))) > 2 * self.error
        )

    @property
    def level(self) -> str:
        """How far seeing it goes."""
        if self.is_settling:
            return "settles"
        size = max(self.factor, 1 / self.factor)
        return "alarm" if size >= ALARM else "alert" if size >= ALERT else "note"

    @property
    def becomes(self) -> str:
        """The word of its probability once seen, where that is another."""
        after = in_words(shown(self.if_seen))
        return "" if after == in_words(shown(self.now)) else after


def watch(study: Study, progress: Callable[[int, int], None] | None = None) -> Finding:
    """The indicators ahead for each question and each hidden fact. Raises `UsageError` for a history that cannot have happened."""
    few = replace(study, worlds=min(study.worlds, MOST_WORLDS))
    history = in_order(few.seen)
    ahead = _ahead(few, history)
    seen = {one: (*history, one) for one in ahead}
    readings = read(
        few, list(dict.fromkeys([*(history[:n] for n in range(len(history) + 1)), *seen.values()])), progress=progress
    )
    refuse_impossible(few, history, readings)
    questions = _ranked(_of_questions(few, readings, history, seen))
    facts = _ranked(_of_facts(few, readings, history, seen))
    known = numbers_of(study.scenario)
    return Finding(
        kind="watch",
        title=f"{study.scenario.scenario}: what to watch",
        judgements=tuple(_judgements(study.scenario, questions, facts)),
        tables=(
            *(_table("question", name, study.scenario.questions[name].title, some) for name, some in questions.items()),
            *(
                _table("fact", name, f"{known.get(name, Number(name, '')).title}: is it high?", some)
                for name, some in facts.items()
            ),
        ),
        caveats=(*CAVEATS, *_warnings(readings, history)),
        manifest={
            "history": [label(few, one) for one in history],
            "indicators": len(ahead),
            "alert": ALERT,
            "alarm": ALARM,
            "worlds": few.worlds,
            "worlds_failed": int((~readings.is_counted).sum()),
            "seed": few.seed,
        },
    )


def _ahead(study: Study, history: History) -> list[Choice]:
    """What may be seen after the history."""
    last = max((one.step for one in history), default=-1)
    return [
        Choice(step, option)
        for step, info in enumerate(study.game.steps)
        if step > last and len(info.options) > 1
        for option in range(len(info.options))
    ]


def _of_questions(
    study: Study, readings: Readings, history: History, seen: dict[Choice, History]
) -> Iterator[Indicator]:
    base = readings.of[history]
    for place, (name, question) in enumerate(study.scenario.questions.items()):
        last = question.by.last.isoformat() if question.by is not None else None
        event, whole = base.questions[place], base.conditions[place]
        for one, longer in seen.items():
            date = study.game.steps[one.step].date
            if last is not None and date is not None and date > last:
                continue
            joint, here = readings.of[longer].questions[place], readings.of[longer].conditions[place]
            found = _indicator(name, study, one, joint, event, here, whole)
            if found is not None:
                yield found


def _of_facts(study: Study, readings: Readings, history: History, seen: dict[Choice, History]) -> Iterator[Indicator]:
    whole = readings.of[history].likelihood
    for name in _hidden(study.scenario, readings):
        values = readings.numbers[name]
        middle = quantiles(values[whole > 0], whole[whole > 0], (0.5,))[0]
        high = (values > middle).astype(np.float64)
        for one, longer in seen.items():
            here = readings.of[longer].likelihood
            found = _indicator(name, study, one, high * here, high * whole, here, whole)
            if found is not None:
                yield found


def _hidden(scenario: Scenario, readings: Readings) -> Iterator[str]:
    """The numbers, and weights, that not all players know and that vary."""
    for name, _ in unknown_names(scenario):
        weighed = (
            [one for one in readings.numbers if one.startswith(f"{name}.")] if name.endswith(".weights") else [name]
        )
        yield from (one for one in weighed if one in readings.numbers and np.ptp(readings.numbers[one]) > 0)


def _indicator(
    about: str, study: Study, one: Choice, joint: Floats, event: Floats, seen: Floats, whole: Floats
) -> Indicator | None:
    """What seeing a choice says, from [W] joint probabilities; None where it cannot be seen, is sure to be, or nothing is open."""
    total = float(whole.sum())
    if not total > 0:
        return None
    both, yes, there = (float(part.sum()) / total for part in (joint, event, seen))
    if not (NEGLIGIBLE < there < 1 - NEGLIGIBLE and NEGLIGIBLE < yes < 1 - NEGLIGIBLE):
        return None
    no = max(there - both, 0.0)
    factor = math.inf if no <= NEGLIGIBLE * there else (both / yes) / (no / (1 - yes))
    return Indicator(
        about=about,
        name=label(study, one),
        date=study.game.steps[one.step].date,
        chance=there,
        now=yes,
        if_seen=min(both / there, 1.0),
        if_not=min(max(yes - both, 0.0) / (1 - there), 1.0),
        factor=factor,
        error=_error(joint, event, seen, whole) if 0 < factor < math.inf else math.inf,
        bits=_information(both, yes, there),
    )


def _error(joint: Floats, event: Floats, seen: Floats, whole: Floats) -> float:
    """The Monte Carlo error of the logarithm of a Bayes factor, by the delta method over worlds."""
    parts = (joint, event, seen - joint, whole - event)
    slopes = sum(sign * part / part.sum() for sign, part in zip((1, -1, -1, 1), parts, strict=True))
    return float(np.sqrt((np.asarray(slopes) ** 2).sum()))


def _information(both: float, yes: float, there: float) -> float:
    """The mutual information, in bits, of two events by their joint and own probabilities."""
    cells = (
        (both, yes * there),
        (yes - both, yes * (1 - there)),
        (there - both, (1 - yes) * there),
        (1 - yes - there + both, (1 - yes) * (1 - there)),
    )
    return max(sum(p * math.log2(p / q) for p, q in cells if p > 1e-15 and q > 0), 0.0)


def _ranked(found: Iterator[Indicator]) -> dict[str, list[Indicator]]:
    """The clear indicators of each question or fact, those that tell most first."""
    by_name: dict[str, list[Indicator]] = {}
    for one in found:
        if one.is_clear:
            by_name.setdefault(one.about, []).append(one)
    return {name: sorted(some, key=lambda one: -one.bits)[:MOST_ROWS] for name, some in by_name.items()}


# --- how it reads ------------------------------------------------------------------------------------------------


def _table(kind: str, name: str, title: str, found: list[Indicator]) -> Table:
    columns = (
        Column("indicator", "watch for"), Column("date", "from"), Column("chance", "chance", "chance"), Column("now", "now", "chance"),
        Column("if_seen", "if seen", "chance"), Column("if_not", "if not", "chance"), Column("becomes", "then"), Column("bayes_factor", "factor", "size"),
        Column("log_error", "error", "size"), Column("bits", "bits", "size"), Column("level", ""),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        (
            one.name,
            one.date,
            one.chance,
            one.now,
            one.if_seen,
            one.if_not,
            one.becomes,
            *_factor(one),
            one.bits,
            one.level,
        )
        for one in found
    ]
    return Table(f"{kind}_{name}", title, columns, tuple(rows))


def _factor(one: Indicator) -> tuple[Cell, Cell]:
    if math.isfinite(one.factor):
        return one.factor, one.error if math.isfinite(one.error) else None
    return "infinite", None


def _judgements(
    scenario: Scenario, questions: dict[str, list[Indicator]], facts: dict[str, list[Indicator]]
) -> Iterator[str]:
    for name, some in questions.items():
        telling = next((one for one in some if not one.is_settling), None)
        if telling is not None:
            yield f"{scenario.questions[name].title} {percent(telling.now)} now; watch for {telling.name}: {percent(telling.if_seen)} if it is seen, {percent(telling.if_not)} if not."
    silent = [name for name in scenario.questions if name not in questions]
    if silent:
        yield f"Nothing ahead tells more of {', '.join(silent)}: settled already, void, or beyond what can be seen."
    known = numbers_of(scenario)
    most = sorted((some[0] for some in facts.values()), key=lambda one: -one.bits)[:3]
    for one in most:
        yield f"Of “{known.get(one.about, Number(one.about, '')).title}” most is told by {one.name} ({one.bits:.2f} bits)."
    if not facts:
        yield "Nothing ahead tells of a hidden number beyond Monte Carlo error."


def _warnings(readings: Readings, history: History) -> Iterator[str]:
    size = effective_size(readings.of[history].likelihood)
    if size < 100:
        yield f"what was seen leaves {size:.0f} effective worlds; the numbers are rough"
    failed = int((~readings.is_counted).sum())
    if failed:
        yield f"{failed} worlds have no answer and are left out"
