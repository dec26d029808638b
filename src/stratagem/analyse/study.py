"""A scenario under study: one game, the same worlds on every side of a comparison, and what analyses ask of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from stratagem.catalogue import Case
from stratagem.errors import UsageError, near, quote
from stratagem.graph.compile import compile_scenario
from stratagem.graph.facts import all_known
from stratagem.graph.game import CHANCE, Floats, Game
from stratagem.scenario.model import Scenario
from stratagem.solve.intervene import Choice, choice
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, Solver

# Compiled, by scenario and links off, None where they are open; and solved, by what was asked.
Games = list[tuple[Scenario, tuple[str, ...] | None, Game]]
Solutions = list[tuple[Game, Request, Solution]]


@dataclass(frozen=True)
class Study:
    """What is studied: a case, how many worlds of which seed, with which links off."""

    case: Case
    worlds: int = 10_000
    seed: int = 1
    precision: float | None = None
    perceptions: bool = True
    taken_as_known: bool = False
    without: tuple[str, ...] = ()
    history: tuple[str, ...] | None = None
    fixed: dict[str, float] = field(default_factory=dict)
    engine: str = "auto"  # what sweeps the game: `numpy`, `jax`, or by size
    are_links_open: bool = False  # one game serves for all links on or off
    games: Games = field(default_factory=list, repr=False, compare=False)  # shared by studies made of this one
    solutions: Solutions = field(default_factory=list, repr=False, compare=False)  # likewise

    @cached_property
    def scenario(self) -> Scenario:
        """The scenario, with every number taken as known to all where that is asked for."""
        return all_known(self.case.scenario) if self.taken_as_known else self.case.scenario

    @cached_property
    def game(self) -> Game:
        """The compiled game."""
        without = None if self.are_links_open else self.without
        for scenario, off, game in self.games:
            if scenario is self.scenario and off == without:
                return game
        game = compile_scenario(self.scenario, without=without or (), are_links_open=self.are_links_open)
        self.games.append((self.scenario, without, game))
        return game

    @cached_property
    def seen(self) -> tuple[Choice, ...]:
        """The moves already seen."""
        texts = [one.that for one in self.scenario.history] if self.history is None else list(self.history)
        return tuple(choice(self.game, one) for one in texts)

    @property
    def _switches(self) -> dict[str, float]:
        """What open links are in all worlds."""
        return {name: float(name not in self.without) for name in self.scenario.links} if self.are_links_open else {}

    def without_links(self, links: Iterable[str]) -> Study:
        """The same study with further links switched off."""
        return replace(self, without=(*self.without, *links))

    def request(
        self,
        step: int,
        do: tuple[Choice, ...] = (),
        announced: bool = False,
        given: tuple[Choice, ...] = (),
        as_chosen: bool = False,
    ) -> Request:
        """A request for the states of one step."""
        return Request(
            worlds=self.worlds,
            seed=self.seed,
            precision=self.precision,
            history=(*self.seen, *given),
            do=do,
            is_announced=announced,
            is_as_chosen=as_chosen,
            fixed={**self.fixed, **self._switches},
            perceptions=self.perceptions,
            step=step,
            engine=self.engine,
        )

    def solver(
        self,
        step: int,
        do: tuple[Choice, ...] = (),
        announced: bool = False,
        given: tuple[Choice, ...] = (),
        as_chosen: bool = False,
    ) -> Solver:
        """A solver of the study's worlds."""
        return Solver(self.game, self.scenario, self.request(step, do, announced, given, as_chosen))

    def solution(self, step: int) -> Solution:
        """The solution that keeps the states of one step; it is solved once."""
        request = self.request(step)
        for game, asked, known in self.solutions:
            if game is self.game and asked == request:
                return known
        found = self.solver(step).run()
        self.solutions.append((self.game, request, found))
        return found

    def decision(self, text: str) -> int:
        """The step that `MOVE` or `MOVE[2]` names; a move in rounds without a number is its first round."""
        moves = {step.move for step in self.game.steps if step.player != CHANCE}
        for number, step in enumerate(self.game.steps):
            if text in (step.label, step.move) and step.player != CHANCE:
                return number
        raise UsageError(f"the unknown decision {quote(text)}{near(text, moves)}; one of {', '.join(sorted(moves))}")


@dataclass(frozen=True)
class Decision:
    """A decision in all worlds: how it is reached, in which states, and what is done there."""

    options: tuple[str, ...]
    weight: Floats  # [W] probability of the history; 0 where a world has no answer
    reach: Floats  # [D, W] probability of each state, given the history
    behaviour: Floats  # [D, options, W]
    best: Floats  # [D, options, W]

    @property
    def reached(self) -> Floats:
        """[W] probability that the decision is reached."""
        return np.asarray(self.reach.sum(axis=0))

    @property
    def mix(self) -> Floats:
        """[D, W] share of each state among those reached; 0 where none is."""
        total = self.reached
        return np.asarray(self.reach / np.where(total > 0, total, 1.0))

    def chance(self, option: int) -> Floats:
        """[W] probability that the decision is reached and the option taken."""
        return np.asarray((self.reach * self.behaviour[:, option]).sum(axis=0))

    def best_share(self, option: int) -> Floats:
        """[W] how far the option is the best reply over the states reached."""
        return np.asarray((self.mix * self.best[:, option]).sum(axis=0))


def decision_of(solution: Solution, step: int) -> Decision:
    """The decision at a step, from a solution that kept the step's states."""
    game = solution.game
    weight = np.where(solution.is_solved, solution.weight, 0.0)
    safe = np.where(weight > 0, weight, 1.0)
    options = game.steps[step].options
    counts = np.diff(game.first_edge)[solution.kept_nodes]
    node = np.repeat(np.arange(len(solution.kept_nodes)), counts)
    option = game.option_of_edge[solution.kept_edges]
    shape = (len(solution.kept_nodes), len(options), len(solution.world))
    behaviour, best = np.zeros(shape), np.zeros(shape)
    behaviour[node, option] = solution.behaviour
    best[node, option] = solution.best
    return Decision(options, weight, solution.reach * (weight > 0) / safe, behaviour, best)
