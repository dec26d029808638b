"""What to learn next: which number would sharpen which question, and what knowing it would be worth to who decides (M6).

Takes a study and a decision. A number sharpens a question by the variance over worlds that it explains and by the bits that it tells
of the event. It is worth to the mover what choosing after learning it adds to choosing once for all worlds (Raiffa & Schlaifer 1961):
with everything learnt, the expected value of perfect information, with one number, of partial perfect information.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from stratagem.analyse.commit import Commitment, Standing, commitment
from stratagem.analyse.digits import chance, fixed
from stratagem.analyse.finding import Cell, Column, Finding, Table
from stratagem.analyse.given_data import Fit, Gain, Sample, Surety, fit, gains, maximum, sample, square
from stratagem.analyse.grounds import bases
from stratagem.analyse.pooling import Pooled
from stratagem.analyse.study import Study
from stratagem.analyse.unseen import told_by_fact, unseen_choices
from stratagem.errors import UsageError, quote
from stratagem.graph.game import Floats
from stratagem.scenario.model import Scenario
from stratagem.scenario.quantities import PLAYER_FIELDS
from stratagem.solve.solution import Solution
from stratagem.solve.solve import together

FEW_WORLDS = 50
SETTLED = 1e-9  # bits
CAVEATS = (
    "each number counts for itself: of two that matter only together each may seem worth nothing, and of two that are correlated each tells of the other",
    "worth is by the true numbers, which players may hold to be other than they are; the mover's own weights, attitude and precision stand at their central values in all worlds",
    "he commits to one action over all worlds and over all states where the same actions stand; the others, and he himself later on, play as they do in each world, unaware of what he learnt",
    "a number that he is said to know counts as if he did not know it: it is what the knowledge is worth to him",
    "errors are one Monte Carlo standard error; regressions smooth, so that what acts through a sharp edge may be understated",
)


def learn(study: Study, decision: str, player: str | None = None) -> Finding:
    """What learning each uncertain number is expected to tell of each question, and to be worth at a decision to its mover.

    `player`, where it is stated, has to be the mover. Raises `UsageError` for another, and for an unknown decision.
    """
    step = study.decision(decision)
    info = study.game.steps[step]
    name = study.game.players[info.player]
    if player not in (None, name):
        raise UsageError(f"{quote(info.label)} is decided by `{name}`, not by {quote(player)}")
    known = {**_unseen(study), **numbers_of(study.scenario)}
    asked = list(sharpenings(study.scenario, *_solutions(study, step)))
    made = commitment(study, step)
    risk = made.risk_aversion
    worths = [] if risk is None else [worth(one, made, risk) for one in made.standing if len(one.options) > 1]
    mover = study.scenario.players[name].name
    valued = (
        _worth_judgements(worths, info.option_titles, mover, known)
        if risk is not None
        else [f"{mover} minds risk more or less by what only this player knows: what learning is worth is left out."]
    )
    tables = [
        *(_worth_table(number, one, info.option_titles, known) for number, one in enumerate(worths, start=1)),
        *(_question_table(one, known) for one in asked),
    ]
    return Finding(
        kind="learn",
        title=f"{study.scenario.scenario}: what to learn before {info.label}",
        judgements=(*valued, *_sharp_judgements(asked, known)),
        tables=tuple(tables),
        caveats=(*CAVEATS, *_warnings(made, worths, asked)),
        rests_on=bases(study.scenario, (info.move,), tables),
        manifest={
            "decision": info.label,
            "player": name,
            "risk_aversion": risk,
            "worlds": study.worlds,
            "worlds_failed": made.num_failed,
            "seed": study.seed,
        },
    )


# --- which numbers there are -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Number:
    """A number that one might learn: how it reads, and who knows it."""

    title: str
    known_to: str


def numbers_of(scenario: Scenario) -> dict[str, Number]:
    """Every number that may differ by world, by name: quantities, players' weights and attitudes, and their views."""
    found = {name: Number(one.title or name, who) for who, name, one in scenario.known_quantities()}
    for player, one in scenario.players.items():
        for field in PLAYER_FIELDS:
            found[f"{player}.{field}"] = Number(f"{one.name}: {field.replace('_', ' ')}", "all")
        for stake in one.weights.stakes if one.weights is not None else ():
            title = f"{one.name}: weight of {scenario.stakes[stake].title}"
            found[f"{player}.weights.{stake}"] = Number(title, (one.weights and one.weights.known_to) or "all")
        for name in scenario.perceptions.get(player, {}):
            title = found[name].title if name in found else name
            found[f"{player}.{name}"] = Number(f"{one.name}'s view of: {title}", "all")
    return found


