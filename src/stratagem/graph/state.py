"""The slots of a state and which of them are live when (M2).

Takes a scenario and its timeline; gives a slot for every variable that a formula reads, and for every step the slots
whose values may still matter there. Two histories whose live slots agree are one node.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from stratagem.graph.attitudes import THROUGHOUT, WHERE_HE_MOVES, private_attitudes
from stratagem.graph.personal import reads_by_stake
from stratagem.graph.readings import read_apart
from stratagem.graph.timeline import Timeline
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Action, Chance, Changes, Later, Move, Outcome, Scenario
from stratagem.scenario.names import OFF_MAP, Symbols

PENDING = "pending"
TRANSIT = "transit"


def total_slot(stake: str) -> str:
    """The slot of a stake's running total, kept where it has a reference point."""
    return f"total {stake}"


class Reads:
    """Which slots a formula or an effect reads."""

    def __init__(
        self, scenario: Scenario, symbols: Symbols, slots: Iterable[str], facts: Mapping[str, Collection[str]]
    ) -> None:
        self.scenario = scenario
        self.symbols = symbols
        self.slots = frozenset(slots)
        self.facts = facts
        self.apart = {name: on for name, on in read_apart(scenario).items() if self.slots.issuperset(on)}
        self._of_stake = reads_by_stake(scenario, symbols)
        self._of_formula: dict[int, frozenset[str]] = {}

    def formula(self, formula: Formula | None) -> frozenset[str]:
        """The slots a formula reads."""
        if formula is None:
            return frozenset()
        if id(formula) not in self._of_formula:
            self._of_formula[id(formula)] = self._slots_of(self.symbols.reads(self.symbols.tree(formula)))
        return self._of_formula[id(formula)]

    def _slots_of(self, names: frozenset[str]) -> frozenset[str]:
        """The slots among names, and those on whose types they turn."""
        return names.union(*(self.apart[name] for name in names & self.apart.keys())) & self.slots

    def item(self, item: Move | Chance) -> frozenset[str]:
        """The slots that a move reads beside its guard and its options: those on which the odds of a fact turn, or its mover's precision."""
        if isinstance(item, Move):
            return self._attitudes(WHERE_HE_MOVES, item.player)
        return frozenset(self.facts.get(item.id, ()))

    @cached_property
    def throughout(self) -> frozenset[str]:
        """The slots that count as long as anybody may gain: those on which what players make of risk and time turns."""
        return self._attitudes(THROUGHOUT)

    def _attitudes(self, fields: tuple[str, ...], player: str | None = None) -> frozenset[str]:
        found = private_attitudes(self.scenario, self.symbols, self.facts, fields)
        return frozenset().union(*(self.formula(one) for (name, _), one in found.items() if player in (None, name)))

    def changes(self, changes: Changes, live_after: frozenset[str]) -> frozenset[str]:
        """The slots that an effect reads, given what matters after it."""
        found: set[str] = set()
        for name, formula in changes.set_.items():
            if name in live_after:
                found |= self.formula(formula)
        for stake, formula in changes.gains.items():
            found |= self.formula(formula) | self._slots_of(
                frozenset({total_slot(stake)}) | self._of_stake.get(stake, frozenset())
            )
        for formula in changes.payoffs.values():
            found |= self.formula(formula)
        for force, shift in changes.shifts:
            found |= self.formula(shift.amount) | {f"{force}.{shift.origin}"}
        return frozenset(found)

    def option(self, option: Action | Outcome, live_after: frozenset[str]) -> frozenset[str]:
        """The slots that an action or outcome reads."""
        found = self.formula(option.if_) | self.changes(option, live_after)
        if isinstance(option, Action) and option.share is not None:
            found |= self.formula(option.share.formula)
        if isinstance(option, Outcome) and not option.is_rest:
            found |= self.formula(option.probability)
        for later in option.later:
            for force, shift in later.shifts:
                found |= self.formula(shift.amount) | {f"{force}.{shift.origin}"}
        return found


@dataclass(frozen=True)
class Layout:
    """The slots of a state in order, and the live ones before each step and at the end."""

    slots: tuple[str, ...]
    live: tuple[tuple[int, ...], ...]  # [S+1] indices into slots

    def index(self, slot: str) -> int:
        """The place of a slot."""
        return self.slots.index(slot)


