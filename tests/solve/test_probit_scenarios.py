"""Scenarios solved with normal errors: closed forms, quadrature, and the same world as a game file (M9)."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from crises import ROUNDING, answer, behaviour_at, play, scenario, solved
from scipy import integrate, special, stats

from stratagem.api import solve_game_file
from stratagem.errors import UsageError
from stratagem.exchange.efg_write import write_efg
from stratagem.exchange.scenario_tree import export_world


def test_two_moves_by_the_normal_distribution() -> None:
    """The strategic probit of Signorino (1999, American Political Science Review 93:279-297), with errors of actions."""
    solution = solved(
        """
        players: {p: {name: P, precision: 1.5}, o: {name: O, precision: 2}}
        quantities: {known to all: {cost: 0.3 to 0.7}}
        timeline:
          - {move: challenge, player: p, actions: {hold: , attack: }}
          - {move: reply, player: o, if: challenge == attack, actions: {
              resist: {payoffs: {p: -cost, o: -0.4}}, yield: {payoffs: {p: 1, o: -1}}}}
        """,
        worlds=20,
        response="probit",
    )
    resists = stats.norm.cdf(2 * 0.6 / np.sqrt(2))
    worth = (1 - resists) - resists * solution.quantities["cost"]
    assert play(solution, "reply", "resist") == pytest.approx(resists, abs=ROUNDING)
    assert play(solution, "challenge", "attack") == pytest.approx(
        stats.norm.cdf(1.5 * worth / np.sqrt(2)), abs=ROUNDING
    )


THREE = """
    players: {p: {name: P, precision: PRECISION}, o: {name: O, precision: 1}}
    quantities: {known to all: {x: 0.1 to 0.9}}
    timeline:
      - {move: m, player: p, actions: {a: {share: 0.6, payoffs: {p: x}}, b: {if: x < 0.5, payoffs: {p: 0.3}}, c: }}
"""


def test_unequal_shares_rule_at_precision_zero_also_where_an_action_is_not_available() -> None:
    solution = solved(THREE.replace("PRECISION", "0"), worlds=40, response="probit")
    has_b = solution.quantities["x"] < 0.5
    assert has_b.any()
    assert (~has_b).any()
    assert play(solution, "m", "a") == pytest.approx(np.full(40, 0.6), abs=1e-9)
    assert play(solution, "m", "b") == pytest.approx(np.where(has_b, 0.2, 0.0), abs=1e-9)


def test_three_actions_by_quadrature() -> None:
    text = THREE.replace("PRECISION", "2").replace("share: 0.6, ", "")
    solution = solved(text, worlds=8, response="probit")
    for world, x in enumerate(solution.quantities["x"]):
        rest = [0.6, 0.0] if x < 0.5 else [0.0]

        def height(error: float, lead: float = 2 * x, rest: list[float] = rest) -> float:
            return float(stats.norm.pdf(error) * special.ndtr(lead + error - np.array(rest)).prod())

        assert play(solution, "m", "a")[world] == pytest.approx(integrate.quad(height, -12, 12)[0], abs=1e-7)


SIGNAL = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 2}}
    quantities: {known to p: {resolve: {is: {choice: {-1: 0.75, 1: 0.25}}}}}
    timeline:
      - {move: threaten, player: p, actions: {quiet: , threat: {payoffs: {p: -0.2}}, stare: {payoffs: {p: -0.1}}}}
      - {move: reply, player: o, actions: {resist: {payoffs: {p: resolve, o: -resolve}}, yield: {payoffs: {p: 1, o: -0.4}}}}
      - {move: after, player: p, actions: {go: {payoffs: {p: 0.5 * resolve}}, stop: }}
    questions: {yield: {title: Yield?, event: reply == yield}}
"""


def test_a_scenario_in_which_something_is_hidden_is_its_game_file(tmp_path: Path) -> None:
    file = tmp_path / "signal.efg"
    file.write_text(write_efg(export_world(scenario(SIGNAL)).tree))
    game = solve_game_file(file, 2.0, "probit")
    by_label = [[chance for _, chance in infoset.actions] for infoset in game.profile.infosets]
    solution = solved(SIGNAL, worlds=1, response="probit")
    for name in ("low", "high"):
        here = behaviour_at(solution, "threaten", resolve=name)
        found = [float(here[action][0]) for action in ("quiet", "threat", "stare")]
        assert any(np.allclose(found, one, atol=1e-9) for one in by_label if len(one) == 3)
    logit = solved(SIGNAL, worlds=1)
    assert abs(answer(solution, "yield") - answer(logit, "yield")) > 1e-3


def test_where_something_is_hidden_but_told_it_is_the_public_sweep() -> None:
    plain = SIGNAL.replace("known to p: {resolve: {is: {choice: {-1: 0.75, 1: 0.25}}}}", "known to all: {resolve: 0.5}")
    coin = plain.replace(
        "timeline:", "timeline:\n      - {chance: coin, seen by: nobody, outcomes: {heads: 0.3, tails: rest}}"
    )
    coin = (
        coin.replace("event: reply == yield", "event: reply == yield and coin in (heads, tails)")
        .replace("questions: {yield: {title: Yield?, event: ", "questions: {yield: {title: Yield?, event: '")
        .replace("tails)}", "tails)'}")
    )
    one, other = (solved(text, worlds=1, response="probit") for text in (plain, coin))
    assert answer(other, "yield") == pytest.approx(answer(one, "yield"), abs=1e-10)


def test_best_reply_and_unknown_responses_are_refused() -> None:
    with pytest.raises(UsageError, match=r"for a probit response give `--precision X`"):
        solved(SIGNAL, worlds=1, response="probit", precision=np.inf)
    with pytest.raises(UsageError, match=r"unknown response `probbit` \(did you mean `probit`\?\)"):
        solved(SIGNAL, worlds=1, response="probbit")
    with pytest.raises(UsageError, match="logit responses only"):
        solved(SIGNAL, worlds=1, response="probit", engine="jax")
