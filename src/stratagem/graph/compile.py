"""Scenario to `Game`: unroll, keep forces feasible, merge equal states (M1 to M5, M7).

Works through the timeline step by step. A node is a step with the live part of a state and what players know; histories that agree there
are one node. What depends on a quantity becomes a row of the expression table, evaluated per world later.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from fractions import Fraction
from operator import itemgetter
from typing import Any

from stratagem.errors import TooLargeError, UsageError, near, quote
from stratagem.graph.arrays import Draft, DraftEdge, DraftNode, to_game
from stratagem.graph.attitudes import private_attitudes
from stratagem.graph.expression import ONE, ZERO, Numeric, Ref, Value
from stratagem.graph.facts import Fact, facts_of, stocks_by_fact
from stratagem.graph.game import CHANCE, SEEN, TERMINAL, Cast, Game
from stratagem.graph.knowledge import Knowledge, Known
from stratagem.graph.landing import Event, Landing
from stratagem.graph.means import no_mean
from stratagem.graph.shares import Shares
from stratagem.graph.state import PENDING, Layout, Reads, lay_out
from stratagem.graph.timeline import Step, Timeline, unroll
from stratagem.graph.transition import Effects, Gains, State, Transition, ValueOf
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Chance, Move, Scenario
from stratagem.scenario.names import NOT_YET, Symbols
from stratagem.scenario.values import where_is

MAX_NODES = 200_000
ARRIVAL, GATE, CHOICE = 0, 1, 2


def compile_scenario(
    scenario: Scenario, max_nodes: int = MAX_NODES, without: Iterable[str] = (), are_links_open: bool = False
) -> Game:
    """The game of a scenario, with the links in `without` switched off; open links are numbers instead, 1 or 0 as worlds have it.

    Numbers that only some know are moves by chance that they alone see; a number that nobody knows is one where its mean would not
    do (M6). Raises `TooLargeError` over `max_nodes`, `UsageError` where a state leaves its domain, where a player has no action, or
    where he could tell apart by what he can do what he cannot by what he sees.
    """
    off = frozenset(without)
    for name in sorted(off - set(scenario.links)):
        raise UsageError(
            f"the unknown link {quote(name)}{near(name, scenario.links)}; "
            + (f"one of {', '.join(scenario.links)} [L9]" if scenario.links else "the scenario has no `links` [L9]")
        )
    links = {name: None if are_links_open else ZERO if name in off else ONE for name in scenario.links}
    game = _Compiler(scenario, max_nodes, links).compile()
    hidden = no_mean(game, scenario)
    return _Compiler(scenario, max_nodes, links, hidden).compile() if hidden else game


class _Compiler:
    def __init__(
        self, scenario: Scenario, max_nodes: int, links: Mapping[str, Value | None], hidden: Iterable[str] = ()
    ) -> None:
        self.scenario = scenario
        self.max_nodes = max_nodes
        self.symbols = Symbols(scenario)
        facts = facts_of(scenario, self.symbols, hidden)
        before: dict[int, list[Chance]] = {}
        for fact in facts:
            before.setdefault(fact.place, []).append(fact.chance)
        self.timeline: Timeline = unroll(scenario, before)
        self.stocks = stocks_by_fact(scenario, self.symbols, [fact.name for fact in facts])
        reads = {fact.name: self._read_at(fact) & {one.name for one in facts} for fact in facts}
        self.layout: Layout = lay_out(scenario, self.symbols, self.timeline, reads)
        self.effects = Effects(scenario, self.symbols, self.timeline, self.layout.slots, links, facts)
        self.table = self.effects.table
        self.reads = Reads(scenario, self.symbols, self.layout.slots, reads)
        self.shares = Shares(scenario, self.table)
        self.players = tuple(scenario.players)
        self.attitudes = private_attitudes(scenario, self.symbols, self.effects.facts)
        self.knowledge = Knowledge(self.players, self.timeline)
        self.is_public = self.knowledge.is_common
        self.live = [_getter(places) for places in self.layout.live]
        self.nodes: list[DraftNode] = []
        self.node_of: dict[tuple[object, ...], int] = {}
        self.by_layer: list[list[int]] = [[] for _ in range(3 * len(self.timeline.steps) + 1)]
        self.landings: list[dict[tuple[Hashable, Known], Landing]] = [{} for _ in range(len(self.timeline.steps) + 1)]
        self.outcomes: list[str] = []
        self.questions_at = self._questions_by_step()
        self.transitions: dict[tuple[int, str], tuple[Callable[[State], Any], dict[Any, Transition]]] = {}

    def _read_at(self, fact: Fact) -> frozenset[str]:
        """What is read when a fact is decided: the facts on which its odds turn, and what the stocks read that then stand."""
        stocks = self.stocks.get(fact.name, {}).values()
        return frozenset(fact.given).union(*(self.symbols.reads(self.symbols.tree(one)) for one in stocks)) - {
            fact.name
        }

    def compile(self) -> Game:
        root = self._land(self._start(), self.knowledge.start(), 0)
        for number in range(len(self.landings)):
            self._settle(number)
            for landing in list(self.landings[number].values()):
                if landing.onward is None:
                    self._stop(landing, number)
            for kind in (ARRIVAL, GATE, CHOICE) if number < len(self.timeline.steps) else ():
                for node in self.by_layer[3 * number + kind]:
                    self._expand(node)
        first, events = root.resolved()
        if self.nodes[first].player == TERMINAL:
            raise UsageError("no move is ever made: the guard of every item is false [L16]; put one `if` right")
        return to_game(self._draft(events))

    # --- where histories stand ---

    def _land(self, state: State, known: Known, number: int) -> Landing:
        """Where a history stands just before a step, one with all whose future and knowledge are the same."""
        if not self.is_public:
            known = self.knowledge.at(known, number)
        return self.landings[number].setdefault((self.live[number](state), known), Landing(state, known))

    def _settle(self, number: int) -> None:
        """Begin knowledge anew where the future is common knowledge, and bring together what is then the same."""
        if self.is_public or not self.landings[number]:
            return
        standing = list(self.landings[number].items())
        known = self.knowledge.settled(number, [(one.known, live) for (live, _), one in standing])
        self.landings[number] = {}
        for ((live, _), landing), now in zip(standing, known, strict=True):
            landing.known = now
            first = self.landings[number].setdefault((live, now), landing)
            if first is not landing:
                landing.onward = first

    def _stop(self, landing: Landing, number: int) -> None:
        """Find the node at which a history stops just before a step, or where it lands after passing the step by."""
        landing.events = self._events(landing.state, number)
        if number == len(self.timeline.steps):
            landing.node = self._terminal(self._outcome(landing.state))
            return
        state = landing.state
        arrived, gains = self.effects.arrive(state, number) if state[-1] else (state, ())
        if gains:
            landing.node = self._node(3 * number + ARRIVAL, number, CHANCE, state, landing.known)
        else:
            landing.onward = self._past_arrivals(arrived, landing.known, number)

    def _past_arrivals(self, state: State, known: Known, number: int) -> Landing:
        guard = self._guard(state, number)
        if guard is False:
            return self._pass_by(state, known, number)
        if guard is True:
            return Landing.at(self._choice(state, known, number))
        return Landing.at(self._node(3 * number + GATE, number, CHANCE, state, known))

    def _pass_by(self, state: State, known: Known, number: int) -> Landing:
        return self._land(state, self._seen(known, number, None), number + 1)

    def _seen(self, known: Known, number: int, option: str | None) -> Known:
        return known if self.is_public else self.knowledge.after(known, number, option)

    def _guard(self, state: State, number: int) -> Value:
        step = self.timeline.steps[number]
        if step.item.if_ is None:
            return True
        return self.effects.evaluate(step.item.if_, self.effects.reader(state, number), f"{step.label}.if")

    def _choice(self, state: State, known: Known, number: int) -> int:
        item = self.timeline.steps[number].item
        player = self.players.index(item.player) if isinstance(item, Move) else CHANCE
        return self._node(3 * number + CHOICE, number, player, state, known)

    def _node(self, layer: int, step: int, player: int, state: State, known: Known) -> int:
        key = (layer, self.live[step](state), known)
        number = self.node_of.get(key)
        if number is None:
            if len(self.nodes) >= self.max_nodes:
                raise TooLargeError(self._what_keeps_apart())
            number = self.node_of[key] = len(self.nodes)
            self.nodes.append(DraftNode(layer, step, player, state, known))
            self.by_layer[layer].append(number)
        return number

    def _terminal(self, outcome: str) -> int:
        if outcome not in self.outcomes:
            self.outcomes.append(outcome)
        number = self.node_of.get((outcome,))
        if number is None:
            number = self.node_of[outcome,] = len(self.nodes)
            layer, step = len(self.by_layer) - 1, len(self.timeline.steps)
            self.nodes.append(DraftNode(layer, step, TERMINAL, (), Known(()), outcome=self.outcomes.index(outcome)))
            self.by_layer[layer].append(number)
        return number

    # --- states ---

    def _start(self) -> State:
        values: dict[str, object] = {slot: NOT_YET for slot in self.layout.slots if self.symbols.is_a(slot, "move")}
        values.update(dict.fromkeys(self.effects.facts, NOT_YET))
        values.update({slot: False for slot in self.layout.slots if slot.startswith("ever ")})
        values.update({name: variable.start for name, variable in self.scenario.state.items()})
        values[PENDING] = ()
        for slot in self.layout.slots:
            if "." in slot:
                force, place = slot.split(".")
                formula = self.scenario.forces[force].stock.get(place)
                is_secret = any(slot in stocks for stocks in self.stocks.values())
                values[slot] = (
                    self.table.row(ZERO)
                    if formula is None or is_secret
                    else self._stock(slot, formula, self.effects.constants.__getitem__)
                )
            elif slot.startswith("total "):
                values[slot] = self.table.row(Fraction(str(self.scenario.stakes[slot.removeprefix("total ")].start)))
        return tuple(values[slot] for slot in self.layout.slots)

    def _stock(self, slot: str, formula: Formula, value_of: ValueOf) -> int:
        """The row of a stock at the start."""
        value = self.effects.evaluate(formula, value_of, slot)
        if isinstance(value, Fraction) and value < 0:
            raise UsageError(f"{where_is(self.scenario, formula)}`{slot}` starts at {float(value):g}, below zero [M3]")
        return self.table.row(value)

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
        self, node: int, onward: Landing, option: int, share: Numeric, gains: Gains, events: tuple[Event, ...] = ()
    ) -> None:
        self.nodes[node].edges.append(DraftEdge(onward, option, self.table.row(share), gains, events))

    def _expand(self, number: int) -> None:
        node = self.nodes[number]
        kind = node.layer % 3
        if kind == CHOICE:
            self._expand_choice(number, node)
        elif kind == GATE:
            self._expand_gate(number, node)
        else:
            self._expand_arrival(number, node)

    def _expand_arrival(self, number: int, node: DraftNode) -> None:
        """What is due comes, and the step follows or is passed by."""
        arrived, gains = self.effects.arrive(node.state, node.step)
        self._link(number, self._past_arrivals(arrived, node.known, node.step), -1, ONE, gains)

    def _expand_gate(self, number: int, node: DraftNode) -> None:
        """In some worlds the step is taken, in the others passed by."""
        guard = self._guard(node.state, node.step)
        assert isinstance(guard, Ref)
        self.shares.guarded.add(guard.row)
        taken = Landing.at(self._choice(node.state, node.known, node.step))
        self._link(number, taken, -1, guard, ())
        passed = self._pass_by(node.state, node.known, node.step)
        self._link(number, passed, -1, self._indicator(self.table.call("not", guard)), ())

    def _expand_choice(self, number: int, node: DraftNode) -> None:
        step = self.timeline.steps[node.step]
        found = [self._transition(node, name) for name in step.item.options]
        shares = self.shares.of(node.step, step, found)
        for option, (name, transition, share) in enumerate(zip(step.item.options, found, shares, strict=True)):
            if share == 0:
                continue
            landing, events = self._after(node, step, name, transition)
            self._link(number, landing, option, share, transition.gains, events)
        if not self.nodes[number].edges:
            raise UsageError(
                f"{self.scenario.where(*step.path)}at {step.label} nobody can do anything ({self._describe(node)}) [M3]; give it an action that is always available"
            )

    def _transition(self, node: DraftNode, name: str) -> Transition:
        key = (node.step, name)
        if key not in self.transitions:
            item = self.timeline.steps[node.step].item
            option = item.options[name]
            slots = self.reads.item(item) | self.reads.option(option, frozenset(self.layout.slots))
            slots |= self._written_stocks(option)
            self.transitions[key] = (_getter(tuple(sorted(self.layout.index(slot) for slot in slots))), {})
        getter, known = self.transitions[key]
        values = getter(node.state)
        if values not in known:
            option = self.timeline.steps[node.step].item.options[name]
            known[values] = self.effects.transition(node.step, name, option, node.state)
            if isinstance(known[values].is_available, Ref):
                self.shares.guarded.add(known[values].is_available.row)  # type: ignore[union-attr]
        return known[values]

    def _written_stocks(self, option: Any) -> set[str]:
        found: set[str] = set()
        for changes in (option, *option.later):
            for force, shift in changes.shifts:
                found |= {f"{force}.{place}" for place in (shift.origin, shift.destination, "transit")}
        return found

    def _after(
        self, node: DraftNode, step: Step, name: str, transition: Transition
    ) -> tuple[Landing, tuple[Event, ...]]:
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
        value_of = self.effects.reader(state, node.step)
        stocks = self.stocks.get(step.item.id, {}).items()
        state = (
            Effects.updated(state, [(slot_of[slot], self._stock(slot, one, value_of)) for slot, one in stocks])
            if stocks
            else state
        )
        end = step.item.options[name].end
        if end is None:
            return self._land(state, self._seen(node.known, node.step, name), node.step + 1), ()
        events = tuple(
            event
            for later in range(node.step + 1, len(self.timeline.steps) + 1)
            for event in self._events(state, later)
        )
        return Landing.at(self._terminal(end)), events

    # --- messages ---

    def _describe(self, node: DraftNode) -> str:
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

    def _draft(self, root_events: tuple[Event, ...]) -> Draft:
        casts = [self._cast(node) for node in self.nodes] if self.attitudes else None
        return Draft(
            scenario=self.scenario,
            timeline=self.timeline,
            knowledge=self.knowledge,
            nodes=self.nodes,
            order=[number for layer in self.by_layer for number in layer],
            states=[self._state(node) for node in self.nodes],
            root_events=root_events,
            accounts=tuple(self.effects.accounts),
            outcomes=tuple(self.outcomes),
            expressions=self.table.expressions(),
            checks=tuple(self.shares.checks.values()),
            guarded=frozenset(self.shares.guarded),
            facts=tuple(self.effects.facts),
            is_public=self.is_public,
            casts=casts,
        )

    def _cast(self, node: DraftNode) -> Cast:
        """The rows of what players make of risk, time and their own errors, as far as their types are decided and still matter."""
        if node.player == TERMINAL:
            return {}
        value_of = self.effects.reader(node.state, node.step)
        decided = {
            slot
            for slot, place in self._live_slots(node.step)
            if slot in self.effects.facts and node.state[place] != NOT_YET
        }
        return {
            (player, field): self.table.row(self.effects.evaluate(formula, value_of, f"players.{player}"))
            for (player, field), formula in self.attitudes.items()
            if self.reads.formula(formula) <= decided
        }

    def _state(self, node: DraftNode) -> dict[str, str]:
        if node.player == TERMINAL:
            return {}
        state = {slot: self._shown(node.state[place], slot) for slot, place in self._live_slots(node.step)}
        seen = [
            f"{self.timeline.steps[step].label} = {what}"
            for step, what in (self.knowledge.seen(node.known.of_player[node.player]) if node.player >= 0 else ())
            if self.timeline.steps[step].item.id not in state
        ]
        return {**state, SEEN: ", ".join(seen)} if seen else state


def _getter(places: tuple[int, ...]) -> Callable[[State], Any]:
    return itemgetter(*places) if places else lambda _state: ()
