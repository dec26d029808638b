"""A slow, recursive solver on the unmerged tree, for one world at a time: the independent truth of the tests.

In goes a scenario as plain data (the mapping that YAML gives) and one `World`; out comes a `Solution`. It is written
from the specification (`docs/language.md`, rules `L1` to `L24`) and shares no code with the package, so that the two
can disagree. It covers perfect information: no hidden moves, no simultaneous moves, no mistakes, and nothing that a
player does not know.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from typing import Any

Value = float | str | bool
Data = Mapping[str, Any]
Key = tuple[str, str]  # (player, view): whose value, and by whose numbers
History = tuple[tuple[str, str], ...]  # ((move or move[round], action), ...)
Forced = Mapping[tuple[str, int | None], str]  # {(move, round or None for every round): action}

TRUTH = "the truth"  # the view that reads the true numbers
SLACK = 1e-9  # payoffs this near are tied; a stock may fall this far below zero
DAYS = {"day": 1.0, "week": 7.0, "month": 365.25 / 12, "year": 365.25}
YEAR = DAYS["year"]


# Formulas (L10) -------------------------------------------------------------------------------------------------------

TOKEN = re.compile(
    r"\s*(?:(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?%?)"
    r"|(?P<name>[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)?)"
    r"|(?P<sign>==|!=|<=|>=|[-+*/^<>(),]))"
)
Read = Callable[["Scope"], Any]


def logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


FUNCTIONS: dict[str, Callable[..., float]] = {
    "min": min,
    "max": max,
    "clip": lambda x, low, high: min(max(x, low), high),
    "exp": math.exp,
    "log": math.log,
    "sqrt": math.sqrt,
    "abs": abs,
    "logistic": logistic,
    "contest": lambda a, b, m: a**m / (a**m + b**m),
}
COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "==": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


def tokenise(text: str) -> list[str]:
    tokens, at, text = [], 0, text.strip()
    while at < len(text):
        match = TOKEN.match(text, at)
        if match is None:
            raise ValueError(f"cannot read {text[at:]!r} in {text!r}")
        tokens.append(match.group().strip())
        at = match.end()
    return tokens


class Parser:
    """Recursive descent, loosest first: if, or, and, not, comparison, sum, product, minus, power, atom."""

    def __init__(self, text: str) -> None:
        self.tokens, self.at = tokenise(text), 0

    def found(self, *words: str) -> str | None:
        if self.at < len(self.tokens) and self.tokens[self.at] in words:
            self.at += 1
            return self.tokens[self.at - 1]
        return None

    def expect(self, word: str) -> None:
        if not self.found(word):
            raise ValueError(f"expected {word!r} after {self.tokens[: self.at]}")

    def whole(self) -> Read:
        formula = self.formula()
        if self.at != len(self.tokens):
            raise ValueError(f"left over: {self.tokens[self.at :]}")
        return formula

    def formula(self) -> Read:
        if not self.found("if"):
            return self.either()
        condition = self.formula()
        self.expect("then")
        yes = self.formula()
        self.expect("else")
        no = self.formula()
        return lambda scope: yes(scope) if condition(scope) else no(scope)

    def either(self) -> Read:
        parts = [self.both()]
        while self.found("or"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else lambda scope: any(part(scope) for part in parts)

    def both(self) -> Read:
        parts = [self.negated()]
        while self.found("and"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else lambda scope: all(part(scope) for part in parts)

    def negated(self) -> Read:
        if self.found("not"):
            inner = self.negated()
            return lambda scope: not inner(scope)
        return self.compared()

    def compared(self) -> Read:
        left = self.sum()
        if self.found("in"):
            members = self.arguments()
            return lambda scope: left(scope) in [member(scope) for member in members]
        sign = self.found(*COMPARISONS)
        if sign is None:
            return left
        compare, right = COMPARISONS[sign], self.sum()
        return lambda scope: compare(left(scope), right(scope))

    def sum(self) -> Read:
        total = self.product()
        while sign := self.found("+", "-"):
            total = added(total, self.product(), 1 if sign == "+" else -1)
        return total

    def product(self) -> Read:
        total = self.signed()
        while sign := self.found("*", "/"):
            total = multiplied(total, self.signed()) if sign == "*" else divided(total, self.signed())
        return total

    def signed(self) -> Read:
        if self.found("-"):
            inner = self.signed()
            return lambda scope: -inner(scope)
        return self.power()

    def power(self) -> Read:
        base = self.atom()
        if not self.found("^"):
            return base
        exponent = self.signed()
        return lambda scope: base(scope) ** exponent(scope)

    def arguments(self) -> list[Read]:
        self.expect("(")
        arguments = [self.formula()]
        while self.found(","):
            arguments.append(self.formula())
        self.expect(")")
        return arguments

    def atom(self) -> Read:
        if self.found("("):
            inner = self.formula()
            self.expect(")")
            return inner
        token = self.tokens[self.at]
        self.at += 1
        if token[0].isdigit() or token[0] == ".":
            return constant(float(token[:-1]) / 100 if token.endswith("%") else float(token))
        if token in ("true", "false"):
            return constant(token == "true")
        return self.ever() if token == "ever" else self.named(token)

    def named(self, name: str) -> Read:
        if name not in FUNCTIONS:
            return lambda scope: scope.read(name)
        function, arguments = FUNCTIONS[name], self.arguments()
        return lambda scope: function(*[argument(scope) for argument in arguments])

    def ever(self) -> Read:
        self.expect("(")
        move, equals, action = self.tokens[self.at : self.at + 3]
        if equals != "==":
            raise ValueError("ever() takes MOVE == ACTION")
        self.at += 3
        self.expect(")")
        return lambda scope: (move, action) in scope.state.ever


def constant(value: Value) -> Read:
    return lambda _scope: value


def added(left: Read, right: Read, sign: int) -> Read:
    return lambda scope: left(scope) + sign * right(scope)


def multiplied(left: Read, right: Read) -> Read:
    return lambda scope: left(scope) * right(scope)


def divided(left: Read, right: Read) -> Read:
    return lambda scope: left(scope) / right(scope)


@lru_cache(maxsize=20_000)
def parsed(text: str) -> Read:
    return Parser(text).whole()


def formula(value: Any) -> Read:
    """The reader of a formula, a number, a truth, or the long form `{is: VALUE}`."""
    if isinstance(value, Mapping):
        return formula(value["is"])
    return parsed(value) if isinstance(value, str) else constant(value)


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
