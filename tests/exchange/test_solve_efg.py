"""Game files solved: published equilibria, Gambit's principal branch, the sweep, and indifference to names and order."""

from __future__ import annotations

import io
import json
import math
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from game_trees import trees
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from stratagem.api import solve_game_file
from stratagem.cli import main
from stratagem.errors import TooLargeError, UsageError
from stratagem.exchange.answer import GameAnswer, answer
from stratagem.exchange.efg_read import parse_efg
from stratagem.exchange.efg_write import write_efg
from stratagem.exchange.plain import plain
from stratagem.exchange.tree import NONE, Tree
from stratagem.graph.game import CHANCE

EXACT = 1e-9  # in probability and payoff
PUBLISHED = 1e-6  # numbers given to six places
SLOW = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

MATRIX = """EFG 2 R "2x2" { "Row" "Column" }
p "" 1 1 "" { "1" "2" } 0
p "" 2 1 "" { "1" "2" } 0 t "" 1 "" { 1 1 } t "" 2 "" { 1 1 }
p "" 2 1 0 t "" 3 "" { 0 2 } t "" 4 "" { 1 1 }
"""
CENTIPEDE = """EFG 2 R "Centipede" { "One" "Two" }
p "" 1 1 "" { "take" "pass" } 0 t "" 1 "" { .8 .2 }
p "" 2 1 "" { "take" "pass" } 0 t "" 2 "" { .4 1.6 }
p "" 1 2 "" { "take" "pass" } 0 t "" 3 "" { 3.2 .8 }
p "" 2 2 "" { "take" "pass" } 0 t "" 4 "" { 1.6 6.4 }
p "" 1 3 "" { "take" "pass" } 0 t "" 5 "" { 12.8 3.2 }
p "" 2 3 "" { "take" "pass" } 0 t "" 6 "" { 6.4 25.6 } t "" 7 "" { 51.2 12.8 }
"""
POKER = """EFG 2 R "Poker" { "One" "Two" }
c "" 1 "" { "K" 1/2 "Q" 1/2 } 0
p "" 1 1 "K" { "bet" "fold" } 0
p "" 2 1 "" { "call" "fold" } 0 t "" 1 "" { 2 -2 } t "" 2 "" { 1 -1 } t "" 3 "" { -1 1 }
p "" 1 2 "Q" { "bet" "fold" } 0
p "" 2 1 0 t "" 4 "" { -2 2 } t "" 2 t "" 3
"""
HORSE = """EFG 2 R "Selten's horse" { "One" "Two" "Three" }
p "" 1 1 "" { "R" "L" } 0
p "" 2 1 "" { "R" "L" } 0 t "" 1 "" { 1 1 1 }
p "" 3 1 "" { "R" "L" } 0 t "" 2 "" { 4 4 0 } t "" 3 "" { 0 0 1 }
p "" 3 1 0 t "" 4 "" { 3 2 2 } t "" 5 "" { 0 0 0 }
"""
DILEMMA = """EFG 2 R "Prisoner's dilemma" { "A" "B" }
p "" 1 1 "" { "cooperate" "defect" } 0
p "" 2 1 "" { "cooperate" "defect" } 0 t "" 1 "" { 2 2 } t "" 2 "" { 0 3 }
p "" 2 1 0 t "" 3 "" { 3 0 } t "" 4 "" { 1 1 }
"""


def first_chances(found: GameAnswer) -> list[float]:
    return [one.actions[0][1] for one in found.profile.infosets]


