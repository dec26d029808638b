"""The .efg format in and out: what is read, what is refused and where, and what others make of what is written."""

from __future__ import annotations

import io
from fractions import Fraction
from pathlib import Path

import pytest
from game_trees import trees
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from stratagem.errors import ScenarioError, StratagemError
from stratagem.exchange.efg_read import MAX_NODES, parse_efg, read_efg
from stratagem.exchange.efg_write import write_efg
from stratagem.exchange.plain import plain
from stratagem.exchange.tree import NONE, Infoset, Outcome, Tree
from stratagem.graph.game import CHANCE

POKER = """\
EFG 2 R "Poker, stripped \\"down\\"" { "One" "Two" }
"A king or a queen
at even odds"

c "deal" 1 "cards" { "K" 1/2 "Q" 0.5 } 0
p "" 1 1 "king" { "bet" "fold" } 0
p "" 2 4 "" { "call" "fold" } 0
t "" 1 "big win" { 2, -2 }
t "" 2 "win" { 1 -1 }
t "" 3 "loss" { -1, +1 }
p "" 1 2 "queen" { "bet" "fold" } 0
p "" 2 4 0
t "" 4 "big loss" { -2.0, 2e0 }
t "" 2
t "" 3
"""

# --- reading --------------------------------------------------------------------------------------------------------


def test_the_parts_of_a_file() -> None:
    tree = parse_efg(POKER)
    assert tree.title == 'Poker, stripped "down"'
    assert tree.comment == "A king or a queen\nat even odds"
    assert tree.players == ("One", "Two")
    half = Fraction(1, 2)
    assert tree.infosets == (
        Infoset(CHANCE, 1, "cards", ("K", "Q"), (half, half)),
        Infoset(0, 1, "king", ("bet", "fold")),
        Infoset(1, 4, "", ("call", "fold")),
        Infoset(0, 2, "queen", ("bet", "fold")),
    )
    assert [one.payoffs for one in tree.outcomes] == [(2, -2), (1, -1), (-1, 1), (-2, 2)]
    assert tree.parent_of_node == (NONE, 0, 1, 2, 2, 1, 0, 6, 7, 7, 6)
    assert tree.infoset_of_node == (0, 1, 2, NONE, NONE, NONE, 3, 2, NONE, NONE, NONE)
    assert tree.outcome_of_node == (NONE, NONE, NONE, 0, 1, 2, NONE, NONE, 3, 1, 2)
    assert tree.label_of_node[0] == "deal"
    assert tree.history_to(8) == ["Q", "bet", "call"]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3", Fraction(3)), ("-3", Fraction(-3)), ("+3", Fraction(3)), ("2/6", Fraction(1, 3)), ("-1/3", Fraction(-1, 3)),
        ("0.1", Fraction(1, 10)), (".5", Fraction(1, 2)), ("-.5", Fraction(-1, 2)), ("2.", Fraction(2)), ("1e-3", Fraction(1, 1000)),
        ("2.5E+2", Fraction(250)), ("007", Fraction(7)),
    ],
)  # fmt: skip
def test_numbers_are_exact(text: str, value: Fraction) -> None:
    tree = parse_efg(f'EFG 2 R "" {{ "A" }} t "" 1 "" {{ {text} }}')
    assert tree.outcomes == (Outcome(1, "", (value,)),)


def test_blanks_and_their_absence_mean_nothing() -> None:
    dense = 'EFG 2 R""{"A""B"}"note"c""1""{"x"1/2"y"1/2}0 t""1""{1,2}t""2""{3 4}'
    loose = """EFG\n2\tR "" {\r\n"A"\v"B" } "note"\nc "" 1 "" { "x" 1/2 "y" 1/2 } 0\f
      t "" 1 "" { 1 , 2 }\n\nt "" 2 "" { 3 4 , }"""
    assert parse_efg(dense) == parse_efg(loose)


def test_names_may_be_left_out_with_or_without_the_rest() -> None:
    bare = 'EFG 2 D "" { "A" } p "" 1 1 { "x" "y" } 1 { 5 } t "" 1 t "" 2 "two" { 6 }'
    assert parse_efg(bare).infosets[0].label == parse_efg(bare).outcomes[0].label == ""


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path: Path) -> None:
    path = tmp_path / "game.efg"
    path.write_bytes(b"\xef\xbb\xbf" + POKER.encode())
    assert read_efg(path) == parse_efg(POKER)


