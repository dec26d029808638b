"""The .efg format out: a tree to text that Gambit, OpenSpiel and this package read."""

from __future__ import annotations

import re
from fractions import Fraction

from stratagem.exchange.tree import NONE, Infoset, Outcome, Tree

MAX_DECIMALS = 20
_LAST_SLASHES = re.compile(r"\\+\Z")


def write_efg(tree: Tree) -> str:
    """The text of a game: a node a line, each information set and outcome stated in full where it stands.

    >>> from stratagem.exchange.efg_read import parse_efg
    >>> print(write_efg(parse_efg('EFG 2 D "" {"A"} p "" 1 7 {"go"} 0 t "end" 3 {.5}')))
    EFG 2 R "" { "A" }
    ""
    <BLANKLINE>
    p "" 1 7 "" { "go" } 0
    t "end" 3 "" { 0.5 }
    <BLANKLINE>
    """
    players = " ".join(map(_quoted, tree.players))
    head = f"EFG 2 R {_quoted(tree.title)} {{ {players} }}\n{_quoted(tree.comment)}\n\n"
    return head + "".join(f"{_node(tree, node)}\n" for node in range(tree.num_nodes))


def _node(tree: Tree, node: int) -> str:
    label, outcome = _quoted(tree.label_of_node[node]), _outcome(tree, tree.outcome_of_node[node])
    if tree.infoset_of_node[node] == NONE:
        return f"t {label} {outcome}"
    infoset = tree.infosets[tree.infoset_of_node[node]]
    mover = "c" if infoset.is_chance else "p"
    owner = "" if infoset.is_chance else f"{infoset.player + 1} "
    return f"{mover} {label} {owner}{infoset.number} {_quoted(infoset.label)} {{ {_actions(infoset)} }} {outcome}"


def _actions(infoset: Infoset) -> str:
    if not infoset.is_chance:
        return " ".join(map(_quoted, infoset.actions))
    return " ".join(
        f"{_quoted(action)} {_number(odd)}" for action, odd in zip(infoset.actions, infoset.odds, strict=True)
    )


def _outcome(tree: Tree, place: int) -> str:
    if place == NONE:
        return "0"
    outcome: Outcome = tree.outcomes[place]
    return f"{outcome.number} {_quoted(outcome.label)} {{ {', '.join(map(_number, outcome.payoffs))} }}"


def _number(value: Fraction) -> str:
    """An exact number: a decimal where a short one is, else a fraction. (OpenSpiel takes fractions of 32-bit integers only.)"""
    scaled = value * 10**MAX_DECIMALS
    if value.denominator == 1 or scaled.denominator != 1:
        return str(value)
    digits = f"{abs(scaled.numerator):0{MAX_DECIMALS + 1}d}"
    sign = "-" if value < 0 else ""
    return f"{sign}{digits[:-MAX_DECIMALS]}.{digits[-MAX_DECIMALS:].rstrip('0')}"


def _quoted(text: str) -> str:
    """A text in quotes; a backslash at its end, which would hide the closing quote, becomes a slash."""
    safe = _LAST_SLASHES.sub(lambda match: "/" * len(match[0]), text)
    return '"' + safe.replace('"', '\\"') + '"'
