"""The payoff gap of a mover who cannot tell states apart, against a fixed point worked out by hand (M5, M7, M11)."""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import pytest
from crises import ROUNDING, text_of

from stratagem.analyse.finding import Table
from stratagem.analyse.gap import ATTITUDE
from stratagem.analyse.shift import shift
from stratagem.analyse.study import Study
from stratagem.catalogue import Case

EXACT = 1e-9

WARNING = """
    players:
      m: {name: Mover, weights: {land: 0.6, calm: 0.4}, precision: 3, ATTITUDE}
      s: {name: Sender, precision: 2}
    stakes: {land: {title: Land, worst: -1}, calm: {title: Calm, worst: -1}}
    quantities: {known to s: {strength: {is: {choice: {0: 0.4, 1: 0.6}}}}}
    timeline:
      - {chance: weather, outcomes: {fair: 0.5, foul: rest}}
      - {move: sign, player: s, actions: {quiet: , loud: {payoffs: {s: -0.2 + 0.3 * strength}}}}
      - move: act
        player: m
        actions:
          fight: {gains: {land: 0.9 - 1.1 * strength, calm: if weather == foul then -0.6 else -0.2}, payoffs: {s: strength - 0.5}, end: fought}
          wait: {gains: {land: -0.1, calm: 0.2 - 0.1 * strength}, payoffs: {s: 0.3}, end: waited}
    outcomes: {fought: {title: Fought}, waited: {title: Waited}}
"""
STRENGTHS = {0: 0.4, 1: 0.6}
LOOKS = ("quiet", "loud")


def logistic(x: float) -> float:
    return 1 / (1 + exp(-x))


def gains(weather: str, strength: int) -> dict[str, float]:
    """By how much fighting is better than waiting for the mover, by stake, in his payoff."""
    calm = -0.6 if weather == "foul" else -0.2
    return {
        "land": 0.6 * (0.9 - 1.1 * strength + 0.1) / 2,
        "calm": 0.4 * (calm - 0.2 + 0.1 * strength) / 2,
    }


def payoff(action: str, weather: str, strength: int) -> float:
    """The mover's payoff of an action."""
    rest = (0.6 * -0.1 + 0.4 * (0.2 - 0.1 * strength)) / 2
    return rest + (sum(gains(weather, strength).values()) if action == "fight" else 0.0)


@dataclass
class ByHand:
    """The equilibrium in one weather: how likely each type shows each look, and what fighting is worth beyond waiting."""

    shows: dict[tuple[str, int], float]
    gap: dict[str, float]


def by_hand(weather: str, aversion: float) -> ByHand:
    fights = dict.fromkeys(LOOKS, 0.5)
    for _ in range(4000):
        shows, gap = {}, {}
        for strength in STRENGTHS:
            worth = {
                look: fights[look] * (strength - 0.5)
                + (1 - fights[look]) * 0.3
                + (0.3 * strength - 0.2) * (look == "loud")
                for look in LOOKS
            }
            shows["loud", strength] = logistic(2 * (worth["loud"] - worth["quiet"]))
            shows["quiet", strength] = 1 - shows["loud", strength]
        for look in LOOKS:
            joint = {strength: chance * shows[look, strength] for strength, chance in STRENGTHS.items()}
            equivalent = {}
            for action in ("fight", "wait"):
                of = {strength: payoff(action, weather, strength) for strength in STRENGTHS}
                if aversion:
                    equivalent[action] = (
                        -log(sum(joint[s] * exp(-aversion * of[s]) for s in of) / sum(joint.values())) / aversion
                    )
                else:
                    equivalent[action] = sum(joint[s] * of[s] for s in of) / sum(joint.values())
            gap[look] = equivalent["fight"] - equivalent["wait"]
        fights = {look: 0.5 * fights[look] + 0.5 * logistic(3 * gap[look]) for look in LOOKS}
    return ByHand(shows, gap)


def expected(weathers: dict[str, float], aversion: float) -> dict[str, float]:
    """The gap and its parts by stake, over weathers, looks and types."""
    found = dict.fromkeys(("land", "calm", "gap"), 0.0)
    for weather, odds in weathers.items():
        one = by_hand(weather, aversion)
        for (look, strength), shown in one.shows.items():
            weight = odds * STRENGTHS[strength] * shown
            found["gap"] += weight * one.gap[look]
            for stake, part in gains(weather, strength).items():
                found[stake] += weight * part
    return {**found, ATTITUDE: found["gap"] - found["land"] - found["calm"]}


def tables(aversion: float) -> dict[str, Table]:
    attitude = f"risk aversion: {aversion}" if aversion else "role: Neutral"
    text = text_of(WARNING.replace("ATTITUDE", attitude))
    finding = shift(Study(Case("crisis", "crisis.yaml", text), worlds=4), "weather=foul", "act")
    return {one.name: one for one in finding.tables}


@pytest.mark.parametrize("aversion", [0.0, 1.5])
def test_the_gap_where_states_cannot_be_told_apart(aversion: float) -> None:
    table = tables(aversion)["gap_by_stake"]
    sign = 1 if "fight over wait" in table.title.lower() else -1
    before = expected({"fair": 0.5, "foul": 0.5}, aversion)
    after = expected({"foul": 1.0}, aversion)
    rows = {str(row[0]): row[1:] for row in table.rows}
    for part in ("land", "calm", ATTITUDE, "gap"):
        assert rows[part][:2] == pytest.approx((sign * before[part], sign * after[part]), abs=EXACT), part
    if not aversion:
        assert rows[ATTITUDE] == pytest.approx((0, 0, 0), abs=1e-12)


@pytest.mark.parametrize("aversion", [0.0, 1.5])
@pytest.mark.parametrize("name", ["gap_by_stake", "gap_by_outcome"])
def test_the_parts_of_the_gap_sum_to_it(aversion: float, name: str) -> None:
    *parts, whole = tables(aversion)[name].rows
    for column in (1, 2, 3):
        assert sum(float(row[column]) for row in parts) == pytest.approx(whole[column], abs=ROUNDING)
