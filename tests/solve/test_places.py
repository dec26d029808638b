"""What only solving finds wrong is said with its place in the file."""

from __future__ import annotations

import re

import pytest
from crises import solved, text_of

from stratagem.api import solve
from stratagem.catalogue import Case
from stratagem.errors import StratagemError
from stratagem.scenario.read import parse_scenario

NUMBERS = "quantities: {known to all: {a: 0.2 to 0.6, b: -1 to 1}}\n"
ONE_MOVE = "timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: a}}}}]"
WRONG = {
    "probability": ("timeline:\n- chance: c\n  outcomes:\n    x: 3 * a\n    y: rest", "x: 3 * a", "the probability of c.x"),
    "sum": ("timeline:\n- chance: c\n  outcomes: {x: a, y: a}", "outcomes", "the probabilities at c"),
    "in every world": (
        "state: {n: 2 in 0 to 5}\ntimeline:\n- chance: c\n  outcomes: {x: {probability: n}, y: rest}", "probability",
        "the probability of c.x: 2 in every world",
    ),
    "base share": (
        "timeline:\n- move: m\n  player: p\n  actions: {hold: , go: {share: 3 * a}}", "share",
        "the base share of m.go: .*; a base share is from 0 to 1 [M9]",
    ),
    "base share by state": (
        "state: {n: 2 in 0 to 5}\ntimeline:\n- move: m\n  player: p\n  actions: {hold: , go: {share: 0.6 * n}}", "share",
        "the base share of m.go: 1.2 in every world; a base share is from 0 to 1 [M9]",
    ),
    "domain": (
        "state: {n: 2 in 0 to 5}\ntimeline:\n- move: m\n  player: p\n  actions: {go: {set: {n: 3 * n}}}", "n: 3 * n",
        "m.go sets `n` to 6.0",
    ),
    "no action": (
        "timeline:\n- move: m\n  player: p\n  actions: {go: {if: a < 0 and 1 < 0}}", "move: m", "at m nobody can do anything",
    ),
    "not available alike": (
        "timeline:\n- {move: m, player: p, seen by: nobody, actions: {x: , y: }}\n- move: n\n  player: o\n"
        "  actions: {u: {payoffs: {p: if m == x then a else b}}, v: {if: m == x}}", "move: n", "at n, `o` cannot tell `m = x` from `m = y`",
    ),
    "weights": (
        "stakes: {x: X, y: Y}\nplayers:\n  p:\n    name: P\n    weights: {x: a, y: a}\n"
        "timeline: [{move: m, player: p, actions: {hold: {gains: {x: 1}}, go: {gains: {y: 1}}}}]", "weights", "the weights of `p` sum to",
    ),
    "swings": (
        "stakes: {x: X}\nplayers:\n  p:\n    name: P\n    weights: {swings: {x: 0}}\n"
        "timeline: [{move: m, player: p, actions: {hold: {gains: {x: 1}}, go: }}]", "weights", "the swings of `p` sum to 0",
    ),
    "precision": (f"players: {{p: {{name: P, precision: b}}}}\n{ONE_MOVE}", "precision", "the precision of `p`"),
    "loss aversion": (
        "players: {p: {name: P, payoffs: {x: 1}, loss aversion: b}}\nstakes: {x: {title: X, reference: 0}}\n"
        "timeline: [{move: m, player: p, actions: {hold: {gains: {x: 1}}, go: }}]",
        "loss aversion", "the loss aversion of `p`",
    ),
    "history": (
        "timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: -1}}}}]\nhistory: [m = go]", "history",
        "the history has probability 0",
    ),
    "perception": (f"{ONE_MOVE}\nperceptions: {{p: {{a: log(b)}}}}", "a: log(b)", "`log` of (-.*) has no value"),
}  # fmt: skip


def place_of(text: str, what: str) -> str:
    """`file:line:column: ` of a fragment of a text."""
    before = text[: text.rindex(what)]
    return f"crisis.yaml:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}: "


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_in_some_world_has_a_place(name: str) -> None:
    rest, at, message = WRONG[name]
    text = text_of(NUMBERS + rest)
    place = place_of(text, at)
    pattern = re.escape(place + message).replace(r"\.\*", ".*")
    with pytest.raises(StratagemError, match=rf"\A{pattern}"):
        solve(Case("crisis", "crisis.yaml", text), worlds=64)


def test_a_history_that_is_not_the_file_s_has_no_place_in_it() -> None:
    text = "timeline: [{move: m, player: p, actions: {hold: , go: {payoffs: {p: -1}}}}]\nhistory: [m = hold]"
    with pytest.raises(StratagemError, match=r"\Athe history has probability 0"):
        solved(text, history=("m=go",))


def test_what_was_not_read_from_a_file_has_no_place() -> None:
    stated = parse_scenario(text_of(NUMBERS + "timeline: [{chance: c, outcomes: {x: a, y: a}}]"))
    bare = type(stated).model_construct(**dict(stated))
    assert bare.where("timeline", 0) == ""