def _uncertain(numbers: Mapping[str, Floats], one: Sample) -> Iterator[tuple[str, Floats]]:
    """The numbers that differ among the worlds of a sample."""
    for name, values in numbers.items():
        here = values[one.counted]
        if here.max() - here.min() > 1e-12 * np.abs(here).max():
            yield name, here


def _unseen(study: Study) -> dict[str, Number]:
    """Moves by chance that not all see."""
    steps = (study.game.steps[one.step] for one in unseen_choices(study.game))
    return {info.label: Number(info.title, "not all") for info in steps}


# --- what sharpens a question ------------------------------------------------------------------------------------


def _solutions(study: Study, step: int) -> tuple[Solution, dict[str, list[Solution]]]:
    """The study solved, and solved given each value of each hidden fact that the history leaves open."""
    seen = {one.step for one in study.seen}
    hidden = [one for one in unseen_choices(study.game) if one.step not in seen]
    if not hidden:
        return study.solver(step).run(), {}
    free, *given = together([study.solver(step), *(study.solver(step, given=(one,)) for one in hidden)])
    facts: dict[str, list[Solution]] = {}
    for one, solution in zip(hidden, given, strict=True):
        facts.setdefault(study.game.steps[one.step].label, []).append(solution)
    return free, facts


@dataclass(frozen=True)
class Sharpening:
    """What each number tells of one question."""

    name: str
    title: str
    worlds: float  # effective number
    variance: float  # of the probability, over worlds
    entropy: float  # bits of the event
    variances: dict[str, Gain]
    bits: dict[str, Gain]
    facts: frozenset[str] = frozenset()  # those of them that chance decides unseen, within each world

    @property
    def is_settled(self) -> bool:
        """Whether nothing but rounding is left to learn of it."""
        return self.entropy < SETTLED

    @property
    def clear(self) -> list[str]:
        """The numbers that tell of it beyond Monte Carlo error; none where it is settled."""
        if self.is_settled:
            return []
        return [name for name in self.bits if self.bits[name].is_clear or self.variances[name].is_clear]


def sharpenings(
    scenario: Scenario, solution: Solution, facts: Mapping[str, list[Solution]] | None = None
) -> Iterator[Sharpening]:
    """What each number tells of each question that is not void; questions of the same condition share their regressions.

    `facts` has the solutions given each value of what is hidden."""
    solved = solution.is_solved
    conditions = np.where(solved, solution.conditions, 0.0)
    names = list(scenario.questions)
    found: dict[str, Sharpening] = {}
    for places in _alike(conditions):
        weight = conditions[places[0]]
        joint = np.where(weight > 0, solution.questions[places], 0.0)
        one = sample((joint / np.where(weight > 0, weight, 1.0)).T, weight)
        if one is not None:
            titles = {names[place]: scenario.questions[names[place]].title for place in places}
            found.update(_sharpen(titles, one, solution.quantities))
    for place, name in enumerate(names):
        if name in found:
            yield _with_facts(found[name], place, facts or {})


def _with_facts(one: Sharpening, place: int, facts: Mapping[str, list[Solution]]) -> Sharpening:
    """A sharpening with what each hidden fact tells of its question."""
    told = {
        name: told_by_fact(
            np.stack([np.where(value.is_solved, value.questions[place], 0.0) for value in values]),
            np.stack([np.where(value.is_solved, value.conditions[place], 0.0) for value in values]),
        )
        for name, values in facts.items()
    }
    variances = {**one.variances, **{name: both[0] for name, both in told.items()}}
    bits = {**one.bits, **{name: both[1] for name, both in told.items()}}
    return replace(one, variances=variances, bits=bits, facts=frozenset(told))


def _alike(conditions: Floats) -> list[list[int]]:
    """The rows that are equal, together."""
    groups: dict[bytes, list[int]] = {}
    for place, row in enumerate(conditions):
        groups.setdefault(row.tobytes(), []).append(place)
    return list(groups.values())


def _sharpen(titles: Mapping[str, str], one: Sample, numbers: Mapping[str, Floats]) -> Iterator[tuple[str, Sharpening]]:
    surety, size = Surety(one.mean, one.size), one.size
    most = gains(one, surety, None)
    told: dict[str, tuple[list[Gain], list[Gain]]] = {}
    for name, values in _uncertain(numbers, one):
        known = fit(values, one)
        told[name] = gains(one, square, known), gains(one, surety, known)
    for place, (name, title) in enumerate(titles.items()):
        spread, entropy = float(one.spread[place]), -float(surety(one.mean[None], one.mean[None])[0, place])
        variances = {number: _at_most(both[0][place], spread) for number, both in told.items()}
        bits = {number: _at_most(both[1][place], most[place].value) for number, both in told.items()}
        yield name, Sharpening(name, title, size, spread, entropy, variances, bits)


def _at_most(gain: Gain, most: float) -> Gain:
    return Gain(min(gain.value, most), gain.error)


