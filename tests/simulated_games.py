"""Games drawn at random and plays of them: players who err as the documents of fitting say, one decision after another.

Chances below a move are worked out by plain recursion with the distributions of scipy, and whoever moves then draws their
own errors and takes what looks best. Nothing here is shared with the likelihood that the plays are used to test.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from scipy import stats

COLUMNS = ("x", "z")


@dataclass(frozen=True)
class Decision:
    """A node: who moves (None: chance, with these chances), and where each action leads: to a node or an outcome."""

    player: str | None
    targets: tuple[Decision | str, ...]
    chances: tuple[float, ...] = ()

    def named(self, counter: list[str]) -> tuple[str, list[str]]:
        """The name of this node and the lines of a model file for it and all below."""
        name = f"m{len(counter)}"
        counter.append(name)
        below: list[str] = []
        leads_to = []
        for target in self.targets:
            if isinstance(target, str):
                leads_to.append(target)
            else:
                inner, lines = target.named(counter)
                leads_to.append(inner)
                below += lines
        if self.player is None:
            branches = [
                f"b{at}: {{probability: {chance}, then: {one}}}"
                for at, (chance, one) in enumerate(zip(self.chances, leads_to, strict=True))
            ]
            return name, [f"  {name}: {{chance: {{{', '.join(branches)}}}}}", *below]
        actions = ", ".join(f"a{at}: {one}" for at, one in enumerate(leads_to))
        return name, [f"  {name}: {{player: {self.player}, actions: {{{actions}}}}}", *below]

    def outcomes(self) -> list[str]:
        """All ends below."""
        return [end for one in self.targets for end in ([one] if isinstance(one, str) else one.outcomes())]


@dataclass(frozen=True)
class Game:
    """A tree and, by player and outcome, the columns that a payoff is linear in (`1` for a constant)."""

    root: Decision
    players: tuple[str, ...]
    payoffs: Mapping[tuple[str, str], tuple[str, ...]]
    on: str
    shape: str

    def text(self) -> str:
        """The game as a model file whose response is a tally of outcomes."""
        lines = [f"fit: drawn\nplayers: [{', '.join(self.players)}]\ntree:", *self.root.named([])[1], "payoffs:"]
        for player in self.players:
            stated = [
                f"{end}: {' + '.join(columns if '1' in columns else ('0', *columns))}"
                for (owner, end), columns in self.payoffs.items()
                if owner == player
            ]
            lines.append(f"  {player}: {{{', '.join(stated)}}}")
        counts = ", ".join(f"{end}: n_{end}" for end in self.root.outcomes())
        return "\n".join(
            [*lines, f"errors: {{on: {self.on}, shape: {self.shape}}}", f"response: {{counts: {{{counts}}}}}", ""]
        )

    def names(self) -> list[str]:
        """The coefficients as a fit names them."""
        return [
            f"{player}.{end}: {'constant' if one == '1' else one}"
            for (player, end), columns in self.payoffs.items()
            for one in columns
        ]

    def worth(self, row: Mapping[str, float], coefficients: Mapping[str, float]) -> dict[tuple[str, str], float]:
        """The payoffs in a row."""
        found = {}
        for (player, end), columns in self.payoffs.items():
            parts = [
                coefficients[f"{player}.{end}: {'constant' if one == '1' else one}"] * row.get(one, 1.0)
                for one in columns
            ]
            found[player, end] = math.fsum(parts)
        return found

    def chances(self, row: Mapping[str, float], coefficients: Mapping[str, float]) -> dict[str, float]:
        """The chance of each outcome in a row, as those who look from outside know it."""
        return _ends(self, self.root, self.worth(row, coefficients))

    def play(
        self, row: Mapping[str, float], coefficients: Mapping[str, float], times: int, generator: np.random.Generator
    ) -> dict[str, int]:
        """How often each outcome comes of so many plays."""
        tally = dict.fromkeys(self.root.outcomes(), 0)
        _play(self, self.root, self.worth(row, coefficients), times, generator, tally)
        return tally


def _ends(game: Game, node: Decision | str, worth: Mapping[tuple[str, str], float]) -> dict[str, float]:
    if isinstance(node, str):
        return {node: 1.0}
    below = [_ends(game, one, worth) for one in node.targets]
    if node.player is None:
        chosen = list(node.chances)
    else:
        values = [sum(p * worth.get((node.player, end), 0.0) for end, p in one.items()) for one in below]
        chosen = [_chance(game, values, below, at) for at in range(len(values))]
    return {end: chance * p for chance, one in zip(chosen, below, strict=True) for end, p in one.items()}


def _chance(game: Game, values: list[float], below: list[dict[str, float]], at: int) -> float:
    """The chance that the action `at` looks best: all outcomes are ends of one action only, so errors are independent."""
    if game.shape == "logit":
        return 1 / sum(math.exp(one - values[at]) for one in values)
    spread = [1.0 if game.on == "actions" else math.sqrt(sum(p * p for p in one.values())) for one in below]
    others = [b for b in range(len(values)) if b != at]
    gaps = [values[at] - values[b] for b in others]
    if len(gaps) == 1:
        return float(stats.norm.cdf(gaps[0] / math.hypot(spread[at], spread[others[0]])))
    together = np.diag([spread[b] ** 2 for b in others]) + spread[at] ** 2
    return float(stats.multivariate_normal.cdf(gaps, cov=together, abseps=1e-10, releps=1e-10))


def _play(
    game: Game,
    node: Decision | str,
    worth: Mapping[tuple[str, str], float],
    times: int,
    generator: np.random.Generator,
    tally: dict[str, int],
) -> None:
    if isinstance(node, str):
        tally[node] += times
        return
    if node.player is None:
        taken = generator.choice(len(node.targets), size=times, p=node.chances)
    else:
        taken = np.argmax([_looks(game, node.player, one, worth, times, generator) for one in node.targets], axis=0)
    for at, target in enumerate(node.targets):
        _play(game, target, worth, int((taken == at).sum()), generator, tally)


def _looks(
    game: Game,
    player: str,
    target: Decision | str,
    worth: Mapping[tuple[str, str], float],
    times: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """What an action looks like to whoever moves, in each play: its worth and an error, or payoffs each with a shock."""
    value = np.zeros(times)
    for end, chance in _ends(game, target, worth).items():
        shock = generator.normal(size=times) if game.on == "payoffs" else 0.0
        value += chance * (worth.get((player, end), 0.0) + shock)
    if game.on == "actions":
        value += generator.gumbel(size=times) if game.shape == "logit" else generator.normal(size=times)
    return value


# --- drawing games -----------------------------------------------------------------------------------------------


@st.composite
def games(draw: st.DrawFn) -> Game:
    """A tree of 1 to 4 moves (and at most one of chance) by 1 to 3 players, with a few payoffs in columns."""
    players = ("ann", "bob", "cy")[: draw(st.integers(1, 3))]
    on, shape = draw(st.sampled_from([("actions", "probit"), ("actions", "logit"), ("payoffs", "probit")]))
    left = {"moves": draw(st.integers(1, 4)), "chance": draw(st.integers(0, 1)), "ends": 0}
    root = _node(draw, players, on, left, ())
    payoffs = {}
    for player in players:
        for end in root.outcomes():
            columns = draw(st.sampled_from([(), (), (), (), ("1",), ("x",), ("z",), ("1", "x"), ("1", "z")]))
            if columns:
                payoffs[player, end] = columns
    if not payoffs:
        payoffs[root.player or players[0], root.outcomes()[0]] = ("1", "x")
    return Game(root, players, payoffs, on, shape)


def _node(draw: st.DrawFn, players: tuple[str, ...], on: str, left: dict[str, int], above: tuple[str, ...]) -> Decision:
    left["moves"] -= 1
    free = [one for one in players if on == "actions" or one not in above]
    player = draw(st.sampled_from(free))
    targets: list[Decision | str] = []
    for _ in range(draw(st.integers(2, 3))):
        can_go_on = left["moves"] > 0 and (on == "actions" or len({*above, player}) < len(players))
        if can_go_on and draw(st.integers(0, 3)):
            targets.append(_node(draw, players, on, left, (*above, player)))
        elif left["chance"] and draw(st.booleans()):
            left["chance"] = 0
            targets.append(Decision(None, (_end(left), _end(left)), draw(st.sampled_from([(0.25, 0.75), (0.5, 0.5)]))))
        else:
            targets.append(_end(left))
    return Decision(player, tuple(targets))


def _end(left: dict[str, int]) -> str:
    left["ends"] += 1
    return f"o{left['ends']}"
