"""What one action does to one state: availability, share, gains, new values (M3, M5, L17).

Takes a step's option and the values of the slots that it reads; gives a `Transition` of expression rows. Exact, no arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction

from stratagem.errors import UsageError, quote
from stratagem.graph.expression import ONE, ZERO, Evaluator, Expressions, MeaninglessError, Numeric, Ref, Value
from stratagem.graph.facts import Fact
from stratagem.graph.personal import drawn_weight, personal
from stratagem.graph.readings import read_apart, reading
from stratagem.graph.state import PENDING, TRANSIT, total_slot
from stratagem.graph.timeline import Timeline
from stratagem.scenario.estimate import Estimate
from stratagem.scenario.formula import Formula
from stratagem.scenario.model import Action, Amount, Changes, Later, Outcome, Scenario, Shift
from stratagem.scenario.names import Symbols
from stratagem.scenario.values import where_is

State = tuple[object, ...]
ValueOf = Callable[[str], Value]
Gains = tuple[tuple[int, int], ...]
TOLERANCE = Fraction(1, 10**9)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A pending effect: the step before which it is due, and the amounts of force fixed when it was decided."""

    due: int
    later: int
    amounts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Transition:
    """The consequences of one option in one state; rows are expression rows."""

    is_available: bool | Ref
    share: Numeric | None
    gains: Gains
    writes: tuple[tuple[int, object], ...]
    arrivals: tuple[Arrival, ...]


