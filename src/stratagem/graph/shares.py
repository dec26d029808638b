"""How likely each option of a step is before anybody weighs anything: probabilities at chance, base shares at decisions (M4, M9).

Takes the transitions of a step's options in one state; gives rows of the expression table, and the checks they must pass.
"""

from __future__ import annotations

from fractions import Fraction

from stratagem.errors import UsageError
from stratagem.graph.expression import ONE, ZERO, Expressions, Numeric, Ref
from stratagem.graph.game import ProbabilityCheck
from stratagem.graph.timeline import Step
from stratagem.graph.transition import Transition
from stratagem.scenario.model import Action, Chance


class Shares:
    """Works out shares; one a scenario."""

    def __init__(self, table: Expressions) -> None:
        self.table = table
        self.checks: dict[tuple[int, bool], ProbabilityCheck] = {}
        self.guarded: set[int] = set()
        self._known: dict[tuple[int, ...], list[Numeric]] = {}

    def of(self, number: int, step: Step, found: list[Transition]) -> list[Numeric]:
        """The share of each option of step `number`; 0 where it is never available."""
        key = (number, *map(id, found))
        if key not in self._known:
            self._known[key] = (
                self._probabilities(step, found) if isinstance(step.item, Chance) else self._base_shares(step, found)
            )
        return self._known[key]

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
