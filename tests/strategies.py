"""Random small scenarios, valid by construction, in which the features of the language meet.

`scenarios()` draws plain data as YAML would give it, `text_of` writes it as a file. Every number that is drawn lies in
(0, 1), so that probabilities hold in every world; every move has one action without guard and shift; thresholds are odd
numbers that no sum of amounts hits, so that no comparison hangs on rounding; gains come from a coarse grid, so that
exact ties occur. What the specification leaves open is left out: see the comments.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from math import prod
from typing import Any

import yaml
from hypothesis import strategies as st

Data = dict[str, Any]
Kind = tuple[str, int]  # ("move" or "chance", number of actions or outcomes)

MOST_HISTORIES = 500
ACTIONS = ("hold", "go", "more", "most")
RESULTS = ("good", "bad", "odd")
WORDS = ("calm", "tense", "broken")
PLACES = ("west", "east")
STANDS = (*PLACES, "reserve", "transit", "lost")
ENDS = ("war", "peace talks", "frozen")
GRID = (0, 1, -1, 0.5, -0.5, 2, 0.25)
ODD = (0.437, 1.37, 2.61)  # thresholds
COMMON_ESTIMATES = (
    "one of 0.25, 0.5, 0.75", "0.2 to 0.6", "uniform 0.1 to 0.9", 0.5, "30%", "likely", "6 of 75", "beta(2, 5)",
    {"is": "triangular(0.1, 0.2, 0.6)", "title": "Long form"}, {"choice": {0.25: 0.4, 0.5: 0.6}},
)  # fmt: skip
BLOCKS: tuple[tuple[int, tuple[Kind, ...]], ...] = (
    (2, (("move", 2),)),
    (3, (("move", 2),)),
    (2, (("move", 2), ("chance", 2))),
    (2, (("move", 2), ("move", 2))),
    (2, (("move", 3),)),
    (4, (("move", 2),)),
    (2, (("move", 3), ("chance", 2))),
    (3, (("move", 2), ("chance", 2))),
)
SINGLES: tuple[Kind, ...] = (("move", 2), ("chance", 2), ("move", 3), ("chance", 3), ("move", 4))


@st.composite
def scenarios(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Data:
    """A small valid scenario as plain data."""
    return Author(draw).scenario()


class PlainDumper(yaml.SafeDumper):
    """Writes no anchors and aliases, which a scenario may not have (L1)."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def text_of(data: Mapping[str, Any]) -> str:
    """The scenario as the text of a file."""
    return yaml.dump(dict(data), Dumper=PlainDumper, sort_keys=False, width=10_000)


def histories(plan: Sequence[tuple[int, Sequence[Kind]]]) -> int:
    """The most histories that a plan of (rounds, kinds of move) may have."""
    return prod(prod(size for _, size in kinds) ** rounds for rounds, kinds in plan)