def test_a_deep_file_overflows_nothing() -> None:
    """A chain of moves as long as the bound on nodes allows."""
    moves = (MAX_NODES - 1) // 2
    lines = ['EFG 2 R "" { "A" }', *(f'p "" 1 {n} "" {{ "on" "out" }} 0' for n in range(1, moves + 1))]
    tree = parse_efg("\n".join([*lines, 't "" 1 "" { 1 }', *(['t "" 0'] * moves)]))
    assert max(tree.depth_of_node) == moves
    assert len(tree.history_to(moves)) == moves


# --- refusals -------------------------------------------------------------------------------------------------------

HEAD = 'EFG 2 R "t" { "A" "B" } ""\n'
BROKEN = {
    "": "1:1: the end of the file; `EFG 2 R`",
    "NFG 1 R": "1:1: `NFG`; `EFG 2 R`",
    "EFG 3 R": "1:5: `3`; version `2`",
    "EFG 2 X": "1:7: `X`; `R`",
    'EFG 2 R { "A" }': "1:9: `{`; the title",
    'EFG 2 R "t" "A"': "1:13: the text `A`; `{` and the names",
    'EFG 2 R "t" { A }': '1:15: `A`; the name of a player in `"`',
    'EFG 2 R "t" { }': "1:13: a game without players; at least one",
    'EFG 2 R "t': '1:9: a text without its closing quote; the text between two `"`',
    'EFG 2 R "t" { "A" } ;': "1:21: `;`; a number, a text",
    HEAD: "2:1: the end of the file; `c`, `p` or `t`: the first node",
    HEAD + 'x "" 1': "2:1: `x`; `c`, `p` or `t`: the first node",
    HEAD + "t 1": "2:3: `1`; the name of the node",
    HEAD + 'p "" 3 1 "" { "x" } 0': "2:6: player 3; a player from 1 to 2",
    HEAD + 'p "" 0 1 "" { "x" } 0': "2:6: `0`; the number of a player",
    HEAD + 'p "" 1 0 "" { "x" } 0': "2:8: `0`; the number of the information set",
    HEAD + 'p "" 1 1/2 "" { "x" } 0': "2:8: `1/2`; the number of the information set",
    HEAD + 'p "" 1 1 0': "2:8: information set 1 for the first time, without actions",
    HEAD + 'p "" 1 1 "" 0': "2:13: `0`; `{` and the actions",
    HEAD + 'p "" 1 1 "" { } 0': "2:13: no action; at least one action",
    HEAD + 'p "" 1 1 "" { "x" 1 } 0': "2:19: `1`; the name of an action",
    HEAD + 'p "" 1 1 "" { "x" }': "2:20: the end of the file; the number of the outcome",
    HEAD + 'p "" 1 1 "" { "x" } -1': "2:21: `-1`; the number of the outcome",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\nt "" 0\n': "4:1: the end of the file; `c`, `p` or `t`: the game goes on after one of 2 actions of the node on line 2",
    HEAD + 'p "" 1 1 "i" { "x" } 0\np "" 1 1 "j" { "x" } 0': "3:10: information set 1 with the name `j`; `i`, as where",
    HEAD + 'p "" 1 1 "" { "x" } 0\np "" 1 1 "" { "y" } 0': "3:10: information set 1 with actions `y`; `x`, as where",
    HEAD + 'p "" 1 1 "" { "x" } 0\np "" 1 1 "" { "x" "y" } 0': "3:10: information set 1 with actions `x, y`; `x`, as where",
    HEAD + 'c "" 1 "" { "x" 1 } 0\nc "" 1 "" { "x" 2/2 "y" 0 } 0': "3:8: event 1 with actions `x, y`",
    HEAD + 'c "" 1 "" { "x" 1/3 "y" 2/3 } 0\nc "" 1 "" { "x" 2/3 "y" 1/3 } 0': "3:8: event 1 with probabilities `2/3, 1/3`; `1/3, 2/3`",
    HEAD + 'c "" 1 "" { "x" .333 "y" .333 "z" .333 } 0': "2:11: probabilities that sum to 999/1000; a sum of exactly 1",
    HEAD + 'c "" 1 "" { "x" 3/2 "y" -1/2 } 0': "2:17: the probability 3/2; a number from 0 to 1",
    HEAD + 'c "" 1 "" { "x" "y" } 0': "2:17: the text `y`; the probability of the action",
    HEAD + 'c "" 1 0': "2:6: event 1 for the first time, without actions",
    HEAD + 't "" 1': "2:6: outcome 1 for the first time, without payoffs",
    HEAD + 't "" 0 "" { 1, 2 }': "2:8: a name or payoffs for outcome 0",
    HEAD + 't "" 1 "" { 1 }': "2:15: `}`; the payoff of `B`, player 2 of 2",
    HEAD + 't "" 1 "" { 1, 2, 3 }': "2:19: `3`; `}` after 2 payoffs",
    HEAD + 't "" 1 "" { 1,, 2 }': "2:15: `,`; the payoff of `B`",
    HEAD + 't "" 1 "" { 1/0, 2 }': "2:13: the number `1/0`; a fraction whose lower part is not 0",
    HEAD + 't "" 1 "" { 1e999999999, 2 }': "2:13: the number `1e999999999`; at most 400 digits",
    HEAD + 't "" 1 "" { 1e300, 2 }': "2:13: a payoff beyond 1e+100; a larger unit",
    HEAD + 't "" 1 "" { 1.5/2, 2 }': "2:13: `1.5/2`; a number, a text",
    HEAD + 't "" 1 "" { nan, 2 }': "2:13: `nan`; the payoff of `A`",
    HEAD + 'p "" 1 1 "" {"x"} 1 "o" {1, 2}\nt "" 1 "o" { 1, 3 }': "3:8: outcome 1 with payoffs `1, 3`; `1, 2`, as where",
    HEAD + 'p "" 1 1 "" {"x"} 1 "o" {1, 2}\nt "" 1 "q" { 1, 2 }': "3:8: outcome 1 with the name `q`; `o`, as where",
    HEAD + 't "" 0\n\n  t "" 0': "4:3: `t`; nothing: the last node of the game stands before it",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0 t "" 0\np "" 1 1 0': "3:1: information set 1 of `A` both after the start and after `y`, where the player meets it twice",
    HEAD + 'p "" 1 1 "" { "x" "y" } 0\np "" 1 2 "" { "u" } 0 t "" 0\np "" 1 2 0 t "" 0': "4:1: information set 2 of `A` both after `x` and after `y`, where the player has moved differently",
    HEAD + 'c "" 1 "" {"x" 1/2 "y" 1/2} 0\np "" 1 1 "" { "u" } 0\np "" 1 2 "" { "w" } 0 t "" 0\np "" 1 2 0 t "" 0': "5:1: information set 2 of `A` both after `x, u` and after `y`",
}  # fmt: skip


