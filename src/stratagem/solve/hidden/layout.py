"""What the paths alone say about sums and derivatives, as sparse matrices that every world shares.

Visits are sorted by action. Of the actions on a visit's path, those that all paths through the visit's action share cancel in its
worth, the mover's own earlier ones among them; only the others stand in `others`.

Axes: W worlds, A actions, V visits, D unknowns (the actions but the first of each infoset), R terms (an unknown's row, and an
action that moves it), K entries of the Jacobian.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from scipy import sparse

from stratagem.solve.hidden.paths import Floats, Ints, Paths

SHARED = 2  # visits that share what weighs them, from which on average sharing pays


@dataclass(frozen=True)
class Layout:
    """The sums over visits, and where the derivatives go."""

    paths: Paths
    infoset_of_action: Ints  # [A]
    player_of_action: Ints  # [A]
    path_of_visit: Ints  # [V] by action, then by path
    action_of_visit: Ints  # [V]
    first_visit: Ints  # [A] first visit of each action
    passes: sparse.csr_array  # [Z, A]
    sum_of_action: sparse.csr_array  # [A, V]
    others: sparse.csr_array  # [V, A] the actions that weigh the path

    @property
    def num_visits(self) -> int:
        """V."""
        return len(self.path_of_visit)

    @cached_property
    def most_others(self) -> int:
        """The most actions that weigh a path."""
        return int(np.diff(self.others.indptr).max(initial=0))

    @cached_property
    def distinct_others(self) -> tuple[sparse.csr_array, Ints] | None:
        """The different rows of `others` [U, A], and which of them weighs each visit [V]; None where few visits share theirs."""
        others = self.others.sorted_indices()
        keys = [others.indices[begin:end].tobytes() for begin, end in pairwise(others.indptr.tolist())]
        number = {key: place for place, key in enumerate(dict.fromkeys(keys))}
        if SHARED * len(number) > self.num_visits:
            return None
        row = np.array([number[key] for key in keys])
        first = np.unique(row, return_index=True)[1]
        return sparse.csr_array(others[first]), row

    @cached_property
    def distinct_sums(self) -> sparse.csr_array:
        """[A, U] how many visits of each action each different row weighs."""
        assert self.distinct_others is not None
        rows, which = self.distinct_others
        ones = np.ones(len(which))
        return sparse.csr_array((ones, (self.action_of_visit, which)), shape=(len(self.first_visit), rows.shape[0]))

    @cached_property
    def total(self) -> sparse.csr_array:
        """[I, A] sums over the actions of each infoset."""
        actions = len(self.infoset_of_action)
        shape = (self.paths.num_infosets, actions)
        return sparse.csr_array((np.ones(actions), (self.infoset_of_action, np.arange(actions))), shape=shape)

    def centred(self, scores: Floats) -> Floats:
        """Scores [A, W] less the greatest of their infoset."""
        return np.asarray(
            scores - np.maximum.reduceat(scores, self.paths.first_action[:-1], axis=0)[self.infoset_of_action]
        )

    @cached_property
    def unknown(self) -> Ints:
        """The actions [D] whose scores are unknown."""
        is_first = np.zeros(len(self.infoset_of_action), bool)
        is_first[self.paths.first_action[:-1]] = True
        return np.flatnonzero(~is_first)

    @cached_property
    def reference(self) -> Ints:
        """The first action of the same infoset [D]."""
        return self.paths.first_action[:-1][self.infoset_of_action[self.unknown]]

    @cached_property
    def player_of_visit(self) -> Ints:
        """[V]."""
        return self.player_of_action[self.action_of_visit]

    @cached_property
    def terms(self) -> tuple[Ints, Ints, sparse.csr_array]:
        """Unknown [R], action [R], and the signed sums [R, V]: by how much the action moves the unknown's worth over the reference's."""
        entries = self.others.tocoo()
        visit, by = np.asarray(entries.row, np.int64), np.asarray(entries.col, np.int64)
        row, place, sign = self._signed(self.action_of_visit[visit])
        key, term = np.unique(row * len(self.infoset_of_action) + by[place], return_inverse=True)
        sums = sparse.csr_array((sign, (term, visit[place])), shape=(len(key), self.num_visits))
        return key // len(self.infoset_of_action), key % len(self.infoset_of_action), sums

    def sums_to_terms(self, mover: Ints, by: Ints) -> sparse.csr_array:
        """The signed sums [R, X] of pairs of an action [X] and another that moves its worth [X]; what moves nothing is left out."""
        row, place, sign = self._signed(mover)
        key = row * len(self.infoset_of_action) + by[place]
        known = self.terms[0] * len(self.infoset_of_action) + self.terms[1]
        term = np.minimum(np.searchsorted(known, key), max(len(known) - 1, 0))
        is_term = known[term] == key if len(known) else np.zeros(len(key), bool)
        shape = (len(known), len(mover))
        return sparse.csr_array((sign[is_term], (term[is_term], place[is_term])), shape=shape)

    def _signed(self, mover: Ints) -> tuple[Ints, Ints, Floats]:
        """The unknowns that the worth of actions [X] stands in: unknown, place in X, and sign."""
        place_of = np.full(len(self.infoset_of_action), -1)
        place_of[self.unknown] = np.arange(len(self.unknown))
        own = np.flatnonzero(place_of[mover] >= 0)
        refs = np.flatnonzero(place_of[mover] < 0)
        count = np.diff(self.paths.first_action)[self.infoset_of_action[mover[refs]]] - 1
        start = np.repeat(place_of[np.minimum(mover[refs] + 1, len(place_of) - 1)], count)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        row = np.concatenate([place_of[mover[own]], start + offset])
        return row, np.concatenate([own, np.repeat(refs, count)]), np.repeat([1.0, -1.0], [len(own), count.sum()])

    @cached_property
    def entries(self) -> tuple[Ints, Ints, Ints, Ints]:
        """Row [K] and column [K] of the Jacobian's entries off the identity, and for every term and unknown of the action's infoset
        the entry it adds to, as (term, entry) pairs [M], [M]."""
        row, action, _ = self.terms
        infoset = self.infoset_of_action[action]
        first_unknown = self.paths.first_action[:-1] - np.arange(self.paths.num_infosets)
        count = np.diff(self.paths.first_action)[infoset] - 1
        term = np.repeat(np.arange(len(row)), count)
        offset = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
        column = first_unknown[infoset[term]] + offset
        key, entry = np.unique(row[term] * len(self.unknown) + column, return_inverse=True)
        return key // max(len(self.unknown), 1), key % max(len(self.unknown), 1), term, entry


def layout(paths: Paths) -> Layout:
    """The layout of paths; every action must stand on one."""
    num_paths, num_actions = paths.num_paths, paths.num_actions
    order = np.lexsort((paths.path_of_visit, paths.action_of_visit))
    path, action = paths.path_of_visit[order], paths.action_of_visit[order]
    passes = sparse.csr_array((np.ones(len(path)), (path, action)), shape=(num_paths, num_actions))
    first = np.searchsorted(action, np.arange(num_actions + 1))
    if (np.diff(first) < 1).any():
        raise ValueError("an action stands on no path")
    together = (passes.T @ passes).tocsr()
    weighing = passes[path].tocoo()
    shared = together[action[weighing.row], weighing.col]
    is_other = np.asarray(shared).ravel() < np.diff(first)[action[weighing.row]]
    others = sparse.csr_array(
        (np.ones(is_other.sum()), (weighing.row[is_other], weighing.col[is_other])), shape=(len(path), num_actions)
    )
    sums = sparse.csr_array((np.ones(len(path)), (action, np.arange(len(path)))), shape=(num_actions, len(path)))
    return Layout(
        paths, paths.infoset_of_action, paths.player_of_action, path, action, first[:-1], passes, sums, others
    )