class Effects:
    """Works out transitions; one a scenario. `constants` that are None are numbers of the worlds."""

    def __init__(
        self,
        scenario: Scenario,
        symbols: Symbols,
        timeline: Timeline,
        slots: tuple[str, ...],
        constants: Mapping[str, Value | None],
        facts: Iterable[Fact] = (),
    ) -> None:
        self.scenario = scenario
        self.symbols = symbols
        self.timeline = timeline
        self.slots = slots
        self.slot_of = {slot: number for number, slot in enumerate(slots)}
        self.table = Expressions()
        self.constants = {name: self.table.quantity(name) if one is None else one for name, one in constants.items()}
        self.facts = {fact.name: fact.values for fact in facts}
        self.links = {fact.name: fact.link for fact in facts if fact.link is not None}
        self.types = {fact.weights[0]: (fact.name, fact.weights[1]) for fact in facts if fact.weights is not None}
        self.apart = {name: on for name, on in read_apart(scenario).items() if set(on) <= self.facts.keys()}
        self.evaluator = Evaluator(self.table, symbols, {*self.facts, *self.apart})
        self.personal = personal(scenario, symbols, self.facts)
        self.accounts = _accounts(scenario, self.personal)
        self.laters: list[tuple[str, Changes]] = []
        self._later_number: dict[int, int] = {}

    # --- values ---

    def reader(self, state: State, number: int) -> ValueOf:
        """How formulas read names in a state at a step."""

        def value_of(name: str) -> Value:
            if name == "round":
                return Fraction(self._round(number))
            if name in self.constants:
                return self.constants[name]
            return self.read(state, name)

        return value_of

    def _round(self, number: int) -> int:
        return self.timeline.steps[number].round or 1 if number < len(self.timeline.steps) else 0

    def read(self, state: State, name: str) -> Value:
        """The value of a slot, or of a number that is read by type."""
        if name in self.apart:
            return self.table.quantity(reading(name, tuple(str(state[self.slot_of[one]]) for one in self.apart[name])))
        value = state[self.slot_of[name]]
        if name in self.facts:
            return self.facts[name][value]  # type: ignore[index]
        if isinstance(value, bool | str):
            return value
        assert isinstance(value, int)
        return self.table.value(value) if "." in name or name.startswith("total ") else Fraction(value)

    def evaluate(self, formula: Formula, value_of: ValueOf, where: str) -> Value:
        """The value of a formula; a value that cannot be is said with its place."""
        try:
            return self.evaluator.evaluate(self.symbols.tree(formula), value_of)
        except MeaninglessError as error:
            raise UsageError(
                f"{where_is(self.scenario, formula)}{where}: {quote(formula.text)} needs {error}"
            ) from None

    # --- options ---

    def transition(self, number: int, name: str, option: Action | Outcome, state: State) -> Transition:
        """What `option` does in `state` at step `number`."""
        where = f"{self.timeline.steps[number].label}.{name}"
        value_of = self.reader(state, number)
        item = self.timeline.steps[number].item.id
        share = self._odds(item, name, state) if item in self.links else self._share(option, value_of, where)
        available = self.evaluate(option.if_, value_of, where) if option.if_ is not None else True
        if available is False:
            return Transition(False, share, (), (), ())
        writes: dict[str, Value] = {}
        feasible, gains = self.apply(option, value_of, writes, where)
        amounts_ok, arrivals = self._delayed(number, option, value_of, writes, where)
        available = self.table.call("and", available, *feasible, *amounts_ok)
        return Transition(
            available,  # type: ignore[arg-type]
            share,
            gains,
            tuple(
                (self.slot_of[slot], self._stored(slot, value))
                for slot, value in writes.items()
                if slot in self.slot_of
            ),
            arrivals,
        )

    def _odds(self, fact: str, name: str, state: State) -> Numeric:
        """How likely a type of a fact is, given those before it."""
        link = self.links[fact]
        before = ((one.name, state[self.slot_of[one.name]]) for one in link.before)
        return self.table.quantity(
            link.odds_name(tuple(list(self.facts[one]).index(str(type_)) for one, type_ in (*before, (fact, name))))
        )

    def _share(self, option: Action | Outcome, value_of: ValueOf, where: str) -> Numeric | None:
        if isinstance(option, Outcome):
            formula = None if option.is_rest else option.probability
        else:
            formula = option.share.formula if option.share else None
        if formula is None:
            return None
        return self.evaluate(formula, value_of, where)  # type: ignore[return-value]

    def apply(
        self,
        changes: Changes,
        value_of: ValueOf,
        writes: dict[str, Value],
        where: str,
        amounts: tuple[int, ...] | None = None,
    ) -> tuple[list[Value], Gains]:
        """Write the new values of an effect; gives what must hold for it to be possible, and its gains."""
        for name, formula in changes.set_.items():
            writes[name] = self._in_domain(name, formula, self.evaluate(formula, value_of, where), where)
        gains = self._gains(changes, value_of, writes, where)
        feasible: list[Value] = []
        for place, (force, shift) in enumerate(changes.shifts):
            amount = (
                self.table.value(amounts[place]) if amounts is not None else self._amount(force, shift, value_of, where)
            )
            feasible += self._shift(force, shift.origin, shift.destination, amount, value_of, writes)  # type: ignore[arg-type]
        return feasible, gains

    def _in_domain(self, name: str, formula: Formula, value: Value, where: str) -> Value:
        variable = self.scenario.state[name]
        found = int(value) if isinstance(value, Fraction) and value.denominator == 1 else value
        if found not in variable.domain or isinstance(value, bool) != (variable.kind == "flag"):
            shown = float(value) if isinstance(value, Fraction) else value
            raise UsageError(
                f"{where_is(self.scenario, formula)}{where} sets `{name}` to {shown}, outside {variable.domain[0]} to {variable.domain[-1]} [L14]; guard it with `if`, or use `clip`"
            )
        return value

    def _amount(self, force: str, shift: Shift, value_of: ValueOf, where: str) -> Numeric:
        if shift.amount is None:
            return value_of(f"{force}.{shift.origin}")  # type: ignore[return-value]
        return self.evaluate(shift.amount, value_of, where)  # type: ignore[return-value]

    def _shift(
        self, force: str, origin: str, destination: str, amount: Numeric, value_of: ValueOf, writes: dict[str, Value]
    ) -> list[Value]:
        def now(place: str) -> Numeric:
            slot = f"{force}.{place}"
            return writes[slot] if slot in writes else value_of(slot)  # type: ignore[return-value]

        left = self.table.subtract(now(origin), amount)
        writes[f"{force}.{origin}"] = left
        writes[f"{force}.{destination}"] = self.table.add(now(destination), amount)
        enough = self.table.call("<=", ZERO, self.table.add(left, TOLERANCE))
        return [enough, self.table.call("<=", ZERO, self.table.add(amount, TOLERANCE))]

    def _gains(self, changes: Changes, value_of: ValueOf, writes: dict[str, Value], where: str) -> Gains:
        found: dict[int, Numeric] = {}
        for stake, formula in changes.gains.items():
            gain: Numeric = self.evaluate(formula, value_of, where)  # type: ignore[assignment]
            slot = total_slot(stake)
            if slot not in self.slot_of:
                found[self.accounts[stake, "whole"]] = gain
                continue
            before: Numeric = value_of(slot)  # type: ignore[assignment]
            after = self.table.add(before, gain)
            writes[slot] = after
            for side in ("above", "below"):
                found[self.accounts[stake, side]] = self.table.subtract(
                    self._beyond(stake, side, after), self._beyond(stake, side, before)
                )
        for player, formula in changes.payoffs.items():
            found[self.accounts[player, "payoff"]] = self.evaluate(formula, value_of, where)  # type: ignore[assignment]
        for player in self.personal if changes.gains else ():
            found[self.accounts[player, "payoff"]] = self._personal(player, found, value_of)
        return tuple(sorted((account, self.table.row(value)) for account, value in found.items() if value != 0))

    def _personal(self, player: str, gains: Mapping[int, Numeric], value_of: ValueOf) -> Numeric:
        """What gains of stakes are worth to a player whose payoffs turn on a hidden fact."""
        terms: list[Numeric] = []
        units = self._units(player, value_of)
        for (stake, side), account in self.accounts.items():
            if account not in gains or side == "payoff" or stake not in units:
                continue
            unit = units[stake]
            terms.append(self.table.multiply(self._worth_of(player, stake, side, unit, value_of), gains[account]))
        return self.table.combine(*((ONE, term) for term in terms))

    def _units(self, player: str, value_of: ValueOf) -> Mapping[str, Numeric]:
        """What a unit of each stake is worth to such a player: his weights, or his payoffs. Weights must sum to 1."""
        if player in self.types:
            name, types = self.types[player]
            return tuple(types.values())[int(value_of(name))]  # type: ignore[arg-type]
        weights = self.scenario.players[player].weights
        if weights is not None and weights.exact is None:
            return {stake: self.table.quantity(drawn_weight(player, stake)) for stake in weights.stakes}
        units = {stake: self._unit(player, stake, worth, value_of) for stake, worth in self.personal[player].items()}
        if self.scenario.players[player].weights is not None:
            total = self.table.combine(*((ONE, unit) for unit in units.values()))
            if isinstance(total, Ref) or abs(total - 1) > TOLERANCE:
                shown = "another number in each world" if isinstance(total, Ref) else f"{float(total):g}"
                raise UsageError(
                    f"{self.scenario.where('players', player, 'weights')}the weights of {quote(player)} sum to {shown} where what only some know "
                    "is put in; they must sum to 1 [M5]; write the last as 1 less the others"
                )
        return units

    def _unit(self, player: str, stake: str, worth: Formula | Amount, value_of: ValueOf) -> Numeric:
        formula = worth.formula if isinstance(worth, Amount) else worth
        if formula is not None:
            return self.evaluate(formula, value_of, f"players.{player}")  # type: ignore[return-value]
        assert isinstance(worth, Amount)
        assert worth.estimate is not None
        return self._estimated(worth.estimate, f"{player}.weights.{stake}")

    def _estimated(self, estimate: Estimate, name: str) -> Numeric:
        """A number of a player's: exact, or drawn by world under a name."""
        return Fraction(str(estimate.parameters[0])) if estimate.is_exact else self.table.quantity(name)

    def _worth_of(self, player: str, stake: str, side: str, unit: Numeric, value_of: ValueOf) -> Numeric:
        """What a unit of an account is worth, given a player's payoff of the stake (or his weight)."""
        party, one = self.scenario.players[player], self.scenario.stakes[stake]
        is_down = one.best < one.worst
        if party.weights is not None:
            unit = self.table.multiply(unit, Fraction(1) / abs(Fraction(str(one.best)) - Fraction(str(one.worst))))
        if is_down and (side == "whole") == (party.weights is not None):
            unit = self.table.multiply(unit, -ONE)
        if side == "below":
            unit = self.table.multiply(self.table.multiply(unit, -ONE), self._loss_aversion(player, value_of))
        return unit

    def _loss_aversion(self, player: str, value_of: ValueOf) -> Numeric:
        amount = self.scenario.players[player].loss_aversion
        if amount is None:
            return ONE
        if amount.formula is not None:
            found = self.evaluate(amount.formula, value_of, f"players.{player}")
            if isinstance(found, Fraction) and found < 0:
                place = self.scenario.where("players", player, "loss aversion")
                raise UsageError(
                    f"{place}the loss aversion of {quote(player)} is {float(found):g}; it must be at least 0 [L11]"
                )
            return found  # type: ignore[return-value]
        assert amount.estimate is not None
        return self._estimated(amount.estimate, f"{player}.loss_aversion")

    def _beyond(self, stake: str, side: str, total: Numeric) -> Numeric:
        """How far a total is above (or below) the reference, towards the stake's best."""
        one = self.scenario.stakes[stake]
        sign = ONE if (one.best > one.worst) == (side == "above") else -ONE
        distance = self.table.combine((sign, total), (-sign, Fraction(str(one.reference))))
        return self.table.call("max", ZERO, distance)  # type: ignore[return-value]

    def _stored(self, slot: str, value: Value) -> object:
        if "." in slot or slot.startswith("total "):
            return self.table.row(value)
        return int(value) if isinstance(value, Fraction) else value

    # --- delays ---

    def _delayed(
        self, number: int, option: Action | Outcome, value_of: ValueOf, writes: dict[str, Value], where: str
    ) -> tuple[list[Value], tuple[Arrival, ...]]:
        feasible: list[Value] = []
        arrivals: list[Arrival] = []
        for force, shift in option.shifts:
            delay = self.scenario.forces[force].travel_between(shift.origin, shift.destination)
            if delay is not None:
                arrivals.append(self._under_way(number, force, shift, value_of, writes, where))
        for later in option.later:
            amounts: list[int] = []
            for force, shift in later.shifts:
                amount = self._amount(force, shift, value_of, where)
                amounts.append(self.table.row(amount))
                feasible += self._shift(force, shift.origin, TRANSIT, amount, value_of, writes)
            due = self.timeline.due(number, later.after)
            arrivals.append(Arrival(due, self._later(later, where), tuple(amounts)))
        return feasible, tuple(one for one in arrivals if one.due < len(self.timeline.steps))

    def _under_way(
        self, number: int, force: str, shift: Shift, value_of: ValueOf, writes: dict[str, Value], where: str
    ) -> Arrival:
        """Hold what `apply` moved at once in transit, to arrive after its travel."""
        delay = self.scenario.forces[force].travel_between(shift.origin, shift.destination)
        assert delay is not None
        amount = self._amount(force, shift, value_of, where)
        destination, transit = f"{force}.{shift.destination}", f"{force}.{TRANSIT}"
        writes[destination] = self.table.subtract(writes[destination], amount)  # type: ignore[arg-type]
        held = writes.get(transit, value_of(transit))
        writes[transit] = self.table.add(held, amount)  # type: ignore[arg-type]
        return Arrival(self.timeline.due(number, delay), self._journey(force, shift, where), (self.table.row(amount),))

    def _later(self, later: Later, where: str) -> int:
        if id(later) not in self._later_number:
            self._later_number[id(later)] = len(self.laters)
            from_transit = [{force: Shift(one.amount, TRANSIT, one.destination)} for force, one in later.shifts]
            self.laters.append((where, later.model_copy(update={"shift": from_transit})))
        return self._later_number[id(later)]

    def _journey(self, force: str, shift: Shift, where: str) -> int:
        if id(shift) not in self._later_number:
            self._later_number[id(shift)] = len(self.laters)
            self.laters.append(
                (where, Changes.model_construct(shift=[{force: Shift(None, TRANSIT, shift.destination)}]))
            )
        return self._later_number[id(shift)]

    def arrive(self, state: State, number: int) -> tuple[State, Gains]:
        """The state after everything due before step `number` has come, and what it gains on arrival."""
        pending: tuple[Arrival, ...] = state[self.slot_of[PENDING]]  # type: ignore[assignment]
        total: dict[int, Numeric] = {}
        for arrival in pending:
            if arrival.due > number:
                continue
            where, changes = self.laters[arrival.later]
            writes: dict[str, Value] = {}
            _, gains = self.apply(changes, self.reader(state, number), writes, f"{where} (later)", arrival.amounts)
            state = self.updated(
                state, ((self.slot_of[slot], self._stored(slot, value)) for slot, value in writes.items())
            )
            for account, row in gains:
                total[account] = self.table.add(total.get(account, ZERO), self.table.value(row))  # type: ignore[arg-type]
        left = tuple(one for one in pending if one.due > number)
        gains = tuple(sorted((account, self.table.row(value)) for account, value in total.items() if value != 0))
        return self.updated(state, [(self.slot_of[PENDING], left)]), gains

    @staticmethod
    def updated(state: State, writes: object) -> State:
        """A state with some slots written."""
        values = list(state)
        for slot, value in writes:  # type: ignore[attr-defined]
            values[slot] = value
        return tuple(values)


def _accounts(scenario: Scenario, personal: Collection[str]) -> dict[tuple[str, str], int]:
    sides: list[tuple[str, str]] = []
    for name, stake in scenario.stakes.items():
        sides += [(name, "whole")] if stake.reference is None else [(name, "above"), (name, "below")]
    sides += [(name, "payoff") for name, player in scenario.players.items() if player.is_raw or name in personal]
    return {side: number for number, side in enumerate(sides)}
