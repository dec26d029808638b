"""The unmerged tree of the slow solver of `textbook`: timeline, state and moves, from plain data (L13 to L18)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from textbook_formulas import Value, formula

Data = Mapping[str, Any]
Key = tuple[str, str]  # (player, view): whose value, and by whose numbers
History = tuple[tuple[str, str], ...]  # ((move or move[round], action), ...)
Forced = Mapping[tuple[str, int | None], str]  # {(move, round or None for every round): action}

TRUTH = "the truth"  # the view that reads the true numbers
SLACK = 1e-9  # payoffs this near are tied; a stock may fall this far below zero
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
YEAR = DAYS["year"]


# The timeline (L16, L18) ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Item:
    """One move or chance move, in one round; `horizon` is the days that a rate per unit of time counts."""

    name: str
    data: Data
    date: float
    round: int | None = None
    block: int | None = None
    horizon: float = 0.0

    @property
    def label(self) -> str:
        return self.name if self.round is None else f"{self.name}[{self.round}]"

    @property
    def player(self) -> str | None:
        return self.data.get("player")

    @property
    def choices(self) -> dict[str, Data]:
        """The effects of each action or outcome; a bare value of an outcome is its probability."""
        if "move" in self.data:
            return {action: effects or {} for action, effects in self.data["actions"].items()}
        outcomes = self.data["outcomes"].items()
        return {name: value if isinstance(value, Mapping) else {"probability": value} for name, value in outcomes}


def days(delay: str) -> float:
    """Days in `20 days`, `1 year` or a bare `month`."""
    *count, unit = delay.split()
    return float(count[0] if count else 1) * DAYS[unit.removesuffix("s")]


def ordinal(text: str) -> float:
    return float(date.fromisoformat(str(text)).toordinal())


def dated(entry: Data, since: float) -> float:
    if "date" in entry:
        return ordinal(entry["date"])
    return since + (days(entry["after"]) if "after" in entry else 0.0)


def item(entry: Data, at: float, **place: Any) -> Item:
    return Item(entry["move"] if "move" in entry else entry["chance"], entry, at, **place)


def unrolled_block(entry: Data, start: float, number: int) -> list[Item]:
    """The items of a block, round by round; what is not dated in a round shares the date of the item before."""
    every, items = days(entry["every"]) if "every" in entry else 0.0, []
    for round_ in range(1, entry["rounds"] + 1):
        at = begin = start + (round_ - 1) * every
        for move in entry["moves"]:
            at = dated(move, begin) if {"after", "date"} & set(move) else at
            items.append(item(move, at, round=round_, block=number, horizon=every))
    return items


def unrolled(timeline: Sequence[Data], start: float) -> list[Item]:
    items: list[Item] = []
    now = start
    for number, entry in enumerate(timeline):
        now = dated(entry, now)
        items += unrolled_block(entry, now, number) if "rounds" in entry else [item(entry, now)]
        now = items[-1].date
    pairs = zip(items, [*items[1:], items[-1]], strict=True)
    return [it if it.block is not None else replace(it, horizon=then.date - it.date) for it, then in pairs]


def arrival(items: Sequence[Item], position: int, delay: str) -> int | None:
    """The position of the item that an effect decided at `position` arrives before; None: it never arrives."""
    here, later = items[position], range(position + 1, len(items))
    if "round" not in delay:
        due = here.date + days(delay)
        return next((j for j in later if items[j].date >= due), None)
    if here.round is None:
        raise ValueError("a delay in rounds needs a round to count from")
    due_round = here.round + int(delay.split(maxsplit=1)[0])
    return next((j for j in later if items[j].block != here.block or (items[j].round or 0) >= due_round), None)


# The state (L13, L14) -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Transfer:
    force: str
    origin: str
    destination: str
    amount: float


@dataclass(frozen=True)
class Pending:
    """A delayed effect: its amounts of force are fixed at departure, the rest is read on arrival."""

    position: int | None
    effects: Data
    transfers: tuple[Transfer, ...]


@dataclass(frozen=True)
class State:
    """Everything that a formula or the future may read; `totals` holds each stake as each view counts it."""

    variables: Mapping[str, Value] = field(default_factory=dict)
    stocks: Mapping[tuple[str, str], float] = field(default_factory=dict)
    totals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    latest: Mapping[str, str] = field(default_factory=dict)
    ever: frozenset[tuple[str, str]] = frozenset()
    pending: tuple[Pending, ...] = ()
    ended: str | None = None


@dataclass(frozen=True)
class Scope:
    """What names mean in a formula: one state, seen with the numbers of one view."""

    game: Game
    state: State
    view: str = TRUTH
    round: int | None = None

    def read(self, name: str) -> Any:
        game, state = self.game, self.state
        if name in game.numbers[self.view]:
            return game.numbers[self.view][name]
        if name in game.definitions:
            return formula(game.definitions[name])(self)
        if name in state.variables:
            return state.variables[name]
        if name in game.moves:
            return state.latest.get(name, "none")
        if "." in name:
            force, place = name.split(".")
            return state.stocks.get((force, place), 0.0)
        return self.round if name == "round" else name  # what names nothing is a word


def moved(stocks: Mapping[tuple[str, str], float], transfers: Sequence[Transfer]) -> dict[tuple[str, str], float]:
    stocks = dict(stocks)
    for t in transfers:
        for place, change in ((t.origin, -t.amount), (t.destination, t.amount)):
            stocks[t.force, place] = stocks.get((t.force, place), 0.0) + change
    return stocks


def into_transit(transfer: Transfer) -> Transfer:
    return replace(transfer, destination="transit")


def out_of_transit(transfer: Transfer) -> Transfer:
    return replace(transfer, origin="transit")


def listed(value: Any) -> list[Any]:
    return [] if value is None else value if isinstance(value, list) else [value]


def start_of_variable(declared: Any) -> Value:
    """A label starts at its first word, `2 in 0 to 5` at 2, a flag as it stands."""
    if isinstance(declared, list):
        return str(declared[0])
    return declared if isinstance(declared, bool) else float(declared.split(" in ")[0])


# The game -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class World:
    """One draw of all that is uncertain. What is left out is read from the scenario, where it must then be exact."""

    quantities: Mapping[str, float] = field(default_factory=dict)
    perceived: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # {player: {quantity: value}}
    weights: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # {player: {stake: value}}
    traits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)  # {player: {"precision": value}}
    without: frozenset[str] = frozenset()  # links that are switched off


@dataclass(frozen=True)
class Edge:
    """One action, outcome or arrival: `odds` are base shares at a player's move, else probabilities, by view."""

    action: str
    odds: Mapping[str, float]
    reward: Mapping[Key, float]
    after: State
    child: Node


