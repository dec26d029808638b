"""Mistakes about another player: the holder plays the game as he has it, the others respond to that (M8)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import answer, behaviour_at, filled, game, play, solved

from stratagem.analyse.beliefs import beliefs
from stratagem.errors import NotSolvedError
from stratagem.solve.solution import Solution

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


def test_with_perceptions_off_the_mistaken_read_the_true_numbers_too() -> None:
    """A number that nobody knows enters by its mean, which each reads apart; that is no perception."""
    text = STANDOFF.replace("resolve: 0.5}", "resolve: 0.5, toll: 0.4}, known to nobody: {luck: uniform 0 to 0.2}")
    text = text.replace("p: -1, o: resolve", "p: luck - toll, o: resolve")
    text = text.replace("MISTAKES", "PERCEPTIONS\n    mistakes: {p: {resolve: -0.5}}")
    off = solved(text.replace("PERCEPTIONS", "perceptions: {p: {toll: 0.9}}"), worlds=2, perceptions=False)
    none = solved(text.replace("PERCEPTIONS", ""), worlds=2)
    assert play(off, "press", "push") == pytest.approx(play(none, "press", "push"), abs=1e-12)


def test_a_mistake_about_a_number_that_nobody_knows_is_held_to_be_right() -> None:
    text = STANDOFF.replace("known to all: {resolve: 0.5}", "known to nobody: {resolve: uniform 0.2 to 0.8}")
    solution = solved(text.replace("MISTAKES", "mistakes: {p: {resolve: -0.5}}"), worlds=3)
    assert play(solution, "press", "push") == pytest.approx(logistic(2 * (1 - 2 * logistic(3 * -0.5))), abs=1e-12)
    assert play(solution, "reply", "fight") == pytest.approx(logistic(3 * 0.5), abs=1e-12)


PRIVATE = """
    players: {p: {name: P, precision: 2}, o: {name: O, precision: 3, OF_O}}
    quantities: {QUANTITIES}
    MISTAKES
    timeline:
      - {move: open, player: o, actions: {wait: , warn: {payoffs: {o: "-0.1"}}}}
      PRESS
      - {move: reply, player: o, if: press == push, actions: {
          yield: {payoffs: {p: 1}}, fight: {payoffs: {p: -1, o: resolve}}}}
      - {move: end, player: o, if: press == hold, actions: {still: , brag: {payoffs: {o: 0.2}}}}
    questions:
      war: {title: War?, event: reply == fight}
      warn: {title: Warn?, event: open == warn}
      push: {title: Push?, event: press == push}
