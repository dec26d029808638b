"""Forcing moves and numbers (M11), and naming them (L22)."""

from __future__ import annotations

import numpy as np
import pytest
from crises import ROUNDING, answer, answered, game, play, solved

from stratagem.errors import UsageError, WorldsError
from stratagem.solve.intervene import Choice, choice, consistent, overrides
from stratagem.solve.solution import UNDONE

DETERRENCE = """
players: {p: {name: P, precision: 1.5}, o: {name: O, precision: 1.5}}
timeline:
  - {move: m, player: p, actions: {hold: {end: status quo}, attack: }}
  - {move: n, player: o, actions: {resist: {end: war, payoffs: {p: -0.5, o: -0.4}}, yield: {end: yielded, payoffs: {p: 1, o: -1}}}}
questions: {attack: {title: Attack, event: m == attack}, war: {title: War, event: n == resist}}
"""
RESIST = 1 / (1 + np.exp(-1.5 * 0.6))


def logit(gap: float) -> float:
    return float(1 / (1 + np.exp(-1.5 * gap)))


def test_a_surprise_leaves_what_came_before_as_it_was() -> None:
    """The attacker still expects resistance in RESIST of all cases, and then meets a defender who yields."""
    found = solved(DETERRENCE, do=("n=yield",), worlds=1)
    assert answer(found, "attack")[0] == pytest.approx(logit(-0.5 * RESIST + (1 - RESIST)), abs=ROUNDING)
    assert answer(found, "war")[0] == 0


def test_an_announced_move_is_foreseen() -> None:
    """The attacker knows that the defender yields: an attack is worth 1."""
    found = solved(DETERRENCE, do=("n=yield",), is_announced=True, worlds=1)
    assert answer(found, "attack")[0] == pytest.approx(logit(1.0), abs=ROUNDING)
    assert answer(found, "war")[0] == 0


def test_a_forced_first_move_leaves_the_reply_as_it_was() -> None:
    found = solved(DETERRENCE, do=("m=attack",), worlds=1)
    assert answer(found, "attack")[0] == 1
    assert answer(found, "war")[0] == pytest.approx(RESIST, abs=ROUNDING)


@pytest.mark.parametrize("seen_by", ["all", "o"])
def test_payoffs_are_those_of_play_as_it_is_forced(seen_by: str) -> None:
    """An attack is worth 1 - 1.5 RESIST to the attacker; under a yield forced on top of the choice, the chance of an attack. A third
    player who does not see it, and moves to no effect, makes the game one of hidden information in which all is as before."""
    text = f"""
        players: {{p: {{name: P, precision: 1.5}}, o: {{name: O, precision: 1.5}}, third: {{name: T, precision: 1.5}}}}
        timeline:
          - {{move: m, player: p, seen by: {seen_by}, actions: {{hold: , attack: }}}}
          - {{move: n, player: o, if: m == attack, seen by: nobody, actions: {{
              resist: {{payoffs: {{p: -0.5, o: -0.4}}}}, yield: {{payoffs: {{p: 1, o: -1}}}}}}}}
          - {{move: late, player: third, actions: {{a: , b: }}}}
    """
    attack = logit(-0.5 * RESIST + (1 - RESIST))
    forced = {"m=attack": (1 - 1.5 * RESIST, -1 + 0.6 * RESIST), "m=hold": (0, 0), "n=yield": (attack, -attack)}
    for do, (attacker, defender) in forced.items():
        found = solved(text, do=(do,), worlds=1)
        for values in (found.believed, found.true):
            assert values[:, 0] == pytest.approx([attacker, defender, 0], abs=ROUNDING)


def test_what_the_mistaken_expects_is_of_play_as_it_is_forced() -> None:
    """He holds yielding to cost the other so much that he always resists: an attack forced on him is worth -0.5 to him, in truth more."""
    text = """
        players: {p: {name: P, precision: 1.5}, o: {name: O, precision: 1.5}}
        quantities: {known to all: {shame: -1}}
        mistakes: {p: {shame: -100}}
        timeline:
          - {move: m, player: p, actions: {hold: {end: status quo}, attack: }}
          - {move: n, player: o, actions: {resist: {end: war, payoffs: {p: -0.5, o: -0.4}}, yield: {end: yielded, payoffs: {p: 1, o: shame}}}}
        questions: {war: {title: War, event: n == resist}}
    """
    found = solved(text, do=("m=attack",), worlds=1)
    assert found.believed[0, 0] == pytest.approx(-0.5, abs=ROUNDING)
    assert found.true[0, 0] == pytest.approx(1 - 1.5 * RESIST, abs=ROUNDING)


def test_chance_forced_by_surprise_counts_in_payoffs_by_everybody_s_numbers() -> None:
    text = """
        players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
        quantities: {known to all: {luck: 0.25}}
        perceptions: {p: {luck: 0.75}}
        timeline:
          - {chance: c, outcomes: {good: {probability: luck, payoffs: {p: 4, o: 1}}, bad: rest}}
          - {move: m, player: p, actions: {hold: , go: }}
        questions: {good: {title: Good, event: c == good}}
    """
    free, forced = solved(text, worlds=1), solved(text, do=("c=good",), worlds=1)
    assert (free.believed[0, 0], free.true[0, 0]) == (pytest.approx(3), pytest.approx(1))
    assert (forced.believed[0, 0], forced.true[0, 0]) == (pytest.approx(4), pytest.approx(4))


