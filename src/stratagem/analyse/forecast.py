"""What the solved game says: questions, decisions, outcomes, stakes (M9 to M14).

Takes a scenario and its solution; gives a `Forecast`, which views render and know nothing more about.
"""

from __future__ import annotations

import platform
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from stratagem import __version__
from stratagem.analyse.beliefs import BeliefAnswer, beliefs
from stratagem.analyse.equilibria import EquilibriumAnswer, equilibria
from stratagem.analyse.pooling import Pooled, effective_size, pool
from stratagem.graph.game import Floats, Game
from stratagem.graph.means import mean
from stratagem.scenario.lexicon import KEY_ASSUMPTION, in_words
from stratagem.scenario.model import Judgement, Scenario
from stratagem.scenario.quantities import taken_as_known
from stratagem.solve.solution import RULED_OUT, SOLVED, STATUS, Solution

LOW_EFFECTIVE_SHARE = 0.1
ROUNDING = 1e-12  # of a probability
FIXED_SENTENCE = "These outputs are conditional on the stated assumptions; they are the model's best reply under them, never advice to use force."


@dataclass(frozen=True)
class Comparison:
    """A probability from outside the model."""

    mean: float
    text: str
    source: str | None
    as_of: str | None


@dataclass(frozen=True)
class QuestionAnswer:
    """A question's probability, beside its base rate and the crowd's."""

    name: str
    title: str
    probability: Pooled | None  # None: void, the condition never arises
    condition: Pooled | None
    tie_low: float | None
    tie_high: float | None
    by: str | None
    base_rate: Comparison | None
    crowd: Comparison | None
    resolved: str
    resolved_on: str | None
    is_after_the_fact: bool
    is_unsolved: bool = False  # no world has an answer

    @property
    def in_words(self) -> str:
        """The ICD 203 word of the probability as it is shown, in whole per cent."""
        if self.probability is None:
            return "no world has an answer" if self.is_unsolved else "void"
        return in_words(shown(self.probability.mean))


@dataclass(frozen=True)
class ActionAnswer:
    """How likely an action is at a state, and in which share of worlds it is the best reply."""

    name: str
    title: str
    probability: Pooled | None  # None where no world has an answer
    best: float


@dataclass(frozen=True)
class DecisionAnswer:
    """A decision at a state that may be reached."""

    move: str
    step: str
    title: str
    player: str
    date: str | None
    state: Mapping[str, str]
    hidden: tuple[str, ...]  # what of the state the mover cannot tell
    reach: float
    actions: tuple[ActionAnswer, ...]


@dataclass(frozen=True)
class Named:
    """A named number over worlds."""

    name: str
    title: str
    value: Pooled


@dataclass(frozen=True)
class SeenAnswer:
    """A move of the history and how likely the model held it, given what came before."""

    step: str
    action: str
    likelihood: Pooled


@dataclass(frozen=True)
class Judgement203:
    """A key judgement in words, with the number and range beside it."""

    text: str
    question: str | None = None


@dataclass(frozen=True)
class Forecast:
    """The answer to `solve`."""

    title: str
    question: str | None
    judgements: tuple[Judgement203, ...]
    questions: tuple[QuestionAnswer, ...]
    decisions: tuple[DecisionAnswer, ...]
    choices: tuple[DecisionAnswer, ...]
    outcomes: tuple[Named, ...]
    stakes: tuple[Named, ...]
    players: tuple[tuple[str, str, Pooled, Pooled, Pooled], ...]
    history: tuple[SeenAnswer, ...]
    beliefs: tuple[BeliefAnswer, ...]
    equilibria: tuple[EquilibriumAnswer, ...]
    warnings: tuple[str, ...]
    manifest: Mapping[str, object] = field(default_factory=dict)

    @property
    def num_failed(self) -> int:
        """Worlds that have no answer."""
        return int(self.manifest["worlds_failed"])  # type: ignore[call-overload, no-any-return]


