"""Scenario to game: what merges, what arrives when, what forces allow, and what is refused (M1 to M4, L13 to L18)."""

from __future__ import annotations

import time

import numpy as np
import pytest
from crises import ROUNDING, answer, behaviour_at, game, play, solved

from stratagem.errors import TooLargeError, UsageError
from stratagem.graph.game import Game

MOST_SECONDS = 10.0  # loose: how fast it is, is a matter for the benchmarks


def states_at(compiled: Game, label: str) -> int:
    return int((compiled.step_of_node[compiled.player_of_node >= 0] == compiled.step_named(label)).sum())


# Merging

FLAG = """
state: {{raised: false}}
timeline:
  - {{move: m, player: p, actions: {{hold: , go: {{set: {{raised: true}}}}}}}}
  - {{move: n, player: o, actions: {{hold: , go: {{payoffs: {{o: {read}}}}}}}}}
  - {{move: last, player: o, actions: {{hold: , go: }}}}
"""


def test_a_variable_that_is_never_read_again_keeps_no_states_apart() -> None:
    compiled = game(FLAG.format(read="if raised then 1 else 0"))
    assert (states_at(compiled, "n"), states_at(compiled, "last")) == (2, 1)


def test_a_variable_that_is_never_read_keeps_no_states_apart() -> None:
    assert states_at(game(FLAG.format(read="1")), "n") == 1


def test_a_variable_that_a_question_reads_is_kept_to_the_day_of_the_question() -> None:
    compiled = game("""
        as of: 2022-01-01
        state: {raised: false}
        timeline:
          - {move: m, player: p, actions: {hold: , go: {set: {raised: true}}}}
          - {move: n, player: o, date: 2022-01-03, actions: {hold: , go: }}
          - {move: k, player: o, date: 2022-01-09, actions: {hold: , go: }}
          - {move: last, player: o, actions: {hold: , go: }}
        questions: {q: {title: Q, event: raised, by: 2022-01-05}}
    """)
    assert (states_at(compiled, "n"), states_at(compiled, "last")) == (2, 1)


def test_a_variable_that_is_overwritten_before_it_is_read_keeps_no_states_apart() -> None:
    compiled = game("""
        state: {drift: 0 in 0 to 2}
        timeline:
          - {move: m, player: p, actions: {hold: , go: {set: {drift: 1}}, more: {set: {drift: 2}}}}
          - {move: n, player: p, actions: {hold: {set: {drift: 0}}, go: {set: {drift: 1}}}}
          - {move: last, player: o, if: drift == 1, actions: {hold: , go: }}
    """)
    assert states_at(compiled, "n") == 1


def test_a_variable_that_a_skipped_move_would_overwrite_stays() -> None:
    compiled = game("""
        state: {drift: 0 in 0 to 2, done: false}
        timeline:
          - {move: m, player: p, actions: {hold: {set: {done: true}}, go: {set: {drift: 1}}, more: {set: {drift: 2}}}}
          - {move: n, player: p, if: done, actions: {hold: {set: {drift: 0}}, go: {set: {drift: 1}}}}
          - {move: last, player: o, actions: {hold: , go: {payoffs: {o: drift}}}}
    """)
    assert states_at(compiled, "last") == 3


def test_forces_are_equal_only_where_they_are_so_in_every_world() -> None:
    """1 + 1 and 2 are one amount, 1 + q and 2 are not, though in some world q may be 1."""
    compiled = game("""
        quantities: {known to all: {q: 0.5 to 1.5}}
        theatres: {west: W}
        forces: {army: {title: Army, stock: {reserve: 10}}}
        timeline:
          - move: m
            player: p
            actions:
              two: {shift: {army: 2 from reserve to west}}
              twice: {shift: [{army: 1 from reserve to west}, {army: 1 from reserve to west}]}
              some: {shift: [{army: 1 from reserve to west}, {army: q from reserve to west}]}
          - {move: n, player: o, actions: {hold: , go: {payoffs: {o: army.west}}}}
    """)
    assert states_at(compiled, "n") == 2


