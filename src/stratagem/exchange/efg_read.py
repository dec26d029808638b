"""The .efg format in: text to a tree, or the first fault with its place.

The format is that of Gambit's documentation (docs/efg.md). Bounded and without recursion: neither a large file nor a deep one
can exhaust anything.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from itertools import islice
from math import gcd
from pathlib import Path

from stratagem.errors import Fault, ScenarioError, StratagemError, quote
from stratagem.exchange.efg_tokens import END, MARK, MAX_BYTES, NUMBER, RULE, TEXT, WORD, Tokens
from stratagem.exchange.recall import forgotten
from stratagem.exchange.tree import NONE, Infoset, Outcome, Tree
from stratagem.graph.game import CHANCE
from stratagem.graph.worlds import MOST

MAX_NODES = 200_000
MAX_BITS = 20_000  # of the common denominator of an event's odds
MAX_SHOWN = 12  # actions of a history in a message
SUFFIX = ".efg"


def read_efg(file: str | Path) -> Tree:
    """The game in a file. Raises `ScenarioError` at its first fault, `StratagemError` where it cannot be read."""
    path = Path(file)
    try:
        with path.open("rb") as stream:
            content = stream.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise StratagemError(f"cannot read {quote(path)}: {reason}") from None
    if len(content) > MAX_BYTES:
        raise ScenarioError(str(path), [Fault(1, 1, "a file over 4 MiB", "a smaller game", RULE)])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        found = f"the byte 0x{content[error.start]:02X}, which is not UTF-8"
        raise ScenarioError(str(path), [Fault(line, column, found, "text in UTF-8", RULE)]) from None
    return parse_efg(text, str(path))


def parse_efg(text: str, file: str = "game.efg") -> Tree:
    """The game that a text states; `file` names it in messages. Raises `ScenarioError` at its first fault.

    >>> parse_efg('EFG 2 R "" { "A" } p "" 1 1 "" { "go" "stay" } 0 t "" 1 "" { 1/2 } t "" 0').num_nodes
    3
    """
    return _Reader(Tokens(text, file)).tree()


@dataclass
class _Reader:
    tokens: Tokens
    players: tuple[str, ...] = ()
    infosets: list[Infoset] = field(default_factory=list)
    outcomes: list[Outcome] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    infoset_of_node: list[int] = field(default_factory=list)
    outcome_of_node: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    infoset_numbered: dict[tuple[int, int], int] = field(default_factory=dict)
    outcome_numbered: dict[int, int] = field(default_factory=dict)

    def tree(self) -> Tree:
        title, comment = self._prologue()
        self._nodes()
        self.tokens.expect(END, "nothing: the last node of the game stands before it")
        tree = Tree(
            title=title,
            players=self.players,
            comment=comment,
            infosets=tuple(self.infosets),
            outcomes=tuple(self.outcomes),
            label_of_node=tuple(self.labels),
            parent_of_node=tuple(self.parents),
            infoset_of_node=tuple(self.infoset_of_node),
            outcome_of_node=tuple(self.outcome_of_node),
        )
        self._check_recall(tree)
        return tree

    # --- prologue ---

    def _prologue(self) -> tuple[str, str]:
        tokens = self.tokens
        tokens.expect(WORD, "`EFG 2 R`, with which a game file begins", "EFG")
        tokens.expect(NUMBER, "version `2` of the format", "2")
        if not tokens.is_next(WORD, "D"):
            tokens.expect(WORD, "`R` (or `D`, in old files)", "R")
        else:
            tokens.take()
        title = tokens.expect(TEXT, 'the title of the game, in `"`').text
        place = tokens.expect(MARK, "`{` and the names of the players", "{").at
        self.players = tuple(self._texts('the name of a player in `"`, or `}`'))
        if not self.players:
            tokens.refuse(place, "a game without players", "at least one player")
        comment = tokens.take().text if tokens.is_next(TEXT) else ""
        return title, comment

    def _texts(self, expected: str) -> list[str]:
        """Quoted texts up to the closing bracket."""
        found = []
        while not self.tokens.accept(MARK, "}"):
            found.append(self.tokens.expect(TEXT, expected).text)
        return found

    # --- nodes ---

    def _nodes(self) -> None:
        """All nodes, each before those that follow it."""
        waiting = [[NONE, 1]]  # nodes, and how many of their actions still have none after them
        while waiting:
            parent, missing = waiting[-1]
            if missing == 0:
                waiting.pop()
                continue
            waiting[-1][1] -= 1
            actions = self._node(parent)
            if actions:
                waiting.append([len(self.parents) - 1, actions])

    def _node(self, parent: int) -> int:
        """Read one node; how many actions it has."""
        kind = self.tokens.next
        if kind.kind != WORD or kind.text not in ("c", "p", "t"):
            self.tokens.refuse(kind.at, kind.described, f"`c`, `p` or `t`: {self._wanted(parent)}")
        if len(self.parents) >= MAX_NODES:
            self.tokens.refuse(kind.at, f"more than {MAX_NODES:,} nodes", "a smaller game")
        self.tokens.take()
        self.labels.append(self.tokens.expect(TEXT, 'the name of the node, in `"` (it may be empty)').text)
        self.parents.append(parent)
        self.places.append(kind.at)
        infoset = NONE if kind.text == "t" else self._infoset(kind.text == "c")
        self.infoset_of_node.append(infoset)
        self.outcome_of_node.append(self._outcome())
        return 0 if infoset == NONE else len(self.infosets[infoset].actions)

    def _wanted(self, parent: int) -> str:
        if parent == NONE:
            return "the first node of the game"
        actions = self.infosets[self.infoset_of_node[parent]].actions
        line = self.tokens.source.count("\n", 0, self.places[parent]) + 1
        return f"the game goes on after one of {len(actions)} actions of the node on line {line}"

    def _infoset(self, is_chance: bool) -> int:
        player = CHANCE if is_chance else self._player()
        name = "event" if is_chance else "information set"
        number, place = self.tokens.integer(f"the number of the {name}, 1 or more", 1)
        known = self.infoset_numbered.get((player, number), NONE)
        at = self.tokens.next.at
        if not (self.tokens.is_next(TEXT) or self.tokens.is_next(MARK, "{")):
            if known == NONE:
                self.tokens.refuse(
                    place, f"{name} {number} for the first time, without actions", "its name and its actions in `{ }`"
                )
            return known
        stated = self._stated_infoset(player, number)
        if known == NONE:
            known = self.infoset_numbered[player, number] = len(self.infosets)
            self.infosets.append(stated)
        elif stated != self.infosets[known]:
            self._refuse_infoset(at, stated, self.infosets[known])
        return known

    def _player(self) -> int:
        number, place = self.tokens.integer("the number of a player, 1 or more", 1)
        if number > len(self.players):
            self.tokens.refuse(place, f"player {number}", f"a player from 1 to {len(self.players)}")
        return number - 1

    def _stated_infoset(self, player: int, number: int) -> Infoset:
        label = self.tokens.take().text if self.tokens.is_next(TEXT) else ""
        place = self.tokens.expect(MARK, "`{` and the actions", "{").at
        if player != CHANCE:
            actions = self._texts('the name of an action in `"`, or `}`')
            odds: list[Fraction] = []
        else:
            actions, odds = self._odds(place)
        if not actions:
            self.tokens.refuse(place, "no action", "at least one action")
        return Infoset(player, number, label, tuple(actions), tuple(odds))

    def _odds(self, place: int) -> tuple[list[str], list[Fraction]]:
        """The actions of chance with their probabilities, which sum to exactly 1."""
        actions, odds = list[str](), list[Fraction]()
        while not self.tokens.accept(MARK, "}"):
            actions.append(self.tokens.expect(TEXT, 'the name of an action in `"`, or `}`').text)
            odd, at = self.tokens.number("the probability of the action")
            if not 0 <= odd <= 1:
                self.tokens.refuse(at, f"the probability {_shown(odd)}", "a number from 0 to 1")
            odds.append(odd)
        if odds:
            self._check_sum(place, odds)
        return actions, odds

    def _check_sum(self, place: int, odds: list[Fraction]) -> None:
        common = 1
        for odd in odds:
            common *= odd.denominator // gcd(common, odd.denominator)
            if common.bit_length() > MAX_BITS:
                self.tokens.refuse(
                    place, "probabilities without a common denominator of reasonable length", "shorter fractions"
                )
        total = sum(odd.numerator * (common // odd.denominator) for odd in odds)
        if total != common:
            self.tokens.refuse(
                place,
                f"probabilities that sum to {_shown(Fraction(total, common))}",
                "a sum of exactly 1; fractions such as `1/3` are exact",
            )

    def _refuse_infoset(self, at: int, stated: Infoset, known: Infoset) -> None:
        name = "event" if stated.is_chance else "information set"
        for what, one, other in (
            ("the name", stated.label, known.label),
            ("actions", stated.actions, known.actions),
            ("probabilities", stated.odds, known.odds),
        ):
            if one != other:
                self.tokens.refuse(
                    at,
                    f"{name} {stated.number} with {what} {_listed(one)}",
                    f"{_listed(other)}, as where it was first stated; or leave name and actions out",
                )

    # --- outcomes ---

    def _outcome(self) -> int:
        number, place = self.tokens.integer("the number of the outcome, or 0 for none", 0)
        at = self.tokens.next.at
        is_stated = self.tokens.is_next(TEXT) or self.tokens.is_next(MARK, "{")
        if number == 0:
            if is_stated:
                self.tokens.refuse(at, "a name or payoffs for outcome 0", "nothing: 0 stands for no outcome")
            return NONE
        known = self.outcome_numbered.get(number, NONE)
        if not is_stated:
            if known == NONE:
                self.tokens.refuse(
                    place, f"outcome {number} for the first time, without payoffs", "its name and its payoffs in `{ }`"
                )
            return known
        stated = self._stated_outcome(number)
        if known == NONE:
            known = self.outcome_numbered[number] = len(self.outcomes)
            self.outcomes.append(stated)
        elif stated != self.outcomes[known]:
            self._refuse_outcome(at, stated, self.outcomes[known])
        return known

    def _stated_outcome(self, number: int) -> Outcome:
        label = self.tokens.take().text if self.tokens.is_next(TEXT) else ""
        self.tokens.expect(MARK, "`{` and the payoffs", "{")
        payoffs = list[Fraction]()
        for player in self.players:
            payoff, at = self.tokens.number(
                f"the payoff of {quote(player)}, player {len(payoffs) + 1} of {len(self.players)}"
            )
            if abs(payoff) > MOST:
                self.tokens.refuse(at, f"a payoff beyond {MOST:.0e}", "a larger unit")
            payoffs.append(payoff)
            self.tokens.accept(MARK, ",")
        self.tokens.expect(MARK, f"`}}` after {len(self.players)} payoffs, one for each player", "}")
        return Outcome(number, label, tuple(payoffs))

    def _refuse_outcome(self, at: int, stated: Outcome, known: Outcome) -> None:
        is_label = stated.label != known.label
        one, other = (stated.label, known.label) if is_label else (stated.payoffs, known.payoffs)
        self.tokens.refuse(
            at,
            f"outcome {stated.number} with {'the name' if is_label else 'payoffs'} {_listed(one)}",
            f"{_listed(other)}, as where it was first stated; or leave name and payoffs out",
        )

    # --- recall ---

    def _check_recall(self, tree: Tree) -> None:
        pair = forgotten(tree)
        if pair is None:
            return
        earlier, node = pair
        infoset = tree.infosets[tree.infoset_of_node[node]]
        is_passed = any(tree.infoset_of_node[one] == tree.infoset_of_node[node] for one in tree.ancestors(node))
        failing = "meets it twice on one way" if is_passed else "has moved differently before, and so forgets"
        self.tokens.refuse(
            self.places[node],
            f"information set {infoset.number} of {quote(tree.players[infoset.player])} both after "
            f"{_history(tree, earlier)} and after {_history(tree, node)}, where the player {failing}",
            "perfect recall: give the second another information set",
        )


def _history(tree: Tree, node: int) -> str:
    steps = tree.history_to(node)
    cut = [*steps[: MAX_SHOWN // 2], "…", *steps[-MAX_SHOWN // 2 :]] if len(steps) > MAX_SHOWN else steps
    return quote(", ".join(cut), 120) if cut else "the start"


def _listed(value: str | tuple[str | Fraction, ...]) -> str:
    if isinstance(value, str):
        return quote(value)
    first = [_shown(one) if isinstance(one, Fraction) else one for one in islice(iter(value), 6)]
    return quote(", ".join([*first, "…"] if len(value) > 6 else first))


def _shown(value: Fraction) -> str:
    """An exact number where it is short, else rounded."""
    text = str(value)
    return text if len(text) <= 20 else f"{float(value):.6g}"