def forecast(scenario: Scenario, solution: Solution, manifest: Mapping[str, object]) -> Forecast:
    """The forecast of a solution; failed worlds are left out and counted."""
    weight = np.where(solution.is_solved, solution.weight, 0.0)
    questions = tuple(_questions(scenario, solution))
    decisions = tuple(_decisions(solution))
    return Forecast(
        title=scenario.scenario,
        question=scenario.question,
        judgements=tuple(_judgements(questions)),
        questions=questions,
        decisions=decisions,
        choices=tuple(_choices(solution)),
        outcomes=tuple(_outcomes(scenario, solution, weight)),
        stakes=tuple(_stakes(scenario, solution, weight)),
        players=tuple(_players(scenario, solution, weight)),
        history=tuple(_history(solution)),
        beliefs=tuple(beliefs(solution)),
        equilibria=tuple(equilibria(solution)),
        warnings=tuple(_warnings(scenario, solution, weight)),
        manifest={
            **_software(),
            **manifest,
            "seed": solution.seed,
            "worlds": len(solution.world),
            "worlds_failed": int(solution.is_failed.sum()),
            "worlds_ruled_out": int((solution.status == RULED_OUT).sum()),
            "worlds_tied": int(solution.tied.sum()),
            "effective_worlds": round(effective_size(weight), 1),
            "worlds_searched": solution.num_searched,
            "worlds_with_further_equilibria": solution.num_several,
            "worlds_with_folds": int((solution.folds > 0).sum()),
            "worlds_with_bifurcations": int((solution.bifurcations > 0).sum()),
            "residual": float(solution.residual.max()),
            "states": solution.game.num_nodes,
            "histories": solution.game.num_histories,
        },
    )


def _software() -> dict[str, object]:
    return {"stratagem": __version__, "python": platform.python_version(), "numpy": np.__version__}


# --- questions ---------------------------------------------------------------------------------------------------


def _questions(scenario: Scenario, solution: Solution) -> Iterator[QuestionAnswer]:
    solved = solution.is_solved
    for place, (name, question) in enumerate(scenario.questions.items()):
        joint, condition = (
            np.where(solved, solution.questions[place], 0.0),
            np.where(solved, solution.conditions[place], 0.0),
        )
        low, high = (
            float(np.where(solved, one[place], 0.0).sum()) for one in (solution.questions_low, solution.questions_high)
        )
        total = float(condition.sum())
        is_tied = total > 0 and high - low > 1e-12 * total
        yield QuestionAnswer(
            name=name,
            title=question.title,
            probability=pool(joint, condition),
            condition=pool(condition, np.where(solved, solution.weight, 0.0)) if question.given is not None else None,
            tie_low=low / total if is_tied else None,
            tie_high=high / total if is_tied else None,
            by=question.by.text if question.by else None,
            base_rate=_comparison(scenario, question.base_rate),
            crowd=_comparison(scenario, question.crowd),
            resolved=question.resolved,
            resolved_on=question.resolved_on.text if question.resolved_on else None,
            is_after_the_fact=question.chosen_after_the_fact,
            is_unsolved=not solved.any(),
        )


def _comparison(scenario: Scenario, judgement: Judgement | None) -> Comparison | None:
    if judgement is None:
        return None
    estimate = judgement.is_.in_lexicon(scenario.lexicon)
    return Comparison(
        mean(estimate),
        estimate.text,
        judgement.source or judgement.assumption,
        judgement.as_of.text if judgement.as_of else None,
    )


def _judgements(questions: tuple[QuestionAnswer, ...]) -> Iterator[Judgement203]:
    for one in questions:
        if one.probability is None:
            why = one.in_words if one.is_unsolved else "the condition never arises (void)"
            yield Judgement203(_answered(one.title, why), one.name)
            continue
        yield Judgement203(_answered(one.title, likelihood(one.probability)), one.name)


def _answered(title: str, answer: str) -> str:
    """A sentence that answers a question, or says how likely something is.

    >>> _answered("Does it rain?", "likely, 60 %"), _answered("Rain", "likely, 60 %")
    ('Does it rain? Likely, 60 %.', 'Rain: likely, 60 %.')
    """
    if title.rstrip().endswith("?"):
        return f"{title.rstrip()} {answer[:1].upper()}{answer[1:]}."
    return f"{title}: {answer}."


def shown(probability: float) -> float:
    """A probability as it is shown: in whole per cent, but below 1 % and above 99 % as it is."""
    return round(probability, 2) if 0.01 <= probability <= 0.99 else probability


def percent(value: float) -> str:
    """A probability in whole per cent; the ends are said as such, 1 also where a sum misses it by rounding.

    >>> percent(1 - 1e-15), percent(1 - 1e-9), percent(0.0), percent(1e-15)
    ('100 %', 'above 99 %', '0 %', 'below 1 %')
    """
    if value < 0.01:
        return "0 %" if value == 0 else "below 1 %"
    if value > 0.99:
        return "100 %" if value >= 1 - ROUNDING else "above 99 %"
    return f"{100 * value:.0f} %"


def likelihood(value: Pooled) -> str:
    """The ICD 203 word of a probability with its number and range; the number alone where there is no word.

    >>> likelihood(Pooled(0.6, 0.6, 0.6, 0.0)), likelihood(Pooled(1.0, 1.0, 1.0, 0.0))
    ('likely, 60 %', '100 %')
    """
    mean = shown(value.mean)
    return f"{in_words(mean)}, {spoken(value)}" if 0.01 <= mean <= 0.99 else spoken(value)


