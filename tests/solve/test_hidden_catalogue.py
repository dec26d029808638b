"""The hidden games of the catalogue, against closed forms and slow fixed points (M7, M9)."""

from __future__ import annotations

from math import exp

import numpy as np
import pytest
from crises import EVERY_STATE, answer, behaviour_at

from stratagem.catalogue import load
from stratagem.graph.compile import compile_scenario
from stratagem.scenario.read import parse_scenario
from stratagem.solve.solution import Solution
from stratagem.solve.solve import Request, solve

EXACT = 1e-9


def solution_of(text: str, worlds: int = 1) -> Solution:
    scenario = parse_scenario(text)
    return solve(compile_scenario(scenario), scenario, Request(worlds=worlds, decisions=EVERY_STATE))


# --- a crisis in which threats signal ---

# With continuous private shocks of variance 1 (Lewis & Schultz 2003, Political Analysis 11:345-367) the target resists with chance r.
# It challenges unless war and backing down are both worse than c = -(1 - r) / r: with chance C = 1 - F(c + 0.8) F(c + 0.4), and, having
# challenged, would stand firm with chance s = F2(-0.4 / sqrt(2), -0.8 - c; 1 / sqrt(2)) / C; and r = F((1 - 1.6 s) / s). The only fixed point:
CONTINUOUS = {"challenge": 0.548590655770048, "resistance": 0.8808421116373836, "bluff": 1 - 0.3598148736899539}


@pytest.mark.parametrize("types", [3, 5, 7, 9, 11, 15, 23])
def test_a_crisis_of_many_types_tends_to_the_continuous_one(types: int) -> None:
    """At best reply a step of one type among k moves a chance by about 1/k; so the error has to go."""
    found = solution_of(load("crisis-signalling").text.replace("types: 3", f"types: {types}"))
    assert found.is_solved.all()
    for name, chance in CONTINUOUS.items():
        assert abs(answer(found, name)[0] - chance) < 0.7 / types, name


# --- a chain store with a reputation ---


def in_sequence(doubt: float, prize: float, monopoly: float) -> dict[str, float]:
    """Chances of entry and of a fight in three towns, in the sequential equilibrium of Kreps and Wilson (1982).

    With n towns to come and reputation p, an entrant comes where p < prize^n, and at equality stays out with chance 1/monopoly; an ordinary
    chain fights so often that the next reputation is at least prize^(n-1), and shares in the last town.
    """
    found = {f"{what}_{town}": 0.0 for what in ("entered", "fought") for town in (1, 2, 3)}

    def play(left: int, reputation: float, chance: float) -> None:
        if left == 0 or chance == 0:
            return
        town, bar, next_bar = 4 - left, prize**left, prize ** (left - 1)
        enters = 1 - 1 / monopoly if abs(reputation - bar) < 1e-12 else float(reputation < bar)
        fights = reputation if left == 1 else min(1.0, reputation / next_bar)
        found[f"entered_{town}"] += chance * enters
        found[f"fought_{town}"] += chance * enters * fights
        play(left - 1, reputation, chance * (1 - enters))
        play(left - 1, max(reputation, next_bar), chance * enters * fights)
        play(left - 1, 0.0, chance * enters * (1 - fights))

    play(3, doubt, 1.0)
    return found


@pytest.mark.parametrize(
    ("doubt", "prize", "monopoly"),
    [(0.3, 0.5, 2), (0.2, 0.5, 2), (0.05, 0.5, 2), (0.1, 0.6, 2), (0.3, 0.6, 3), (0.02, 0.4, 1.5), (0.5, 0.8, 2)],
)
def test_a_reputation_is_that_of_the_sequential_equilibrium(doubt: float, prize: float, monopoly: float) -> None:
    text = load("chain-store-reputation").text
    text = text.replace("{0: 0.7, 1: 0.3}", f"{{0: {1 - doubt}, 1: {doubt}}}")
    text = text.replace("prize: {is: 0.5,", f"prize: {{is: {prize},").replace(
        "monopoly: {is: 2,", f"monopoly: {{is: {monopoly},"
    )
    asked = {f"entered_{town}": f"entry_{town} == enter" for town in (1, 2, 3)}
    asked |= {f"fought_{town}": f"response_{town} == fight" for town in (1, 2, 3)}
    questions = "".join(f"  {name}: {{title: Asked, event: {event}}}\n" for name, event in asked.items())
    found = solution_of(text[: text.index("questions:")] + "questions:\n" + questions)
    for name, chance in in_sequence(doubt, prize, monopoly).items():
        assert answer(found, name)[0] == pytest.approx(chance, abs=1e-6), name


# --- two sides, each with a private resolve ---

HARD = {"challenger": 0.5, "defender": 0.6}
PRECISION = 6.0


def logistic(gap: float) -> float:
    return 1 / (1 + exp(-PRECISION * gap))


def resolve_by_hand(gain: float, humiliation: float) -> dict[tuple[str, str], float]:
    """Demanding, defying and fighting by type, by damped iteration of the responses to each other."""
    war = {"hard": (-0.1, -0.3), "soft": (-1.0, -1.0)}
    fight = {own: logistic(war[own][0] - humiliation) for own in war}
    demand, defy = dict.fromkeys(war, 0.5), dict.fromkeys(war, 0.5)
    odds = {side: {"hard": chance, "soft": 1 - chance} for side, chance in HARD.items()}
    for _ in range(4000):
        believed = {own: odds["challenger"][own] * demand[own] for own in war}
        fights = sum(believed[own] * fight[own] for own in war) / sum(believed.values())
        wanted_defy = {own: logistic(fights * war[own][1] + (1 - fights) * 0.8 + 0.5) for own in war}
        meets = sum(odds["defender"][own] * defy[own] for own in war)
        wanted_demand = {
            own: logistic((1 - meets) * gain + meets * (fight[own] * war[own][0] + (1 - fight[own]) * humiliation))
            for own in war
        }
        demand = {own: (demand[own] + wanted_demand[own]) / 2 for own in war}
        defy = {own: (defy[own] + wanted_defy[own]) / 2 for own in war}
    found = {("demand", own): demand[own] for own in war}
    return found | {("answer", own): defy[own] for own in war} | {("end_game", own): fight[own] for own in war}


def test_two_private_resolves_answer_each_other() -> None:
    text = load("private-resolve").text
    found = solution_of(text, worlds=12)
    action = {"demand": "demand", "answer": "defy", "end_game": "fight"}
    owner = {"demand": "challenger_hard", "answer": "defender_hard", "end_game": "challenger_hard"}
    values = {"soft": "low", "hard": "high"}
    for world in range(0, 12, 3):
        numbers = (float(found.quantities[name][world]) for name in ("gain", "humiliation"))
        for (step, own), chance in resolve_by_hand(*numbers).items():
            here = behaviour_at(found, step, **{owner[step]: values[own]})[action[step]][world]
            assert here == pytest.approx(chance, abs=EXACT), (step, own)
    assert np.unique(found.quantities["gain"]).size == 12
