"""Small crises written in the tests themselves, and the way from their text to a solution."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import Any

import numpy as np
import yaml

from stratagem.api import solve as answer_of
from stratagem.catalogue import Case
from stratagem.graph.compile import compile_scenario
from stratagem.graph.facts import all_known
from stratagem.graph.game import Game
from stratagem.scenario.model import Scenario
from stratagem.scenario.read import parse_scenario
from stratagem.show.notebook import Answer
from stratagem.solve.intervene import choice
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, solve

ROUNDING = 1e-12  # in payoff or probability: what is left of exact arithmetic in floating point

EVERY_STATE = 10**6


def text_of(text: str) -> str:
    """A whole scenario: the parts of `text`, with a title and the players `p` and `o` where it has none."""
    parts = textwrap.dedent(text)
    heads = {"scenario": "scenario: A small crisis\n", "players": "players: {p: First, o: Other}\n"}
    return "".join(line for key, line in heads.items() if f"\n{key}:" not in f"\n{parts}") + parts


def filled(template: str, **parts: str) -> str:
    """A template with its parts put in, one after the other."""
    for name, part in parts.items():
        template = template.replace(name, part)
    return template


def scenario(text: str) -> Scenario:
    """The checked scenario of a text that `text_of` completes."""
    return parse_scenario(text_of(text))


def game(text: str, **options: Any) -> Game:
    """Its compiled game."""
    return compile_scenario(scenario(text), **options)


def solved(text: str, do: tuple[str, ...] = (), history: tuple[str, ...] = (), **options: Any) -> Solution:
    """Its solution in 64 worlds with every state kept; `options` are those of a `Request`."""
    model = all_known(scenario(text)) if options.pop("taken_as_known", False) else scenario(text)
    compiled = compile_scenario(model)
    choices = {
        "do": tuple(choice(compiled, one) for one in do),
        "history": tuple(choice(compiled, one) for one in history),
    }
    return solve(compiled, model, Request(**{"worlds": 64, "decisions": EVERY_STATE, **choices, **options}))


def answered(text: str, **options: Any) -> Answer:
    """Its answer in 64 worlds."""
    whole = text_of(text)
    return answer_of(Case("crisis", "crisis.yaml", whole), **{"worlds": 64, **options})


def written(data: Mapping[str, Any]) -> str:
    """Plain data as the text of a scenario."""
    return yaml.safe_dump(dict(data), sort_keys=False, allow_unicode=True)


def play(solution: Solution, step: str, action: str) -> np.ndarray:
    """[W] the probability of an action at the one state of a step."""
    return behaviour_at(solution, step)[action]


def behaviour_at(solution: Solution, step: str, **state: str) -> dict[str, np.ndarray]:
    """Action to probability [W], at the state of a step where its live variables are as in `state`."""
    compiled = solution.game
    number = compiled.step_named(step)
    for node in solution.kept_nodes:
        here = compiled.state_of_node[node]
        if compiled.step_of_node[node] == number and all(here.get(name) == value for name, value in state.items()):
            places = np.flatnonzero(compiled.parent_of_edge[solution.kept_edges] == node)
            names = compiled.steps[number].options
            return {names[compiled.option_of_edge[solution.kept_edges[one]]]: solution.behaviour[one] for one in places}
    raise KeyError(step, state)


def answer(solution: Solution, name: str) -> np.ndarray:
    """[W] the probability of a question, given its condition."""
    place = solution.game.questions.index(name)
    return solution.questions[place] / solution.conditions[place]
