"""What a move shows of who made it: statements tried by the move's own probability (M12, L25).

Takes a study; gives, for each statement, assumption on the road not taken and precision, its probability before and after the move,
with a Bayes factor and its Monte Carlo error. A statement compares weight times stake difference at that move.

Axes: W worlds, N nodes, A accounts.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.finding import Cell, Column, Table
from stratagem.analyse.forecast import percent
from stratagem.analyse.pooling import effective_size, quantiles
from stratagem.analyse.seen import in_order
from stratagem.analyse.study import Study
from stratagem.errors import NotSolvedError, quote
from stratagem.graph.game import Floats, Ints
from stratagem.graph.means import mean as mean_of
from stratagem.graph.worlds import Worlds, draw
from stratagem.scenario.check_revealed import ends
from stratagem.scenario.choices import parse_says
from stratagem.scenario.evidence import Revealed
from stratagem.scenario.model import Scenario
from stratagem.solve.expect import Expectation, action_expectation, expect
from stratagem.solve.intervene import Choice
from stratagem.solve.passage import passage, restrict
from stratagem.solve.solution import RULED_OUT, SOLVED
from stratagem.solve.solve import Chunk, Solver
from stratagem.solve.sweep import action_values

MOST_WORLDS = 2048
STATED = "as stated"
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
class Trial:
    """A statement tried in worlds: whether it holds there, and how likely the move is."""

    holds: NDArray[np.bool_]  # [W]
    at_stake: float  # mean size of what the move makes of the second stake; 1 for statements on other things
    weight: Floats  # [W] probability of what was seen before, and of coming to the move
    likelihood: Floats  # [W] probability of the action taken, given that


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
    return tuple(one for one in (_tried(study, name) for name in study.scenario.revealed) if one is not None)


def _tried(study: Study, name: str) -> Tried | None:
    one = study.scenario.revealed[name]
    step = study.decision(one.at)
    _refuse_hidden(study, name, step)
    options = study.game.steps[step].options
    seen = {choice.step: choice.option for choice in study.seen}
    if step not in seen and one.taken is None:
        return None
    taken = seen.get(step, -1) if one.taken is None else options.index(one.taken)
    attribution = 1.0 if one.attribution is None else mean_of(one.attribution.is_.in_lexicon(study.scenario.lexicon))
    question = _Question(study, one, step, taken, None if one.instead_of is None else options.index(one.instead_of))
    rows = tuple(
        Row(name, assumption, level, question.verdict(scenario, level, attribution))
        for assumption, scenario in _assumptions(study.scenario, one)
        for level in question.levels(scenario)
    )
    return Tried(name, one, step, taken, seen.get(step) == taken, attribution, rows)


def _refuse_hidden(study: Study, name: str, step: int) -> None:
    """Raise `NotSolvedError` where a statement is about what chance decides within the game: no world says whether it holds."""
    game, scenario = study.game, study.scenario
    drawn = {one.name for one in game.accounts if one.side == "payoff" and not scenario.players[one.name].is_raw}
    mover = game.players[game.steps[step].player]
    for side in parse_says(scenario.revealed[name].says) or ():
        player = side.partition(".")[0] if ".weights." in side else mover
        is_worth = side in scenario.stakes or ".weights." in side
        if side in game.facts or (is_worth and player in drawn):
            raise NotSolvedError(
                f"{scenario.where('revealed', name)}{quote(side)} in a statement turns on what not all know, which chance decides within the game "
                "[M6, M12]; `solve` says what the move tells of it, or take it as known (`--taken-as-known`)"
            )


def _assumptions(scenario: Scenario, one: Revealed) -> Iterator[tuple[str, Scenario]]:
    """The scenario as it stands, and with each rival's numbers in place of its own."""
    yield STATED, scenario
    for name, numbers in one.rivals.items():
        groups = {
            head: {
                key: quantity if key not in numbers else quantity.model_copy(update={"is_": numbers[key].is_})
                for key, quantity in group.items()
            }
            for head, group in scenario.quantities.items()
        }
        yield name, scenario.model_copy(update={"quantities": groups})