def test_a_repeated_crisis_is_thousands_of_histories_in_few_states() -> None:
    compiled = game("""
        state: {drift: 0 in 0 to 12}
        timeline:
          - rounds: 12
            moves: [{move: m, player: p, actions: {hold: , go: {if: drift < 12, set: {drift: drift + 1}}}}]
          - {move: last, player: o, actions: {hold: , go: {payoffs: {o: drift}}}}
    """)
    assert compiled.num_histories == 2**13
    assert compiled.num_nodes == sum(range(1, 14)) + 1


# Order of nodes and edges

EVERYTHING = """
as of: 2022
quantities: {known to all: {q: 0.2 to 0.6}}
state: {order: [calm, unrest], drift: 0 in 0 to 5}
theatres: {west: W, east: E}
forces: {army: {title: Army, stock: {reserve: 2 + q, west: 1}, travel: {reserve to west: 40 days}}}
timeline:
  - rounds: 3
    every: 30 days
    moves:
      - {move: m, player: p, if: army.reserve > 1.5, actions: {hold: , go: {shift: {army: 1 from reserve to west}, payoffs: {p: q}}}}
      - chance: c
        outcomes:
          good: {probability: "contest(army.west, 1, 1)", later: {after: 1 round, payoffs: {o: 1}}}
          bad: {probability: rest, set: {order: unrest}}
  - {move: n, player: o, if: order == unrest, actions: {hold: , go: {end: war}}}
outcomes: {war: {title: War}}
questions: {q1: {title: Q, event: n == go, given: order == unrest, by: 2022-12}}
"""


def test_edges_go_to_later_layers_and_nodes_stand_in_the_order_of_layers() -> None:
    compiled = game(EVERYTHING)
    assert (np.diff(compiled.layer_of_node) >= 0).all()
    assert (compiled.layer_of_node[compiled.child_of_edge] > compiled.layer_of_node[compiled.parent_of_edge]).all()


def test_every_state_but_the_first_is_reached_by_an_edge() -> None:
    compiled = game(EVERYTHING)
    assert set(range(1, compiled.num_nodes)) == set(compiled.child_of_edge.tolist())


def test_the_arrays_of_a_game_fit_together() -> None:
    compiled = game(EVERYTHING)
    edges, nodes, rows = compiled.num_edges, compiled.num_nodes, len(compiled.expressions)
    assert compiled.first_edge[-1] == edges
    assert {
        len(one)
        for one in (compiled.option_of_edge, compiled.share_of_edge, compiled.gain_of_edge, compiled.duration_of_edge)
    } == {edges}
    assert {
        len(one)
        for one in (compiled.player_of_node, compiled.step_of_node, compiled.outcome_of_node, compiled.state_of_node)
    } == {nodes}
    assert compiled.rows_read.max() < rows
    assert compiled.gain_of_edge.max() < compiled.num_gains
    assert ((compiled.outcome_of_node >= 0) == (np.diff(compiled.first_edge) == 0)).all()


def test_compiling_twice_gives_the_same_game() -> None:
    one, other = game(EVERYTHING), game(EVERYTHING)
    assert one.state_of_node == other.state_of_node
    assert one.expressions == other.expressions
    assert np.array_equal(one.child_of_edge, other.child_of_edge)


# Forces and delays

TRAVEL = """
as of: 2022-01-01
theatres: {{west: W}}
forces: {{army: {{title: Army, stock: {{reserve: 3}}, travel: {{reserve to west: {delay}}}}}}}
players: {{p: {{name: P, precision: 0}}, o: {{name: O, precision: 0}}}}
timeline:
  - {{move: m, player: p, actions: {{go: {{shift: {{army: 2 from reserve to west}}}}}}}}
  - {{move: n, player: p, date: 2022-01-11, actions: {{only: }}}}
  - {{move: last, player: p, date: 2022-01-21, actions: {{only: }}}}
questions:
  west: {{title: West, event: army.west == 2, by: 2022-01-15}}
  under_way: {{title: Under way, event: army.transit == 2, by: 2022-01-15}}
  left: {{title: Left, event: army.reserve == 1, by: 2022-01-15}}
  west_at_last: {{title: West at last, event: army.west == 2}}
"""