def test_chance_can_be_forced_by_surprise_and_announced() -> None:
    text = """
        players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
        timeline:
          - {move: m, player: p, actions: {hold: , go: }}
          - {chance: c, outcomes: {good: {probability: 0.25, if: true, payoffs: {p: "if m == go then 4 else 0"}}, bad: rest}}
        questions: {go: {title: Go, event: m == go}, good: {title: Good, event: c == good}}
    """
    surprise, announced = (solved(text, do=("c=good",), is_announced=one, worlds=1) for one in (False, True))
    assert answer(surprise, "go")[0] == pytest.approx(1 / (1 + np.exp(-1)), abs=ROUNDING)
    assert answer(announced, "go")[0] == pytest.approx(1 / (1 + np.exp(-4)), abs=ROUNDING)
    assert answer(surprise, "good")[0] == answer(announced, "good")[0] == pytest.approx(1, abs=ROUNDING)


def test_a_round_is_forced_alone() -> None:
    found = solved(
        """
        players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
        timeline: [{rounds: 3, moves: [{move: m, player: p, actions: {hold: , go: }}]}]
        """,
        do=("m[2]=go",),
        worlds=1,
    )
    assert [float(play(found, f"m[{n}]", "go")[0]) for n in (1, 2, 3)] == [0.5, 1, 0.5]


def test_a_number_can_be_set() -> None:
    text = """
        players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
        quantities: {known to all: {a: 0.2 to 0.6}}
        timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: a}}}}]
        questions: {go: {title: Go, event: m == go}}
    """
    for written in ("a=2", "a = 200%"):
        found = answered(text, do=[written]).questions[0].probability
        assert found.mean == pytest.approx(1 / (1 + np.exp(-2)), abs=ROUNDING)
        assert found.p5 == found.p95


# What cannot be done

SOME = """
quantities: {known to all: {q: uniform 0 to 1}}
state: {ready: false}
timeline:
  - {move: f, player: p, actions: {hold: , arm: {set: {ready: true}}}}
  - {move: m, player: p, actions: {hold: , go: {if: GUARD, payoffs: {p: 1}}}}
questions: {go: {title: Go, event: m == go}}
"""


@pytest.mark.parametrize("is_announced", [False, True])
def test_worlds_in_which_a_forced_action_is_not_available_are_counted(is_announced: bool) -> None:
    found = solved(SOME.replace("GUARD", "q > 0.25"), do=("m=go",), is_announced=is_announced)
    assert ((found.status == UNDONE) == (found.quantities["q"] <= 0.25)).all()
    assert (answer(found, "go")[found.is_solved] == 1).all()


def test_states_in_which_a_forced_action_is_not_available_are_counted() -> None:
    found = solved(SOME.replace("GUARD", "ready"), do=("m=go", "f=hold"))
    assert (found.status == UNDONE).all()


def test_states_that_are_not_reached_do_not_count() -> None:
    found = solved(SOME.replace("GUARD", "ready"), do=("m=go", "f=arm"))
    assert found.is_solved.all()
    assert (answer(found, "go") == 1).all()


def test_a_forced_action_that_is_never_available_leaves_no_world_with_an_answer() -> None:
    found = solved(SOME.replace("GUARD", "false"), do=("m=go",))
    assert (found.status == UNDONE).all()


def test_the_answer_says_how_many_worlds_could_not_do_it() -> None:
    found = answered(SOME.replace("GUARD", "q > 0.25"), do=["m=go"])
    assert found.num_failed == 16
    assert any("16 of 64 worlds have no answer: the forced action is not available" in one for one in found.warnings)


@pytest.mark.parametrize("is_announced", [False, True])
def test_a_wrong_probability_is_refused_under_an_intervention_too(is_announced: bool) -> None:
    text = """
        quantities: {known to all: {a: 0.2 to 0.6}}
        timeline:
          - {chance: c, outcomes: {x: 3 * a, y: rest}}
          - {move: m, player: p, actions: {hold: , go: }}
    """
    with pytest.raises(WorldsError, match=r"the probability of c\.x: .* \[M4\]"):
        solved(text, do=("m=go",), is_announced=is_announced)


# Naming a choice