# --- what learning is worth --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Worth:
    """What learning is worth where the same actions stand, in the mover's payoff."""

    options: tuple[int, ...]
    reach: Pooled
    worlds: float  # effective number
    value: float  # of the best action, taken in all worlds
    best: int  # that option
    everything: Gain
    changes: float  # how often knowing everything changes the action
    numbers: dict[str, tuple[Gain, float]]  # name to worth, and how often learning it changes the action

    @property
    def clear(self) -> list[str]:
        """The numbers that are worth anything beyond Monte Carlo error."""
        return [name for name, (gain, _) in self.numbers.items() if gain.is_clear]


def worth(standing: Standing, made: Commitment, risk_aversion: float) -> Worth:
    """What learning everything, and each number, is worth before a choice (M5: by certainty equivalents)."""
    scale = Utility.of(standing.payoff[:, standing.weight > 0], risk_aversion)
    one = sample(scale.utility(standing.payoff).T, standing.weight)
    assert one is not None  # it is met
    best = int(one.mean.argmax())
    ahead = Sample(one.counted, one.y - one.y[:, [best]], one.weight)
    held = Sample(one.counted, one.y[:, [best]], one.weight)
    everything = scale.payoff_gain(held, gains(ahead, maximum, None)[0])
    found: dict[str, tuple[Gain, float]] = {}
    for name, values in _uncertain(made.numbers, one):
        known = fit(values, ahead)
        gain = scale.payoff_gain(held, gains(ahead, maximum, known)[0])
        found[name] = _at_most(gain, everything.value), _changes(known, ahead, best)
    changes = _changes(Fit(ahead.y, ahead.y), ahead, best)
    reach = made.reach[made.standing.index(standing)]
    value = scale.equivalent(float(held.mean[0]))
    return Worth(standing.options, reach, one.size, value, standing.options[best], everything, changes, found)


def _changes(known: Fit, ahead: Sample, best: int) -> float:
    """How often another action than the best for all worlds is better by more than rounding, given what is known."""
    return float(ahead.weight @ (known.left_out.max(axis=1) > known.left_out[:, best] + 1e-12))


@dataclass(frozen=True)
class Utility:
    """Constant absolute risk aversion, shifted so that nothing overflows; 0 is neutral."""

    risk_aversion: float
    shift: float

    @classmethod
    def of(cls, payoff: Floats, risk_aversion: float) -> Utility:
        """The utility for payoffs of this range."""
        return cls(risk_aversion, float(payoff.min() if risk_aversion > 0 else payoff.max()))

    def utility(self, payoff: Floats) -> Floats:
        """Utility by payoff; its slope is at most 1."""
        if self.risk_aversion == 0:
            return payoff
        power = np.minimum(-self.risk_aversion * (payoff - self.shift), 0.0)
        return np.asarray(-np.expm1(power) / self.risk_aversion)

    def equivalent(self, utility: float) -> float:
        """The payoff whose utility this is."""
        if self.risk_aversion == 0:
            return utility
        return self.shift - float(np.log(self._left(utility))) / self.risk_aversion

    def _left(self, utility: float) -> float:
        """The inverse of the slope of the certainty equivalent."""
        return max(1.0 - self.risk_aversion * utility, 1e-300) if self.risk_aversion else 1.0

    def payoff_gain(self, held: Sample, gain: Gain) -> Gain:
        """A gain in utility over what is held, as one in certainty equivalents: for a constant attitude, the price he would pay."""
        before = float(held.mean[0])
        after = before + gain.value
        slopes = 1 / self._left(before), 1 / self._left(after)
        held_error = float(np.sqrt(held.weight**2 @ (held.y[:, 0] - before) ** 2))
        value = self.equivalent(after) - self.equivalent(before) if gain.value else 0.0
        return Gain(value, slopes[1] * gain.error + abs(slopes[1] - slopes[0]) * held_error)


# --- tables and judgements ---------------------------------------------------------------------------------------


