"""What is to be explained over worlds: a decision's option in each of them, and the quantities that may explain it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from stratagem.analyse.study import Decision, Study, decision_of
from stratagem.errors import UsageError, near, quote
from stratagem.graph.game import Floats

LEAST_WORLDS = 100


@dataclass(frozen=True)
class Subject:
    """An option of a decision, by world. Worlds that never come to the decision are left out.

    A world weighs what the history and then the decision are worth of probability in it.
    """

    step: int
    label: str
    mover: str
    options: tuple[int, int]  # the option and its strongest rival
    titles: tuple[str, str]
    is_counted: NDArray[np.bool_]  # [all worlds] which of them are here
    weight: Floats  # [W]
    chance: Floats  # [W] probability of the option, given that the decision is reached
    best: Floats  # [W] how far it is the best reply over the states reached
    inputs: dict[str, Floats]  # quantity to [W]; without those that never vary
    twins: dict[
        str, tuple[str, ...]
    ]  # quantity to others in the same or the opposite order of worlds, which are left out


def subject(study: Study, decision: str, option: str | None) -> Subject:
    """The subject of a decision; without `option`, its likeliest. Raises `UsageError` where nothing can be asked of it."""
    step = study.decision(decision)
    info = study.game.steps[step]
    solution = study.solution(step)
    found = decision_of(solution, step)
    weight = found.weight * found.reached
    counted = weight > 0
    if int(counted.sum()) < LEAST_WORLDS:
        raise UsageError(
            f"{quote(info.label)} is reached in {int(counted.sum()):,} of {study.worlds:,} worlds; to explain it takes at least {LEAST_WORLDS}"
        )
    numbers = {name: values[counted] for name, values in solution.quantities.items() if np.ptp(values[counted]) > 0}
    if not numbers:
        raise UsageError(
            f"no quantity of {quote(study.scenario.scenario)} varies over worlds; there is nothing to explain by"
        )
    inputs, twins = without_twins(numbers)
    first, rival = _options(found, option, info.label)
    return Subject(
        step=step,
        label=info.label,
        mover=study.scenario.players[study.game.players[info.player]].name,
        options=(first, rival),
        titles=(info.option_titles[first], info.option_titles[rival]),
        is_counted=counted,
        weight=weight[counted],
        chance=np.minimum(found.chance(first)[counted] / found.reached[counted], 1.0),
        best=np.minimum(found.best_share(first)[counted], 1.0),
        inputs=inputs,
        twins=twins,
    )


def _options(found: Decision, option: str | None, label: str) -> tuple[int, int]:
    """The option asked for, or else the likeliest; and the likeliest of the others."""
    if option is not None and option not in found.options:
        raise UsageError(
            f"the unknown option {quote(option)} of {quote(label)}{near(option, found.options)}; one of {', '.join(found.options)}"
        )
    if len(found.options) < 2:
        raise UsageError(f"{quote(label)} has one option only; there is no choice to explain")
    likely = [float(found.weight @ found.chance(place)) for place in range(len(found.options))]
    first = int(np.argmax(likely)) if option is None else found.options.index(option)
    likely[first] = -1.0
    return first, int(np.argmax(likely))


def without_twins(numbers: dict[str, Floats]) -> tuple[dict[str, Floats], dict[str, tuple[str, ...]]]:
    """The quantities without those that put worlds in the same or the opposite order as an earlier one; and which those are.

    Two weights that sum to one are an example: neither index nor box can tell them apart.
    """
    first: dict[bytes, str] = {}
    twins: dict[str, tuple[str, ...]] = {}
    for name, values in numbers.items():
        ranks = np.unique(values, return_inverse=True)[1]
        key = min(ranks.tobytes(), (ranks.max() - ranks).tobytes())
        if key in first:
            twins[first[key]] = (*twins.get(first[key], ()), name)
        else:
            first[key] = name
    return {name: numbers[name] for name in first.values()}, twins