@pytest.mark.parametrize(
    ("text", "precision", "expected"),
    [
        (MATRIX, 1, [0.642979, 0.588319]),
        (MATRIX, 3, [0.859537, 0.603816]),
        (CENTIPEDE, 1, [0.234573, 0.758750, 0.998341, 0.372846, 0.959412, 0.999997]),
        (POKER, 1, [0.931785, 0.539087, 0.614444]),
        (HORSE, 2, [0.686903, 0.112013, 0.508792]),
    ],
    ids=["2x2 at 1", "2x2 at 3", "centipede", "poker", "horse"],
)
def test_agent_quantal_response_equilibria(text: str, precision: float, expected: list[float]) -> None:
    """Computed with Gambit 16.2, principal branch; the centipede's are those of McKelvey & Palfrey's (1998) recursion."""
    found = answer(parse_efg(text), precision)
    assert first_chances(found) == pytest.approx(expected, abs=PUBLISHED)
    assert found.is_found
    assert found.profile.residual <= 1e-10


def test_the_limit_of_poker() -> None:
    """Reiley, Urbancic & Walker (2008): bluff a third of the queens, call two thirds of the bets."""
    found = answer(parse_efg(POKER), math.inf)
    assert first_chances(found) == pytest.approx([1, 1 / 3, 2 / 3], abs=PUBLISHED)
    assert found.profile.payoffs == pytest.approx({"One": 1 / 3, "Two": -1 / 3}, abs=PUBLISHED)
    assert found.status.startswith("the limit of the branch")


@pytest.mark.parametrize("precision", [0, 0.5, 2.0, 10.0])
def test_the_prisoners_dilemma_has_a_closed_form(precision: float) -> None:
    found = answer(parse_efg(DILEMMA), precision)
    assert first_chances(found) == pytest.approx([1 / (1 + math.exp(precision))] * 2, abs=EXACT)


def kuhn_poker() -> str:
    """Kuhn (1950): three cards, a bet of 1 after an ante of 1."""
    rows = ['EFG 2 R "Kuhn poker" { "One" "Two" }']
    deals = [(one, two) for one, two in product("JQK", repeat=2) if one != two]
    rows.append('c "" 1 "" { ' + " ".join(f'"{one}{two}" 1/6' for one, two in deals) + " } 0")
    number = 0
    for one, two in deals:
        a, b = "JQK".index(one) + 1, "JQK".index(two) + 1
        win = 1 if a > b else -1

        def end(value: int) -> str:
            nonlocal number
            number += 1
            return f't "" {number} "" {{ {value}, {-value} }}'

        rows += [
            f'p "" 1 {a} "{one}" {{ "check" "bet" }} 0',
            f'p "" 2 {b} "{two} after check" {{ "check" "bet" }} 0', end(win),
            f'p "" 1 {a + 3} "{one} after bet" {{ "fold" "call" }} 0', end(-1), end(2 * win),
            f'p "" 2 {b + 3} "{two} after bet" {{ "fold" "call" }} 0', end(1), end(2 * win),
        ]  # fmt: skip
    return "\n".join(rows)


def test_the_value_of_kuhn_poker() -> None:
    found = answer(parse_efg(kuhn_poker()), math.inf)
    assert found.profile.payoffs["One"] == pytest.approx(-1 / 18, abs=PUBLISHED)
    assert len(found.profile.infosets) == 12


# --- against Gambit -------------------------------------------------------------------------------------------------


@SLOW
@given(drawn=trees(is_plain=True), precision=st.sampled_from([0.3, 1.0, 2.5]))
def test_random_games_have_gambits_principal_branch(drawn: Tree, precision: float) -> None:
    gambit = pytest.importorskip("pygambit")
    tree = plain(drawn)
    assume(any(not one.is_chance and len(one.actions) > 1 for one in tree.infosets))
    game = gambit.read_efg(io.StringIO(write_efg(tree)))
    profile = gambit.qre.logit_solve_lambda(game, [precision])[0].profile
    expected = {
        (str(player), tuple(history.actions)): dict(mixed)
        for player in game.players
        for history, mixed in profile[str(player)]
    }
    found = answer(tree, precision)
    for one, place in zip(found.profile.infosets, in_order(tree), strict=True):
        histories = [tree.history_to(node) for node, infoset in enumerate(tree.infoset_of_node) if infoset == place]
        theirs = next(expected[one.player, tuple(way)] for way in histories if (one.player, tuple(way)) in expected)
        assert dict(one.actions) == pytest.approx(theirs, abs=1e-6)


