"""Scenarios in which something is hidden, against closed forms and a fixed point worked out by hand (M6 to M9, M11)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, answered, behaviour_at, play, solved

from stratagem.analyse.beliefs import beliefs

EXACT = 1e-9  # of a probability: the residual asked for is a tenth of it


def logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def test_a_prisoners_dilemma_at_the_same_time() -> None:
    """Defecting pays 1 more whatever the other does, so that its odds are exp(precision)."""
    solution = solved(
        """
        players: {p: {name: P, precision: 2}, o: {name: O, precision: 0.5}}
        timeline:
          - simultaneous:
              - {move: row, player: p, actions: {cooperate: , defect: }}
              - {move: column, player: o, actions: {cooperate: , defect: }}
          - {chance: ends, outcomes: {so: {probability: 1, payoffs: {
              p: (if row == defect then 1 else 0) + (if column == cooperate then 3 else 0),
              o: (if column == defect then 1 else 0) + (if row == cooperate then 3 else 0)}}}}
        questions: {both: {title: Both?, event: row == cooperate and column == cooperate}}
        """,
        worlds=1,
    )
    assert play(solution, "row", "defect") == pytest.approx(logistic(2), abs=EXACT)
    assert behaviour_at(solution, "column", row="defect")["defect"] == pytest.approx(logistic(0.5), abs=EXACT)
    assert answer(solution, "both") == pytest.approx((1 - logistic(2)) * (1 - logistic(0.5)), abs=EXACT)


GAMBLE = """
    players: {p: {name: P, precision: 3, ATTITUDE}, o: {name: Other, precision: 1}}
    timeline:
      - {chance: weather, seen by: nobody, outcomes: {fair: PROBABILITY, foul: rest}}
      - {move: sail, player: p, actions: {stay: , go: {payoffs: {p: if weather == fair then 1 else -1}}}}
      - {move: again, player: p, actions: {stay: , go: {payoffs: {p: if weather == fair then 1 else -1}}}}
    REST
"""


def gamble(probability: str = "0.6", attitude: str = "title: P", rest: str = "") -> str:
    attitude = "role: A sailor" if attitude == "title: P" else attitude
    return GAMBLE.replace("PROBABILITY", probability).replace("ATTITUDE", attitude).replace("REST", rest)


def test_what_nobody_sees_counts_at_its_odds() -> None:
    solution = solved(gamble(), worlds=1)
    assert behaviour_at(solution, "sail")["go"] == pytest.approx(logistic(3 * 0.2), abs=EXACT)


def test_a_mover_who_is_not_risk_neutral_takes_a_certainty_equivalent_of_the_whole() -> None:
    """Going twice is one bet, not two: the second go is weighed with the first."""
    solution = solved(gamble(attitude="risk aversion: 0.7"), worlds=1)
    a, p = 0.7, 0.6

    def equivalent(bets: int) -> float:
        return -np.log(p * np.exp(-a * bets) + (1 - p) * np.exp(a * bets)) / a

    after_going = logistic(3 * (equivalent(2) - equivalent(1)))
    after_staying = logistic(3 * equivalent(1))
    found = {sailed: behaviour_at(solution, "again", seen=f"sail = {sailed}")["go"] for sailed in ("go", "stay")}
    assert found["go"] == pytest.approx(after_going, abs=EXACT)
    assert found["stay"] == pytest.approx(after_staying, abs=EXACT)


def test_a_perception_of_hidden_odds_is_the_perceivers_own() -> None:
    text = gamble("fairness", rest="quantities: {known to all: {fairness: 0.6}}\nperceptions: {p: {fairness: 0.9}}")
    solution = solved(text.replace("\nperceptions", "\n    perceptions"), worlds=1)
    assert behaviour_at(solution, "sail")["go"] == pytest.approx(logistic(3 * 0.8), abs=EXACT)


SIGNAL = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    quantities: {known to p: {resolve: {is: {choice: {-1: 0.75, 1: 0.25}}}}}
    timeline:
      - {move: threaten, player: p, actions: {quiet: , threat: {payoffs: {p: -0.2}}}}
      - {move: reply, player: o, actions: {resist: {payoffs: {p: resolve, o: -resolve}}, yield: {payoffs: {p: 1, o: -0.4}}}}
    questions: {yield: {title: Yield?, event: reply == yield}}
"""


