"""What players can tell apart in a compiled game (M7)."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from crises import game

from stratagem.errors import UsageError
from stratagem.graph.game import Game

PLAYERS = "players: {a: {name: A, precision: 1}, b: {name: B, precision: 1}}"


def infosets(compiled: Game, move: str) -> list[set[str]]:
    """The states of a move's information sets, in words."""
    step = compiled.step_named(move)
    found: dict[int, set[str]] = {}
    for node in np.flatnonzero((compiled.step_of_node == step) & (compiled.infoset_of_node >= 0)):
        words = ", ".join(f"{slot}={value}" for slot, value in compiled.state_of_node[node].items())
        found.setdefault(int(compiled.infoset_of_node[node]), set()).add(words)
    return sorted(found.values(), key=sorted)


def two_moves(how: str, rest: str = "") -> Game:
    return game(f"""
        {PLAYERS}
        timeline:
          - {{move: first, player: a, {how} actions: {{left: , middle: , right: }}}}
          - {{move: second, player: b, after: 1 day, actions: {{
              up: {{payoffs: {{a: if first == left then 1 else if first == right then 2 else 0, b: 1}}}}, down: }}}}
          {rest}
    """)


@pytest.mark.parametrize(
    ("how", "apart"),
    [
        ("", [{"first=left"}, {"first=middle"}, {"first=right"}]),
        ("seen by: all,", [{"first=left"}, {"first=middle"}, {"first=right"}]),
        ("seen by: b,", [{"first=left"}, {"first=middle"}, {"first=right"}]),
        ("seen by: nobody,", [{"first=left", "first=middle", "first=right"}]),
        ("seen by: [a],", [{"first=left", "first=middle", "first=right"}]),
        ("seen as: {moved: [left, right]},", [{"first=left", "first=right"}, {"first=middle"}]),
        ("seen after: 5 days,", [{"first=left", "first=middle", "first=right"}]),
    ],
)
def test_a_mover_tells_apart_what_he_has_seen(how: str, apart: list[set[str]]) -> None:
    assert infosets(two_moves(how), "second") == sorted(apart, key=sorted)


def test_what_is_seen_late_is_seen_in_the_end() -> None:
    compiled = game(f"""
        as of: 2022-01-01
        {PLAYERS}
        timeline:
          - {{move: first, player: a, date: 2022-01-02, seen after: 10 days, actions: {{left: , right: }}}}
          - {{move: second, player: b, date: 2022-01-05, actions: {{up: , down: }}}}
          - {{move: third, player: b, date: 2022-01-20, actions: {{
              up: {{payoffs: {{a: if first == left then 1 else 0, b: if second == up then 1 else 0}}}}, down: }}}}
    """)
    assert infosets(compiled, "second") == [{"first=left", "first=right"}]
    assert [len(one) for one in infosets(compiled, "third")] == [1, 1, 1, 1]


def test_sizes_of_one_thing_can_look_alike() -> None:
    compiled = game(f"""
        {PLAYERS}
        timeline:
          - {{move: first, player: a, seen as: kind, actions: {{hold: , two: {{size of: force}}, ten: {{size of: force}}}}}}
          - {{move: second, player: b, actions: {{up: {{payoffs: {{a: if first == two then 1 else if first == ten then 2 else 0}}}}, down: }}}}
    """)
    assert infosets(compiled, "second") == [{"first=hold"}, {"first=ten", "first=two"}]


def test_simultaneous_moves_do_not_see_each_other_but_all_see_them_afterwards() -> None:
    compiled = game(f"""
        {PLAYERS}
        timeline:
          - simultaneous:
              - {{move: row, player: a, actions: {{top: , bottom: }}}}
              - {{move: column, player: b, actions: {{left: , right: }}}}
          - {{move: last, player: a, actions: {{up: {{payoffs: {{a: (if row == top then 1 else 0) + (if column == left then 2 else 0)}}}}, down: }}}}
    """)
    assert infosets(compiled, "column") == [{"row=bottom", "row=top"}]
    assert [len(one) for one in infosets(compiled, "last")] == [1] * 4