class _Question:
    """One statement, to be tried under several assumptions."""

    def __init__(self, study: Study, one: Revealed, step: int, taken: int, instead: int | None) -> None:
        self.study, self.step, self.taken, self.instead = study, step, taken, instead
        self.player = study.game.steps[step].player
        sides = parse_says(one.says)
        assert sides is not None  # the scenario is checked
        self.sides = sides
        self.before = in_order(choice for choice in study.seen if choice.step < step)
        self.now = (*self.before, Choice(step, taken))

    def levels(self, scenario: Scenario) -> dict[str, float | None]:
        """The mover's precision: as stated, low and high; at best reply, or where it is that of his type, there is one only."""
        name = self.study.game.players[self.player]
        stated = self._worlds(scenario, None).players.precision.get(name, np.array([np.inf]))
        if self.study.precision is not None or np.isinf(stated).any():
            return {STATED: None}
        low, high = quantiles(stated, np.ones(len(stated)), (0.05, 0.95))
        return {STATED: None, "low": low if low < high else low / 2, "high": high if low < high else 2 * high}

    def verdict(self, scenario: Scenario, level: str, attribution: float) -> Verdict | None:
        """The statement before and after the move."""
        trial = self.trial(scenario, self.levels(scenario)[level])
        return judge(trial, attribution)

    def trial(self, scenario: Scenario, precision: float | None) -> Trial:
        """The statement tried in all worlds under an assumption."""
        study = self.study
        request = replace(study.request(0), history=(), step=None)
        solver = Solver(study.game, scenario, request)
        worlds = self._worlds(scenario, precision)
        parts = [self._read(solver, chunk, worlds) for chunk in solver.of_worlds(worlds)]
        holds, stake, weight, likelihood = (np.concatenate(one) for one in zip(*parts, strict=True))
        total = weight.sum()
        return Trial(holds > 0, float(weight @ stake / total) if total > 0 else 0.0, weight, likelihood)

    def _worlds(self, scenario: Scenario, precision: float | None) -> Worlds:
        study = self.study
        count = min(study.worlds, MOST_WORLDS)
        worlds = draw(scenario, count, study.seed, 0, study.fixed, study.perceptions)
        if precision is None:
            return worlds
        name = study.game.players[self.player]
        level = {**worlds.players.precision, name: np.full(count, precision)}
        return replace(worlds, players=replace(worlds.players, precision=level))

    def _read(self, solver: Solver, chunk: Chunk, worlds: Worlds) -> tuple[Floats, Floats, Floats, Floats]:
        """Whether it holds, what is at stake, the weight and the likelihood, by world of a chunk."""
        game, plan, behaviour = solver.game, solver.plan, chunk.sweep.behaviour
        nodes = np.flatnonzero((game.step_of_node == self.step) & (game.player_of_node >= 0)).astype(np.int32)
        way = passage(plan, behaviour, restrict(game, self.before))
        reach = way.reach[nodes] * np.isin(chunk.status, (SOLVED, RULED_OUT))
        edges = [self._edges(solver, chunk, int(node)) for node in nodes]
        taken = np.array([own[0] for own in edges], np.int32)
        is_there = taken >= 0
        weight = reach.sum(axis=0)
        joint = (reach[is_there] * behaviour[taken[is_there]]).sum(axis=0)
        safe = np.where(weight > 0, weight, 1.0)
        mix = reach * (weight > 0) / safe
        holds, stake = self._holds(solver, chunk, worlds, nodes, mix, edges)
        return holds.astype(np.float64), stake, weight, joint / safe

    def _edges(self, solver: Solver, chunk: Chunk, node: int) -> tuple[int, NDArray[np.int32]]:
        """The edge taken at a node (-1 where it does not stand), and [W] the road not taken."""
        game = solver.game
        here = np.arange(game.first_edge[node], game.first_edge[node + 1], dtype=np.int32)
        option = game.option_of_edge[here]
        own = here[option == self.taken]
        rest = here[(option != self.taken) if self.instead is None else (option == self.instead)]
        if not len(own) or not len(rest):
            return -1, np.full(len(chunk.inputs), -1, np.int32)
        values = action_values(game, chunk.inputs, chunk.sweep, rest, self.player)
        table = chunk.inputs.tables[0][game.share_of_edge[rest]]
        best = rest[np.where(table > 0, values, -np.inf).argmax(axis=0)]
        return int(own[0]), np.where((table > 0).any(axis=0), best, -1).astype(np.int32)

    def _holds(
        self,
        solver: Solver,
        chunk: Chunk,
        worlds: Worlds,
        nodes: Ints,
        mix: Floats,
        edges: list[tuple[int, NDArray[np.int32]]],
    ) -> tuple[NDArray[np.bool_], Floats]:
        """[W] whether the statement holds, and the size of what is at stake in its second side."""
        scenario, one = self.study.scenario, np.ones(len(chunk.inputs))
        left, right = self.sides
        is_stakes = left in scenario.stakes and right in scenario.stakes
        if not {left, right} & {*scenario.stakes, *ends(scenario)}:
            first, second = (self._number(worlds, side, chunk) for side in self.sides)
            return first > second, one
        ahead = expect(solver.plan, chunk.inputs, chunk.sweep.behaviour, self.player, self.step)
        found: dict[str, Floats] = {}
        for side in self.sides:
            if side in scenario.stakes:
                found[side] = self._stake(solver, chunk, ahead, side, mix, edges)
            elif side in solver.game.outcomes:
                place = solver.game.outcomes.index(side)
                total, chance = ((mix * part[nodes, place]).sum(axis=0) for part in (ahead.by_outcome, ahead.chance))
                found[side] = np.where(chance > 0, total / np.where(chance > 0, chance, 1.0), -np.inf)
            else:
                found[side] = self._number(worlds, side, chunk) if side not in ends(scenario) else -np.inf * one
        if is_stakes:
            size = np.abs(found[right])
            return found[left] > size, size
        return found[left] > found[right], one

    def _stake(
        self,
        solver: Solver,
        chunk: Chunk,
        ahead: Expectation,
        stake: str,
        mix: Floats,
        edges: list[tuple[int, NDArray[np.int32]]],
    ) -> Floats:
        """[W] weight times stake difference between the action taken and the road not taken, in the mover's payoff."""
        game = solver.game
        accounts = [place for place, account in enumerate(game.accounts) if account.stake == stake]
        found = np.zeros(len(chunk.inputs))
        every = np.arange(len(found))
        for (own, rest), share in zip(edges, mix, strict=True):
            if own < 0 or not share.any():
                continue
            places = np.unique([own, *rest[rest >= 0]]).astype(np.int32)
            worth = (
                action_expectation(solver.plan, chunk.inputs, ahead, places, self.player)
                .accounts[:, accounts]
                .sum(axis=1)
            )
            gap = (
                worth[np.searchsorted(places, own)]
                - worth[np.minimum(np.searchsorted(places, rest), len(places) - 1), every]
            )
            found += share * np.where(rest >= 0, gap, 0.0)
        return found

    def _number(self, worlds: Worlds, name: str, chunk: Chunk) -> Floats:
        """[W] a number by name, or a plain number."""
        named: Mapping[str, Floats] = worlds.quantities
        player, _, rest = name.partition(".")
        if rest.startswith("weights."):
            values = worlds.players.weights[player][rest.removeprefix("weights.")]
        elif name in named:
            values = named[name]
        else:
            return np.full(len(chunk.inputs), float(name))
        return values[chunk.place]


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
