"""Which code sweeps a game: NumPy, at hand at once, or the program that JAX compiles for it (M9).

Both give the same answer, to rounding. JAX takes seconds to load and compile, which only large runs earn back.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from importlib.util import find_spec

from stratagem.errors import UsageError, near, quote
from stratagem.solve.columns import Inputs
from stratagem.solve.plan import Plan
from stratagem.solve.sweep import Sweep, backward

ENGINES = ("auto", "numpy", "jax")
LARGE_RUN = 1_000_000_000  # nodes times worlds, from which JAX earns back its start

Backward = Callable[[Inputs, str | None], Sweep]


def choose(engine: str, nodes: int, worlds: int) -> str:
    """`numpy` or `jax`. Raises `UsageError` for an unknown engine, and for `jax` where it is missing."""
    if engine not in ENGINES:
        raise UsageError(f"the unknown engine {quote(engine)}{near(engine, ENGINES)}; one of {', '.join(ENGINES)}")
    has_jax = find_spec("jax") is not None
    if engine == "jax" and not has_jax:
        raise UsageError('JAX is not installed; `pip install "stratagem[jax]"`, or leave `engine` at `auto`')
    if engine == "auto":
        return "jax" if has_jax and nodes * worlds >= LARGE_RUN else "numpy"
    return engine


def backward_by(engine: str, plan: Plan, worlds: int) -> Backward:
    """The backward sweep of a game in so many worlds. Raises `UsageError` where the engine is not at hand."""
    if choose(engine, plan.game.num_nodes, worlds) == "numpy":
        return partial(backward, plan)
    from stratagem.solve.sweep_jax import Compiled  # noqa: PLC0415 - seconds to load

    return Compiled(plan).backward
