"""The flow of play: shares that agree with the forecast, links that add up, best replies."""

from __future__ import annotations

from functools import cache

import pytest

from stratagem.analyse.flow import START, Flow, flow
from stratagem.analyse.forecast import Forecast
from stratagem.analyse.study import Study
from stratagem.api import solve
from stratagem.catalogue import load, names

WORLDS = 60
PROBABILITY = 1e-9


@cache
def both(name: str) -> tuple[Flow, Forecast]:
    case = load(name)
    return flow(Study(case, worlds=WORLDS)), solve(case, worlds=WORLDS, decisions=100_000)


@pytest.mark.parametrize("name", names())
def test_outcomes_are_those_of_the_forecast(name: str) -> None:
    found, answer = both(name)
    known = {one.name: one.value.mean for one in answer.outcomes}
    assert {outcome: share for outcome, _, share in found.outcomes} == pytest.approx(known, abs=PROBABILITY)


@pytest.mark.parametrize("name", names())
def test_options_are_those_of_the_forecast(name: str) -> None:
    found, answer = both(name)
    steps = {one.label: one for one in found.steps}
    made = {one.step for one in answer.history}
    for choice in answer.choices:
        step = steps[choice.step]
        assert step.met == pytest.approx(choice.reach, abs=PROBABILITY)
        for option, action in zip(step.options, choice.actions, strict=True):
            assert action.probability is not None
            assert option.best == pytest.approx(action.best, abs=1e-6)
            if choice.step not in made:
                assert option.chance == pytest.approx(action.probability.mean, abs=PROBABILITY)


@pytest.mark.parametrize("name", names())
def test_what_comes_into_a_move_goes_out_of_it(name: str) -> None:
    found, _ = both(name)
    assert sum(one.share for one in found.links if one.step == START) == pytest.approx(1, abs=PROBABILITY)
    for number, step in enumerate(found.steps):
        for option, one in enumerate(step.options):
            gone = sum(link.share for link in found.links if (link.step, link.option) == (number, option))
            assert gone == pytest.approx(one.chance * step.met, abs=PROBABILITY)


def test_a_seen_move_is_as_it_was_made() -> None:
    found, _ = both("kazakhstan-ukraine-2022")
    step = next(one for one in found.steps if one.label == "deploy")
    assert step.is_seen
    assert [one.chance for one in step.options] == pytest.approx([1, 0, 0], abs=PROBABILITY)