NAMED = game("""
timeline:
  - {move: first, player: p, actions: {hold: , go: }}
  - {rounds: 3, moves: [{move: again, player: p, actions: {hold: , go: }}]}
""")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("first=go", Choice(0, 1)),
        (" first = hold ", Choice(0, 0)),
        ("again[3]=go", Choice(3, 1)),
        ("again[1]=hold", Choice(1, 0)),
    ],
)
def test_a_choice_is_named_by_move_round_and_action(text: str, expected: Choice) -> None:
    assert choice(NAMED, text) == expected


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fist=go", r"the unknown move `fist` \(did you mean `first`\?\) .*L22"),
        ("first=goo", r"the unknown action `goo` .*did you mean `go`\?.* L22|the unknown action `goo`.*L22"),
        ("again=go", r"`again`.*`again\[1\] ?= ?go`"),
        ("again[4]=go", r"round 4 of `again`"),
        ("again[0]=go", r"round 0 of `again`"),
        ("first[1]=go", r"first"),
        ("first", r"L22"),
        ("first==go", r"L22"),
        ("", r"L22"),
        ("first=none", r"the unknown action `none`"),
    ],
)
def test_a_choice_that_is_none_is_refused_with_a_hint(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        choice(NAMED, text)


@pytest.mark.parametrize("do", [("first=go", "first=hold"), ("first=go", "first=go"), ("again[1]=go", "again[1]=hold")])
def test_a_move_is_forced_once(do: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match=r"one thing forced twice .*\[M11\]"):
        answered(
            """
            timeline:
              - {move: first, player: p, actions: {hold: , go: }}
              - {rounds: 3, moves: [{move: again, player: p, actions: {hold: , go: }}]}
            """,
            do=do,
        )


@pytest.mark.parametrize("written", ["a=", "a", "a=x", "a=nan", "a=inf", "a=1e400", "a=%", "a==2"])
def test_a_number_is_set_to_a_number(written: str) -> None:
    with pytest.raises(UsageError, match=r"expected `a=NUMBER` \[M11\]"):
        answered(
            "quantities: {known to all: {a: 1 to 2}}\ntimeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: a}}}}]",
            do=[written],
        )


# Edges


def test_overrides_force_one_edge_and_remove_its_rivals() -> None:
    found = overrides(NAMED, [choice(NAMED, "again[2]=go")])
    at_move = NAMED.step_of_node[NAMED.parent_of_edge] == 2
    assert found[at_move].tolist() == [0, 1]
    assert (found[~at_move] == -1).all()


def test_a_history_excludes_edges_that_pass_its_moves_by() -> None:
    compiled = game("""
        quantities: {known to all: {q: uniform 0 to 1}}
        state: {over: false}
        timeline:
          - {move: f, player: p, actions: {hold: , go: {set: {over: true}}}}
          - {move: m, player: p, if: not over, actions: {hold: , go: }}
          - {move: n, player: o, if: q > 0.5, actions: {hold: , go: }}
    """)
    kept = consistent(compiled, [choice(compiled, "m=go"), choice(compiled, "n=go")])
    step, option = compiled.step_of_node[compiled.parent_of_edge], compiled.option_of_edge
    assert kept[(step == 0)].tolist() == [True, False]
    assert kept[(step == 1)].tolist() == [False, True]
    assert kept[(step == 2) & (option < 0)].tolist() == [True, False]


HIDDEN = """
players: {p: {name: P, precision: 1}, o: {name: O, precision: 1}}
quantities:
  known to p: {resolve: {is: "one of 0.75, 0.25"}}
  known to all: {cost: 0.2 to 0.4}
timeline:
  - {move: m, player: p, actions: {hold: , go: {payoffs: {p: resolve - cost}}}}
  - {move: n, player: o, actions: {hold: , go: }}
questions: {go: {title: Go, event: m == go}}
"""


@pytest.mark.parametrize("text", ["resolve=0.5", "resolve=type_2", "resolve=", "resolve"])
def test_a_hidden_number_is_named_by_its_types(text: str) -> None:
    with pytest.raises(UsageError, match=r"not known to all, and is one of `low` \(0\.25\), `high` \(0\.75\) \[M6\]"):
        answered(HIDDEN, do=[text])


def test_a_number_is_no_move() -> None:
    with pytest.raises(UsageError, match=r"`cost` is a number, not a move; `stratagem solve --do cost=NUMBER` sets it"):
        choice(game(HIDDEN), "cost=0.5")


def test_types_of_choices_stand_in_the_order_of_their_values() -> None:
    """`low` is the lower one, however the choices are listed: forced to be high, going is worth 0.75 less its cost."""
    for do, value in (("resolve=low", 0.25), ("resolve=high", 0.75)):
        found = answered(HIDDEN.replace("0.2 to 0.4", "0.3"), do=[do])
        assert found.questions[0].probability is not None
        assert found.questions[0].probability.mean == pytest.approx(1 / (1 + np.exp(-(value - 0.3))), abs=1e-9)


@pytest.mark.parametrize("history", [["m=hold"], ["n=hold", "m=hold"]])
def test_what_is_past_is_not_forced_to_be_otherwise(history: list[str]) -> None:
    with pytest.raises(UsageError, match=r"`m=go` is forced, yet the history has `m=hold`"):
        answered(
            DETERRENCE.replace("attack:", "go:").replace("attack", "go").replace("resist", "hold"),
            do=["m=go"],
            history=history,
        )
    assert answered(HIDDEN, do=["m=hold"], history=history).num_failed == 0
