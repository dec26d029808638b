"""What a move shows of who made it: statements judged by the move's own probability (M12, L25).

Takes a study; gives, for each statement, assumption on the road not taken and precision, its probability before and after the move,
with a Bayes factor and its Monte Carlo error. A statement compares weight times stake difference at that move.

Axes: W worlds.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from stratagem.analyse.finding import Cell, Column, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.pooling import effective_size
from stratagem.analyse.study import Study
from stratagem.analyse.trials import STATED, Statement, Trial, Trials, statement
from stratagem.errors import NotSolvedError, quote
from stratagem.graph.game import Floats
from stratagem.graph.means import mean as mean_of
from stratagem.scenario.choices import parse_says
from stratagem.scenario.evidence import Revealed
from stratagem.scenario.quantities import private_names

UNINFORMATIVE = 1.1  # a Bayes factor between its inverse and this tells nothing that matters
FOREGONE = 0.95  # all but sure (ICD 203: almost certain)
STRENGTHS = (
    (3.0, "weakly"),
    (20.0, "positively"),
    (150.0, "strongly"),
    (math.inf, "very strongly"),
)  # Kass & Raftery (1995, JASA 90:773-795)
FEW_WORLDS = 100


@dataclass(frozen=True)
class Verdict:
    """A statement before and after the move."""

    prior: float
    posterior: float
    factor: float  # Bayes factor, attribution counted in
    error: float  # of the factor
    size: float  # effective worlds
    at_stake: float

    @property
    def odds(self) -> float:
        """Posterior odds; infinite where the statement is sure."""
        return self.posterior / (1 - self.posterior) if self.posterior < 1 else math.inf

    @property
    def is_trivial(self) -> bool:
        """Whether it holds in every world, or in none, whatever was done."""
        return not 1e-12 < self.prior < 1 - 1e-12

    @property
    def is_foregone(self) -> bool:
        """Whether it was all but sure before, one way or the other, and is so still."""
        return all(one > FOREGONE for one in (self.prior, self.posterior)) or all(
            one < 1 - FOREGONE for one in (self.prior, self.posterior)
        )

    @property
    def is_uninformative(self) -> bool:
        """Whether the move tells nothing of it beyond Monte Carlo error, or next to nothing."""
        if self.is_trivial or not math.isfinite(self.factor):
            return self.is_trivial
        return abs(self.factor - 1) < 2 * self.error or 1 / UNINFORMATIVE < self.factor < UNINFORMATIVE


_WITHIN_THE_GAME = (
    "turns on what not all know, which chance decides within the game [L24, M6, M12]; `solve` says what the move tells of it, or "
    "take it as known (`--taken-as-known`)"
)


@dataclass(frozen=True)
class Row:
    """A statement under one assumption and one precision."""

    statement: str
    assumption: str
    precision: str
    verdict: Verdict | None  # None where the move is never come to


@dataclass(frozen=True)
class Tried:
    """A statement with all its rows."""

    name: str
    one: Revealed
    step: int
    taken: int
    is_seen: bool
    attribution: float
    rows: tuple[Row, ...]

    @property
    def main(self) -> Verdict | None:
        """As the scenario states it, at the precision that it states."""
        return self.rows[0].verdict


def revealed(study: Study) -> tuple[Tried, ...]:
    """Every statement of the scenario whose move was seen, or whose action taken is stated."""
    statements = statements_of(study)
    return judged(study, statements, Trials(study, list(statements.values())))


def statements_of(study: Study) -> dict[str, Statement]:
    """The statements that can be tried, by name. Raises `NotSolvedError` where one is about what chance decides within the game."""
    found, seen = {}, {choice.step: choice.option for choice in study.seen}
    for name, one in study.scenario.revealed.items():
        step = study.decision(one.at)
        _refuse_hidden(study, name, step)
        if step in seen or one.taken is not None:
            taken = seen[step] if one.taken is None else study.game.steps[step].options.index(one.taken)
            found[name] = statement(study, one, step, taken)
    return found


def judged(study: Study, statements: Mapping[str, Statement], trials: Trials) -> tuple[Tried, ...]:
    """The statements with what their trials come to."""
    found = zip(statements.items(), trials.found(), strict=True)
    return tuple(_tried(study, name, one, own) for (name, one), own in found)


def _tried(study: Study, name: str, one: Statement, trials: list[tuple[str, str, Trial]]) -> Tried:
    stated = one.one.attribution
    attribution = 1.0 if stated is None else mean_of(stated.is_.in_lexicon(study.scenario.lexicon))
    rows = tuple(Row(name, assumption, level, judge(trial, attribution)) for assumption, level, trial in trials)
    is_seen = any(choice.step == one.step and choice.option == one.taken for choice in study.seen)
    return Tried(name, one.one, one.step, one.taken, is_seen, attribution, rows)


def _refuse_hidden(study: Study, name: str, step: int) -> None:
    """Raise `NotSolvedError` where a statement, or a rival assumption, is about what chance decides within the game: no world says whether
    it holds."""
    game, scenario = study.game, study.scenario
    one, hidden = scenario.revealed[name], private_names(scenario)
    drawn = {one.name for one in game.accounts if one.side == "payoff" and not scenario.players[one.name].is_raw}
    mover = game.players[game.steps[step].player]
    for side in parse_says(one.says) or ():
        player = side.partition(".")[0] if ".weights." in side else mover
        is_worth = side in scenario.stakes or ".weights." in side
        if side in hidden or (is_worth and player in drawn):
            raise NotSolvedError(f"{scenario.where('revealed', name)}{quote(side)} in a statement {_WITHIN_THE_GAME}")
    for rival, numbers in one.rivals.items():
        for number in sorted(hidden.intersection(numbers)):
            where = scenario.where("revealed", name, "rivals", rival, number)
            raise NotSolvedError(f"{where}{quote(number)} in a rival assumption {_WITHIN_THE_GAME}")


def judge(trial: Trial, attribution: float = 1.0) -> Verdict | None:
    """A statement's probability before and after; None where the move is never come to.

    With probability 1 - attribution the move says nothing: its likelihood is then the same, its mean, in every world. The error is the
    delta method's over worlds, on the logarithm of the factor.
    """
    total = float(trial.weight.sum())
    if not total > 0:
        return None
    share = trial.weight / total
    level = float(share @ trial.likelihood)
    told = attribution * trial.likelihood + (1 - attribution) * level
    yes = share * trial.holds
    no = share - yes
    prior, joint, marginal = float(yes.sum()), float(yes @ told), float(share @ told)
    size = effective_size(trial.weight)
    posterior = joint / marginal if marginal > 0 else prior
    if not 1e-12 < prior < 1 - 1e-12 or level <= 0:
        return Verdict(prior, posterior, 1.0, 0.0, size, trial.at_stake)
    rest = float(no @ told)
    factor = math.inf if rest <= 0 else (joint / prior) / (rest / (1 - prior))
    return Verdict(
        prior, min(posterior, 1.0), factor, _error(trial, share, attribution, level, factor), size, trial.at_stake
    )


def _error(trial: Trial, share: Floats, attribution: float, level: float, factor: float) -> float:
    """The Monte Carlo error of a Bayes factor."""
    if not 0 < factor < math.inf:
        return 0.0
    told = attribution * trial.likelihood + (1 - attribution) * level
    yes, no = share * trial.holds, share * ~trial.holds
    a, b, c, d = float(yes @ told), float(yes.sum()), float(no @ told), float(no.sum())
    by_level = (1 - attribution) * (b / a - d / c)
    slopes = yes * (told / a - 1 / b) - no * (told / c - 1 / d) + by_level * share * (trial.likelihood - level)
    return factor * float(np.sqrt((slopes**2).sum()))


# --- how it reads ------------------------------------------------------------------------------------------------


def revealed_table(tried: tuple[Tried, ...]) -> Table:
    """Every statement under every assumption and precision."""
    columns = (
        Column("statement", "statement"), Column("assumption", "assumption"), Column("precision", "precision"), Column("prior", "before", "chance"),
        Column("posterior", "after", "chance"), Column("odds", "odds", "size"), Column("bayes_factor", "factor", "size"), Column("error", "error", "size"),
        Column("says", ""), Column("effective_worlds", "worlds", "size"),
    )  # fmt: skip
    rows = tuple(_cells(row, one) for one in tried for row in one.rows)
    note = (
        "before: given what was seen before the move; after: given the move too; odds after; Bayes factor with its Monte Carlo error; "
        "low and high: the mover's precision at the 5 % and 95 % points of its range (half and twice where it has none)"
    )
    return Table("revealed", "What the moves are said to show", columns, rows, note)


def _cells(row: Row, one: Tried) -> tuple[Cell, ...]:
    found = row.verdict
    if found is None:
        return (
            row.statement,
            row.assumption,
            row.precision,
            None,
            None,
            None,
            None,
            None,
            "the move is never come to",
            0.0,
        )
    odds, factor = (value if math.isfinite(value) else "infinite" for value in (found.odds, found.factor))
    return (
        row.statement, row.assumption, row.precision, found.prior, found.posterior, odds, None if found.is_trivial else factor,
        None if found.is_trivial else found.error, says(found, one), found.size,
    )  # fmt: skip


def says(found: Verdict, one: Tried) -> str:
    """What a move says of a statement, in words."""
    if found.at_stake < 1e-12:
        sides = parse_says(one.one.says)
        return f"nothing: the move makes no difference to {sides[1] if sides else 'it'}"
    if found.is_trivial:
        return f"nothing: it holds in {'every' if found.prior > 0.5 else 'no'} world"
    if found.is_uninformative:
        return "uninformative"
    if found.is_foregone:
        return f"little: it was all but {'sure' if found.prior > 0.5 else 'ruled out'} before"
    size = max(found.factor, 1 / found.factor) if found.factor > 0 else math.inf
    strength = next(word for limit, word in STRENGTHS if size <= limit)
    return f"{strength} {'for' if found.factor > 1 else 'against'} it"


def revealed_judgements(study: Study, tried: tuple[Tried, ...]) -> Iterator[str]:
    """What each move is found to show, with what that hangs on."""
    for one in tried:
        if one.main is None:
            yield f"{_titled(one)}: by this scenario the move is never come to."
            continue
        found = one.main
        move = f"{study.game.steps[one.step].label}={study.game.steps[one.step].options[one.taken]}"
        seen = move if one.is_seen else f"{move}, were it seen,"
        verdict = says(found, one)
        if found.is_trivial or found.at_stake < 1e-12:
            yield f"{_titled(one)}: {seen} shows {verdict}."
        else:
            yield f"{_titled(one)}: {percent(found.prior)} before, {percent(found.posterior)} after {move}{'' if one.is_seen else ', were it seen'} (Bayes factor {_factor(found)}: {verdict}){_hangs(one)}."
    for name in study.scenario.revealed:
        if name not in {one.name for one in tried}:
            yield f"`{name}`: its move was not seen, and nothing is said to be `taken`."


def _titled(one: Tried) -> str:
    return one.one.title or one.one.says


def _factor(found: Verdict) -> str:
    return "infinite" if math.isinf(found.factor) else f"{found.factor:.2f} ± {found.error:.2f}"


def _hangs(one: Tried) -> str:
    """Under which assumptions or precisions the answer is another."""
    main = one.main
    others = [
        f"{row.assumption}{'' if row.precision == STATED else f', {row.precision} precision'}"
        for row in one.rows[1:]
        if row.verdict is not None and main is not None and _kind(row.verdict) != _kind(main)
    ]
    return (
        f"; another answer under: {'; '.join(others)}"
        if others
        else "; so under every assumption and precision tried"
        if len(one.rows) > 1
        else ""
    )


def _kind(found: Verdict) -> int:
    """-1 against, 0 nothing, 1 for."""
    if found.is_uninformative or found.is_foregone or found.at_stake < 1e-12:
        return 0
    return 1 if found.factor > 1 else -1


def revealed_caveats(tried: tuple[Tried, ...]) -> Iterator[str]:
    """What to bear in mind of statements."""
    for one in tried:
        if one.attribution < 1:
            yield f"{one.name}: that the move was the mover's own is held {percent(one.attribution)} sure; with the rest it says nothing"
    few = sorted(
        {
            row.statement
            for one in tried
            for row in one.rows
            if row.verdict is not None and row.verdict.size < FEW_WORLDS
        }
    )
    if few:
        yield f"statements that rest on under {FEW_WORLDS} effective worlds: {', '.join(few)}"