@dataclass(frozen=True)
class Node:
    history: History
    state: State
    item: Item | None  # None where the history ends
    is_arrival: bool = False
    edges: tuple[Edge, ...] = ()


class Game:
    """A scenario in one world: its numbers, its players' attitudes, and its tree grown history by history."""

    def __init__(self, data: Data, world: World) -> None:
        self.data, self.world = data, world
        self.as_of = ordinal(data["as of"]) if "as of" in data else 0.0
        self.items = unrolled(data["timeline"], self.as_of)
        self.moves = {it.name for it in self.items}
        self.definitions: Data = data.get("definitions", {})
        self.stakes = {name: s if isinstance(s, Mapping) else {} for name, s in data.get("stakes", {}).items()}
        self.players = {name: p if isinstance(p, Mapping) else {} for name, p in data["players"].items()}
        self.numbers: dict[str, dict[str, float]] = {TRUTH: {}}
        self.numbers[TRUTH] = self.true_numbers()
        self.numbers |= {player: self.numbers[TRUTH] | self.perceived(player) for player in self.perceivers()}
        self.units = {player: self.worth(player) for player in self.players}
        self.traits = {player: self.attitude(player) for player in self.players}
        self.keys = sorted({(player, view) for player in self.players for view in (self.view(player), TRUTH)})

    # Numbers

    def exact(self, value: Any, view: str = TRUTH) -> Any:
        """The value of a formula over quantities."""
        return formula(value)(Scope(self, State(), view))

    def true_numbers(self) -> dict[str, float]:
        links = {name: float(name not in self.world.without) for name in self.data.get("links", {})}
        stated = {name: est for head in self.data.get("quantities", {}).values() for name, est in head.items()}
        return links | {
            name: self.world.quantities[name] if name in self.world.quantities else self.exact(estimate)
            for name, estimate in stated.items()
        }

    def perceivers(self) -> set[str]:
        return set(self.data.get("perceptions", {})) | set(self.world.perceived)

    def perceived(self, player: str) -> dict[str, float]:
        stated = self.data.get("perceptions", {}).get(player, {})
        given = dict(self.world.perceived.get(player, {}))
        return {name: self.exact(value) for name, value in stated.items() if name not in given} | given

    def view(self, player: str) -> str:
        return player if player in self.numbers else TRUTH

    # Players (L11)

    def worth(self, player: str) -> dict[str, float]:
        """What one unit of each stake is worth to the player."""
        stated = self.players[player]
        if "payoffs" in stated:
            return {stake: self.exact(value) for stake, value in stated["payoffs"].items()}
        return {stake: weight / self.swing(stake) for stake, weight in self.weights(player).items()}

    def swing(self, stake: str) -> float:
        return float(self.stakes[stake].get("best", 1)) - float(self.stakes[stake].get("worst", 0))

    def weights(self, player: str) -> dict[str, float]:
        if player in self.world.weights:
            return dict(self.world.weights[player])
        stated = self.players[player].get("weights", {})
        ratings = {stake: self.exact(value) for stake, value in stated.get("swings", stated).items()}
        return {s: rating / (sum(ratings.values()) if "swings" in stated else 1) for s, rating in ratings.items()}

    def attitude(self, player: str) -> dict[str, float]:
        stated = dict(self.players[player]) | dict(self.world.traits.get(player, {}))
        defaults = {"risk aversion": 0.0, "loss aversion": 1.0, "discount": 1.0}
        traits = {trait: self.exact(stated.get(trait, default)) for trait, default in defaults.items()}
        return traits | {"precision": self.precision(stated)}

    def precision(self, stated: Data) -> float:
        if "precision" in stated:
            return math.inf if stated["precision"] == "best" else float(self.exact(stated["precision"]))
        if "errors" not in stated:
            return math.inf
        error, spread = float(self.exact(stated["errors"])), float(self.exact(stated.get("range", 1)))
        return math.log((1 - error) / error) / (spread / 10)

    # Effects (L17)

    def start(self) -> State:
        stocks = {
            (force, place): float(self.exact(amount))
            for force, declared in self.data.get("forces", {}).items()
            for place, amount in declared.get("stock", {}).items()
        }
        totals = {stake: float(declared.get("start", 0)) for stake, declared in self.stakes.items()}
        variables = {name: start_of_variable(value) for name, value in self.data.get("state", {}).items()}
        return State(variables, stocks, dict.fromkeys(self.numbers, totals))

    def transfers(self, effects: Data, state: State, it: Item) -> tuple[Transfer, ...]:
        """What a shift moves, with amounts read now."""
        pairs = [pair for part in listed(effects.get("shift")) for pair in part.items()]
        each = [(force, text) for force, texts in pairs for text in listed(texts)]
        return tuple(self.transfer(force, text, state, it) for force, text in each)

    def transfer(self, force: str, text: str, state: State, it: Item) -> Transfer:
        amount, places = text.rsplit(" from ", 1)
        origin, destination = places.split(" to ")
        if amount.strip() == "all":
            return Transfer(force, origin, destination, state.stocks.get((force, origin), 0.0))
        return Transfer(force, origin, destination, formula(amount)(Scope(self, state, TRUTH, it.round)))

    def departures(self, effects: Data, state: State, position: int) -> tuple[list[Transfer], list[Pending]]:
        """What moves at once, and what is to arrive; a force that arrives later leaves at once, and is in `transit`.

        In the order of L17: what a shift sends on its way arrives before what is stated as `later`, where both are due.
        """
        it, at_once, pending = self.items[position], [], []
        for t in self.transfers(effects, state, it):
            delay = self.data["forces"][t.force].get("travel", {}).get(f"{t.origin} to {t.destination}")
            at_once.append(t if delay is None else into_transit(t))
            if delay is not None:
                pending.append(Pending(arrival(self.items, position, delay), {}, (out_of_transit(t),)))
        for later in listed(effects.get("later")):
            transfers = self.transfers(later, state, it)
            at_once += [into_transit(t) for t in transfers]
            due = arrival(self.items, position, later["after"])
            pending.append(Pending(due, later, tuple(out_of_transit(t) for t in transfers)))
        return at_once, pending

    def is_available(self, effects: Data, state: State, position: int) -> bool:
        it = self.items[position]
        if not formula(effects.get("if", True))(Scope(self, state, TRUTH, it.round)):
            return False
        transfers, _ = self.departures(effects, state, position)
        stocks = moved(state.stocks, transfers)
        return all(stocks[t.force, t.origin] >= -SLACK for t in transfers)

    def gathered(self, effects: Data, state: State, view: str, round_: int | None) -> dict[str, float]:
        scope = Scope(self, state, view, round_)
        gains = {stake: formula(value)(scope) for stake, value in effects.get("gains", {}).items()}
        return {stake: total + gains.get(stake, 0.0) for stake, total in state.totals[view].items()}

    def reading(self, player: str, stake: str, total: float) -> float:
        """A total as the player feels it: what lies beyond the reference, away from the best, is a loss."""
        if "reference" not in self.stakes[stake]:
            return total
        distance = total - float(self.stakes[stake]["reference"])
        is_loss = distance * self.swing(stake) < 0
        return distance * (self.traits[player]["loss aversion"] if is_loss else 1.0)

    def reward(self, key: Key, effects: Data, state: State, after: Mapping[str, float], round_: int | None) -> float:
        player, view = key
        stated = effects.get("payoffs", {}) if self.is_raw(player) else {}
        raw: float = formula(stated.get(player, 0.0))(Scope(self, state, view, round_))
        before = state.totals[view]
        return raw + sum(
            unit * (self.reading(player, stake, after[stake]) - self.reading(player, stake, before[stake]))
            for stake, unit in self.units[player].items()
        )

    def is_raw(self, player: str) -> bool:
        return not {"weights", "payoffs"} & set(self.players[player])

    def applied(
        self, effects: Data, transfers: Sequence[Transfer], state: State, round_: int | None
    ) -> tuple[State, dict[Key, float]]:
        """The state after an effect, all of whose formulas read `state`, and each value it adds."""
        scope = Scope(self, state, TRUTH, round_)
        variables = dict(state.variables) | {n: formula(v)(scope) for n, v in effects.get("set", {}).items()}
        totals = {view: self.gathered(effects, state, view, round_) for view in self.numbers}
        rewards = {key: self.reward(key, effects, state, totals[key[1]], round_) for key in self.keys}
        return replace(state, variables=variables, stocks=moved(state.stocks, transfers), totals=totals), rewards

    # The tree

    def grow(self, state: State, position: int = 0, history: History = ()) -> Node:
        """The node that `history` leads to, with all that follows; an item whose guard is false is passed over."""
        if state.ended is not None or position == len(self.items):
            return Node(history, state, None)
        it = self.items[position]
        if any(due.position == position for due in state.pending):
            return self.grow_arrival(state, position, history)
        if not formula(it.data.get("if", True))(Scope(self, state, TRUTH, it.round)):
            return self.grow(state, position + 1, history)
        return Node(history, state, it, edges=self.grow_edges(state, position, history))

    def grow_arrival(self, state: State, position: int, history: History) -> Node:
        """All that arrives before one item, in order of decision, is one node of its own."""
        it, after = self.items[position], state
        reward = dict.fromkeys(self.keys, 0.0)
        for due in (p for p in state.pending if p.position == position):
            after, gained = self.applied(due.effects, due.transfers, after, it.round)
            reward = {key: reward[key] + gained[key] for key in self.keys}
        after = replace(after, pending=tuple(p for p in state.pending if p.position != position))
        odds = dict.fromkeys(self.numbers, 1.0)
        edge = Edge("arrival", odds, reward, after, self.grow(after, position, history))
        return Node(history, state, it, is_arrival=True, edges=(edge,))

    def grow_edges(self, state: State, position: int, history: History) -> tuple[Edge, ...]:
        it = self.items[position]
        choices = {name: e for name, e in it.choices.items() if self.is_available(e, state, position)}
        odds = self.base_shares(it, state, choices) if it.player else self.probabilities(it, state, choices)
        return tuple(self.grow_edge(state, position, history, name, odds[name]) for name in choices)

    def grow_edge(self, state: State, position: int, history: History, name: str, odds: Mapping[str, float]) -> Edge:
        it = self.items[position]
        effects = it.choices[name]
        at_once, pending = self.departures(effects, state, position)
        after, reward = self.applied(effects, at_once, state, it.round)
        after = replace(
            after,
            latest={**state.latest, it.name: name},
            ever=state.ever | {(it.name, name)},
            pending=(*state.pending, *pending),
            ended=effects.get("end"),
        )
        child = self.grow(after, position + 1, (*history, (it.label, name)))
        return Edge(name, odds, reward, after, child)

    def probabilities(self, it: Item, state: State, available: Mapping[str, Data]) -> dict[str, dict[str, float]]:
        """The probability of each outcome of a chance move in each view; `rest` is what the others leave."""
        stated = {name: effects["probability"] for name, effects in available.items()}
        odds: dict[str, dict[str, float]] = {name: {} for name in stated}
        for view in self.numbers:
            scope = Scope(self, state, view, it.round)
            known = {name: formula(value)(scope) for name, value in stated.items() if value != "rest"}
            for name in stated:
                odds[name][view] = known.get(name, 1 - sum(known.values()))
            if abs(sum(chances[view] for chances in odds.values()) - 1) > SLACK:
                raise ValueError(f"the probabilities of {it.label} do not sum to 1")
        return odds

    def base_shares(self, it: Item, state: State, available: Mapping[str, Data]) -> dict[str, dict[str, float]]:
        """Base shares over the available actions (M9, L17): sizes of one thing share one; what the stated ones leave of
        the whole is split among the others."""
        scope = Scope(self, state, TRUTH, it.round)
        group = {name: ("size", e["size of"]) if "size of" in e else ("action", name) for name, e in available.items()}
        stated = {group[name]: self.share(e["share"], it, scope) for name, e in available.items() if "share" in e}
        sharers = Counter(group.values())
        left = (1 - sum(stated.values())) / max(len(set(sharers) - set(stated)), 1)
        share = {name: stated.get(group[name], left) / sharers[group[name]] for name in available}
        total = sum(share.values())
        return {name: {TRUTH: value / total} for name, value in share.items()}

    def share(self, value: Any, it: Item, scope: Scope) -> float:
        """A stated share; `30% per month` is what a month's rate makes of the time the move stands for."""
        if not isinstance(value, str) or " per " not in value:
            return float(formula(value)(scope))
        rate, unit = value.split(" per ")
        return 1 - math.pow(1 - formula(rate)(scope), it.horizon / days(unit))