def spoken(value: Pooled) -> str:
    """A probability with its range over worlds."""
    if value.p5 is None or value.p95 is None or (value.p95 - value.p5) < 0.005:
        return percent(value.mean)
    return f"{percent(value.mean)} ({percent(value.p5)} to {percent(value.p95)} over worlds)"


# --- decisions ---------------------------------------------------------------------------------------------------


def _decisions(solution: Solution) -> Iterator[DecisionAnswer]:
    """Each kept state where somebody decides, in the order of the timeline and then of reach."""
    game = solution.game
    solved = solution.is_solved
    places = range(len(solution.kept_nodes))
    starts = np.concatenate([[0], np.cumsum(np.diff(game.first_edge)[solution.kept_nodes])])
    total = max(float(np.where(solved, solution.weight, 0.0).sum()), 1e-300)
    hidden = _hidden_names(game)
    for place in sorted(
        places, key=lambda one: (game.step_of_node[solution.kept_nodes[one]], -solution.reach[one].sum())
    ):
        node = int(solution.kept_nodes[place])
        reach = np.where(solved, solution.reach[place], 0.0)
        edges = range(starts[place], starts[place + 1])
        weight = reach if reach.sum() > 0 else np.where(solved, 1.0, 0.0)
        step = game.steps[game.step_of_node[node]]
        yield DecisionAnswer(
            move=step.move,
            step=step.label,
            title=step.title,
            player=game.players[step.player],
            date=step.date,
            state=game.state_of_node[node],
            hidden=hidden.get(int(game.infoset_of_node[node]), ()),
            reach=float(reach.sum()) / total,
            actions=tuple(_action(solution, edge, step.options, step.option_titles, weight) for edge in edges),
        )


def _hidden_names(game: Game) -> dict[int, tuple[str, ...]]:
    """The variables that differ among the states of an information set, by its number: its mover cannot tell them."""
    states: dict[int, list[Mapping[str, str]]] = {}
    for node in np.flatnonzero(game.infoset_of_node >= 0):
        states.setdefault(int(game.infoset_of_node[node]), []).append(game.state_of_node[node])
    return {
        infoset: tuple(name for name in group[0] if any(one.get(name) != group[0][name] for one in group))
        for infoset, group in states.items()
        if len(group) > 1
    }


def _action(
    solution: Solution, edge: int, options: tuple[str, ...], titles: tuple[str, ...], weight: Floats
) -> ActionAnswer:
    option = int(solution.game.option_of_edge[solution.kept_edges[edge]])
    probability = pool(solution.behaviour[edge] * weight, weight)
    best = float(solution.best[edge] @ weight / weight.sum()) if probability is not None else 0.0
    return ActionAnswer(options[option], titles[option], probability, best)


def _choices(solution: Solution) -> Iterator[DecisionAnswer]:
    """Each move as a whole: its actions over all states in which it may be reached."""
    game, solved = solution.game, solution.is_solved
    total = max(float(np.where(solved, solution.weight, 0.0).sum()), 1e-300)
    for number, step in enumerate(game.steps):
        rows = {option: row for row, (where, option) in enumerate(solution.choices) if where == number}
        joint, best = (np.where(solved, of[list(rows.values())], 0.0) for of in (solution.chosen, solution.preferred))
        weight = joint.sum(axis=0)
        if not weight.sum() > 0:
            continue
        actions = []
        for option, name in enumerate(step.options):
            places = [place for place, one in enumerate(rows) if one == option]
            share = float(best[places].sum() / weight.sum())
            chance = pool(joint[places].sum(axis=0), weight)
            actions.append(ActionAnswer(name, step.option_titles[option], chance, share))
        yield DecisionAnswer(
            step.move,
            step.label,
            step.title,
            game.players[step.player],
            step.date,
            {},
            (),
            float(weight.sum()) / total,
            tuple(actions),
        )


# --- outcomes, stakes, players, history --------------------------------------------------------------------------


def _outcomes(scenario: Scenario, solution: Solution, weight: Floats) -> Iterator[Named]:
    for place, name in enumerate(solution.game.outcomes):
        value = pool(np.where(solution.is_solved, solution.outcomes[place], 0.0), weight)
        if value is not None:
            known = scenario.outcomes.get(name)
            yield Named(name, (known.title if known else None) or name.replace("_", " "), value)


