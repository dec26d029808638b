"""Random games in extensive form with perfect recall, for the tests of exchange."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from stratagem.exchange.tree import NONE, Infoset, Outcome, Tree
from stratagem.graph.game import CHANCE

PLAYERS = ("Ann", 'B "the bold"', "Ćiro")
NAMES = ("", "a", "go on", 'say "no"', "back\\slash", "line\nbreak", "Ω", "{ }", "c", "1/2")
PAYOFFS = st.one_of(
    st.integers(-4, 4).map(Fraction),
    st.fractions(-3, 3, max_denominator=12),
    st.decimals(-2, 2, places=3).map(Fraction),
)


@st.composite
def trees(draw: Any, depth: int = 4, is_plain: bool = False) -> Tree:
    """A game of up to three players, in which what a player sees of each move is drawn; plain ones have names that say nothing."""
    return Author(draw, depth, is_plain).tree()


class Author:
    """Draws a game node by node; a player's information set is what he has seen and done, so recall is perfect."""

    def __init__(self, draw: Any, depth: int, is_plain: bool) -> None:
        self.draw, self.depth, self.is_plain = draw, depth, is_plain
        size = draw(st.integers(1, 3))
        self.players = ("One", "Two", "Three")[:size] if is_plain else PLAYERS[:size]
        self.infosets: list[Infoset] = []
        self.outcomes: list[Outcome] = []
        self.known: dict[Any, int] = {}
        self.nodes: list[tuple[str, int, int, int]] = []
        self.count = dict.fromkeys(range(CHANCE, len(self.players)), 0)
        self.kinds = [draw(self.kind()) for _ in range(depth)]

    def kind(self) -> Any:
        """Who moves at a depth, with how many actions, and who sees it."""
        movers = st.sampled_from(range(CHANCE, len(self.players)))
        return st.tuples(movers, st.integers(1, 3), st.lists(st.booleans(), min_size=3, max_size=3))

    def name(self) -> str:
        """A name, awkward or plain."""
        return f"n{len(self.nodes)}" if self.is_plain else self.draw(st.sampled_from(NAMES))

    def tree(self) -> Tree:
        """The game."""
        self.grow(NONE, 0, ((),) * len(self.players))
        labels, parents, infosets, outcomes = zip(*self.nodes, strict=True)
        return Tree(
            self.name(),
            self.players,
            self.name(),
            tuple(self.infosets),
            tuple(self.outcomes),
            labels,
            parents,
            infosets,
            outcomes,
        )

    def grow(self, parent: int, depth: int, seen: tuple[Any, ...]) -> None:
        """Add a node and all after it; `seen` is what each player knows of the way to it."""
        number = len(self.nodes)
        ends = depth == self.depth or (depth > 0 and self.draw(st.integers(0, 9)) == 0)
        outcome = self.outcome() if ends or self.draw(st.integers(0, 5)) == 0 else NONE
        infoset = NONE if ends else self.infoset(depth, seen)
        self.nodes.append((self.name(), parent, infoset, outcome))
        if ends:
            return
        mover, _, onlookers = self.kinds[depth]
        for action in range(len(self.infosets[infoset].actions)):
            after = tuple(
                (*past, (infoset, action))
                if player == mover
                else (*past, (depth, action))
                if onlookers[player]
                else past
                for player, past in enumerate(seen)
            )
            self.grow(number, depth + 1, after)

    def infoset(self, depth: int, seen: tuple[Any, ...]) -> int:
        """What the mover at a depth knows; chance has an event of its own at every node."""
        mover, size, _ = self.kinds[depth]
        key = (depth, len(self.nodes)) if mover == CHANCE else (depth, mover, seen[mover])
        if key not in self.known:
            self.known[key] = len(self.infosets)
            self.count[mover] += 1
            actions = tuple(f"{self.name()}{action}" for action in range(size))
            odds = self.odds(size) if mover == CHANCE else ()
            self.infosets.append(Infoset(mover, self.count[mover] * 2, self.name(), actions, odds))
        return self.known[key]

    def odds(self, size: int) -> tuple[Fraction, ...]:
        """Probabilities that sum to 1."""
        weights = [self.draw(st.integers(1, 5)) for _ in range(size)]
        return tuple(Fraction(weight, sum(weights)) for weight in weights)

    def outcome(self) -> int:
        """An outcome, new or met before."""
        if self.outcomes and self.draw(st.integers(0, 3)) == 0:
            return self.draw(st.integers(0, len(self.outcomes) - 1))
        payoffs = tuple(self.draw(PAYOFFS) for _ in self.players)
        self.outcomes.append(Outcome(3 * len(self.outcomes) + 1, self.name(), payoffs))
        return len(self.outcomes) - 1