def in_order(tree: Tree) -> list[int]:
    own = [place for place, one in enumerate(tree.infosets) if one.player != CHANCE]
    return sorted(own, key=lambda place: (tree.infosets[place].player, tree.infosets[place].number))


# --- invariances ----------------------------------------------------------------------------------------------------


@SLOW
@given(tree=trees(is_plain=True), seed=st.integers(0, 2**32 - 1))
def test_names_and_numbers_change_nothing(tree: Tree, seed: int) -> None:
    """Other names, other numbers, players in another order: the same behaviour under the new names."""
    rng = np.random.default_rng(seed)
    seat = rng.permutation(len(tree.players))  # old player to new
    number = {place: int(n) + 1 for place, n in enumerate(rng.permutation(len(tree.infosets)) * 7)}
    infosets = tuple(
        replace(
            one, player=CHANCE if one.is_chance else int(seat[one.player]), number=number[place], label=f"set {place}"
        )
        for place, one in enumerate(tree.infosets)
    )
    old = np.argsort(seat)
    outcomes = tuple(replace(one, payoffs=tuple(one.payoffs[player] for player in old)) for one in tree.outcomes)
    players = tuple(f"new {tree.players[player]}" for player in old)
    other = replace(tree, players=players, infosets=infosets, outcomes=outcomes)
    before, after = answer(tree, 1.5), answer(other, 1.5)
    assert after.profile.payoffs == pytest.approx({f"new {k}": v for k, v in before.profile.payoffs.items()}, abs=EXACT)
    behaviour = dict(zip(in_order(tree), before.profile.infosets, strict=True))
    for place, one in zip(in_order(other), after.profile.infosets, strict=True):
        assert dict(one.actions) == pytest.approx(dict(behaviour[place].actions), abs=EXACT)
        assert (one.label, one.number) == (f"set {place}", number[place])


@SLOW
@given(tree=trees())
def test_a_plain_game_is_solved_alike(tree: Tree) -> None:
    """Where payoffs stand on the way or at the end makes no difference."""
    one, other = answer(tree, 1.0), answer(plain(tree), 1.0)
    assert list(one.profile.payoffs.values()) == pytest.approx(list(other.profile.payoffs.values()), abs=EXACT)
    for a, b in zip(one.profile.infosets, other.profile.infosets, strict=True):
        assert [p for _, p in a.actions] == pytest.approx([p for _, p in b.actions], abs=EXACT)


@SLOW
@given(tree=trees(is_plain=True), precision=st.sampled_from([0.0, 1.0, 4.0, math.inf]))
def test_a_public_game_is_solved_by_recursion(tree: Tree, precision: float) -> None:
    """With an information set a node: the textbook's recursion, ties shared equally."""
    infosets = tuple(
        replace(tree.infosets[place], number=node + 1)
        for node, place in enumerate(tree.infoset_of_node)
        if place != NONE
    )
    count = iter(range(len(infosets)))
    public = replace(
        tree,
        infosets=infosets,
        infoset_of_node=tuple(NONE if one == NONE else next(count) for one in tree.infoset_of_node),
    )
    found = answer(public, precision)
    expected: dict[int, list[float]] = {}
    values = recursion(public, 0, precision, expected)
    assert list(found.profile.payoffs.values()) == pytest.approx(values, abs=EXACT)
    for place, one in zip(in_order(public), found.profile.infosets, strict=True):
        assert [chance for _, chance in one.actions] == pytest.approx(expected[place], abs=EXACT)
    assert "public" in found.status


