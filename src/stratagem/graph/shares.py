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
from stratagem.scenario.model import Action, Chance, Scenario
from stratagem.scenario.text import Path

TOLERANCE = Fraction(1, 10**9)
TOTAL = "they must sum to 1 [M4]; use `rest`"
PROBABILITY = "a probability is from 0 to 1 [M4]; use `clip`, `logistic` or `rest`"
BASE_SHARE = "a base share is from 0 to 1 [M9]; use `clip` or `logistic`"


class Shares:
    """Works out shares; one a scenario."""

    def __init__(self, scenario: Scenario, table: Expressions) -> None:
        self.scenario = scenario
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
        self._check(total, (*step.path, "outcomes"), f"the probabilities at {step.label}", TOTAL)
        for name, share in zip(step.item.options, shares, strict=True):
            path = (*step.path, "outcomes", name, "probability")
            self._check(share, path, f"the probability of {step.label}.{name}", PROBABILITY)
        return shares

    def _check(self, value: Numeric, path: Path, what: str, expected: str) -> None:
        is_sum = expected == TOTAL
        if not isinstance(value, Fraction):
            if (value.row, is_sum) not in self.checks:
                where = self.scenario.where(*path) + what
                self.checks[value.row, is_sum] = ProbabilityCheck(value.row, is_sum, where, expected)
        elif abs(value - 1) > TOLERANCE if is_sum else not -TOLERANCE <= value <= 1 + TOLERANCE:
            raise UsageError(f"{self.scenario.where(*path)}{what}: {float(value):g} in every world; {expected}")

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
        names = tuple(options)
        for place, share in shares.items():  # those that are stated first
            if isinstance(share, Ref):
                self.guarded.add(share.row)
            path = (*step.path, "actions", names[place], "share")
            self._check(share, path, f"the base share of {step.label}.{names[place]}", BASE_SHARE)
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