def _stakes(scenario: Scenario, solution: Solution, weight: Floats) -> Iterator[Named]:
    game = solution.game
    for name, stake in scenario.stakes.items():
        total = np.zeros(len(weight))
        toward = 1.0 if stake.best > stake.worst else -1.0
        signs = {"whole": 1.0, "above": toward, "below": -toward}
        for place, account in enumerate(game.accounts):
            if account.stake == name:
                total += signs[account.side] * solution.accounts[place]
        value = pool(np.where(solution.is_solved, total, 0.0) + stake.start * weight, weight)
        if value is not None:
            yield Named(name, stake.title, value)


def _players(
    scenario: Scenario, solution: Solution, weight: Floats
) -> Iterator[tuple[str, str, Pooled, Pooled, Pooled]]:
    for place, name in enumerate(solution.game.players):
        values = (
            pool(solution.believed[place] * weight, weight),
            pool(solution.true[place] * weight, weight),
            pool(np.where(weight > 0, solution.regret[place], 0.0), weight),  # joint with the history already
        )
        if all(value is not None for value in values):
            yield name, scenario.players[name].name, *values  # type: ignore[misc]


def _history(solution: Solution) -> Iterator[SeenAnswer]:
    """Each seen move given those before it; worlds that the history rules out are among those that it was likely or not in."""
    before = np.where(solution.is_failed, 0.0, 1.0)
    for place, one in enumerate(solution.seen):
        joint = before * solution.seen_likelihood[place]
        value, before = pool(joint, before), joint
        step = solution.game.steps[one.step]
        if value is not None:
            yield SeenAnswer(step.label, step.options[one.option], value)


# --- warnings ----------------------------------------------------------------------------------------------------


def _warnings(scenario: Scenario, solution: Solution, weight: Floats) -> Iterator[str]:
    for status, text in STATUS.items():
        here = np.flatnonzero(solution.status == status)
        if status != SOLVED and len(here):
            verdict = "weigh nothing" if status == RULED_OUT else "have no answer"
            yield f"{len(here)} of {len(solution.world)} worlds {verdict}: {text} (the first is world {solution.world[here[0]]})"
    if solution.tied.any():
        yield f"{int(solution.tied.sum())} of {len(solution.world)} worlds have ties at a reached decision; they follow each move's rule, and ranges over rules are shown"
    yield from _of_branches(solution)
    taken = taken_as_known(scenario)
    if taken:
        yield f"taken as known to all, though they are not (M6): {', '.join(taken)}"
    if solution.game.facts:
        yield f"not known to all, and so decided by chance within the game, at a few values (M6): {', '.join(solution.game.facts)}"
    for name in _key_assumptions(scenario):
        yield f"key assumption ({KEY_ASSUMPTION}): {name}"
    size = effective_size(weight)
    if 0 < size < LOW_EFFECTIVE_SHARE * len(solution.world):
        yield f"the history leaves {size:.0f} effective worlds of {len(solution.world)}; ranges are rough"
    for question in scenario.questions.values():
        if question.chosen_after_the_fact:
            yield "questions marked * were chosen after the fact"
            break
    yield from _outside(scenario, solution, weight)


def _of_branches(solution: Solution) -> Iterator[str]:
    """What is to be known of the equilibria where something is hidden."""
    worlds = len(solution.world)
    if solution.num_several:
        yield f"in {solution.num_several} of {solution.num_searched} worlds searched there are further equilibria; the answer is the one on the branch from precision 0 (M9)"
    if solution.rivals and not solution.num_several:
        yield "the central world has further equilibria; the answer is the one on the branch from precision 0 (M9)"
    if folds := int((solution.folds > 0).sum()):
        yield f"in {folds} of {worlds} worlds the branch from precision 0 folds back on its way: play jumps where precision passes the fold; the answer is where it first comes to its precision (M9)"
    if crossed := int((solution.bifurcations > 0).sum()):
        yield f"in {crossed} of {worlds} worlds another branch crosses the one from precision 0; it was followed straight on (M9)"
    if count := solution.num_unsearched:
        which = "1 part that hides something leaves" if count == 1 else f"{count} parts that hide something leave"
        yield f"{which} too many probabilities open to be searched for further equilibria (M9)"


def _key_assumptions(scenario: Scenario) -> Iterator[str]:
    for _, name, quantity in scenario.known_quantities():
        if quantity.is_.text == KEY_ASSUMPTION:
            yield name


def _outside(scenario: Scenario, solution: Solution, weight: Floats) -> Iterator[str]:
    """Stakes whose expected total leaves the levels that weigh 0 and 1."""
    for named in _stakes(scenario, solution, weight):
        stake = scenario.stakes[named.name]
        low, high = sorted((stake.worst, stake.best))
        if named.value.mean < low - 1e-9 or named.value.mean > high + 1e-9:
            yield f"the stake `{named.name}` is expected at {named.value.mean:.3g}, outside its worst and best ({stake.worst:g}, {stake.best:g}) (M5)"