@pytest.mark.parametrize(("text", "fault"), list(BROKEN.items()), ids=range(len(BROKEN)))
def test_a_fault_says_where_what_and_what_to_do(text: str, fault: str) -> None:
    if text.endswith('p "" 1 1 0') and "twice" in fault:
        text += ' t "" 0 t "" 0'
    with pytest.raises(ScenarioError) as caught:
        parse_efg(text, "game.efg")
    assert str(caught.value).startswith(f"game.efg:{fault}")
    assert str(caught.value).endswith("[efg]")


def test_files_out_of_bounds_are_refused_at_once(tmp_path: Path) -> None:
    path = tmp_path / "game.efg"
    path.write_bytes(b" " * ((4 << 20) + 1))
    with pytest.raises(ScenarioError, match="over 4 MiB"):
        read_efg(path)
    wide = " ".join(f'"{n}"' for n in range(MAX_NODES))
    with pytest.raises(ScenarioError, match="more than 200,000 nodes"):
        parse_efg(f'EFG 2 R "" {{ "A" }} p "" 1 1 "" {{ {wide} }} 0' + ' t "" 0' * MAX_NODES)


def test_odds_that_cannot_be_added_exactly_are_refused() -> None:
    odds = " ".join(f'"{n}" 1/{10**60 + n}' for n in range(1000))
    with pytest.raises(ScenarioError, match="without a common denominator"):
        parse_efg(f'EFG 2 R "" {{ "A" }} c "" 1 "" {{ {odds} }} 0')


def test_bytes_that_are_no_text_are_refused_with_their_place(tmp_path: Path) -> None:
    path = tmp_path / "game.efg"
    path.write_bytes(b'EFG 2 R\n "\xff"')
    with pytest.raises(ScenarioError, match=r"game\.efg:2:3: the byte 0xFF"):
        read_efg(path)
    with pytest.raises(StratagemError, match="cannot read"):
        read_efg(tmp_path / "none.efg")