@pytest.mark.parametrize(
    ("delay", "arrived"),
    [
        ("5 days", {"west": 1, "under_way": 0, "left": 1, "west_at_last": 1}),
        ("10 days", {"west": 1, "under_way": 0, "left": 1, "west_at_last": 1}),
        ("11 days", {"west": 0, "under_way": 1, "left": 1, "west_at_last": 1}),
        ("21 days", {"west": 0, "under_way": 1, "left": 1, "west_at_last": 0}),
    ],
)
def test_a_force_is_under_way_until_the_first_item_at_or_after_its_arrival(delay: str, arrived: dict[str, int]) -> None:
    solution = solved(TRAVEL.format(delay=delay), worlds=1)
    assert {name: answer(solution, name)[0] for name in arrived} == arrived


def test_a_force_that_travels_elsewhere_cannot_be_sent_twice() -> None:
    solution = solved(
        """
        theatres: {west: W}
        forces: {army: {title: Army, stock: {reserve: 3}, travel: {reserve to west: 2 rounds}}}
        timeline:
          - rounds: 2
            moves: [{move: m, player: p, actions: {hold: , go: {shift: {army: 2 from reserve to west}, payoffs: {p: 1}}}}]
    """,
        worlds=1,
    )
    assert behaviour_at(solution, "m[1]") == {"hold": 0.5, "go": 0.5}
    assert list(behaviour_at(solution, "m[2]", **{"army.reserve": "1"})) == ["hold"]


def test_a_force_runs_out_in_some_worlds_only() -> None:
    solution = solved("""
        quantities: {known to all: {q: uniform 1 to 3}}
        theatres: {west: W}
        forces: {army: {title: Army, stock: {reserve: q}}}
        timeline: [{move: m, player: p, actions: {hold: , go: {shift: {army: 2 from reserve to west}, payoffs: {p: 1}}}}]
    """)
    assert (play(solution, "m", "go") == (solution.quantities["q"] >= 2)).all()
    assert solution.is_solved.all()


@pytest.mark.parametrize(("delay", "worth"), [("1 round", 1.0), ("5 rounds", 0.0)])
def test_what_is_due_after_the_last_item_gains_nothing(delay: str, worth: float) -> None:
    text = """
        timeline:
          - rounds: 3
            moves: [{{move: m, player: p, actions: {{hold: , go: {{if: round == 1, later: {{after: {0}, payoffs: {{p: 1}}}}}}}}}}]
    """
    assert solved(text.format(delay), worlds=1).believed[0] == pytest.approx([worth], abs=ROUNDING)


def test_an_arrival_is_read_by_the_item_that_it_comes_before() -> None:
    solution = solved("""
        state: {drift: 0 in 0 to 5}
        timeline:
          - rounds: 3
            moves: [{move: m, player: p, actions: {only: {later: {after: 1 round, set: {drift: drift + 1}}}}}]
        questions: {two: {title: Two, event: drift == 2}}
    """, worlds=1)  # fmt: skip
    assert answer(solution, "two")[0] == 1


def test_arrivals_at_an_item_that_is_skipped_still_come() -> None:
    solution = solved(
        """
        as of: 2022-01-01
        state: {done: false, drift: 0 in 0 to 5}
        timeline:
          - {move: m, player: p, actions: {go: {set: {done: true}, later: {after: 9 days, set: {drift: 3}, payoffs: {p: 1}}}}}
          - {move: n, player: o, date: 2022-02-01, if: not done, actions: {hold: }}
          - {move: last, player: p, date: 2022-03-01, actions: {only: }}
        questions: {three: {title: Three, event: drift == 3}}
        """,
        worlds=1,
    )
    assert answer(solution, "three")[0] == 1
    assert solution.believed[0] == pytest.approx([1], abs=ROUNDING)


# Guards

GATED = """
quantities: {known to all: {q: uniform 0 to 1}}
timeline:
  - {move: m, player: p, if: q > 0.5, actions: {go: {payoffs: {p: 1}}}}
  - {move: n, player: o, if: q < 0.25, actions: {go: {payoffs: {o: 1}}}}
questions: {went: {title: Went, event: m == go}, never: {title: Never, event: m == none and n == none}}
"""


def test_a_guard_on_a_quantity_skips_the_move_in_the_worlds_where_it_is_false() -> None:
    solution = solved(GATED)
    q = solution.quantities["q"]
    assert (answer(solution, "went") == (q > 0.5)).all()
    assert (answer(solution, "never") == ((q <= 0.5) & (q >= 0.25))).all()
    assert (solution.believed[0] == (q > 0.5)).all()