def recursion(tree: Tree, node: int, precision: float, behaviour: dict[int, list[float]]) -> list[float]:
    outcome, place = tree.outcome_of_node[node], tree.infoset_of_node[node]
    own = [float(one) for one in tree.outcomes[outcome].payoffs] if outcome != NONE else [0.0] * len(tree.players)
    if place == NONE:
        return own
    below = [recursion(tree, child, precision, behaviour) for child in tree.children_of_node[node]]
    infoset = tree.infosets[place]
    if infoset.is_chance:
        chances = [float(one) for one in infoset.odds]
    else:
        worth = [value[infoset.player] for value in below]
        best = max(worth)
        if math.isinf(precision):
            weights = [float(value >= best - 1e-9) for value in worth]
        else:
            weights = [math.exp(precision * (value - best)) for value in worth]
        chances = behaviour[place] = [weight / sum(weights) for weight in weights]
    return [
        here + sum(chance * value[player] for chance, value in zip(chances, below, strict=True))
        for player, here in enumerate(own)
    ]


# --- the command ----------------------------------------------------------------------------------------------------


def test_the_answer_as_json(tmp_path: Path) -> None:
    path = tmp_path / "horse.efg"
    path.write_text(HORSE)
    result = CliRunner().invoke(main, ["solve", str(path), "--precision", "2", "--json"])
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert next(iter(data)) == "schema"
    assert (data["schema"], data["precision"], data["status"]) == ("stratagem/game/1", 2, "converged")
    assert [(one["player"], one["number"], one["label"]) for one in data["infosets"]] == [
        ("One", 1, ""), ("Two", 1, ""), ("Three", 1, ""),
    ]  # fmt: skip
    assert [action["action"] for action in data["infosets"][2]["actions"]] == ["R", "L"]
    assert data["infosets"][0]["actions"][0]["probability"] == pytest.approx(0.686903, abs=PUBLISHED)
    assert list(data["payoffs"]) == ["One", "Two", "Three"]
    assert data["residual"] <= 1e-10
    assert data["other_equilibria"] == []


def test_without_a_precision_it_is_the_limit(tmp_path: Path) -> None:
    path = tmp_path / "poker.EFG"
    path.write_text(POKER)
    data = json.loads(CliRunner().invoke(main, ["solve", str(path), "--json"]).stdout)
    assert data["precision"] == "best"
    shown = CliRunner().invoke(main, ["solve", str(path)])
    assert "0.333333" in shown.stdout
    assert "the limit of the branch" in shown.stdout
    assert solve_game_file(path).profile.payoffs["One"] == pytest.approx(1 / 3, abs=PUBLISHED)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--worlds", "5"], "--worlds: not for a game file"),
        (["--precision", "-1"], "the precision `-1`"),
        (["--precision", "nan"], "the precision `nan`"),
        (["--precision", "inf"], "the precision `inf`"),
        (["--precision", ""], "the precision ``"),
        (["--response", "probit"], "best reply is the limit of logit responses"),
        (["--response", "probit", "--precision", "best"], "best reply is the limit of logit responses"),
        (["--do", "a=b", "--csv", "x.csv"], "--csv, --do: not for a game file"),
    ],
)
def test_requests_that_a_game_file_cannot_answer(tmp_path: Path, arguments: list[str], message: str) -> None:
    path = tmp_path / "poker.efg"
    path.write_text(POKER)
    result = CliRunner().invoke(main, ["solve", str(path), *arguments])
    assert result.exit_code == 2
    assert message in result.stderr


def test_an_unknown_response_is_a_message(tmp_path: Path) -> None:
    path = tmp_path / "poker.efg"
    path.write_text(POKER)
    with pytest.raises(UsageError, match="the unknown response `probid` \\(did you mean `probit`"):
        solve_game_file(path, 1.0, "probid")