class Author:
    """Writes one scenario, choosing by `draw`; keeps what formulas may read as it goes."""

    def __init__(self, draw: Callable[[st.SearchStrategy[Any]], Any]) -> None:
        self.draw = draw
        self.common: list[str] = []  # quantities that everyone reads alike
        self.perceived: list[str] = []  # quantities that only gains and probabilities read
        self.variables: Data = {}
        self.definitions: Data = {}
        self.links: list[str] = []
        self.forces: Data = {}
        self.stakes: Data = {}
        self.players: Data = {}
        self.moves: dict[str, tuple[str, ...]] = {}  # those that formulas may read
        self.in_rounds = False
        self.is_coarse = self.is_dated = self.has_as_of = self.may_shift = False
        self.every: str | None = None

    def pick(self, *options: Any) -> Any:
        return self.draw(st.sampled_from(options))

    def maybe(self, tenths: int) -> bool:
        return int(self.draw(st.integers(0, 9))) >= 10 - tenths

    # The whole

    def scenario(self) -> Data:
        plan = self.plan()
        self.is_coarse = self.maybe(3)  # nearly all gains from a few numbers: many exact ties
        self.is_dated = self.maybe(6)
        self.has_as_of = self.is_dated and self.maybe(7)
        head: Data = {"scenario": "A drawn scenario"} | ({"as of": "2022-01-06"} if self.has_as_of else {})
        parts: Data = {
            "quantities": self.quantities(),
            "links": self.declared_links(),
            "state": self.state(),
            "theatres": {place: f"The {place}" for place in PLACES},
            "forces": self.declared_forces(plan),
            "stakes": self.declared_stakes(),
            "players": self.declared_players(),
            "perceptions": self.perceptions(),
            "definitions": self.declared_definitions(),
        }
        timeline = self.timeline(plan)
        self.let_every_stake_vary(timeline)
        parts |= {"timeline": timeline, "outcomes": self.outcomes(), "questions": self.questions(len(plan))}
        return head | {name: part for name, part in parts.items() if part}

    def plan(self) -> list[tuple[int, tuple[Kind, ...]]]:
        """The shape of the timeline: (rounds, moves of a round); 0 rounds is a single item."""
        plan: list[tuple[int, tuple[Kind, ...]]] = [(1, (("move", self.pick(2, 3)),))]
        for _ in range(self.pick(1, 2, 3, 4)):
            options = [(1, (single,)) for single in SINGLES] + list(BLOCKS)
            fitting = [option for option in options if histories([*plan, option]) <= MOST_HISTORIES]
            if fitting:
                plan.append(self.pick(*fitting))
        return plan

    # What is declared

    def quantities(self) -> Data:
        self.common = [f"q{i}" for i in range(self.pick(1, 2, 3))]
        self.perceived = [f"p{i}" for i in range(self.pick(0, 1, 2))]
        return {"known to all": {name: self.pick(*COMMON_ESTIMATES) for name in (*self.common, *self.perceived)}}

    def declared_links(self) -> Data:
        self.links = ["spill"] if self.maybe(3) else []
        return {name: {"title": "A link", "from": "west", "to": "east"} for name in self.links}

    def state(self) -> Data:
        kinds = {"alarm": self.pick(False, True), "order": list(WORDS[: self.pick(2, 3)]), "heat": "1 in 0 to 3"}
        self.variables = {name: start for name, start in kinds.items() if self.maybe(5)}
        return self.variables

    def declared_forces(self, plan: Sequence[tuple[int, Any]]) -> Data:
        """`army` is sent about at will; `convoy` only by delayed shifts, from a stock that cannot run out."""
        if self.maybe(6):
            stock = {"reserve": self.pick(3, 4, f"2 + 3 * {self.pick(*self.common)}"), "west": self.pick(0, 1.5)}
            self.forces["army"] = {"title": "The army", "stock": stock}
            delays = [
                *(["20 days", "2 months"] if self.is_dated else []),
                *(["1 round", "2 rounds"] if plan[1:] else []),
            ]
            if delays and self.maybe(5):
                self.forces["army"]["travel"] = {"reserve to west": self.pick(*delays)}
        if self.maybe(3):
            self.forces["convoy"] = {"title": "A convoy", "stock": {"reserve": 1000}}
        return self.forces

    def declared_stakes(self) -> Data:
        for name in ("standing", "cost", "land")[: self.pick(1, 2, 3)]:
            self.stakes[name] = {"title": name.title(), "start": self.pick(0, 0.5)}
            self.stakes[name] |= self.pick({}, {"worst": -2, "best": 2}, {"worst": 4, "best": 0})
            if self.maybe(3):
                self.stakes[name]["reference"] = self.pick(0, 0.5, 1)
        return self.stakes

    def declared_players(self) -> Data:
        is_finite = not self.is_coarse and self.maybe(6)
        with_reference = any("reference" in stake for stake in self.stakes.values())
        for name in ("ann", "bob", "cat", "dan")[: self.pick(2, 2, 3, 4)]:
            player: Data = {"name": name.title()} | self.calculus()
            is_raw = not {"weights", "payoffs"} & set(player)
            player |= (
                self.precision(is_raw or "payoffs" in player) if is_finite else self.pick({}, {"precision": "best"})
            )
            player |= {"risk aversion": self.pick(0.5, 1, self.common[0], "uniform 0.2 to 1")} if self.maybe(4) else {}
            player |= {"discount": self.pick(0.9, "80%", "uniform 0.8 to 0.9")} if self.maybe(4) else {}
            player |= (
                {"loss aversion": self.pick(2, f"1 + {self.common[0]}", "1.5 to 3")}
                if with_reference and self.maybe(6)
                else {}
            )
            self.players[name] = player
        return self.players

    def calculus(self) -> Data:
        names, (first, *others) = list(self.stakes), list(self.stakes)
        kind = self.pick(
            "raw", "payoffs", *([] if self.is_coarse else ["weights", "swings", "formula", "drawn", "dirichlet"])
        )
        if kind == "payoffs":
            return {"payoffs": {name: self.pick(1, 0.5, -1, f"2 * {self.common[0]}") for name in names}}
        if kind == "swings":
            return {"weights": {"swings": {name: self.pick(1, 2, 3) for name in names}}}
        if kind == "drawn":
            return {
                "weights": {"known to": "all", "swings": {name: self.pick("1 to 3", "one of 1, 2") for name in names}}
            }
        if kind == "dirichlet":
            order = {"order": [" > ".join(names[:2])]} if others and self.maybe(5) else {}
            return {"weights": {"known to": "all", "dirichlet": dict.fromkeys(names, self.pick(1, 2))} | order}
        if kind == "weights":
            return {"weights": {first: 1} if not others else {first: 0.75, others[0]: 0.25}}
        if kind == "formula" and others:
            return {"weights": {first: self.common[0], others[0]: f"1 - {self.common[0]}"}}
        return {}

    def precision(self, is_raw: bool) -> Data:
        errors = {"errors": "10%"} | ({"range": 2} if is_raw else {})
        return self.pick(
            {"precision": 0},
            {"precision": 1},
            {"precision": 4},
            {"precision": "1 to 3"},
            {"precision": f"3 * {self.common[0]}"},
            errors,
        )

    def perceptions(self) -> Data:
        views = {player: self.perceptions_of() for player in self.players if self.perceived and self.maybe(5)}
        return {player: view for player, view in views.items() if view}

    def perceptions_of(self) -> Data:
        common = self.common[0]
        return {
            name: self.pick(
                0.5,
                "10%",
                f"clip({name} + 0.3, 0, 1)",
                f"{name} * {common}",
                f"clip({name} - 0.25, 0, 1)",
                "0.1 to 0.3",
            )
            for name in self.perceived
            if self.maybe(7)
        }

    def declared_definitions(self) -> Data:
        drawn = {"mood": self.number(False), "hope": self.number(True), "crisis": self.truth(True)}
        self.definitions = {name: formula for name, formula in drawn.items() if self.maybe(3)}
        return self.definitions

    # Formulas

    def name(self, is_viewed: bool) -> str:
        return str(self.pick(*self.common, *(self.perceived if is_viewed else [])))

    def number(self, is_viewed: bool) -> str | float:
        """A number; where each reads it with his own numbers it may read what is perceived."""
        if self.maybe(9 if self.is_coarse else 4):
            viewed = self.perceived if self.is_coarse and is_viewed else []
            return self.pick(*GRID[: 2 if self.is_coarse else None], *viewed)
        if self.forces and self.maybe(3):
            return f"{self.pick(1, 0.5, -0.25)} * {self.pick(*self.forces)}.{self.pick('west', *STANDS)}"
        if "heat" in self.variables and self.maybe(2):
            return str(self.pick("0.5 * heat", "0.25 * heat ^ 2 - 1"))
        one, two, size = self.name(is_viewed), self.name(is_viewed), self.pick(*GRID)
        options = [
            f"{size} * {one}", f"{one} - {two}", f"min({one}, {two} ^ 2)", f"max({one}, 0.5) - {two}", f"exp(-{one})",
            f"clip(2 * {one} - 0.5, 0, 1)", f"log(1 + {one}) - sqrt({two})", f"abs({one} - 0.5)",
            f"logistic({size} - {one})",
            f"contest({one}, {two} + 0.1, 2)", f"{size} / (1 + {one})", f"if {self.truth(True)} then {size} else {one}",
        ]  # fmt: skip
        options += [f"{size} * {link}" for link in self.links]
        options += [name for name in self.definitions if name == "mood" or (name == "hope" and is_viewed)]
        options += ["0.5 * round"] * self.in_rounds
        return str(self.pick(*options))

    def truth(self, is_worldly: bool) -> str:
        """A truth; a worldly one may differ by world."""
        options = self.truths_of_state() + (self.truths_of_world() if is_worldly else [])
        if not options:
            return "1 > 2"
        one = str(self.pick(*options))
        if not self.maybe(3):
            return one
        other = str(self.pick(*options))
        return str(self.pick(f"({one}) and ({other})", f"({one}) or ({other})", f"not ({one})"))

    def truths_of_state(self) -> list[str]:
        truths = {
            "alarm": ["alarm", "not alarm"],
            "order": ["order == calm", "order != calm", "order in (calm, tense)"],
            "heat": ["heat >= 2", "heat == 1"],
        }
        options = [truth for name in self.variables for truth in truths[name]]
        for move, (one, two, *_) in self.moves.items():
            options += [f"{move} == {two}", f"{move} in ({one}, {two})", f"{move} == none"]
            options += [f"ever({move} == {two})", f"ever({move} == {two}) and {move} != {two}"]
        return options + ["round == 2", "round > 1"] * self.in_rounds

    def truths_of_world(self) -> list[str]:
        options = [f"{name} > 0.437" for name in self.common] + [f"{self.common[0]} + {self.common[-1]} < 1.0137"]
        options += [f"{force}.{place} > {self.pick(*ODD)}" for force in self.forces for place in PLACES]
        options += [f"{force}.west > {force}.reserve + 0.137" for force in self.forces]
        return options + [name for name in self.definitions if name == "crisis"]

    def probability(self) -> str | float:
        """A number in [0, 1] in every world and view."""
        one, two = self.name(True), self.name(True)
        options = [
            0.25,
            "30%",
            one,
            f"1 - {one}",
            f"contest({one}, {two} + 0.1, 1)",
            f"if {self.truth(True)} then 0.2 else {one}",
        ]
        options += [f"clip({one} + 0.2 * heat, 0, 1)"] * ("heat" in self.variables)
        options += [f"clip({one} + 0.3 * {link}, 0, 1)" for link in self.links]
        return self.pick(*options, *[f"contest(0.5 + {force}.west, 1, 1)" for force in self.forces])

    # The timeline

    def timeline(self, plan: Sequence[tuple[int, tuple[Kind, ...]]]) -> list[Data]:
        """Every item that follows a block with `every` has a date: from what it would count else is not said."""
        timeline: list[Data] = []
        times = [self.time(place) for place in range(len(plan))]
        for place, (rounds, kinds) in enumerate(plan):
            after_block = bool(timeline) and "every" in timeline[-1]
            if after_block and self.has_as_of:
                times[place] = {"date": f"{2022 + place}-02-20"}
            is_followed = place + 1 < len(plan) and (bool(times[place + 1]) or self.has_as_of)
            item = (
                self.block(place, rounds, kinds, place + 1 == len(plan))
                if rounds > 1
                else self.single(place, kinds[0], times, is_followed)
            )
            timeline.append(item | times[place])
        return timeline

    def time(self, place: int) -> Data:
        """When an item is dated; the dates of successive items stand years apart, so all else falls between."""
        if not self.is_dated or (place == 0 and self.maybe(5)):
            return {}
        options = [{"after": "10 days"}, {"after": "1 month"}, {"after": "3 weeks"}]
        return dict(self.pick(*options, *([{"date": f"{2022 + place}-02-20"}] if self.has_as_of else [])))

    def single(self, place: int, kind: Kind, times: Sequence[Data], is_followed: bool) -> Data:
        self.in_rounds, self.every = False, None
        self.may_shift = "round" not in str(self.forces.get("army", {}).get("travel"))
        return self.item(f"m{place}", kind, may_skip=place > 0, has_horizon=is_followed and bool(times[place + 1]))

    def block(self, place: int, rounds: int, kinds: Sequence[Kind], is_last: bool) -> Data:
        self.in_rounds, self.may_shift = True, True
        has_every = self.is_dated and (self.has_as_of or is_last)
        self.every = self.pick("30 days", "1 month") if has_every else None
        names = [f"m{place}{letter}" for letter, _ in zip("abc", kinds, strict=False)]
        self.moves |= {name: self.choices(kind) for name, kind in zip(names, kinds, strict=True)}
        moves = [self.item(name, kind, True, has_every) for name, kind in zip(names, kinds, strict=True)]
        if has_every and len(moves) > 1 and self.maybe(5):
            moves[-1]["after"] = "5 days"
        self.in_rounds = False
        return {"rounds": rounds, "moves": moves} | ({"every": self.every} if self.every else {})

    def choices(self, kind: Kind) -> tuple[str, ...]:
        return (ACTIONS if kind[0] == "move" else RESULTS)[: kind[1]]

    def item(self, name: str, kind: Kind, may_skip: bool, has_horizon: bool) -> Data:
        item: Data = {"if": self.truth(True)} if may_skip and self.maybe(3) else {}
        names = self.choices(kind)
        if kind[0] == "chance":
            item |= {"chance": name, "outcomes": self.results(names)}
        else:
            item |= {"move": name, "player": self.pick(*self.players), "actions": self.actions(names, has_horizon)}
            item |= (
                {"ties": self.pick("concede", "resist", "equal", "concede", "resist", *names)} if self.maybe(8) else {}
            )
        self.moves[name] = names
        return item

    def actions(self, names: Sequence[str], has_horizon: bool) -> Data:
        """The first action is always available, of an unstated base share, and stands alone."""
        actions = {name: self.effects() for name in names}
        sized, has_share, has_rate = len(names) > 2 and self.maybe(4), False, False
        for place, name in enumerate(names[1:]):
            if self.maybe(3):
                actions[name] = {"if": self.truth(True)} | actions[name]
            if sized and place < 2:
                actions[name]["size of"] = "help"
            elif not has_rate and self.maybe(3):
                actions[name]["share"] = self.share(has_horizon and not has_share)
                has_rate, has_share = " per " in str(actions[name]["share"]), True
            if self.may_shift and self.maybe(6) and "army" in self.forces:
                actions[name]["shift"] = self.shift()
        return {name: effects or None for name, effects in actions.items()}

    def share(self, has_horizon: bool) -> str | float:
        """At most 0.3, so that three of them leave something to the rest; a rate may come near 1 and stands alone."""
        rates = ["20% per month", "25% per month", "60% per year"] if has_horizon else []
        return self.pick(0.2, "25%", f"0.3 * {self.common[0]}", *rates)

    def shift(self) -> Data | list[Data]:
        drawn = self.pick("1", "2", f"2 * {self.common[0]}", f"1 + {self.common[-1]}")
        one = {"army": f"{drawn} from reserve to {self.pick('west', *PLACES)}"}
        other = {"army": self.pick("1 from west to lost", "all from west to reserve", "1 from west to east")}
        return self.pick(one, other, [{"army": "1 from reserve to west"}, {"army": f"{drawn} from reserve to east"}])

    def results(self, names: Sequence[str]) -> Data:
        """Probabilities of at most 1 in all; `rest` closes them."""
        part = 1 / (len(names) - 1)
        stated = {name: self.part(part) for name in names[:-1]} | {names[-1]: "rest"}
        return {name: self.result(value) for name, value in stated.items()}

    def part(self, part: float) -> str | float:
        probability = self.probability()
        return probability if part == 1 else f"{part} * ({probability})"

    def result(self, probability: str | float) -> Data | str | float:
        """What a chance outcome moves is never more than stands there."""
        effects = self.effects()
        if probability != "rest" and self.maybe(2):
            effects["if"] = self.truth(True)
        if self.may_shift and "army" in self.forces and self.maybe(3):
            effects["shift"] = {"army": self.pick("all from west to lost", "0.5 * army.west from west to reserve")}
        return {"probability": probability} | effects if effects else probability

    def effects(self) -> Data:
        effects = self.changes()
        if delays := self.delays():
            effects |= {"later": self.delayed(delays)} if self.maybe(3) else {}
        return effects | ({"end": self.pick(*ENDS)} if self.maybe(1) else {})

    def changes(self) -> Data:
        """Settings, gains and payoffs; a level is kept within its limits."""
        settings: dict[str, Callable[[], Any]] = {
            "alarm": lambda: self.pick(True, False, "not alarm", self.truth(False)),
            "order": lambda: self.pick("tense", "calm", f"if {self.truth(False)} then calm else tense"),
            "heat": lambda: self.pick(
                0, "min(heat + 1, 3)", "max(heat - 1, 0)", f"if {self.truth(False)} then 3 else heat"
            ),
        }
        sets = {name: settings[name]() for name in self.variables if self.maybe(3)}
        gains = {stake: self.number(True) for stake in self.stakes if self.maybe(5)}
        raw = [name for name, player in self.players.items() if not {"weights", "payoffs"} & set(player)]
        payoffs = {player: self.number(True) for player in raw if self.maybe(7)}
        parts = {"set": sets, "gains": gains, "payoffs": payoffs}
        return {name: part for name, part in parts.items() if part}

    def delays(self) -> list[str]:
        delays = ["10 days", "30 days", "5 weeks", "1 month", "1 year"] if self.is_dated else []
        return delays + (["1 round", "2 rounds"] if self.in_rounds else [])

    def delayed(self, delays: Sequence[str]) -> Data | list[Data]:
        one, two = self.later(delays), self.later(delays)
        return self.pick(one, one, [one, two], [one, two | {"after": one["after"]}])

    def later(self, delays: Sequence[str]) -> Data:
        """What is delayed does not read the round: it may arrive where there is none."""
        in_rounds, self.in_rounds = self.in_rounds, False
        later: Data = {"after": self.pick(*delays)} | self.changes()
        if "convoy" in self.forces and self.maybe(6):
            later["shift"] = {
                "convoy": f"{self.pick('2', f'2 * {self.common[0]}')} from reserve to {self.pick(*PLACES)}"
            }
        self.in_rounds = in_rounds
        return later

    def let_every_stake_vary(self, timeline: Sequence[Data]) -> None:
        actions = timeline[0]["actions"]
        effects = [effects for effects in actions.values() if effects]
        gained = {stake for one in effects for stake in one.get("gains", {})}
        for stake in self.stakes:
            if stake not in gained:
                actions["go"] = actions["go"] or {}
                actions["go"].setdefault("gains", {})[stake] = self.pick(1, 0.5, -1)

    # What is asked

    def outcomes(self) -> Data:
        drawn = {
            f"o{place}": {"title": f"Outcome {place}", "when": self.truth(False)} for place in range(self.pick(0, 1, 2))
        }
        return drawn | ({"war": {"title": "War"}} if self.maybe(3) else {})

    def questions(self, items: int) -> Data:
        return {f"ask{place}": self.question(items) for place in range(self.pick(1, 2, 3))}

    def question(self, items: int) -> Data:
        stocks = [f"{force}.{place} > {self.pick(*ODD)}" for force in self.forces for place in STANDS]
        event = self.pick(*stocks) if stocks and self.maybe(3) else self.truth(True)
        question = {"title": "Will it be so?", "event": event}
        question |= {"given": self.truth(True)} if self.maybe(4) else {}
        if self.has_as_of and self.maybe(5):
            question["by"] = self.pick(*[f"{2022 + place}-02-20" for place in range(items)], self.some_day(items))
        return question

    def some_day(self, items: int) -> str:
        return (date(2022, 1, 8) + timedelta(days=self.draw(st.integers(0, 365 * items)))).isoformat()
