"""Going up to a precision by responses to responses ends where the traced branch does, and misses none of its folds."""

from __future__ import annotations

import hidden_games as games
import numpy as np
import pytest

from stratagem.solve.hidden import trace
from stratagem.solve.hidden.solve import solve

NO_DOUBLINGS = -60  # so far is no precision from that of the first step


def test_responses_end_on_the_traced_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    rng, folded = np.random.default_rng(3), 0
    for draw in range(150):
        size = 2 + draw % 3
        row, column = (rng.integers(0, 8, (size, size)) + np.diag(rng.integers(0, 10, size)) for _ in range(2))
        game = games.matrix(row.tolist(), column.tolist())
        paths, numbers = games.paths_of(game), games.numbers_of(game, *rng.uniform(0.05, 4, 6).tolist())
        found = solve(paths, numbers)
        with monkeypatch.context() as only:
            only.setattr(trace, "DOUBLINGS", NO_DOUBLINGS)
            traced = solve(paths, numbers)
        both = found.is_found & traced.is_found
        assert both.all()
        np.testing.assert_allclose(np.exp(found.log_behaviour), np.exp(traced.log_behaviour), atol=1e-9)
        np.testing.assert_array_equal(found.folds, traced.folds)
        folded += int((traced.folds > 0).sum())
    assert folded
