"""Choice with normal errors at nodes of the public sweep (M9); logit is in `kernel`.

Axes: n nodes, B edges, W worlds.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats
from stratagem.solve.hidden.probit import log_choice, offsets


def probit_response(own: Floats, precision: Floats, share: Floats | None) -> Floats:
    """Probabilities [n, B, W] of the highest of precision x worth plus a standard normal error, from own values [n, B, W].

    Offsets give the base shares, broadcasting to [n, B, W], at precision 0; a share of 0 is not available.
    """
    score = own * precision
    if share is None:
        return np.asarray(np.exp(log_choice(score)))
    branching = own.shape[1]
    flat = np.moveaxis(score, 1, 0).reshape(branching, -1)
    shares = np.moveaxis(np.broadcast_to(share, own.shape), 1, 0).reshape(branching, -1)
    found = np.zeros_like(flat)
    for available, places in _patterns(shares > 0):
        rows = np.ix_(available, places)
        log_share = np.log(shares[rows])[None]
        found[rows] = np.exp(log_choice(flat[rows][None] + offsets(log_share)))[0]
    return np.moveaxis(found.reshape(branching, own.shape[0], own.shape[2]), 0, 1)


def _patterns(is_available: NDArray[np.bool_]) -> list[tuple[NDArray[np.intp], NDArray[np.intp]]]:
    """Which edges [B] are available together, and where [n x W]."""
    kinds, which = np.unique(is_available, axis=1, return_inverse=True)
    return [(np.flatnonzero(kinds[:, kind]), np.flatnonzero(which.ravel() == kind)) for kind in range(kinds.shape[1])]
