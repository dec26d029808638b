"""Weights that not all know, against closed forms, drawn worlds and Bayes' rule by hand (M5, M6)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, game, solved, text_of

from stratagem.analyse.beliefs import beliefs
from stratagem.analyse.revealed import revealed
from stratagem.analyse.study import Study
from stratagem.catalogue import Case
from stratagem.errors import NotSolvedError, UsageError

EXACT = 1e-9

WAR = """
    players:
      p: {name: P, precision: 6, weights: {WEIGHTS}}
      o: {name: O, precision: 3, payoffs: {land: -1}}
    KNOWN
    stakes: {land: {title: Land}, peace: {title: Peace}}
    timeline:
      - {chance: early, outcomes: {a: {probability: 0.5, gains: {land: 0.1}}, b: rest}}
      - {move: threaten, player: p, actions: {quiet: {gains: {peace: 0.5}}, threat: }}
      - {move: reply, player: o, actions: {resist: , yield: {gains: {land: 0.5}}}}
      - {chance: war, outcomes: {
          won: {probability: if threaten == threat then 0.7 else 0.2, gains: {land: 0.4}}, lost: {probability: rest, gains: {peace: 0.5}}}}
    questions: {threat: {title: A threat?, event: threaten == threat}}
"""


def logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def threat(land: float) -> float:
    """The chance of a threat by what land is worth: the reply does not turn on it."""
    loud = 0.7 * 0.4 * land + 0.3 * 0.5 * (1 - land)
    quiet = 0.5 * (1 - land) + 0.2 * 0.4 * land + 0.8 * 0.5 * (1 - land)
    return logistic(6 * (loud - quiet))


def war(weights: str, known: str = "") -> str:
    return WAR.replace("WEIGHTS", weights).replace("KNOWN", known)


def test_a_weight_may_be_a_formula_over_a_number_that_its_player_alone_knows() -> None:
    known = "quantities: {known to p: {resolve: {is: {choice: {0.2: 0.5, 0.8: 0.5}}}}}"
    solution = solved(war("land: resolve, peace: 1 - resolve", known), worlds=1)
    assert answer(solution, "threat") == pytest.approx((threat(0.2) + threat(0.8)) / 2, abs=EXACT)
    for name, value in (("low", 0.2), ("high", 0.8)):
        assert behaviour_at(solution, "threaten", resolve=name)["threat"] == pytest.approx(threat(value), abs=EXACT)


def test_a_weight_beside_it_may_be_a_plain_number_or_differ_by_world() -> None:
    known = "quantities: {known to p: {resolve: {is: {choice: {0.2: 0.5, 0.8: 0.5}}}}, known to all: {x: 0.1 to 0.2}}"
    text = war("land: RESOLVE, peace: 0.1 + SHARE * 1, home: 0.9 - RESOLVE - SHARE", known)
    text = text.replace("peace: {title: Peace}}", "peace: {title: Peace}, home: Home}").replace(
        "actions: {resist: ,", "actions: {resist: {gains: {home: 0.3}},"
    )
    plain = text.replace("peace: 0.1 + SHARE * 1", "peace: 0.1").replace("RESOLVE", "resolve").replace("- SHARE", "")
    formula = text.replace("RESOLVE", "resolve").replace("SHARE", "0")
    assert solved(plain, worlds=1).behaviour == pytest.approx(solved(formula, worlds=1).behaviour, abs=EXACT)
    assert solved(text.replace("RESOLVE", "resolve").replace("SHARE", "0 * x"), worlds=3).status.tolist() == [0, 0, 0]


def test_weights_that_do_not_sum_to_one_in_a_type_are_refused_at_their_place() -> None:
    known = "quantities: {known to p: {resolve: {is: {choice: {0.2: 0.5, 0.8: 0.5}}}}}"
    with pytest.raises(UsageError, match=r"scenario:4:.*the weights of `p` sum to 0\.\d+.*write the last as 1 less"):
        game(war("land: resolve, peace: 0.5", known))


def test_two_types_of_a_weight_that_is_uniform() -> None:
    """Dirichlet (1, 1) is uniform: halves at a quarter and three quarters, up to the drawing of the types."""
    solution = solved(war("dirichlet: {land: 1, peace: 1}, known to: p, types: 2"), worlds=1)
    found = [behaviour_at(solution, "threaten", p_weights=f"type_{one}")["threat"][0] for one in (1, 2)]
    assert found == pytest.approx([threat(0.25), threat(0.75)], abs=2e-3)


@pytest.mark.parametrize("form", ["swings: {land: 20 to 80, peace: 50}", "swings: {land: 20 to 80, peace: 30 to 60}"])
def test_many_types_come_to_what_worlds_would_draw(form: str) -> None:
    """The reply does not turn on the weights, so that those of a private type act as those that all know."""
    public = solved(war(f"{form}, known to: all"), worlds=4096)
    many = solved(war(f"{form}, known to: p, types: 40"), worlds=1)
    few = solved(war(f"{form}, known to: p, types: 2"), worlds=1)
    expected = answer(public, "threat").mean()
    assert answer(many, "threat") == pytest.approx(expected, abs=1e-3)
    assert abs(answer(many, "threat") - expected) < abs(answer(few, "threat") - expected)


def test_many_types_fill_more_directions_than_one() -> None:
    text = war("dirichlet: {land: 2, peace: 2, home: 1}, order: [land > home], known to: p, types: 64")
    text = text.replace("peace: {title: Peace}}", "peace: {title: Peace}, home: Home}").replace(
        "actions: {resist: ,", "actions: {resist: {gains: {home: 0.3}},"
    )
    public = solved(text.replace("known to: p, types: 64", "known to: all"), worlds=4096)
    assert answer(solved(text, worlds=1), "threat") == pytest.approx(answer(public, "threat").mean(), abs=4e-3)


TELLING = (
    war("swings: {land: 20 to 80, peace: 50}, known to: p, types: 2")
    .replace("payoffs: {land: -1}}", "payoffs: {land: -1, peace: 1}}")
    .replace(
        "- {chance: war,",
        "- {move: act, player: p, if: reply == resist, actions: {go: {gains: {land: 0.4}}, stop: {gains: {peace: 0.4}}}}\n      - {chance: war,",
    )
)


def test_what_a_threat_tells_of_weights_is_bayes_rule() -> None:
    solution = solved(TELLING, worlds=1)
    by_type = [behaviour_at(solution, "threaten", p_weights=f"type_{one}")["threat"][0] for one in (1, 2)]
    found = {(one.value, one.look): one for one in beliefs(solution)}
    high = found["type_2", "threat"]
    assert high.before.mean == pytest.approx(0.5, abs=EXACT)
    assert high.after.mean == pytest.approx(by_type[1] / sum(by_type), abs=EXACT)
    assert high.bayes_factor == pytest.approx(by_type[1] / by_type[0], rel=1e-8)
    replies = {look: behaviour_at(solution, "reply", threaten=look)["yield"] for look in ("threat", "quiet")}
    assert abs(replies["threat"] - replies["quiet"]) > 1e-3


def test_losses_may_weigh_by_world_on_a_private_stake() -> None:
    known = "quantities: {known to p: {resolve: {is: {choice: {0.2: 0.5, 0.8: 0.5}}}}}"
    text = (
        war("land: resolve, peace: 1 - resolve", known)
        .replace("precision: 6,", "precision: 6, loss aversion: 1.5 to 3,")
        .replace("land: {title: Land}", "land: {title: Land, reference: 0.3}")
    )
    many = solved(text, worlds=5)
    for world in (0, 3):
        loss = float(many.quantities["p.loss_aversion"][world])
        one = solved(text.replace("loss aversion: 1.5 to 3", f"loss aversion: {loss!r}"), worlds=1)
        assert answer(many, "threat")[world] == pytest.approx(answer(one, "threat")[0], abs=1e-8)


@pytest.mark.parametrize("says", ["land > peace", "p.weights.land > 0.5"])
def test_a_statement_about_private_weights_is_refused_at_its_place(says: str) -> None:
    text = TELLING + f"    history: [threaten = threat]\n    revealed: {{r: {{at: threaten, says: {says}}}}}\n"
    case = Case("war", "war.yaml", text_of(text))
    with pytest.raises(
        NotSolvedError,
        match=rf"war.yaml:\d+:12: `{says.split(maxsplit=1)[0]}` in a statement turns on what not all know",
    ):
        revealed(Study(case, worlds=20))
    assert revealed(Study(case, worlds=20, taken_as_known=True))