def signal_by_hand(ease: float = 0.0) -> tuple[dict[tuple[str, float], float], dict[str, float]]:
    """Threat by type, and yielding by what is seen, by damped iteration; a threat costs 0.2 less `ease` times the resolve behind it."""
    prior = {-1.0: 0.75, 1.0: 0.25}
    yields = {"quiet": 0.5, "threat": 0.5}
    for _ in range(5000):
        threat = {}
        for resolve in prior:
            worth = {
                look: yields[look] + (1 - yields[look]) * resolve - (0.2 - ease * resolve if look == "threat" else 0)
                for look in yields
            }
            threat[resolve] = logistic(2 * (worth["threat"] - worth["quiet"]))
        new = {}
        for look in yields:
            weight = {r: prior[r] * (threat[r] if look == "threat" else 1 - threat[r]) for r in prior}
            expected = sum(weight[r] * r for r in prior) / sum(weight.values())
            new[look] = logistic(3 * (-0.4 + expected))
        yields = {look: 0.5 * yields[look] + 0.5 * new[look] for look in yields}
    return {("threat", resolve): chance for resolve, chance in threat.items()}, yields


def test_a_threat_of_one_whose_resolve_is_private() -> None:
    threat, yields = signal_by_hand()
    solution = solved(SIGNAL, worlds=1)
    for name, resolve in (("low", -1.0), ("high", 1.0)):
        found = behaviour_at(solution, "threaten", resolve=name)["threat"]
        assert found == pytest.approx(threat["threat", resolve], abs=EXACT)
    for look, chance in yields.items():
        assert behaviour_at(solution, "reply", seen=f"threaten = {look}")["yield"] == pytest.approx(chance, abs=EXACT)


def test_from_a_threat_that_is_forced_nothing_is_inferred() -> None:
    """A surprise tells nothing of resolve; taken for a choice, it tells what a threat tells."""
    _, yields = signal_by_hand()
    surprise = solved(SIGNAL, do=("threaten=threat",), worlds=1)
    prior_mean = 0.25 - 0.75
    assert answer(surprise, "yield") == pytest.approx(logistic(3 * (-0.4 + prior_mean)), abs=EXACT)
    chosen = solved(SIGNAL, do=("threaten=threat",), is_as_chosen=True, worlds=1)
    assert answer(chosen, "yield") == pytest.approx(yields["threat"], abs=EXACT)


def test_a_history_weighs_the_types_by_what_they_would_do() -> None:
    threat, yields = signal_by_hand()
    solution = solved(SIGNAL, history=("threaten=threat",), worlds=1)
    seen = 0.75 * threat["threat", -1.0] + 0.25 * threat["threat", 1.0]
    assert solution.weight == pytest.approx(seen, abs=EXACT)
    assert answer(solution, "yield") == pytest.approx(yields["threat"], abs=EXACT)


def test_beliefs_follow_bayes_rule() -> None:
    threat, _ = signal_by_hand()
    solution = solved(SIGNAL, worlds=1)
    told = {(one.value, one.look): solution.told[row, 0] for row, one in enumerate(solution.sightings)}
    assert told["low", "threat"] == pytest.approx(0.75 * threat["threat", -1.0], abs=EXACT)
    assert told["high", "quiet"] == pytest.approx(0.25 * (1 - threat["threat", 1.0]), abs=EXACT)


def test_a_hidden_game_of_worlds_equals_each_world_by_itself() -> None:
    text = SIGNAL.replace("payoffs: {p: -0.2}", "payoffs: {p: -cost}").replace(
        "quantities: {", "quantities: {known to all: {cost: 0.1 to 0.5}, "
    )
    many = solved(text, worlds=20)
    for world in range(0, 20, 7):
        cost = many.quantities["cost"][world]
        one = solved(text, worlds=1, fixed={"cost": float(cost)})
        assert answer(many, "yield")[world] == pytest.approx(answer(one, "yield")[0], abs=EXACT)