def test_a_private_number_is_a_move_by_chance_that_only_its_knowers_see() -> None:
    compiled = game(f"""
        {PLAYERS}
        quantities: {{known to a: {{resolve: {{is: "one of 1, 3", title: Resolve}}}}}}
        timeline:
          - {{move: first, player: a, actions: {{back: , stand: {{payoffs: {{a: resolve}}}}}}}}
          - {{move: second, player: b, actions: {{up: {{payoffs: {{b: if first == stand then resolve else -resolve}}}}, down: }}}}
    """)
    assert compiled.facts == ("resolve",)
    assert infosets(compiled, "first") == [{"resolve=high"}, {"resolve=low"}]
    assert [len(one) for one in infosets(compiled, "second")] == [2, 2]


def test_a_payoff_of_a_stake_can_turn_on_a_private_number() -> None:
    compiled = game("""
        players:
          a: {name: A, precision: 1, payoffs: {peace: resolve}}
          b: {name: B, precision: 1, payoffs: {peace: 1}}
        stakes: {peace: Peace}
        quantities: {known to a: {resolve: "one of 1, 3"}}
        timeline:
          - {move: first, player: a, actions: {back: , stand: {gains: {peace: 1}}}}
          - {move: second, player: b, actions: {up: {gains: {peace: 2}}, down: }}
    """)
    account = [one.name for one in compiled.accounts if one.side == "payoff"]
    assert account == ["a"]


def test_histories_merge_again_where_the_future_is_common_knowledge() -> None:
    """A hidden move that is revealed, or no longer matters, keeps nothing apart."""
    text = """
        PLAYERS
        timeline:
          - {move: first, player: a, HOW actions: {left: , right: }}
          - {move: second, player: b, actions: {up: {payoffs: {a: if first == left then 1 else 0}}, down: }}
          - {move: third, player: a, actions: {on: {payoffs: {a: 1}}, off: }}
          - {move: fourth, player: b, actions: {on: {payoffs: {b: 1}}, off: }}
    """.replace("PLAYERS", PLAYERS)
    hidden = game(text.replace("HOW", "seen by: nobody,"))
    for move in ("third", "fourth"):
        assert len(infosets(hidden, move)) == 1
        assert (hidden.step_of_node == hidden.step_named(move)).sum() == 1
    assert len(infosets(hidden, "second")) == 1


def test_a_public_game_has_one_state_an_information_set_and_tracks_no_knowledge() -> None:
    compiled = two_moves("seen by: all,")
    numbers = compiled.infoset_of_node[compiled.infoset_of_node >= 0]
    assert compiled.knowledge_of_node is None
    assert all(two > one for one, two in pairwise(numbers))


def test_one_who_cannot_tell_states_apart_cannot_be_able_to_do_different_things() -> None:
    with pytest.raises(
        UsageError,
        match=r"at second, `b` cannot tell `first = left` from `first = right`, yet what can be done differs \[M1\]",
    ):
        game(f"""
            {PLAYERS}
            timeline:
              - {{move: first, player: a, seen by: nobody, actions: {{left: , right: }}}}
              - {{move: second, player: b, actions: {{up: {{if: first == left}}, down: }}}}
        """)


def test_a_move_that_is_not_made_is_noticed_by_those_who_would_see_it() -> None:
    compiled = game(f"""
        {PLAYERS}
        timeline:
          - {{chance: c, seen by: a, outcomes: {{go: 0.5, stay: rest}}}}
          - {{move: first, player: a, if: c == go, actions: {{left: , right: }}}}
          - {{move: second, player: b, actions: {{up: {{payoffs: {{b: if c == go then 1 else 0}}}}, down: }}}}
    """)
    assert all(len({word.split(",")[0] for word in one}) == 1 for one in infosets(compiled, "second"))
