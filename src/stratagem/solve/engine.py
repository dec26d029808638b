"""Which code sweeps a game: NumPy, at hand at once, or the program that JAX compiles for it (M9).

Both give the same answer, to rounding. JAX takes seconds to load and compile, which only large runs earn back, and those only
where all players are risk-neutral: certainty equivalents are as fast in NumPy.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec
from typing import NamedTuple

from stratagem.errors import UsageError, near, quote
from stratagem.solve.columns import Inputs
from stratagem.solve.plan import Plan
from stratagem.solve.sweep import Sweep, backward

ENGINES = ("auto", "numpy", "jax")
LARGE_RUN = 1_000_000_000  # nodes times worlds, from which JAX earns back its start


def choose(engine: str, nodes: int, worlds: int, is_neutral: bool = True) -> str:
    """`numpy` or `jax`. Raises `UsageError` for an unknown engine, and for `jax` where it is missing."""
    if engine not in ENGINES:
        raise UsageError(f"the unknown engine {quote(engine)}{near(engine, ENGINES)}; one of {', '.join(ENGINES)}")
    has_jax = find_spec("jax") is not None
    if engine == "jax" and not has_jax:
        raise UsageError('JAX is not installed; `pip install "stratagem[jax]"`, or leave `engine` at `auto`')
    if engine == "auto":
        return "jax" if has_jax and is_neutral and nodes * worlds >= LARGE_RUN else "numpy"
    return engine


class Engine(NamedTuple):
    """What sweeps a game."""

    backward: Callable[[Inputs, str | None], Sweep]
    chunk: int  # the fewest worlds that it is best given at once


def engine_of(name: str, plan: Plan, worlds: int, is_neutral: bool) -> Engine:
    """What sweeps a game in so many worlds. Raises `UsageError` where the engine is not at hand."""
    if choose(name, plan.game.num_nodes, worlds, is_neutral) == "numpy":
        return Engine(partial(backward, plan), 1)
    from stratagem.solve.sweep_jax import Compiled  # noqa: PLC0415 - seconds to load

    compiled = Compiled(plan)
    return Engine(compiled.backward, compiled.chunk)