def _worth_table(number: int, one: Worth, titles: tuple[str, ...], known: Mapping[str, Number]) -> Table:
    columns = (
        Column("number", "number"), Column("title", ""), Column("known_to", "known to"), Column("worth", "worth", "size"),
        Column("error", "error", "size"), Column("of_everything", "of all", "chance"), Column("changes", "changes it", "chance"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = [
        ("everything", "all that is uncertain", "", *_cells(one.everything, one), one.changes)
    ]
    for name in sorted(one.clear, key=lambda name: -one.numbers[name][0].value):
        gain, changes = one.numbers[name]
        rows.append((name, known[name].title, known[name].known_to, *_cells(gain, one), changes))
    return Table(
        f"worth_{number}",
        f"What learning is worth, where {len(one.options)} options stand (met in {chance(one.reach.mean, one.reach.error)} of plays)",
        columns,
        tuple(rows),
        f"payoff that choosing after learning adds to “{titles[one.best]}” in all worlds, which brings {one.value:+.3f}; `changes it`: how often the choice would then be another{_rest(one.numbers, rows)}",
    )


def _cells(gain: Gain, one: Worth) -> tuple[float, float, float | None]:
    share = gain.value / one.everything.value if one.everything.value > 0 else None
    return gain.value, gain.error, share


def _question_table(one: Sharpening, known: Mapping[str, Number]) -> Table:
    columns = (
        Column("number", "number"), Column("title", ""), Column("variance", "variance", "size"), Column("variance_error", "error", "size"),
        Column("share", "of spread", "chance"), Column("bits", "bits", "size"), Column("bits_error", "error", "size"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for name in sorted(one.clear, key=lambda name: -one.bits[name].value):
        told, bits = one.variances[name], one.bits[name]
        share = None if name in one.facts else told.value / one.variance
        rows.append((name, known[name].title, told.value, told.error, share, bits.value, bits.error))
    within = (
        "; what is hidden is decided within each world: its variance is that of the probability given it"
        if one.facts
        else ""
    )
    return Table(
        f"sharpens_{one.name}",
        f"What would sharpen: {one.title}",
        columns,
        tuple(rows),
        f"expected drop in the variance over worlds of its probability ({one.variance:.2g} in all), and what the number tells of the event ({max(one.entropy, 0.0):.2g} bits in all){within}{_rest(one.bits, rows)}",
    )


def _rest(numbers: Mapping[str, object], listed: list[tuple[Cell, ...]]) -> str:
    """What is said of the numbers that a table does not list."""
    left = len([name for name in numbers if name not in {row[0] for row in listed}])
    return f"; {left} others are within their Monte Carlo error of nothing" if left else ""


def _worth_judgements(
    worths: list[Worth], titles: tuple[str, ...], mover: str, known: Mapping[str, Number]
) -> Iterator[str]:
    if not worths:
        yield f"{mover} has nothing to choose there: the decision is not met with several options open."
    for one in worths:
        start = f"Where {len(one.options)} options stand (met in {chance(one.reach.mean, one.reach.error)} of plays), “{titles[one.best]}” brings {mover} most if the choice is one for all worlds"
        if not one.changes:
            yield f"{start}, which is so in every world: nothing that could be learnt would change it."
            continue
        if not one.everything.is_clear:
            yield f"{start}, and nothing that could be learnt is worth more than the error of this estimate ({one.everything.error:.5f})."
            continue
        yield f"{start}; knowing everything would be worth {_spoken(one.everything)}, {_spoken_first(one, known)}."


def _spoken_first(one: Worth, known: Mapping[str, Number]) -> str:
    if not one.clear:
        return "but no number by itself more than the error of its estimate"
    first = max(one.clear, key=lambda name: one.numbers[name][0].value)
    gain, changes = one.numbers[first]
    return f"of single numbers most “{known[first].title}” ({_spoken(gain)}; it would change the choice in {chance(changes, _of_share(changes, one.worlds))} of cases)"


def _of_share(share: float, size: float) -> float:
    """The Monte Carlo error of a share of so many effective worlds."""
    return float(np.sqrt(share * (1 - share) / max(size, 1.0)))


def _spoken(gain: Gain) -> str:
    return f"{fixed(gain.value, gain.error, 5)} ± {fixed(gain.error, gain.error, 5)}"


def _sharp_judgements(asked: list[Sharpening], known: Mapping[str, Number]) -> Iterator[str]:
    for one in asked:
        if one.is_settled:
            yield f"{one.title} It is settled: nothing is left to learn of it."
            continue
        if not one.clear:
            yield f"{one.title} No number by itself tells of it beyond Monte Carlo error."
            continue
        first = max(one.clear, key=lambda name: one.bits[name].value)
        told = fixed(one.bits[first].value, one.bits[first].error, 4)
        start, end = (
            f"{one.title} Most is learnt from “{known[first].title}”",
            f"tells {told} bits of {one.entropy:.2g}",
        )
        if first in one.facts:
            yield f"{start}, which is hidden: it {end}."
            continue
        share = chance(one.variances[first].value / one.variance, one.variances[first].error / one.variance)
        yield f"{start}: it explains {share} of the spread over worlds, and {end}."


def _warnings(made: Commitment, worths: list[Worth], asked: list[Sharpening]) -> Iterator[str]:
    if made.num_failed:
        yield f"{made.num_failed} worlds have no answer and are left out"
    sizes = [*(one.worlds for one in worths), *(one.worlds for one in asked)]
    if sizes and min(sizes) < FEW_WORLDS:
        yield f"some tables rest on {min(sizes):.0f} effective worlds; their errors are rough"
