"""Scenario to `Game`: unroll, keep forces feasible, merge equal states (M1 to M5).

Works through the timeline layer by layer. A node is a step with the live part of a state; histories that agree there are
one node. What depends on a quantity becomes a row of the expression table, evaluated per world later.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from operator import itemgetter
from typing import Any

import numpy as np

from stratagem.errors import NotSolvedError, TooLargeError, UsageError, near, quote
from stratagem.graph.expression import ONE, ZERO, Numeric, Ref, Value
from stratagem.graph.game import CHANCE, NO_EVENT, TERMINAL, Account, Game, ProbabilityCheck, StepInfo
from stratagem.graph.state import PENDING, Layout, Reads, lay_out
from stratagem.graph.timeline import Step, Timeline, unroll
from stratagem.graph.transition import Effects, Gains, State, Transition
from stratagem.scenario.model import Action, Chance, Move, Scenario
from stratagem.scenario.names import NOT_YET, Symbols

MAX_NODES = 200_000
ARRIVAL, GATE, CHOICE = 0, 1, 2

Event = tuple[int, int]
Reached = tuple[int, tuple[Event, ...]]


@dataclass
class _Edge:
    child: int
    option: int
    share: int
    gain: int
    years: float
    events: tuple[Event, ...]


@dataclass
class _Node:
    layer: int
    step: int
    player: int
    state: State
    edges: list[_Edge] = field(default_factory=list)
    outcome: int = -1


def compile_scenario(scenario: Scenario, max_nodes: int = MAX_NODES, without: Iterable[str] = ()) -> Game:
    """The game of a scenario, with the links in `without` switched off.

    Raises `NotSolvedError` for hidden information, `TooLargeError` over `max_nodes`, `UsageError` where a state leaves its domain
    or a player has no action.
    """
    off = frozenset(without)
    for name in sorted(off - set(scenario.links)):
        raise UsageError(
            f"the unknown link {quote(name)}{near(name, scenario.links)}; one of {', '.join(scenario.links) or 'none'} [L9]"
        )
    return _Compiler(scenario, max_nodes, off).compile()


class _Compiler:
    def __init__(self, scenario: Scenario, max_nodes: int, without: frozenset[str]) -> None:
        refuse_hidden(scenario)
        self.scenario = scenario
        self.max_nodes = max_nodes
        self.symbols = Symbols(scenario)
        self.timeline: Timeline = unroll(scenario)
        self.layout: Layout = lay_out(scenario, self.symbols, self.timeline)
        links: dict[str, Value] = {name: ZERO if name in without else ONE for name in scenario.links}
        self.effects = Effects(scenario, self.symbols, self.timeline, self.layout.slots, links)
        self.table = self.effects.table
        self.reads = Reads(scenario, self.symbols, self.layout.slots)
        self.players = tuple(scenario.players)
        self.live = [_getter(places) for places in self.layout.live]
        self.nodes: list[_Node] = []
        self.node_of: dict[tuple[object, ...], int] = {}
        self.by_layer: list[list[int]] = [[] for _ in range(3 * len(self.timeline.steps) + 1)]
        self.reached: list[dict[Any, Reached]] = [{} for _ in range(len(self.timeline.steps) + 1)]
        self.outcomes: list[str] = []
        self.gains: dict[Gains, int] = {(): 0}
        self.questions_at = self._questions_by_step()
        self.checks: dict[tuple[int, bool], ProbabilityCheck] = {}
        self.guarded: set[int] = set()
        self.shares: dict[tuple[int, ...], list[Numeric]] = {}
        self.transitions: dict[tuple[int, str], tuple[Callable[[State], Any], dict[Any, Transition]]] = {}

    def compile(self) -> Game:
        root, self.root_events = self._advance(self._start(), 0)
        assert root == 0
        if self.nodes[root].player == TERMINAL:
            raise UsageError("no move is ever made: the guard of every item is false [L16]; put one `if` right")
        for layer in range(len(self.by_layer) - 1):
            for number in self.by_layer[layer]:
                self._expand(number)
        return self._game()

    # --- states ---

    def _start(self) -> State:
        values: dict[str, object] = {slot: NOT_YET for slot in self.layout.slots if self.symbols.is_a(slot, "move")}
        values.update({slot: False for slot in self.layout.slots if slot.startswith("ever ")})
        values.update({name: variable.start for name, variable in self.scenario.state.items()})
        values[PENDING] = ()
        for slot in self.layout.slots:
            if "." in slot:
                force, place = slot.split(".")
                formula = self.scenario.forces[force].stock.get(place)
                value = self.effects.evaluate(formula, self.effects.constants.__getitem__, slot) if formula else ZERO
                if isinstance(value, Fraction) and value < 0:
                    raise UsageError(f"`{slot}` starts at {float(value):g}, below zero [M3]")
                values[slot] = self.table.row(value)
            elif slot.startswith("total "):
                values[slot] = self.table.row(Fraction(str(self.scenario.stakes[slot.removeprefix("total ")].start)))
        return tuple(values[slot] for slot in self.layout.slots)

    def _node(self, layer: int, step: int, player: int, state: State, key: object) -> int:
        number = self.node_of.get((layer, key))
        if number is None:
            if len(self.nodes) >= self.max_nodes:
                raise TooLargeError(self._what_keeps_apart())
            number = self.node_of[layer, key] = len(self.nodes)
            self.nodes.append(_Node(layer, step, player, state))
            self.by_layer[layer].append(number)
        return number

    def _advance(self, state: State, number: int) -> Reached:
        """The node that a state leads to from just before step `number` on, and the questions read on the way."""
        passed: list[tuple[int, Any, tuple[Event, ...]]] = []
        while (key := self.live[number](state)) not in self.reached[number]:
            events = self._events(state, number)
            node, state = self._stop(state, number, key)
            if node is not None:
                self.reached[number][key] = node, events
                break
            passed.append((number, key, events))
            number += 1
        node, events = self.reached[number][key]
        for step, at, read in reversed(passed):
            events = read + events
            self.reached[step][at] = node, events
        return node, events

    def _stop(self, state: State, number: int, key: object) -> tuple[int | None, State]:
        """The node at which a state stops just before step `number`, or None where it passes the step by, and the state then."""
        if number == len(self.timeline.steps):
            return self._terminal(self._outcome(state)), state
        arrived, gains = self.effects.arrive(state, number) if state[-1] else (state, ())
        if gains:
            return self._node(3 * number + ARRIVAL, number, CHANCE, state, key), state
        return self._past_arrivals(arrived, number), arrived

    def _past_arrivals(self, state: State, number: int) -> int | None:
        guard = self._guard(state, number)
        if guard is False:
            return None
        if guard is True:
            return self._choice(state, number)
        return self._node(3 * number + GATE, number, CHANCE, state, self.live[number](state))

    def _guard(self, state: State, number: int) -> Value:
        step = self.timeline.steps[number]
        if step.item.if_ is None:
            return True
        return self.effects.evaluate(step.item.if_, self.effects.reader(state, number), f"{step.label}.if")

    def _choice(self, state: State, number: int) -> int:
        item = self.timeline.steps[number].item
        player = self.players.index(item.player) if isinstance(item, Move) else CHANCE
        return self._node(3 * number + CHOICE, number, player, state, self.live[number](state))

    def _terminal(self, outcome: str) -> int:
        if outcome not in self.outcomes:
            self.outcomes.append(outcome)
        node = self._node(len(self.by_layer) - 1, len(self.timeline.steps), TERMINAL, (), outcome)
        self.nodes[node].outcome = self.outcomes.index(outcome)
        return node

    def _outcome(self, state: State) -> str:
        value_of = self.effects.reader(state, len(self.timeline.steps))
        for name, outcome in self.scenario.outcomes.items():
            if outcome.when is not None and self.effects.evaluate(outcome.when, value_of, f"outcomes.{name}"):
                return name
        return "open"

    # --- questions ---

    def _questions_by_step(self) -> list[list[int]]:
        found: list[list[int]] = [[] for _ in range(len(self.timeline.steps) + 1)]
        for number, question in enumerate(self.scenario.questions.values()):
            found[self.timeline.first_after(question.by.last if question.by else None)].append(number)
        return found

    def _events(self, state: State, number: int) -> tuple[Event, ...]:
        """The questions whose day falls just before step `number`, read on `state`, as (event, row); what is false is left out."""
        questions = tuple(self.scenario.questions.items())
        found = []
        for which in self.questions_at[number]:
            name, question = questions[which]
            value_of = self.effects.reader(state, number)
            event = self.effects.evaluate(question.event, value_of, f"questions.{name}")
            if question.given is not None:
                given = self.effects.evaluate(question.given, value_of, f"questions.{name}")
                event = self.table.call("and", event, given)
                found.append((len(questions) + which, self._indicator(given)))
            found.append((which, self._indicator(event)))
        return tuple((which, self.table.row(value)) for which, value in found if value != 0)

    def _indicator(self, truth: Value) -> Numeric:
        """A truth as 1 or 0."""
        return truth if isinstance(truth, Ref) else (ONE if truth else ZERO)

    # --- edges ---

    def _link(
        self, node: int, child: int, option: int, share: Numeric, gains: Gains, events: tuple[Event, ...]
    ) -> None:
        gain = self.gains.setdefault(gains, len(self.gains))
        years = self.timeline.years_between(self.nodes[node].step, self.nodes[child].step)
        self.nodes[node].edges.append(_Edge(child, option, self.table.row(share), gain, years, events))

    def _expand(self, number: int) -> None:
        node = self.nodes[number]
        kind = node.layer % 3
        if kind == CHOICE:
            self._expand_choice(number, node)
        elif kind == GATE:
            self._expand_gate(number, node)
        else:
            self._expand_arrival(number, node)

    def _expand_arrival(self, number: int, node: _Node) -> None:
        """What is due comes, and the step follows or is passed by."""
        arrived, gains = self.effects.arrive(node.state, node.step)
        events: tuple[Event, ...] = ()
        child = self._past_arrivals(arrived, node.step)
        if child is None:
            child, events = self._advance(arrived, node.step + 1)
        self._link(number, child, -1, ONE, gains, events)

    def _expand_gate(self, number: int, node: _Node) -> None:
        """In some worlds the step is taken, in the others passed by."""
        guard = self._guard(node.state, node.step)
        assert isinstance(guard, Ref)
        self.guarded.add(guard.row)
        self._link(number, self._choice(node.state, node.step), -1, guard, (), ())
        child, events = self._advance(node.state, node.step + 1)
        self._link(number, child, -1, self._indicator(self.table.call("not", guard)), (), events)

    def _expand_choice(self, number: int, node: _Node) -> None:
        step = self.timeline.steps[node.step]
        found = [self._transition(node, name) for name in step.item.options]
        shares = self._shares(node.step, step, found)
        for option, (name, transition, share) in enumerate(zip(step.item.options, found, shares, strict=True)):
            if share == 0:
                continue
            child, events = self._after(node, step, name, transition)
            self._link(number, child, option, share, transition.gains, events)
        if not self.nodes[number].edges:
            raise UsageError(
                f"at {step.label} nobody can do anything ({self._describe(node)}) [M3]; give it an action that is always available"
            )

    def _shares(self, number: int, step: Step, found: list[Transition]) -> list[Numeric]:
        key = (number, *map(id, found))
        if key not in self.shares:
            self.shares[key] = (
                self._probabilities(step, found) if isinstance(step.item, Chance) else self._base_shares(step, found)
            )
        return self.shares[key]

    def _transition(self, node: _Node, name: str) -> Transition:
        key = (node.step, name)
        if key not in self.transitions:
            option = self.timeline.steps[node.step].item.options[name]
            slots = self.reads.option(option, frozenset(self.layout.slots)) | self._written_stocks(option)
            self.transitions[key] = (_getter(tuple(sorted(self.layout.index(slot) for slot in slots))), {})
        getter, known = self.transitions[key]
        values = getter(node.state)
        if values not in known:
            option = self.timeline.steps[node.step].item.options[name]
            known[values] = self.effects.transition(node.step, name, option, node.state)
            if isinstance(known[values].is_available, Ref):
                self.guarded.add(known[values].is_available.row)  # type: ignore[union-attr]
        return known[values]

    def _written_stocks(self, option: Any) -> set[str]:
        found: set[str] = set()
        for changes in (option, *option.later):
            for force, shift in changes.shifts:
                found |= {f"{force}.{place}" for place in (shift.origin, shift.destination, "transit")}
        return found

    def _after(self, node: _Node, step: Step, name: str, transition: Transition) -> Reached:
        slot_of = self.effects.slot_of
        writes = list(transition.writes)
        if step.item.id in slot_of:
            writes.append((slot_of[step.item.id], name))
        if (ever := f"ever {step.item.id} {name}") in slot_of:
            writes.append((slot_of[ever], True))
        if transition.arrivals:
            pending = (*node.state[-1], *transition.arrivals)  # type: ignore[misc]
            writes.append((slot_of[PENDING], tuple(sorted(pending, key=lambda one: one.due))))
        state = Effects.updated(node.state, writes)
        end = step.item.options[name].end
        if end is None:
            return self._advance(state, node.step + 1)
        events = tuple(
            event
            for later in range(node.step + 1, len(self.timeline.steps) + 1)
            for event in self._events(state, later)
        )
        return self._terminal(end), events

    # --- probabilities and base shares ---

    def _probabilities(self, step: Step, found: list[Transition]) -> list[Numeric]:
        stated: list[Numeric | None] = []
        for name, transition in zip(step.item.options, found, strict=True):
            is_rest = step.item.options[name].is_rest  # type: ignore[union-attr]
            stated.append(
                None
                if is_rest
                else self._available(transition, transition.share if transition.share is not None else ZERO)
            )
        rest = self.table.combine((ONE, ONE), *((-ONE, one) for one in stated if one is not None))
        shares = [rest if one is None else one for one in stated]
        total = self.table.combine(*((ONE, one) for one in shares))
        self._check(total, True, f"the probabilities at {step.label}")
        for name, share in zip(step.item.options, shares, strict=True):
            self._check(share, False, f"the probability of {step.label}.{name}")
        return shares

    def _check(self, value: Numeric, is_sum: bool, where: str) -> None:
        if isinstance(value, Fraction):
            off = (
                abs(value - 1) > Fraction(1, 10**9)
                if is_sum
                else not -Fraction(1, 10**9) <= value <= 1 + Fraction(1, 10**9)
            )
            if off:
                expected = "they must sum to 1" if is_sum else "a probability is from 0 to 1"
                raise UsageError(f"{where}: {float(value):g} in every world; {expected} [M4]")
            return
        self.checks.setdefault((value.row, is_sum), ProbabilityCheck(value.row, is_sum, where))

    def _available(self, transition: Transition, share: Numeric) -> Numeric:
        if transition.is_available is True:
            return share
        if transition.is_available is False:
            return ZERO
        return self.table.multiply(transition.is_available, share)

    def _base_shares(self, step: Step, found: list[Transition]) -> list[Numeric]:
        """Base shares (M9). A stated share holds where its action is available; what is left goes to the other available
        groups alike, and within a group to its available sizes alike."""
        options: dict[str, Action] = step.item.options  # type: ignore[assignment]
        available = [self._available(one, ONE) for one in found]
        groups: dict[str, list[int]] = {}
        for place, (name, option) in enumerate(options.items()):
            groups.setdefault(option.size_of or f"= {name}", []).append(place)
        stated: dict[int, Numeric] = {}
        for place, (option, transition) in enumerate(zip(options.values(), found, strict=True)):
            if option.share is not None:
                stated[place] = self.table.multiply(available[place], self._stated(step, option, transition))
        left = self.table.combine((ONE, ONE), *((-ONE, one) for one in stated.values()))
        open_groups = [members for members in groups.values() if members[0] not in stated]
        each = self._divided(left, [self._any(available, members) for members in open_groups])
        shares = dict(stated)
        for members in open_groups:
            one = self._divided(each, [available[place] for place in members])
            shares.update({place: self.table.multiply(available[place], one) for place in members})
        for place, name in enumerate(options):
            if isinstance(shares[place], Ref):
                self.guarded.add(shares[place].row)  # type: ignore[union-attr]
                self._check(shares[place], False, f"the base share of {step.label}.{name}")
        return [shares[place] for place in range(len(options))]

    def _any(self, available: list[Numeric], members: list[int]) -> Numeric:
        if len(members) == 1:
            return available[members[0]]
        return self.table.call("max", *(available[place] for place in members))  # type: ignore[return-value]

    def _divided(self, whole: Numeric, parts: list[Numeric]) -> Numeric:
        """`whole` split among the parts that count, at least one."""
        count = self.table.combine(*((ONE, part) for part in parts))
        return self.table.call("/", whole, self.table.call("max", ONE, count))  # type: ignore[return-value]

    def _stated(self, step: Step, option: Action, transition: Transition) -> Numeric:
        share = transition.share if transition.share is not None else ONE
        assert option.share is not None
        if option.share.per_days is None:
            return share
        power = self.table.call("^", self.table.subtract(ONE, share), Fraction(str(step.lasts / option.share.per_days)))
        return self.table.subtract(ONE, power)  # type: ignore[arg-type]

    # --- messages ---

    def _describe(self, node: _Node) -> str:
        return ", ".join(
            f"{slot} = {self._shown(node.state[place], slot)}" for slot, place in self._live_slots(node.step)
        )

    def _live_slots(self, step: int) -> Iterator[tuple[str, int]]:
        for place in self.layout.live[step]:
            if self.layout.slots[place] != PENDING:
                yield self.layout.slots[place], place

    def _shown(self, value: object, slot: str = "") -> str:
        if "." not in slot and not slot.startswith("total "):
            return str(value).lower() if isinstance(value, bool) else str(value)
        found = self.table.value(value)  # type: ignore[arg-type]
        return f"{float(found):g}" if isinstance(found, Fraction) else "(differs by world)"

    def _what_keeps_apart(self) -> str:
        widest = max(self.by_layer, key=len)
        step = self.nodes[widest[0]].step
        counts = {slot: len({self.nodes[one].state[place] for one in widest}) for slot, place in self._live_slots(step)}
        top = sorted(counts.items(), key=lambda pair: -pair[1])[:5]
        apart = ", ".join(f"{slot} ({count} values)" for slot, count in top if count > 1)
        label = self.timeline.steps[step].label if step < len(self.timeline.steps) else "the end"
        return (
            f"over {self.max_nodes:,} states; most stand at {label}, kept apart by {apart or 'pending effects'}; "
            "use fewer values, fewer rounds, or drop what no formula needs (`--max-nodes` raises the cap)"
        )

    # --- to arrays ---

    def _game(self) -> Game:
        order = [number for layer in self.by_layer for number in layer]
        nodes = [self.nodes[number] for number in order]
        rank = np.empty(len(order), np.int32)
        rank[order] = np.arange(len(order), dtype=np.int32)
        edges = [edge for node in nodes for edge in node.edges]
        durations = sorted({edge.years for edge in edges} | {0.0})
        entries = [(number, account, row) for gains, number in self.gains.items() for account, row in gains]
        events = [(NO_EVENT, *event) for event in self.root_events]
        events += [(number, *event) for number, edge in enumerate(edges) for event in edge.events]
        is_decision = np.array([node.player >= 0 for node in nodes])
        return Game(
            players=self.players,
            steps=tuple(self._step_info(step, number) for number, step in enumerate(self.timeline.steps)),
            accounts=tuple(_account(name, side) for name, side in self.effects.accounts),
            outcomes=tuple(self.outcomes),
            questions=tuple(self.scenario.questions),
            expressions=self.table.expressions(),
            checks=tuple(self.checks.values()),
            layer_of_node=_ints(node.layer for node in nodes),
            player_of_node=_ints(node.player for node in nodes),
            step_of_node=_ints(node.step for node in nodes),
            infoset_of_node=np.where(is_decision, np.cumsum(is_decision) - 1, -1).astype(np.int32),
            outcome_of_node=_ints(node.outcome for node in nodes),
            state_of_node=tuple(self._state(node) for node in nodes),
            first_edge=np.concatenate([[0], np.cumsum([len(node.edges) for node in nodes])]).astype(np.int32),
            child_of_edge=rank[[edge.child for edge in edges]] if edges else _ints(()),
            option_of_edge=_ints(edge.option for edge in edges),
            share_of_edge=_ints(edge.share for edge in edges),
            gain_of_edge=_ints(edge.gain for edge in edges),
            duration_of_edge=np.searchsorted(durations, [edge.years for edge in edges]).astype(np.int32),
            durations=np.array(durations, np.float64),
            gain_row=_ints(entry[0] for entry in entries),
            gain_account=_ints(entry[1] for entry in entries),
            gain_value=_ints(entry[2] for entry in entries),
            num_gains=len(self.gains),
            event_edge=_ints(event[0] for event in events),
            event_question=_ints(event[1] for event in events),
            event_value=_ints(event[2] for event in events),
            is_conditional=tuple(question.given is not None for question in self.scenario.questions.values()),
            guarded_rows=_ints(sorted(self.guarded)),
            num_histories=self._histories(order),
        )

    def _state(self, node: _Node) -> dict[str, str]:
        if node.player == TERMINAL:
            return {}
        return {slot: self._shown(node.state[place], slot) for slot, place in self._live_slots(node.step)}

    def _step_info(self, step: Step, number: int) -> StepInfo:
        item = step.item
        return StepInfo(
            label=step.label,
            move=item.id,
            round=step.round,
            player=self.players.index(item.player) if isinstance(item, Move) else CHANCE,
            date=self.timeline.date(number),
            title=item.title or item.id.replace("_", " "),
            options=tuple(item.options),
            option_titles=tuple(option.title or name.replace("_", " ") for name, option in item.options.items()),
            ties=item.ties if isinstance(item, Move) else "equal",
        )

    def _histories(self, order: list[int]) -> float:
        """How many histories the merged game stands for."""
        count = [0.0] * len(self.nodes)
        for number in reversed(order):
            edges = self.nodes[number].edges
            count[number] = sum(count[edge.child] for edge in edges) if edges else 1.0
        return count[0]


def _account(name: str, side: str) -> Account:
    return Account(name, None if side == "payoff" else name, side)


def _ints(values: Iterable[int]) -> Any:
    return np.array(list(values), np.int32)


def _getter(places: tuple[int, ...]) -> Callable[[State], Any]:
    return itemgetter(*places) if places else lambda _state: ()


def refuse_hidden(scenario: Scenario) -> None:
    """Raise `NotSolvedError` where a scenario needs hidden information."""
    for _, item in scenario.items():
        for key, value in (("seen by", item.seen_by), ("seen after", item.seen_after), ("seen as", item.seen_as)):
            if value not in (None, "all"):
                raise NotSolvedError(
                    f"{quote(item.id)} says `{key}: {value}`: hidden information is part of the language (M7), but no solver here answers it"
                )
    if scenario.mistakes:
        raise NotSolvedError("`mistakes` are part of the language (M8), but no solver here answers them")