def test_a_guard_that_is_false_in_every_state_leaves_the_game_to_the_rest() -> None:
    assert solved(
        """
        timeline:
          - {move: m, player: p, if: false, actions: {go: {payoffs: {p: 1}}}}
          - {move: n, player: p, actions: {only: {payoffs: {p: 2}}}}
    """,
        worlds=1,
    ).believed[0] == pytest.approx([2], abs=ROUNDING)


def test_a_question_is_read_on_its_day_though_the_item_after_it_is_skipped() -> None:
    solution = solved(
        """
        as of: 2022-01-01
        timeline:
          - {move: m, player: p, actions: {hold: , go: {payoffs: {p: 1}}}}
          - {move: n, player: p, date: 2022-02-01, if: m == hold, actions: {hold: }}
          - {move: k, player: p, date: 2022-03-01, if: m == hold, actions: {hold: }}
          - {move: last, player: p, date: 2022-04-01, actions: {hold: }}
        questions: {january: {title: J, event: m == go, by: 2022-01-15}, february: {title: F, event: m == go, by: 2022-02-15}}
        """,
        worlds=1,
    )
    assert answer(solution, "january")[0] == answer(solution, "february")[0] == 1


def test_a_game_in_which_nobody_ever_moves_is_refused() -> None:
    with pytest.raises(UsageError, match=r"no move is ever made: the guard of every item is false \[L16\]"):
        game("timeline: [{move: m, player: p, if: false, actions: {hold: , go: }}]")


@pytest.mark.parametrize("guard", ["not over", "not over and q > 0.5"])
def test_a_long_game_that_ends_early_is_not_too_deep(guard: str) -> None:
    compiled = game(f"""
        quantities: {{known to all: {{q: 0.2 to 0.6}}}}
        state: {{over: false}}
        timeline:
          - {{move: m, player: p, actions: {{hold: , go: {{set: {{over: true}}}}}}}}
          - rounds: 1000
            moves: [{{move: n, player: p, if: {guard}, actions: {{hold: , go: {{payoffs: {{p: 1}}}}}}}}]
    """)
    assert len(compiled.steps) == 1001


def test_a_long_game_of_arrivals_is_not_too_deep() -> None:
    compiled = game("""
        state: {over: false}
        timeline:
          - {rounds: 500, moves: [{move: n, player: p, if: not over, actions: {hold: {later: {after: 400 rounds, payoffs: {p: 1}}}}}]}
          - {rounds: 900, moves: [{move: k, player: p, if: over, actions: {hold: }}]}
    """)
    assert compiled.num_nodes > 500


# Base shares


def shares(actions: str, state: str = "") -> dict[str, float]:
    text = f"players: {{p: {{name: P, precision: 0}}, o: {{name: O, precision: 0}}}}\n{state}\ntimeline: [{{move: m, player: p, actions: {actions}}}]"
    return {name: float(found[0]) for name, found in behaviour_at(solved(text, worlds=1), "m").items()}


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        ("{a: , b: , c: , d: }", [0.25, 0.25, 0.25, 0.25]),
        ("{a: {share: 0.7}, b: , c: }", [0.7, 0.15, 0.15]),
        ("{a: , few: {size of: send}, some: {size of: send}, many: {size of: send}}", [1 / 2, 1 / 6, 1 / 6, 1 / 6]),
        ("{a: {share: 0.4}, b: , few: {size of: send}, some: {size of: send}}", [0.4, 0.3, 0.15, 0.15]),
        ("{a: , few: {size of: send}, some: {size of: send, if: false}}", [0.5, 0.5]),
        ("{a: , b: {if: false}, c: }", [0.5, 0.5]),
        ("{a: {share: 0.7, if: false}, b: , c: }", [0.5, 0.5]),
        ("{a: {share: 0.25}, b: {share: 0.75}}", [0.25, 0.75]),
    ],
)
def test_base_shares_go_to_what_is_available(actions: str, expected: list[float]) -> None:
    assert list(shares(actions).values()) == pytest.approx(expected, abs=ROUNDING)


