"""The likelihood of moves in a tree: backward recursion over jets, each player choosing with error.

Errors on actions: each action's worth gets an error of the mover's own (agent error; standard normal, or extreme value
for logit), so that the difference of two has variance 2 (probit) or is standard logistic; Signorino 2003, Political
Analysis 11:316-344. Private shocks: the mover alone knows a standard normal shock to their payoff at each outcome.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np

from stratagem.errors import NotSolvedError
from stratagem.fit import jet
from stratagem.fit.jet import Floats, Jet, Number
from stratagem.fit.model import Model, Move

NUM_POINTS = 48  # of Gauss-Hermite quadrature, for probit choices among three actions and more


@dataclass(frozen=True)
class Solved:
    """A solved tree: log-probabilities of actions by move, and of outcomes."""

    actions: Mapping[str, tuple[Number, ...]]
    outcomes: Mapping[str, Number]


@dataclass(frozen=True)
class Tree:
    """A tree of a model; `input_of_payoff` and `input_of_scale` say which jet is which quantity."""

    model: Model
    input_of_payoff: Mapping[tuple[str, str], int]
    input_of_scale: Mapping[str, int]

    @classmethod
    def of(cls, model: Model) -> Tree:
        """The tree of a model, its inputs numbered as `design` numbers them."""
        numbers = {id(term): at for at, term in enumerate(one for one in model.terms if one.is_estimated)}
        payoffs = {key: numbers[id(term)] for key, term in model.payoffs.items() if id(term) in numbers}
        scales = {player: numbers[id(one)] for player, one in model.errors.scales.items() if id(one) in numbers}
        return cls(model, payoffs, scales)

    @cached_property
    def paths(self) -> dict[str, list[tuple[tuple[Move, int], ...]]]:
        """For each outcome, the ways to it: moves with the number of the action taken."""
        ways: dict[str, list[tuple[tuple[Move, int], ...]]] = {self.model.moves[0].name: [()]}
        for move in self.model.moves:
            for at, target in enumerate(move.leads_to):
                ways.setdefault(target, []).extend((*way, (move, at)) for way in ways[move.name])
        return {outcome: ways[outcome] for outcome in self.model.outcomes}

    def solve(self, inputs: Sequence[Jet]) -> Solved:
        """Every player's choices, from the last move to the first."""
        back = _Back(self, inputs)
        actions = {move.name: back.choose(move) for move in reversed(self.model.moves)}
        return Solved(actions, {name: self._outcome(name, actions) for name in self.paths})

    def _outcome(self, name: str, actions: Mapping[str, tuple[Number, ...]]) -> Number:
        ways = [jet.total([actions[move.name][at] for move, at in way]) for way in self.paths[name]]
        return ways[0] if len(ways) == 1 else jet.log_sum_exp(ways)

    def log_likelihood(
        self, inputs: Sequence[Jet], taken: Mapping[tuple[str, int], Floats], pooled: Mapping[str, Floats]
    ) -> Number:
        """The log-likelihood of every row: how often each action was `taken`, and how often an outcome that several paths lead to."""
        solved = self.solve(inputs)
        parts = [solved.actions[name][at] * count for (name, at), count in taken.items()]
        parts += [solved.outcomes[name] * count for name, count in pooled.items()]
        return jet.total(parts)


