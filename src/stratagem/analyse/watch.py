"""What to watch: the moves and outcomes ahead, by how far each would move a question or a hidden fact.

Takes a study; gives a finding. An indicator's Bayes factor is how many times likelier it is seen where the answer is yes; its bits are
the information that looking for it is expected to bring (Lindley 1956).

Axes: W worlds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.forecast import percent, shown
from stratagem.analyse.learn import Number, numbers_of
from stratagem.analyse.pooling import effective_size, quantiles
from stratagem.analyse.seen import (
    History,
    Reading,
    Readings,
    in_order,
    label,
    prefixes,
    read,
    refuse_impossible,
    together,
)
from stratagem.analyse.study import Study
from stratagem.analyse.unseen import unseen_choices
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
ALIKE = 9  # digits of bits; further ones are rounding
CAVEATS = (
    f"up to {MOST_ROWS} indicators each, the most telling first; alert: a Bayes factor from {ALERT:g} (or a third), alarm: from {ALARM:g}; the error is that of its "
    "logarithm; bits are what looking is expected to bring; what tells nothing beyond Monte Carlo error is left out",
    "each indicator counts for itself, given what was seen so far; several of them are not to be multiplied",
    "of moves only what all players see is listed, from when they see it and as it looks to them; what is hidden from some is no indicator",
    "a hidden number is asked as whether it is high: above its median as held now, or from the value that parts it most evenly",
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


@dataclass(frozen=True)
class Sign:
    """What all can see of a move: from when, and the options that look so."""

    name: str
    date: str | None
    options: tuple[Choice, ...]


@dataclass(frozen=True)
class Fact:
    """Something hidden: what is asked of it, and how likely it is so, with what was seen [W]."""

    name: str
    title: str
    asked: str
    part: Callable[[Reading], Floats]


def watch(study: Study, progress: Callable[[int, int], None] | None = None) -> Finding:
    """The indicators ahead for each question and each hidden fact. Raises `UsageError` for a history that cannot have happened."""
    few = replace(study, worlds=min(study.worlds, MOST_WORLDS))
    history = in_order(few.seen)
    signs = list(_ahead(few, history))
    hidden = unseen_choices(few.game)
    longer = [(*history, option) for sign in signs for option in sign.options]
    readings = read(few, list(dict.fromkeys([*prefixes(history), *longer])), progress=progress, choices=hidden)
    refuse_impossible(few, history, readings)
    whole = readings.of[history]
    seen = {sign: together([readings.of[(*history, option)] for option in sign.options]) for sign in signs}
    facts = {one.name: one for one in (*_facts(few, hidden, whole), *_numbers(few, readings, whole))}
    of_questions, of_facts = _ranked(_of_questions(few, whole, seen)), _ranked(_of_facts(facts, whole, seen))
    questions = study.scenario.questions
    return Finding(
        kind="watch",
        title=f"{study.scenario.scenario}: what to watch",
        judgements=tuple(_judgements(study.scenario, of_questions, facts, of_facts)),
        tables=(
            *(_table("question", name, questions[name].title, some) for name, some in of_questions.items()),
            *(_table("fact", name, facts[name].asked, some) for name, some in of_facts.items()),
        ),
        caveats=(*CAVEATS, *_warnings(readings, history)),
        manifest={
            "history": [label(few, one) for one in history],
            "indicators": len(signs),
            "alert": ALERT,
            "alarm": ALARM,
            "worlds": few.worlds,
            "worlds_failed": int((~readings.is_counted).sum()),
            "seed": few.seed,
        },
    )


def _ahead(study: Study, history: History) -> Iterator[Sign]:
    """What all can see after the history: moves to come, and moves made that are seen late. A look that tells no more than one before it is left out."""
    last, made = max((one.step for one in history), default=-1), {one.step for one in history}
    for step, info in enumerate(study.game.steps):
        told: set[tuple[Choice, ...]] = set()
        for sight in info.public if step not in made else ():
            for look in dict.fromkeys(sight.looks):
                options = tuple(Choice(step, place) for place, one in enumerate(sight.looks) if one == look)
                if sight.due > last and len(options) < len(info.options) and options not in told:
                    yield Sign(f"{info.label}={look}", sight.date, options)
                told.add(options)


def _of_questions(study: Study, whole: Reading, seen: Mapping[Sign, Reading]) -> Iterator[Indicator]:
    for place, (name, question) in enumerate(study.scenario.questions.items()):
        last = question.by.last.isoformat() if question.by is not None else None
        for sign, reading in seen.items():
            if last is not None and sign.date is not None and sign.date > last:
                continue
            joint, here = reading.questions[place], reading.conditions[place]
            found = _indicator(name, sign, joint, whole.questions[place], here, whole.conditions[place])
            if found is not None:
                yield found


def _of_facts(facts: Mapping[str, Fact], whole: Reading, seen: Mapping[Sign, Reading]) -> Iterator[Indicator]:
    for name, fact in facts.items():
        for sign, reading in seen.items():
            found = _indicator(name, sign, fact.part(reading), fact.part(whole), reading.likelihood, whole.likelihood)
            if found is not None:
                yield found


def _facts(study: Study, hidden: list[Choice], whole: Reading) -> Iterator[Fact]:
    """What chance decides unseen, asked so that the answer is as open as can be: a number, whether it is so high; else which outcome it is."""
    for step in dict.fromkeys(one.step for one in hidden):
        info = study.game.steps[step]
        places = [place for place, one in enumerate(hidden) if one.step == step]
        is_number = info.label in study.game.facts
        sets = [places[cut:] for cut in range(1, len(places))] if is_number else [[place] for place in places]
        if not sets:
            continue
        total = whole.likelihood.sum()
        rows = min(sets, key=lambda rows: round(abs(whole.choices[rows].sum() / total - 0.5), 9))
        first = info.option_titles[hidden[rows[0]].option]
        asked = f"is it {first} or more?" if is_number else f"is it “{first}”?"
        title = info.title if info.round is None else f"{info.title} [{info.round}]"
        yield Fact(info.label, title, f"{title}: {asked}", lambda one, rows=rows: one.choices[rows].sum(axis=0))  # type: ignore[misc]


def _numbers(study: Study, readings: Readings, whole: Reading) -> Iterator[Fact]:
    """The numbers of the worlds, and weights, that not all players know and that vary: whether each is high."""
    weight, known = whole.likelihood, numbers_of(study.scenario)
    for name in _unknown(study.scenario, readings):
        values = readings.numbers[name]
        high = (values > quantiles(values[weight > 0], weight[weight > 0], (0.5,))[0]).astype(np.float64)
        title = known.get(name, Number(name, "")).title
        yield Fact(name, title, f"{title}: is it high?", lambda one, high=high: high * one.likelihood)  # type: ignore[misc]


def _unknown(scenario: Scenario, readings: Readings) -> Iterator[str]:
    for name, _ in unknown_names(scenario):
        weighed = (
            [one for one in readings.numbers if one.startswith(f"{name}.")] if name.endswith(".weights") else [name]
        )
        yield from (one for one in weighed if one in readings.numbers and np.ptp(readings.numbers[one]) > 0)


def _indicator(about: str, sign: Sign, joint: Floats, event: Floats, seen: Floats, whole: Floats) -> Indicator | None:
    """What seeing a sign says, from [W] joint probabilities; None where it cannot be seen, is sure to be, or nothing is open."""
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
        name=sign.name,
        date=sign.date,
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
    """The clear indicators of each question or fact, those that tell most first; those that tell as much in the order of time."""
    by_name: dict[str, list[Indicator]] = {}
    for one in found:
        if one.is_clear:
            by_name.setdefault(one.about, []).append(one)
    return {name: sorted(some, key=lambda one: -round(one.bits, ALIKE))[:MOST_ROWS] for name, some in by_name.items()}


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
    scenario: Scenario,
    questions: Mapping[str, list[Indicator]],
    facts: Mapping[str, Fact],
    of_facts: Mapping[str, list[Indicator]],
) -> Iterator[str]:
    for name, some in questions.items():
        telling = next((one for one in some if not one.is_settling), None)
        if telling is not None:
            yield f"{scenario.questions[name].title} {percent(telling.now)} now; watch for {telling.name}: {percent(telling.if_seen)} if it is seen, {percent(telling.if_not)} if not."
    silent = [name for name in scenario.questions if name not in questions]
    if silent:
        yield f"Nothing ahead tells more of {', '.join(silent)}: settled already, void, or beyond what can be seen."
    for one in sorted((some[0] for some in of_facts.values()), key=lambda one: -one.bits)[:3]:
        yield f"Of “{facts[one.about].title}” most is told by {one.name} ({one.bits:.2f} bits)."
    if not of_facts:
        yield "Nothing ahead tells of anything hidden beyond Monte Carlo error."


def _warnings(readings: Readings, history: History) -> Iterator[str]:
    size = effective_size(readings.of[history].likelihood)
    if size < 100:
        yield f"what was seen leaves {size:.0f} effective worlds; the numbers are rough"
    failed = int((~readings.is_counted).sum())
    if failed:
        yield f"{failed} worlds have no answer and are left out"