def test_a_mistake_in_a_game_of_private_resolve() -> None:
    """P takes O's harm from yielding to be greater than it is: he plays the game that he sees, and O answers that."""
    text = SIGNAL.replace("payoffs: {p: 1, o: -0.4}", "payoffs: {p: 1, o: -harm}").replace(
        "quantities: {", "quantities: {known to all: {harm: 0.4}, "
    )
    wrong = solved(text + "    mistakes: {p: {harm: -2}}\n", worlds=1)
    as_he_has_it = solved(text, worlds=1, fixed={"harm": -2.0})
    threat = {}
    for resolve in ("low", "high"):
        threat[resolve] = behaviour_at(wrong, "threaten", resolve=resolve)["threat"]
        expected = behaviour_at(as_he_has_it, "threaten", resolve=resolve)["threat"]
        assert threat[resolve] == pytest.approx(expected, abs=EXACT)
    weight = {"low": 0.75 * threat["low"], "high": 0.25 * threat["high"]}
    resolve_seen = (weight["high"] - weight["low"]) / (weight["high"] + weight["low"])
    found = behaviour_at(wrong, "reply", seen="threaten = threat")["yield"]
    assert found == pytest.approx(1 / (1 + np.exp(-3 * (resolve_seen - 0.4))), abs=EXACT)


TELLING = SIGNAL.replace("{p: -0.2}", "{p: -0.2 + 0.3 * resolve}")


def test_a_move_of_the_history_tells_what_it_told_when_it_came() -> None:
    """The likelihood ratio of the threat, by hand, whether or not the threat is known to have been made."""
    threat, _ = signal_by_hand(ease=0.3)
    expected = threat["threat", 1.0] / threat["threat", -1.0]
    assert expected > 1.5
    for history in ((), ("threaten=threat",)):
        found = {(one.value, one.look): one for one in beliefs(solved(TELLING, history=history, worlds=1))}
        high = found["high", "threat"]
        assert high.before.mean == pytest.approx(0.25, abs=EXACT)
        assert high.bayes_factor == pytest.approx(expected, rel=1e-8)
        odds = expected * 0.25 / 0.75
        assert high.after.mean == pytest.approx(odds / (1 + odds), abs=EXACT)


def test_beliefs_are_told_where_they_may_matter() -> None:
    """O may use what the threat tells of P's resolve; his reply tells P nothing, nor does a threat that both types make alike."""
    told = {(one.player, one.step, one.hidden) for one in beliefs(solved(TELLING, worlds=1))}
    assert told == {("o", "threaten", "resolve")}
    assert not list(beliefs(solved(SIGNAL, worlds=1)))


def test_a_public_event_that_is_forced_is_one_that_came() -> None:
    """Before anything is hidden, a surprise leaves the same subgame as the event itself."""
    text = TELLING.replace(
        "timeline:\n", "timeline:\n      - {chance: weather, outcomes: {fair: 0.3, foul: rest}}\n"
    ).replace("o: -resolve", "o: (if weather == foul then -0.5 else 0) - resolve")
    forced, came = solved(text, do=("weather=foul",), worlds=1), solved(text, history=("weather=foul",), worlds=1)
    other = solved(text, do=("weather=fair",), worlds=1)
    assert answer(forced, "yield") == pytest.approx(answer(came, "yield"), abs=1e-12)
    assert abs(answer(forced, "yield") - answer(other, "yield")) > 0.01


def test_further_equilibria_are_counted_and_said() -> None:
    """Coordinating at high precision there are three equilibria, and the answer says that it is one of several."""
    text = """
        players: {p: {name: P, precision: PRECISION}, o: {name: O, precision: PRECISION}}
        timeline:
          - simultaneous:
              - {move: row, player: p, actions: {a: , b: }}
              - {move: column, player: o, actions: {a: , b: }}
          - {chance: ends, outcomes: {so: {probability: 1, payoffs: {
              p: if row == a and column == a then 2 else if row == b and column == b then 1 else 0,
              o: if row == a and column == a then 2 else if row == b and column == b then 1 else 0}}}}
    """
    several, one = (answered(text.replace("PRECISION", level), worlds=3) for level in ("8", "0.5"))
    assert any("in 3 of 3 worlds searched there are further equilibria" in warning for warning in several.warnings)
    assert not any("further equilibria" in warning for warning in one.warnings)