class _Back:
    """The way back through a tree: worth of each move to each player, and where it ends."""

    def __init__(self, tree: Tree, inputs: Sequence[Jet]) -> None:
        self.tree = tree
        self.inputs = inputs
        self.errors = tree.model.errors
        self.moves = {move.name: move for move in tree.model.moves}
        self.worth: dict[tuple[str, str], Number] = {}
        self.ends: dict[str, dict[str, Number]] = {}

    def value(self, player: str, target: str) -> Number:
        """What a move or an outcome is worth to a player."""
        if target in self.moves:
            return self.worth[player, target]
        at = self.tree.input_of_payoff.get((player, target))
        if at is not None:
            return self.inputs[at]
        term = self.tree.model.payoffs.get((player, target))
        return 0.0 if term is None else term.fixed

    def ends_of(self, target: str) -> dict[str, Number]:
        """The chance of each outcome from a move on, or of an outcome from itself."""
        return self.ends[target] if target in self.moves else {target: 1.0}

    def choose(self, move: Move) -> tuple[Number, ...]:
        """Log-probabilities of the actions of a move; notes its worth to all players above it."""
        chosen = self._log_chances(move)
        chances = [jet.exp(one) for one in chosen]
        for player in self.tree.model.players:
            worths = [self.value(player, target) for target in move.leads_to]
            self.worth[player, move.name] = jet.total([_times(p, w) for p, w in zip(chances, worths, strict=True)])
        if self.errors.on == "payoffs":
            ends: dict[str, Number] = {}
            for chance, target in zip(chances, move.leads_to, strict=True):
                for outcome, one in self.ends_of(target).items():
                    ends[outcome] = ends[outcome] + _times(chance, one) if outcome in ends else _times(chance, one)
            self.ends[move.name] = ends
        return chosen

    def _log_chances(self, move: Move) -> tuple[Number, ...]:
        if move.player is None:
            return tuple(math.log(one) for one in move.chances)
        worths = [self.value(move.player, target) for target in move.leads_to]
        precision = self._precision(move.player)
        if self.errors.on == "payoffs":
            return self._private(move, worths, precision)
        scaled = [_times(one, precision) for one in worths]
        if self.errors.shape == "logit":
            return _logit(scaled)
        return _probit(scaled, [1.0] * len(scaled))

    def _precision(self, player: str) -> Number:
        at = self.tree.input_of_scale.get(player)
        if at is not None:
            return jet.exp(-self.inputs[at])
        term = self.errors.scales.get(player)
        return 1.0 if term is None else math.exp(-term.fixed)

    def _private(self, move: Move, worths: Sequence[Number], precision: Number) -> tuple[Number, ...]:
        ends = [self.ends_of(target) for target in move.leads_to]
        if len(ends) == 2:
            outcomes = [*ends[0], *(one for one in ends[1] if one not in ends[0])]
            gaps = [ends[0].get(one, 0.0) - ends[1].get(one, 0.0) for one in outcomes]
            root = jet.apply(jet.inverse_root, jet.total([_times(gap, gap) for gap in gaps]))
            return _two((worths[0] - worths[1]) * precision * root, "probit")
        if len({one for end in ends for one in end}) < sum(len(end) for end in ends):
            raise NotSolvedError(
                f"{self.tree.model.file}: the move `{move.name}` has three actions or more that lead to a common outcome, with private shocks; "
                "use `errors: {on: actions}` or name the outcomes apart [F5]"
            )
        variances = [jet.total([_times(one, one) for one in end.values()]) for end in ends]
        roots = [math.sqrt(one) if isinstance(one, float) else jet.exp(jet.log(one) * 0.5) for one in variances]
        return _probit([_times(one, precision) for one in worths], roots)


def _times(left: Number, right: Number) -> Number:
    """A product that leaves zeros and ones alone, so that what does not depend on the data stays a plain number."""
    for one, other in ((left, right), (right, left)):
        if isinstance(one, float) and one in (0.0, 1.0):
            return other if one else 0.0
    return left * right


def _two(gap: Number, shape: str) -> tuple[Number, Number]:
    function = jet.log_normal_chance if shape == "probit" else jet.log_logistic_chance
    return jet.apply(function, gap), jet.apply(function, -gap)


def _logit(worths: Sequence[Number]) -> tuple[Number, ...]:
    if len(worths) == 2:
        return _two(worths[0] - worths[1], "logit")
    whole = jet.log_sum_exp(worths)
    return tuple(one - whole for one in worths)


def _probit(worths: Sequence[Number], roots: Sequence[Number]) -> tuple[Number, ...]:
    """Choice with independent normal errors of standard deviations `roots`: exact for two actions, else quadrature.

    With three actions and more, P(a) is the mean over z of the product over b of Phi((worth a - worth b + root a z) / root b).
    """
    if len(worths) == 2:
        return _two((worths[0] - worths[1]) * math.sqrt(0.5), "probit")
    points, weights = np.polynomial.hermite_e.hermegauss(NUM_POINTS)
    weights = weights / math.sqrt(2 * math.pi)
    logs = [
        jet.log_mean_exp(partial(_log_chance_given, worths, roots, at), points, weights) for at in range(len(worths))
    ]
    whole = jet.log_sum_exp(logs)
    return tuple(one - whole for one in logs)


def _log_chance_given(worths: Sequence[Number], roots: Sequence[Number], at: int, point: float) -> Number:
    """The log-chance that an action is best where its own error is `point` standard deviations."""
    others = [
        jet.apply(jet.log_normal_chance, _times((worths[at] - other) + _times(roots[at], point), _over(roots[b])))
        for b, other in enumerate(worths)
        if b != at
    ]
    return jet.total(others)


def _over(root: Number) -> Number:
    return root.through(jet.inverse) if isinstance(root, Jet) else 1.0 / root
