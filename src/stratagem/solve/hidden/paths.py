"""A game with hidden information as its paths from root to leaf: what the solver takes.

Axes: W worlds, P players, I infosets, A actions, Z paths, V visits (a path at one of its decisions).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stratagem.solve.hidden.steps import Steps

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Paths:
    """Which decisions stand on which path, the same in all worlds; perfect recall is taken for granted.

    Raises `ValueError` where the numbers do not fit each other, or a path takes two actions of one infoset.
    """

    player_of_infoset: Ints  # [I]
    first_action: Ints  # [I + 1] actions of infoset i are first_action[i] to first_action[i + 1]
    first_visit: Ints  # [Z + 1] visits of path z are first_visit[z] to first_visit[z + 1]
    action_of_visit: Ints  # [V] in the order of play
    parts: dict[tuple[bytes, str], Any] = field(
        default_factory=dict, repr=False
    )  # what solving found to be left of it, by available actions

    def __post_init__(self) -> None:
        for name in ("player_of_infoset", "first_action", "first_visit", "action_of_visit"):
            object.__setattr__(self, name, np.asarray(getattr(self, name), np.int64))
        if len(self.first_action) != self.num_infosets + 1 or self.first_action[0] != 0:
            raise ValueError(f"first_action starts with 0 and has {self.num_infosets + 1} entries")
        if (np.diff(self.first_action) < 1).any():
            raise ValueError("an infoset has no action")
        if self.first_visit[0] != 0 or self.first_visit[-1] != len(self.action_of_visit):
            raise ValueError("first_visit starts with 0 and ends with the number of visits")
        if (
            len(self.action_of_visit)
            and not 0 <= self.action_of_visit.min() <= self.action_of_visit.max() < self.num_actions
        ):
            raise ValueError(f"action_of_visit lies within 0 and {self.num_actions}")
        seen = self.path_of_visit * self.num_infosets + self.infoset_of_action[self.action_of_visit]
        if len(np.unique(seen)) < len(seen):
            raise ValueError("a path takes two actions of one infoset")

    @property
    def form(self) -> tuple[bytes, ...]:
        """The same for paths that differ in nothing."""
        return (
            self.player_of_infoset.tobytes(),
            self.first_action.tobytes(),
            self.first_visit.tobytes(),
            self.action_of_visit.tobytes(),
        )

    @property
    def num_infosets(self) -> int:
        """I."""
        return len(self.player_of_infoset)

    @property
    def num_actions(self) -> int:
        """A."""
        return int(self.first_action[-1])

    @property
    def num_paths(self) -> int:
        """Z."""
        return len(self.first_visit) - 1

    @property
    def infoset_of_action(self) -> Ints:
        """[A]."""
        return np.repeat(np.arange(self.num_infosets), np.diff(self.first_action))

    @property
    def player_of_action(self) -> Ints:
        """[A]."""
        return self.player_of_infoset[self.infoset_of_action]

    @property
    def path_of_visit(self) -> Ints:
        """[V]."""
        return np.repeat(np.arange(self.num_paths), np.diff(self.first_visit))


@dataclass(frozen=True)
class Numbers:
    """What each world fills in.

    Players may evaluate chance each by their own numbers: the first axis of `log_chance` is P, or 1 where they agree.
    A move of chance that cannot happen stands for a tremble: `-inf` marks a path with one such move. Where paths have several,
    `trembles` counts them and `log_chance` holds the rest. At an infoset that only trembles reach, beliefs go by the fewest.
    """

    log_chance: Floats  # [P or 1, Z, W] log probability of the moves of chance on the path
    payoff: Floats  # [P, Z, W] total on the path, with what follows its leaf
    log_share: Floats  # [A, W] log base shares; -inf where the action is not available
    precision: Floats  # [P, W] of 1/payoff; infinite for all players or for none
    risk_aversion: Floats | None = None  # [P, W] constant absolute, on the path's total
    trembles: Ints | None = None  # [P or 1, Z, W]
    steps: Steps | None = None  # of players who discount: they go by these, not by the payoff of the path

    def __post_init__(self) -> None:
        if self.log_chance.ndim == 2:
            object.__setattr__(self, "log_chance", self.log_chance[None])
        if self.trembles is not None and self.trembles.ndim == 2:
            object.__setattr__(self, "trembles", self.trembles[None])

    def __len__(self) -> int:
        """W."""
        return int(self.payoff.shape[2])

    def part(self, worlds: slice | NDArray[np.int64] | NDArray[np.bool_]) -> Numbers:
        """Some of the worlds."""
        return Numbers(
            self.log_chance[..., worlds],
            self.payoff[..., worlds],
            self.log_share[..., worlds],
            self.precision[..., worlds],
            None if self.risk_aversion is None else self.risk_aversion[..., worlds],
            None if self.trembles is None else self.trembles[..., worlds],
            None if self.steps is None else self.steps.part(worlds),
        )

    def kept(self, paths: Ints, actions: Ints) -> Numbers:
        """Some of the paths and of the actions."""
        return replace(
            self,
            log_chance=self.log_chance[:, paths],
            payoff=self.payoff[:, paths],
            log_share=self.log_share[actions],
            trembles=None if self.trembles is None else self.trembles[:, paths],
            steps=None
            if self.steps is None
            else self.steps.kept(_mask(paths, self.payoff.shape[1]), _mask(actions, len(self.log_share))),
        )

    @staticmethod
    def joined(several: Sequence[Numbers]) -> Numbers:
        """Worlds side by side, of numbers without steps."""
        if len(several) == 1:
            return several[0]
        risk, trembles = ([getattr(one, name) for one in several] for name in ("risk_aversion", "trembles"))
        return Numbers(
            np.concatenate([one.log_chance for one in several], axis=-1),
            np.concatenate([one.payoff for one in several], axis=-1),
            np.concatenate([one.log_share for one in several], axis=-1),
            np.concatenate([one.precision for one in several], axis=-1),
            None if risk[0] is None else np.concatenate(risk, axis=-1),
            None if trembles[0] is None else np.concatenate(trembles, axis=-1),
        )

    @property
    def has_trembles(self) -> bool:
        """Whether some path takes a move of chance that cannot happen."""
        return bool(
            (self.trembles is not None and self.trembles.any()) or np.isneginf(self.log_chance.min(initial=0.0))
        )

    @property
    def finite_log_chance(self) -> Floats:
        """[P or 1, Z, W] without the trembles."""
        if not self.has_trembles:
            return self.log_chance
        return np.where(np.isneginf(self.log_chance), 0.0, self.log_chance)

    @property
    def order(self) -> Ints:
        """How many trembles each path takes [P or 1, Z, W]."""
        impossible = np.isneginf(self.log_chance).astype(np.int64)
        return impossible if self.trembles is None else np.maximum(self.trembles, impossible)


def _mask(places: Ints, size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, bool)
    mask[places] = True
    return mask


def check(paths: Paths, numbers: Numbers) -> None:
    """Raise `ValueError` where the numbers do not fit the paths, or have no meaning."""
    worlds, players = len(numbers), numbers.payoff.shape[0]
    if players <= paths.player_of_infoset.max(initial=-1):
        raise ValueError(
            f"payoffs of {players} players, but a player of number {paths.player_of_infoset.max()} decides"
        )
    expected = {
        "payoff": (players, paths.num_paths, worlds),
        "log_share": (paths.num_actions, worlds),
        "precision": (players, worlds),
        "risk_aversion": (players, worlds),
        "log_chance": (numbers.log_chance.shape[0], paths.num_paths, worlds),
        "trembles": (numbers.log_chance.shape[0], paths.num_paths, worlds),
    }
    for name, shape in expected.items():
        value = getattr(numbers, name)
        if value is None:
            continue
        if value.shape != shape:
            raise ValueError(f"{name} has the shape {value.shape}, not {shape}")
        if np.isnan(value).any():
            raise ValueError(f"{name} is not a number somewhere")
    if numbers.log_chance.shape[0] not in (1, players):
        raise ValueError(f"log_chance is of 1 or of {players} evaluators, not {numbers.log_chance.shape[0]}")
    if not np.isfinite(numbers.payoff).all():
        raise ValueError("a payoff is infinite")
    if (numbers.log_chance > 1e-9).any() or (numbers.log_share == np.inf).any():
        raise ValueError("a probability is above 1")
    if (numbers.precision < 0).any():
        raise ValueError("a precision is below 0")
    deciders = np.unique(paths.player_of_infoset)
    is_limit = np.isinf(numbers.precision[deciders])
    if (is_limit.any(axis=0) & ~is_limit.all(axis=0)).any():
        raise ValueError("a world mixes finite and infinite precision")
