"""A slow, recursive solver on the unmerged tree, for one world at a time: the independent truth of the tests.

In goes a scenario as plain data (the mapping that YAML gives) and one `World`; out comes a `Solution`. It is written
from the specification (`docs/language.md`, rules `L1` to `L25`) and shares no code with the package, so that the two
can disagree. It covers perfect information: no hidden moves, no simultaneous moves, no mistakes, and nothing that a
player does not know.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from textbook_formulas import formula
from textbook_game import SLACK, TRUTH, YEAR, Data, Edge, Forced, Game, History, Key, Node, Scope, State, World, ordinal

# Solving (M5, M9) -----------------------------------------------------------------------------------------------------


def certainty_equivalent(alpha: float, odds: Sequence[float], amounts: Sequence[float]) -> float:
    """The sure amount worth as much as the lottery, under constant absolute risk aversion `alpha`."""
    lottery = [(p, x) for p, x in zip(odds, amounts, strict=True) if p > 0]
    if alpha == 0:
        return math.fsum(p * x for p, x in lottery)
    base = min(x for _, x in lottery)
    return base - math.log(math.fsum(p * math.exp(-alpha * (x - base)) for p, x in lottery)) / alpha


def shared_out(share: Mapping[str, float], among: Sequence[str]) -> dict[str, float]:
    total = sum(share[name] for name in among)
    return {name: share[name] / total if name in among else 0.0 for name in share}


def best(names: Sequence[str], score: Callable[[str], float]) -> list[str]:
    top = max(score(name) for name in names)
    return [name for name in names if score(name) >= top - SLACK]


class Sweep:
    """One backward sweep: behaviour at every decision node and the value of every node to every key."""

    def __init__(self, game: Game, announced: Forced) -> None:
        self.game, self.announced = game, announced
        self.behaviour: dict[History, dict[str, float]] = {}
        self.moves: dict[History, str] = {}

    def value(self, node: Node) -> dict[Key, float]:
        if node.item is None:
            return dict.fromkeys(self.game.keys, 0.0)
        prospects = {edge.action: self.prospect(node.item.date, edge) for edge in node.edges}
        odds = self.odds(node, prospects)
        return {key: self.certain(key, [odds[key[1]][a] for a in prospects], prospects) for key in self.game.keys}

    def certain(self, key: Key, odds: Sequence[float], prospects: Mapping[str, Mapping[Key, float]]) -> float:
        alpha = self.game.traits[key[0]]["risk aversion"]
        return certainty_equivalent(alpha, odds, [prospect[key] for prospect in prospects.values()])

    def prospect(self, now: float, edge: Edge) -> dict[Key, float]:
        """What an edge is worth: its reward, and the value of what follows, discounted by the years until then."""
        below = self.value(edge.child)
        years = (edge.child.item.date - now) / YEAR if edge.child.item else 0.0
        return {key: edge.reward[key] + self.game.traits[key[0]]["discount"] ** years * below[key] for key in below}

    def odds(self, node: Node, prospects: Mapping[str, Mapping[Key, float]]) -> dict[str, dict[str, float]]:
        """The probability of each edge in each view; behaviour is the same in all."""
        assert node.item is not None
        command = forced_action(node, self.announced)
        if command is not None:
            common = {edge.action: float(edge.action == command) for edge in node.edges}
        elif node.item.player is None or node.is_arrival:
            return {view: {e.action: e.odds[view] for e in node.edges} for view in self.game.numbers}
        else:
            common = self.choice(node.item.player, node, prospects)
        if node.item.player is not None and not node.is_arrival:
            self.behaviour[node.history], self.moves[node.history] = common, node.item.label
        return dict.fromkeys(self.game.numbers, common)

    def choice(self, player: str, node: Node, prospects: Mapping[str, Mapping[Key, float]]) -> dict[str, float]:
        share = {edge.action: edge.odds[TRUTH] for edge in node.edges}
        worth = {action: prospect[player, self.game.view(player)] for action, prospect in prospects.items()}
        precision = self.game.traits[player]["precision"]
        if math.isinf(precision):
            return shared_out(share, self.best_replies(player, node, worth, prospects))
        top = max(worth.values())
        weight = {action: share[action] * math.exp(precision * (worth[action] - top)) for action in worth}
        return shared_out(weight, list(weight))

    def best_replies(
        self, player: str, node: Node, worth: Mapping[str, float], prospects: Mapping[str, Mapping[Key, float]]
    ) -> list[str]:
        """The actions that the move's rule leaves of those within `SLACK` of the best."""
        assert node.item is not None
        tied, rule = best(list(worth), worth.__getitem__), node.item.data.get("ties", "equal")
        if rule in tied:
            return [rule]
        if rule not in ("concede", "resist"):
            return tied
        sign = 1 if rule == "concede" else -1
        return best(tied, lambda action: sign * self.others(player, prospects[action]))

    def others(self, player: str, prospect: Mapping[Key, float]) -> float:
        return sum(prospect[other, self.game.view(other)] for other in self.game.players if other != player)