"""
CHOICE = "- {move: press, player: p, actions: {hold: {payoffs: {o: 0.3}}, push: }}"
GIVEN = "- {chance: press, outcomes: {hold: {probability: 'if open == warn then WARN else WAIT', payoffs: {o: 0.3}}, push: rest}}"
RESOLVE = "known to o: {resolve: {choice: {-0.4: 0.6, 0.7: 0.4}}}"


def private(quantities: str = RESOLVE, mistakes: str = "", press: str = CHOICE, of_o: str = "discount: 1") -> str:
    held = mistakes and f"mistakes: {{{mistakes}}}"
    return filled(PRIVATE, QUANTITIES=quantities, MISTAKES=held, PRESS=press, OF_O=of_o)


def holds(solution: Solution) -> dict[str, float]:
    return {seen: float(behaviour_at(solution, "press", open=seen)["hold"][0]) for seen in ("warn", "wait")}


def assert_plays_as(found: Solution, held: str, quantities: str = RESOLVE, of_o: str = "discount: 1") -> None:
    """P plays as in the game in which his number is common knowledge; O responds to that, as to a move by chance."""
    own = holds(solved(private(held, of_o=of_o), worlds=1))
    assert holds(found) == pytest.approx(own, abs=1e-10)
    press = GIVEN.replace("WARN", repr(own["warn"])).replace("WAIT", repr(own["wait"]))
    response = solved(private(quantities, press=press, of_o=of_o), worlds=1)
    for question in ("war", "warn", "push"):
        assert answer(found, question) == pytest.approx(answer(response, question), abs=1e-10)


@pytest.mark.parametrize(
    "view",
    [
        "{choice: {-0.4: 0.1, 0.7: 0.9}}",
        "{choice: {-1: 0.5, 0.2: 0.3, 0.9: 0.2}}",
        "0.5",
        "{choice: {0.1: 1}}",
    ],
)
def test_a_mistaken_distribution_of_a_private_number_is_common_knowledge_to_its_holder(view: str) -> None:
    held = f"known to o: {{resolve: {view}}}" if view != "0.5" else "known to all: {resolve: 0.5}"
    assert_plays_as(solved(private(mistakes=f"p: {{resolve: {view}}}"), worlds=1), held)


def test_a_mistaken_range_has_as_many_types() -> None:
    quantities = "known to o: {resolve: {is: -0.5 to 0.9, types: 3}}"
    found = solved(private(quantities, "p: {resolve: 0.2 to 1.5}"), worlds=1)
    assert_plays_as(found, "known to o: {resolve: {is: 0.2 to 1.5, types: 3}}", quantities)


def test_a_mistake_may_lean_from_the_private_number() -> None:
    found = solved(private(mistakes="p: {resolve: 1.5 * resolve - 0.2}"), worlds=1)
    assert_plays_as(found, "known to o: {resolve: {choice: {-0.8: 0.6, 0.85: 0.4}}}")


def test_a_mistake_about_resolve_that_makes_its_owner_precise_too() -> None:
    of_o = "risk aversion: 0.5 + resolve / 2"
    found = solved(private(mistakes="p: {resolve: {choice: {-0.4: 0.1, 0.7: 0.9}}}", of_o=of_o), worlds=1)
    assert_plays_as(found, "known to o: {resolve: {choice: {-0.4: 0.1, 0.7: 0.9}}}", of_o=of_o)


def test_a_mistake_about_a_private_number_that_is_right_changes_nothing() -> None:
    right = solved(private(mistakes="p: {resolve: {choice: {-0.4: 0.6, 0.7: 0.4}}}"), worlds=1)
    none = solved(private(), worlds=1)
    for question in ("war", "warn", "push"):
        assert answer(right, question) == pytest.approx(answer(none, question), abs=1e-10)
    assert right.believed == pytest.approx(none.believed, abs=1e-10)


def test_a_mistaken_number_that_hangs_together_with_others_does_so_by_rank() -> None:
    """O's resolve goes by a number that all know, in P's mind as in truth."""
    quantities = "known to all: {a: normal -1 to 1}, known to o: {resolve: {is: normal -1 to 1, types: 2}}"
    ranks = "correlations: [{between: [a, resolve], rank: 0.7}]"
    found = solved(
        private(quantities, "p: {resolve: normal 0 to 3}").replace("timeline:", f"{ranks}\n    timeline:"), worlds=4
    )
    held = quantities.replace("resolve: {is: normal -1 to 1", "resolve: {is: normal 0 to 3")
    own = solved(private(held).replace("timeline:", f"{ranks}\n    timeline:"), worlds=4)
    for seen in ("warn", "wait"):
        expected = behaviour_at(own, "press", open=seen)["push"]
        assert behaviour_at(found, "press", open=seen)["push"] == pytest.approx(expected, abs=1e-9)
    assert np.ptp(answer(found, "push")) > 0.01


def test_one_who_knows_a_number_cannot_be_mistaken_about_it() -> None:
    expected = r"scenario:5:\d+: `o` is mistaken about `resolve`, which he knows .* `taken as known: \[resolve\]`"
    with pytest.raises(NotSolvedError, match=expected):
        game(private(mistakes="o: {resolve: 0.4}"))


def test_a_mistake_that_all_share_cannot_turn_on_a_secret() -> None:
    text = private(f"{RESOLVE}, known to all: {{cost: 0.1}}", "o: {cost: resolve / 2}").replace('"-0.1"', "0 - cost")
    with pytest.raises(
        NotSolvedError, match=r"`resolve`, which not all know, is read by a mistake of `o` about `cost`"
    ):
        game(text)


def test_one_who_is_mistaken_makes_of_moves_what_they_would_tell_in_his_game() -> None:
    view = "{choice: {-0.4: 0.1, 0.7: 0.9}}"
    found = solved(private(mistakes=f"p: {{resolve: {view}}}"), worlds=1)
    own = solved(private(f"known to o: {{resolve: {view}}}"), worlds=1)
    told, expected = ([one for one in beliefs(each) if one.player == "p"] for each in (found, own))
    assert [(one.value, one.look) for one in told] == [(one.value, one.look) for one in expected]
    assert [one.after.mean for one in told] == pytest.approx([one.after.mean for one in expected], abs=1e-9)
