"""The same game in the form that every program reads: all that is gained at the ends, information sets counted from 1."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from stratagem.errors import TooLargeError
from stratagem.exchange.tree import NONE, Infoset, Outcome, Tree

MAX_BITS = 20_000
Payoffs = tuple[Fraction, ...]


def plain(tree: Tree) -> Tree:
    """The game with an outcome at each end and none before, each player's information sets numbered without gaps, names told apart.

    Ends that gain the same under one name share an outcome; blanks in names become single spaces. Raises `TooLargeError` where
    exact sums grow beyond bounds.
    """
    nothing = (Fraction(0),) * len(tree.players)
    before = list[Payoffs]()  # by node; `nothing` itself where no outcome stands on the way
    outcomes, place_of = list(tree.outcomes), dict[tuple[str, Payoffs], int]()
    outcome_of_node = [NONE] * tree.num_nodes
    number = max((one.number for one in outcomes), default=0)
    for node, (parent, own) in enumerate(zip(tree.parent_of_node, tree.outcome_of_node, strict=True)):
        past = nothing if parent == NONE else before[parent]
        before.append(past if own == NONE else _sum(past, tree.outcomes[own].payoffs))
        if tree.infoset_of_node[node] != NONE:
            continue
        if past is nothing and own != NONE:
            outcome_of_node[node] = own
            continue
        key = (_clean(tree.outcomes[own].label) if own != NONE else "", before[node])
        if key not in place_of:
            place_of[key] = len(outcomes)
            number += 1
            outcomes.append(Outcome(number, *key))
        outcome_of_node[node] = place_of[key]
    settled = replace(tree, outcomes=tuple(outcomes), outcome_of_node=tuple(outcome_of_node))
    return replace(
        _kept(settled),
        players=tuple(map(_clean, tree.players)),
        infosets=_numbered(tree),
        label_of_node=tuple(distinct([_clean(one) for one in tree.label_of_node])),
    )


def _sum(one: Payoffs, other: Payoffs) -> Payoffs:
    found = tuple(a + b for a, b in zip(one, other, strict=True))
    if any(value.denominator.bit_length() > MAX_BITS for value in found):
        raise TooLargeError("payoffs on one way through the game whose exact sum is too long to write; use decimals")
    return found


def _kept(tree: Tree) -> Tree:
    """The tree with only those outcomes that stand somewhere."""
    used = sorted({one for one in tree.outcome_of_node if one != NONE})
    place = {NONE: NONE, **{one: number for number, one in enumerate(used)}}
    return replace(
        tree,
        outcomes=tuple(replace(tree.outcomes[one], label=_clean(tree.outcomes[one].label)) for one in used),
        outcome_of_node=tuple(place[one] for one in tree.outcome_of_node),
    )


def _numbered(tree: Tree) -> tuple[Infoset, ...]:
    """Each player's information sets numbered from 1 in their order, and named apart."""
    found = list(tree.infosets)
    for player in {one.player for one in tree.infosets}:
        own = sorted((one.number, place) for place, one in enumerate(tree.infosets) if one.player == player)
        names = distinct([_clean(tree.infosets[place].label) for _, place in own])
        for number, ((_, place), name) in enumerate(zip(own, names, strict=True), start=1):
            actions = tuple(map(_clean, tree.infosets[place].actions))
            found[place] = replace(tree.infosets[place], number=number, label=name, actions=actions)
    return tuple(found)


def distinct(names: Sequence[str]) -> list[str]:
    """Names told apart: those that stand more than once get a number, as Gambit does; empty ones stay empty.

    >>> distinct(["a", "b", "a", ""])
    ['a_1', 'b', 'a_2', '']
    """
    count, used = Counter(names), set(names)
    next_number: dict[str, int] = {}
    found = []
    for name in names:
        other = name
        while name and count[name] > 1 and other in used:
            next_number[name] = next_number.get(name, 0) + 1
            other = f"{name}_{next_number[name]}"
        used.add(other)
        found.append(other)
    return found


def _clean(text: str) -> str:
    """A name without control characters and with single spaces, as Gambit wants names."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