def forced_action(node: Node, forced: Forced) -> str | None:
    """The action that is imposed at this node, where it is imposed and available."""
    if node.item is None or node.is_arrival:
        return None
    name, round_ = node.item.name, node.item.round
    command = forced.get((name, round_), forced.get((name, None)))
    return command if command in [edge.action for edge in node.edges] else None


# Answers (L19, L21, M10, M11) -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Leaf:
    """One whole history: its probability under the true numbers, and the states it went through with their dates."""

    history: History
    probability: float
    trail: tuple[tuple[float, State], ...]


@dataclass(frozen=True)
class Answer:
    """A question: the probability of event and condition together, and of the condition alone."""

    joint: float
    given: float

    @property
    def probability(self) -> float:
        return self.joint / self.given if self.given else math.nan


@dataclass(frozen=True)
class Solution:
    game: Game
    behaviour: Mapping[History, Mapping[str, float]]
    moves: Mapping[History, str]  # which move, or move[round], is decided after each history
    believed: Mapping[str, float]  # each player's value at the root by his own numbers
    true: Mapping[str, float]  # and by the true ones
    leaves: Sequence[Leaf]

    def likelihood(self, *seen: tuple[str, int | None, str]) -> float:
        """The probability that every (move, round, action) seen is taken; the round is None outside blocks."""
        return math.fsum(leaf.probability for leaf in self.leaves if has_all(leaf.history, seen))

    def given(self, *seen: tuple[str, int | None, str]) -> Solution:
        """The same game's histories conditional on what was seen."""
        likelihood = self.likelihood(*seen)
        kept = [leaf for leaf in self.leaves if has_all(leaf.history, seen)]
        return replace(self, leaves=[replace(leaf, probability=leaf.probability / likelihood) for leaf in kept])

    def outcomes(self) -> dict[str, float]:
        chances: dict[str, float] = {}
        for leaf in self.leaves:
            label = self.outcome(leaf.trail[-1][1])
            chances[label] = chances.get(label, 0.0) + leaf.probability
        return chances

    def outcome(self, state: State) -> str:
        """How a history is called: by its `end`, else by the first outcome whose `when` is true, else `open`."""
        if state.ended is not None:
            return state.ended
        outcomes: Data = self.game.data.get("outcomes", {})
        for name, declared in outcomes.items():
            if isinstance(declared, Mapping) and "when" in declared and self.holds(declared["when"], state):
                return name
        return "open"

    def holds(self, event: Any, state: State) -> bool:
        return bool(formula(event)(Scope(self.game, state)))

    def stakes(self) -> dict[str, float]:
        """The expected total of each stake under the true numbers."""
        totals = [(leaf.probability, leaf.trail[-1][1].totals[TRUTH]) for leaf in self.leaves]
        return {stake: math.fsum(p * total[stake] for p, total in totals) for stake in self.game.stakes}

    def questions(self) -> dict[str, Answer]:
        return {name: self.answer(question) for name, question in self.game.data.get("questions", {}).items()}

    def answer(self, question: Data) -> Answer:
        """Event and condition are read after the last choice or arrival dated not later than `by`, or at the end."""
        by = ordinal(question["by"]) if "by" in question else math.inf
        joint, given = [], []
        for leaf in self.leaves:
            state = [state for when, state in leaf.trail if when <= by][-1]
            if self.holds(question.get("given", True), state):
                given.append(leaf.probability)
                joint.append(leaf.probability * self.holds(question["event"], state))
        return Answer(math.fsum(joint), math.fsum(given))


def has_all(history: History, seen: Sequence[tuple[str, int | None, str]]) -> bool:
    return all((move if round_ is None else f"{move}[{round_}]", action) in history for move, round_, action in seen)


def solve(
    data: Data, world: World | None = None, *, announced: Forced | None = None, surprise: Forced | None = None
) -> Solution:
    """Solve one world of a scenario given as plain data.

    `announced` moves are known to be forced from the start; `surprise` ones are forced while everybody behaves as if
    they were not. A forced action that is not available at a node leaves behaviour there as it is.
    """
    game = Game(data, world or World())
    root, sweep = game.grow(game.start()), Sweep(game, announced or {})
    value = sweep.value(root)
    forced = {**(announced or {}), **(surprise or {})}
    start = ((-math.inf, root.state),)
    return Solution(
        game,
        sweep.behaviour,
        sweep.moves,
        believed={player: value[player, game.view(player)] for player in game.players},
        true={player: value[player, TRUTH] for player in game.players},
        leaves=list(played(root, 1.0, start, sweep.behaviour, forced)),
    )


def played(
    node: Node,
    probability: float,
    trail: tuple[tuple[float, State], ...],
    behaviour: Mapping[History, Mapping[str, float]],
    forced: Forced,
) -> Iterator[Leaf]:
    """Every history that follows from a node, with its probability under the true numbers."""
    if node.item is None:
        yield Leaf(node.history, probability, trail)
        return
    command = forced_action(node, forced)
    for edge in node.edges:
        if command is not None:
            chance = float(edge.action == command)
        elif node.is_arrival or node.item.player is None:
            chance = edge.odds[TRUTH]
        else:
            chance = behaviour[node.history][edge.action]
        path = (*trail, (node.item.date, edge.after))
        yield from played(edge.child, probability * chance, path, behaviour, forced)