@settings(suppress_health_check=[HealthCheck.too_slow])
@given(tree=trees(), data=st.data())
def test_a_damaged_file_is_read_or_refused(tree: Tree, data: st.DataObject) -> None:
    """Bytes changed, cut, doubled: a game or a fault with a place, nothing else."""
    content = bytearray(write_efg(tree).encode())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, max(len(content) - 1, 0)))
        until = at + data.draw(st.integers(0, 12))
        piece = data.draw(
            st.one_of(st.binary(max_size=4), st.sampled_from([b'"', b"{", b"}", b"0", b"1/0", b"\\", b"t ", b","]))
        )
        content[at:until] = piece if data.draw(st.booleans()) else content[until : until + 9]
    read_or_refused(bytes(content))


@given(content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    read_or_refused(content)
    read_or_refused(b'EFG 2 R "" { "A" } ' + content)


def read_or_refused(content: bytes) -> None:
    try:
        tree = parse_efg(content.decode("utf-8", "surrogateescape"))
    except ScenarioError as error:
        (fault,) = error.faults
        assert fault.line >= 1
        assert fault.column >= 1
    else:
        assert parse_efg(write_efg(tree)) == tree


# --- writing --------------------------------------------------------------------------------------------------------


@given(tree=trees())
def test_what_is_written_is_read_as_it_was(tree: Tree) -> None:
    assert parse_efg(write_efg(tree)) == tree


def test_a_backslash_does_not_hide_the_closing_quote() -> None:
    tree = Tree("a\\", ("A\\\\", '\\"'), "", (), (), ("",), (NONE,), (NONE,), (NONE,))
    read = parse_efg(write_efg(tree))
    assert (read.title, read.players) == ("a/", ("A//", '\\"'))


@settings(max_examples=50, deadline=None)
@given(drawn=trees())
def test_gambit_reads_a_plain_game(drawn: Tree) -> None:
    """What Gambit writes in turn is the same game, but for its own numbers and its names for what has none."""
    gambit = pytest.importorskip("pygambit")
    tree = plain(drawn)
    again = parse_efg(gambit.read_efg(io.StringIO(write_efg(tree))).to_efg())
    assert again.parent_of_node == tree.parent_of_node
    assert partition(again.infoset_of_node) == partition(tree.infoset_of_node)
    for node in range(tree.num_nodes):
        assert gained(again, node) == gained(tree, node)
        if (place := tree.infoset_of_node[node]) != NONE:
            infoset, other = tree.infosets[place], again.infosets[again.infoset_of_node[node]]
            assert (infoset.player, infoset.odds) == (other.player, other.odds)


def gained(tree: Tree, node: int) -> tuple[Fraction, ...] | None:
    outcome = tree.outcome_of_node[node]
    return None if outcome == NONE else tree.outcomes[outcome].payoffs


def partition(numbers: tuple[int, ...]) -> list[int]:
    """Numbers replaced by the place at which each first stands."""
    return [numbers.index(one) for one in numbers]


@given(tree=trees())
def test_a_plain_game_gains_the_same_on_every_way(tree: Tree) -> None:
    other = plain(tree)
    for node in range(tree.num_nodes):
        is_end = tree.infoset_of_node[node] == NONE
        assert (gained(other, node) is not None) == is_end
        if is_end:
            assert gained(other, node) == total(tree, node)
    assert plain(other) == other
    assert (other.parent_of_node, other.infoset_of_node) == (tree.parent_of_node, tree.infoset_of_node)
    assert [2 * one.number for one in other.infosets] == [one.number for one in tree.infosets]


def total(tree: Tree, node: int) -> tuple[Fraction, ...]:
    found = [gained(tree, one) for one in (node, *tree.ancestors(node))]
    nothing = (Fraction(0),) * len(tree.players)
    return tuple(map(sum, zip(nothing, *(one for one in found if one is not None), strict=True)))


@settings(max_examples=50, deadline=None)
@given(tree=trees(is_plain=True))
def test_openspiel_reads_a_plain_game(tree: Tree) -> None:
    """It takes neither payoffs on the way, nor gaps in numbers, nor names with quotes in them."""
    pyspiel = pytest.importorskip("pyspiel")
    state = pyspiel.load_efg_game(write_efg(plain(tree))).new_initial_state()
    node = 0
    while not state.is_terminal():
        infoset = tree.infosets[tree.infoset_of_node[node]]
        assert state.is_chance_node() == infoset.is_chance
        last = state.legal_actions()[-1]
        action = infoset.actions.index(state.action_to_string(state.current_player(), last))
        state.apply_action(last)
        node = tree.children_of_node[node][action]
    assert state.returns() == pytest.approx([float(one) for one in total(tree, node)], abs=1e-9)