def lay_out(
    scenario: Scenario, symbols: Symbols, timeline: Timeline, facts: Mapping[str, Collection[str]] | None = None
) -> Layout:
    """The slots of a scenario's state, and their liveness by step; `facts` that chance decides are among them, each with those that its odds read."""
    facts = facts or {}
    slots = (*facts, *_slots(scenario, symbols))
    reads = Reads(scenario, symbols, slots, facts)
    live = _liveness(scenario, timeline, reads)
    place = {slot: number for number, slot in enumerate(slots)}
    return Layout(slots, tuple(tuple(sorted(place[slot] for slot in one)) for one in live))


def _slots(scenario: Scenario, symbols: Symbols) -> tuple[str, ...]:
    read: set[str] = set()
    for formula in _formulas(scenario):
        read |= symbols.reads(symbols.tree(formula))
    slots = list(scenario.state)
    slots += sorted(name for name in read if symbols.is_a(name, "move") or name.startswith("ever "))
    slots += [f"{force}.{place}" for force in scenario.forces for place in (*scenario.theatres, *OFF_MAP)]
    slots += [total_slot(name) for name, stake in scenario.stakes.items() if stake.reference is not None]
    return (*slots, PENDING)


def _formulas(scenario: Scenario) -> Iterable[Formula]:
    for _, item in scenario.items():
        yield from formulas_of(item)
    for question in scenario.questions.values():
        yield question.event
        yield from (one for one in [question.given] if one is not None)
    for outcome in scenario.outcomes.values():
        yield from (one for one in [outcome.when] if one is not None)


def formulas_of(item: Move | Chance) -> Iterable[Formula]:
    """Every formula of a move."""
    yield from (one for one in [item.if_] if one is not None)
    for option in item.options.values():
        yield from (one for one in [option.if_] if one is not None)
        if isinstance(option, Action) and option.share is not None:
            yield option.share.formula
        if isinstance(option, Outcome) and not option.is_rest:
            yield option.probability
        for changes in (option, *option.later):
            yield from changes.set_.values()
            yield from changes.gains.values()
            yield from changes.payoffs.values()
            yield from (shift.amount for _, shift in changes.shifts if shift.amount is not None)


def stakes_of(item: Move | Chance) -> set[str]:
    """The stakes that a move adds to."""
    return {stake for option in item.options.values() for changes in (option, *option.later) for stake in changes.gains}


def _liveness(scenario: Scenario, timeline: Timeline, reads: Reads) -> list[frozenset[str]]:
    steps = timeline.steps
    read_at = _question_reads(scenario, timeline, reads)
    arriving = _arriving(timeline)
    always = reads.throughout | ({PENDING} if any(arriving) or _travels(scenario) else set())
    end = read_at[len(steps)] | always
    for outcome in scenario.outcomes.values():
        end |= reads.formula(outcome.when)
    live = [end]
    for number in reversed(range(len(steps))):
        item = steps[number].item
        after = live[-1]
        if any(option.end is not None for option in item.options.values()):
            after = after.union(*read_at[number + 1 :])
        before = after - _overwritten(item.id, item.options, item.if_ is None, reads.slots)
        for option in item.options.values():
            before |= reads.option(option, after)
        before |= reads.formula(item.if_) | reads.item(item)
        for later in arriving[number]:
            before |= reads.changes(later, before)
        live.append(before | read_at[number] | always)
    return live[::-1]


def _question_reads(scenario: Scenario, timeline: Timeline, reads: Reads) -> list[frozenset[str]]:
    found: list[frozenset[str]] = [frozenset()] * (len(timeline.steps) + 1)
    for question in scenario.questions.values():
        step = timeline.first_after(question.by.last if question.by else None)
        found[step] = found[step] | reads.formula(question.event) | reads.formula(question.given)
    return found


def _arriving(timeline: Timeline) -> list[list[Later]]:
    found: list[list[Later]] = [[] for _ in timeline.steps]
    for number, step in enumerate(timeline.steps):
        for option in step.item.options.values():
            for later in option.later:
                due = timeline.due(number, later.after)
                if due < len(found):
                    found[due].append(later)
    return found


def _travels(scenario: Scenario) -> bool:
    return any(force.travel for force in scenario.forces.values())


def _overwritten(
    move: str, options: dict[str, Action] | dict[str, Outcome], is_always: bool, slots: frozenset[str]
) -> frozenset[str]:
    if not is_always:
        return frozenset()
    written = [frozenset(option.set_) for option in options.values()]
    return (frozenset.intersection(*written) | {move}) & slots
