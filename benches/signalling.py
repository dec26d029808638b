"""A crisis with private types, after Lewis and Schultz (2003), as paths, as draws, and as a game for Gambit.

Chance draws each side's value of war, k types a side with equal odds. The challenger, knowing his own, stays or challenges; the
target, knowing his own, concedes or resists; then the challenger backs down or fights.
"""

from __future__ import annotations

import numpy as np

from stratagem.solve.hidden.paths import Numbers, Paths

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


def efg(types: int, precision_world: int, seed: int = 7, worlds: int = 1) -> str:
    """One world as Gambit reads it; infosets in the order of `paths`."""
    challenger, target, audience = war_values(types, worlds, seed)
    world = precision_world
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
