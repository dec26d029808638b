"""Mistakes about another player: the holder plays the game as he has it, the others respond to that (M8)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, game, play, solved

from stratagem.errors import NotSolvedError

STANDOFF = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3}}
    quantities: {known to all: {resolve: 0.5}}
    MISTAKES
    timeline:
      - {move: open, player: o, actions: {wait: , warn: {payoffs: {o: -0.1}}}}
      - {move: press, player: p, actions: {hold: , push: }}
      - {move: reply, player: o, if: press == push, actions: {
          yield: {payoffs: {p: 1}}, fight: {payoffs: {p: -1, o: resolve}}}}
    questions: {war: {title: War?, event: reply == fight}}
"""


def logistic(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def test_the_holder_plays_by_his_number_and_the_other_by_the_true_one() -> None:
    solution = solved(STANDOFF.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}"), worlds=1)
    fights, fights_to_p = logistic(3 * 0.5), logistic(3 * -0.5)
    pushes = logistic(2 * (1 - 2 * fights_to_p))
    assert play(solution, "press", "push") == pytest.approx(pushes, abs=1e-12)
    assert play(solution, "reply", "fight") == pytest.approx(fights, abs=1e-12)
    assert answer(solution, "war") == pytest.approx(pushes * fights, abs=1e-12)


def test_values_are_shown_as_believed_and_as_true() -> None:
    solution = solved(STANDOFF.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}"), worlds=1)
    fights, fights_to_p = logistic(3 * 0.5), logistic(3 * -0.5)
    pushes = logistic(2 * (1 - 2 * fights_to_p))
    assert solution.believed[0] == pytest.approx(pushes * (1 - 2 * fights_to_p), abs=1e-12)
    assert solution.true[0] == pytest.approx(pushes * (1 - 2 * fights), abs=1e-12)


def test_a_mistake_that_is_right_changes_nothing() -> None:
    right = solved(STANDOFF.replace("MISTAKES", "mistakes: {p: {resolve: 0.5}}"), worlds=1)
    none = solved(STANDOFF.replace("MISTAKES", ""), worlds=1)
    assert answer(right, "war") == pytest.approx(answer(none, "war"), abs=1e-12)


def test_mistakes_can_be_uncertain_and_follow_the_true_number() -> None:
    text = STANDOFF.replace("resolve: 0.5}", "resolve: 0.2 to 0.8}").replace(
        "MISTAKES", "mistakes: {p: {resolve: resolve - 1}}"
    )
    solution = solved(text, worlds=50)
    resolve = solution.quantities["resolve"]
    fights_to_p = 1 / (1 + np.exp(-3 * (resolve - 1)))
    assert play(solution, "press", "push") == pytest.approx(1 / (1 + np.exp(-2 * (1 - 2 * fights_to_p))), abs=1e-12)


def test_the_other_responds_to_what_the_holder_will_do() -> None:
    """O moves first, knowing that P is mistaken: warning costs him, and nothing that he does changes P's mind."""
    solution = solved(STANDOFF.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}"), worlds=1)
    assert play(solution, "open", "warn") == pytest.approx(logistic(3 * -0.1), abs=1e-12)


def test_best_reply_follows_the_mistaken_view() -> None:
    text = STANDOFF.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}")
    solution = solved(text, worlds=1, precision=np.inf)
    assert play(solution, "press", "push") == 1.0
    assert play(solution, "reply", "fight") == 1.0


def test_a_mistake_about_a_number_that_nobody_knows_is_held_to_be_right() -> None:
    text = STANDOFF.replace("known to all: {resolve: 0.5}", "known to nobody: {resolve: uniform 0.2 to 0.8}")
    solution = solved(text.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}"), worlds=3)
    assert play(solution, "press", "push") == pytest.approx(logistic(2 * (1 - 2 * logistic(3 * -0.5))), abs=1e-12)
    assert play(solution, "reply", "fight") == pytest.approx(logistic(3 * 0.5), abs=1e-12)


def test_a_mistake_about_a_number_that_is_private_is_refused_at_its_place() -> None:
    text = STANDOFF.replace("known to all: {resolve: 0.5}", "known to o: {resolve: 0.2 to 0.8}")
    expected = r"scenario:5:16: `resolve`, about which `p` is mistaken, .* `taken as known: \[resolve\]`"
    with pytest.raises(NotSolvedError, match=expected):
        game(text.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}"))
