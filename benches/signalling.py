"""A crisis with private types, after Lewis and Schultz (2003): Stratagem's traced branch and Gambit's, in one run.

Chance draws each side's value of war, k types a side with equal odds. The challenger, knowing his own, stays or challenges; the
target, knowing his own, concedes or resists; then the challenger backs down or fights. Values and costs differ by world.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from importlib.metadata import version
from importlib.util import find_spec

import numpy as np

from benches.measure import Times, cpu_seconds
from benches.registry import Effort, Result, case
from stratagem.solve.hidden.equilibrium import Equilibrium
from stratagem.solve.hidden.paths import Numbers, Paths
from stratagem.solve.hidden.solve import solve

TYPES = 10
WORLDS = 10_000
AGREED = 1e-6
ASKED = 1e-10
SPREAD = 0.5


def paths(types: int) -> Paths:
    """Infosets: k challenges, k fights, k resistances; paths of each pair of types: stay, concede, back down, fight."""
    visits = []
    for challenger in range(types):
        for target in range(types):
            challenge, fight, resist = 2 * challenger, 2 * (types + challenger), 2 * (2 * types + target)
            visits += [[challenge], [challenge + 1, resist]]
            visits += [[challenge + 1, resist + 1, fight + end] for end in range(2)]
    return Paths(
        np.repeat([0, 1], [2 * types, types]),
        np.arange(0, 6 * types + 1, 2),
        np.append(0, np.cumsum([len(one) for one in visits])),
        np.concatenate(visits),
    )


def war_values(types: int, worlds: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Values of war [k, W] of challenger and target by quantiles of a normal, and costs of backing down [W]."""
    rng = np.random.default_rng(seed)
    normal = np.sort(rng.standard_normal(4001))[((np.arange(types) + 0.5) / types * 4001).astype(int)]
    means, audience = rng.uniform(-0.8, 0.2, (2, worlds)), rng.uniform(0.1, 0.5, worlds)
    challenger, target = (np.round(mean + SPREAD * normal[:, None], 4) for mean in means)
    return challenger, target, np.round(audience, 4)


def numbers(types: int, worlds: int, precision: float, seed: int = 7) -> Numbers:
    """Draws of all worlds."""
    challenger, target, audience = war_values(types, worlds, seed)
    payoff = np.zeros((2, types, types, 4, worlds))
    payoff[1, :, :, 0] = payoff[0, :, :, 1] = payoff[1, :, :, 2] = 1.0
    payoff[0, :, :, 2] = -audience
    payoff[0, :, :, 3], payoff[1, :, :, 3] = challenger[:, None], target[None]
    count = 4 * types**2
    return Numbers(
        np.full((1, count, worlds), -2 * np.log(types)),
        payoff.reshape(2, count, worlds),
        np.zeros((6 * types, worlds)),
        np.full((2, worlds), precision),
    )


def as_efg(types: int, world: int, worlds: int, seed: int = 7) -> str:
    """One world of those drawn, as Gambit reads it."""
    challenger, target, audience = war_values(types, worlds, seed)
    odds = " ".join(f'"{i}.{j}" 1/{types**2}' for i in range(types) for j in range(types))
    rows, leaf = ['EFG 2 R "crisis" { "challenger" "target" }', '""', f'c "" 1 "" {{ {odds} }} 0'], 0
    for i in range(types):
        for j in range(types):
            ends = [(0, 1), (1, 0), (-audience[world], 1), (challenger[i, world], target[j, world])]
            moves = [(1, i + 1), (2, j + 1), (1, types + i + 1)]
            for (player, infoset), payoff in zip(moves, ends[:3], strict=True):
                leaf += 1
                rows.append(f'p "" {player} {infoset} "" {{ "no" "yes" }} 0')
                rows.append(f't "" {leaf} "" {{ {payoff[0]:.4f}, {payoff[1]:.4f} }}')
            leaf += 1
            rows.append(f't "" {leaf} "" {{ {ends[3][0]:.4f}, {ends[3][1]:.4f} }}')
    return "\n".join(rows) + "\n"


def by_gambit(types: int) -> np.ndarray:
    """Gambit's order of actions: the challenger's infosets as first met, each type's challenge and fight in turn."""
    sets = np.concatenate([np.arange(2 * types).reshape(2, types).T.ravel(), np.arange(2 * types, 3 * types)])
    return (2 * sets[:, None] + np.arange(2)).ravel()


@case(f"signalling-{TYPES}", "peers")
def compare(effort: Effort) -> Iterator[Result]:
    subject, worlds = f"signalling-{TYPES}", WORLDS
    game = paths(TYPES)
    for precision in (1.0, 10.0):
        drawn = numbers(TYPES, worlds, precision)
        found = solve(game, drawn)
        ours = cpu_seconds(lambda drawn=drawn: solve(game, drawn), effort)
        yield from _ours(subject, precision, found, ours, worlds)
        if find_spec("pygambit") is not None:
            theirs = _gambit(precision, np.exp(found.log_behaviour[:, 0]), worlds, effort)
            name = f"Gambit {version('pygambit')}, precision {precision:g}"
            yield theirs.rate(1, subject, "peers", name, "worlds/s")
            target = ">= 100" if precision == 1 else ""
            ratio = theirs.middle * worlds / ours.middle
            yield Result(subject, "peers", f"against Gambit, precision {precision:g}", ratio, "times", target=target)


def _ours(subject: str, precision: float, found: Equilibrium, ours: Times, worlds: int) -> Iterator[Result]:
    name = f"Stratagem, precision {precision:g}"
    yield ours.rate(worlds, subject, "peers", name, "worlds/s", "traced, residual, regret and reach")
    yield ours.result(subject, "peers", f"{name}, {worlds:,} worlds", "< 30")
    yield Result(subject, "peers", f"{name}, greatest residual", float(found.residual.max()), "", target=f"< {ASKED:g}")
    lost = int((~found.is_found).sum())
    yield Result(subject, "peers", f"{name}, worlds without equilibrium", lost, "worlds", target="< 1")


def _gambit(precision: float, expected: np.ndarray, worlds: int, effort: Effort) -> Times:
    import pygambit

    game = pygambit.read_efg(io.StringIO(as_efg(TYPES, 0, worlds)))
    solve_it = lambda: pygambit.qre.logit_solve_lambda(game, precision)  # noqa: E731
    profile = solve_it()[-1]
    found = np.array([float(profile[place]) for place in range(len(expected))])
    worst = np.abs(found - expected[by_gambit(TYPES)]).max()
    assert worst < AGREED, f"Gambit is off by {worst:.1e}"
    return cpu_seconds(solve_it, effort, warm=False)