def test_a_share_per_unit_of_time_is_a_rate() -> None:
    """30 % a month over 60 days is 1 - 0.7^(60 / (365.25 / 12))."""
    solution = solved(
        """
        as of: 2022
        players: {p: {name: P, precision: 0}, o: {name: O, precision: 0}}
        timeline: [{rounds: 1, every: 60 days, moves: [{move: m, player: p, actions: {hold: , go: {share: 30% per month}}}]}]
    """,
        worlds=1,
    )
    assert play(solution, "m[1]", "go")[0] == pytest.approx(1 - 0.7 ** (60 / (365.25 / 12)), rel=0.02)


# What is refused


@pytest.mark.parametrize(
    ("value", "shown"), [("drift + 9", "9"), ("drift - 1", "-1"), ("drift + 0.5", "0.5"), ("drift * 1000", "1000")]
)
def test_a_variable_that_leaves_its_domain_is_named_with_the_value(value: str, shown: str) -> None:
    start = 1 if "1000" in value else 0
    with pytest.raises(
        UsageError, match=rf"m\.go sets `drift` to {shown}.*, outside 0 to 5 \[L14\]; guard it with `if`"
    ):
        game(f"""
            state: {{drift: {start} in 0 to 5}}
            timeline:
              - {{move: m, player: p, actions: {{hold: , go: {{set: {{drift: {value}}}}}}}}}
              - {{move: n, player: p, actions: {{hold: , go: {{payoffs: {{p: drift}}}}}}}}
        """)


def test_a_state_in_which_nobody_can_do_anything_is_named() -> None:
    with pytest.raises(
        UsageError,
        match=r"at n nobody can do anything \(over = true\) \[M3\]; give it an action that is always available",
    ):
        game("""
            state: {over: false}
            timeline:
              - {move: m, player: p, actions: {hold: , go: {set: {over: true}}}}
              - {move: n, player: p, actions: {go: {if: not over}}}
        """)


def test_over_the_cap_the_message_names_what_keeps_states_apart() -> None:
    with pytest.raises(
        TooLargeError, match=r"over 50 states; most stand at m\[[0-9]+\], kept apart by heat \([0-9]+ values\)"
    ):
        game(
            """
            state: {heat: 0 in 0 to 900}
            timeline:
              - rounds: 100
                moves: [{move: m, player: p, actions: {hold: , go: {if: heat < 900, set: {heat: heat + 1}, payoffs: {p: heat}}}}]
        """,
            max_nodes=50,
        )


def test_probabilities_that_cannot_be_in_any_world_are_refused() -> None:
    with pytest.raises(
        UsageError, match=r"the probability of c\.x: 2 in every world; a probability is from 0 to 1 \[M4\]"
    ):
        game("state: {drift: 2 in 0 to 5}\ntimeline: [{chance: c, outcomes: {x: drift, y: rest}}]")


# Size


def test_a_crisis_of_twelve_rounds_compiles_in_bounded_size_and_time() -> None:
    start = time.process_time()
    compiled = game("""
        quantities: {known to all: {q: 0.2 to 0.6, r: 1 to 2}}
        state: {order: [contested, restored, fallen], mobilised: false, drift: 2 in 0 to 5}
        theatres: {west: W, south: S}
        forces: {army: {title: Army, stock: {reserve: 6 + r, west: 2}, travel: {reserve to west: 1 round}}}
        timeline:
          - rounds: 12
            moves:
              - chance: unrest
                outcomes:
                  worse: {probability: q, set: {drift: "min(5, drift + 1)"}}
                  same: {probability: rest}
              - move: send
                player: p
                actions:
                  hold:
                  few: {size of: sending, shift: {army: 1 from reserve to west}}
                  many: {size of: sending, shift: {army: 3 from reserve to south}}
              - move: reply
                player: o
                if: not mobilised
                actions: {wait: , mobilise: {set: {mobilised: true}, payoffs: {o: drift - army.west}}}
          - chance: war
            outcomes:
              fallen: {probability: "contest(1, 1 + army.west, 1)", set: {order: fallen}}
              restored: {probability: rest, set: {order: restored}}
        questions: {fallen: {title: Fallen, event: order == fallen}}
    """)
    assert compiled.num_histories > 1e9
    assert compiled.num_nodes < 20_000
    assert time.process_time() - start < MOST_SECONDS