def test_the_fault_of_a_file_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "broken.efg"
    path.write_text('EFG 2 R "x" { "A" }\n t "" 1\n')
    result = CliRunner().invoke(main, ["solve", str(path)])
    assert result.exit_code == 2
    assert result.stderr.startswith(f"{path}:2:7: outcome 1 for the first time")
    assert result.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "payoffs"),
    [
        ('EFG 2 R "" { "A" "B" } t "" 1 "" { 3 -1/2 }', [3, -0.5]),
        ('EFG 2 R "" { "A" "" } t "" 0', [0, 0]),
        ('EFG 2 R "" { "A" "A" } c "" 1 "" { "x" 1/4 "y" 3/4 } 1 "" { 1 1 } t "" 1 t "" 2 "" { 0 4 }', [1.25, 4.25]),
        ('EFG 2 R "" { "A" } c "" 1 "" { "x" 0 "y" 1 } 0 p "" 1 1 "" { "u" } 0 t "" 1 "" { 9 } t "" 2 "" { 5 }', [5]),
    ],
    ids=["an end", "an end without payoffs", "gains on the way", "a chance of 0"],
)
@pytest.mark.parametrize("precision", [1.0, math.inf])
def test_games_without_a_choice(text: str, payoffs: list[float], precision: float) -> None:
    found = answer(parse_efg(text), precision)
    assert list(found.profile.payoffs.values()) == pytest.approx(payoffs)
    assert len(found.profile.payoffs) == len(payoffs)
    assert Fraction(found.profile.residual) == 0


COORDINATION = """EFG 2 R "Coordination" { "Row" "Column" }
p "" 1 1 "" { "A" "B" } 0
p "" 2 1 "" { "A" "B" } 0 t "" 1 "" { 2 2 } t "" 2 "" { 0 0 }
p "" 2 1 0 t "" 3 "" { 0 0 } t "" 4 "" { 1 1 }
"""


@pytest.mark.parametrize("precision", [8.0, math.inf])
def test_a_game_of_three_equilibria_shows_three(precision: float) -> None:
    found = answer(parse_efg(COORDINATION), precision)
    shown = sorted(one.infosets[0].actions[0][1] for one in (found.profile, *found.others))
    if math.isinf(precision):
        assert shown == pytest.approx([0, 1 / 3, 1], abs=1e-9)
    else:
        # A symmetric equilibrium is a fixed point of p = logistic(8 (3 p - 1)).
        assert len(shown) == 3
        assert shown == pytest.approx([1 / (1 + math.exp(-8 * (3 * p - 1))) for p in shown], abs=1e-9)
    assert all(one.residual < 1e-10 for one in found.others)


def test_at_low_precision_there_is_one() -> None:
    assert answer(parse_efg(COORDINATION), 0.5).others == ()


def test_what_hides_too_much_at_once_is_refused_at_once() -> None:
    """Two histories alike, a thousand decisions deep: every pair of decisions on a way would count."""
    lines = ['EFG 2 R "" { "A" "B" }', 'c "" 1 "" { "x" 1/2 "y" 1/2 } 0']
    for side in range(2):
        for depth in range(1000):
            lines.append(f'p "" {depth % 2 + 1} {depth // 2 + 1} "" {{ "take" "pass" }} 0')
            lines.append(f't "" {1001 * side + depth + 1} "" {{ {depth} {side} }}')
        lines.append(f't "" {1001 * (side + 1)} "" {{ 1 1 }}')
    with pytest.raises(TooLargeError, match=r"ways of up to 1,000 decisions"):
        answer(parse_efg("\n".join(lines)), 1)


def test_a_player_whose_payoffs_are_too_small_beside_another_s_leaves_the_limit_open() -> None:
    """He has hardly begun to choose at the highest precision that numbers bear: play is not said to be settled."""
    text = (
        'EFG 2 R "" { "A" "B" } p "" 1 1 "" { "l" "r" } 0 p "" 2 1 "" { "l" "r" } 0 t "" 1 "" { 1e9 1e-9 } t "" 2 "" { 0 0 } '
        'p "" 2 1 "" { "l" "r" } 0 t "" 3 "" { 0 0 } t "" 4 "" { 1e9 2e-9 }'
    )
    assert not answer(parse_efg(text), math.inf).is_found
