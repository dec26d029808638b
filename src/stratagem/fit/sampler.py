"""Draws from a density by the No-U-Turn sampler (Hoffman & Gelman 2014), many chains abreast, compiled once; NumPyro draws.

Takes a log-density of standardised numbers z [P] and data that it reads; gives chains. Knows no model.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from stratagem.errors import UsageError
from stratagem.fit.jet import Floats

EXTRA = 'Bayesian fits need further packages: pip install "stratagem[fit,bayes]"'
BLOCK = 50  # steps between two looks at how far it has come
DEEPEST = 10  # doublings of a trajectory

Array = Any
LogDensity = Callable[[Array, Any], Array]  # z [P] and data -> a scalar
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Settings:
    """How chains are drawn."""

    warmup: int = 1000
    draws: int = 1000
    accepted: float = 0.9  # what steps are adapted to
    seed: int = 1


@dataclass(frozen=True)
class Chains:
    """Draws by chain, with how they were drawn: C chains, D draws, P numbers."""

    z: Floats  # [C, D, P]
    log_density: Floats  # [C, D]
    diverged: NDArray[np.bool_]  # [C, D]
    steps: NDArray[np.intp]  # [C, D] leaps of each trajectory
    accepted: Floats  # [C, D]


def draw(
    log_density: LogDensity,
    data: Any,
    starts: Floats,
    settings: Settings,
    progress: Progress | None = None,
    data_axes: Any = None,
) -> Chains:
    """A chain from every start [C, P]. `data_axes` says which parts of the data each chain has its own of (as in `jax.vmap`)."""
    jax = load_jax()
    keys = jax.random.split(jax.random.PRNGKey(settings.seed), len(starts))
    begin, advance = _compiled(log_density, settings, data_axes)
    state = begin(jax.numpy.asarray(starts), keys, data)
    total, kept = settings.warmup + settings.draws, []
    for done in range(0, total, BLOCK):
        state, seen = advance(state, data)
        kept.append([np.asarray(one) for one in seen])
        if progress is not None:
            progress(min(done + BLOCK, total), total)
    wanted = slice(settings.warmup, total)
    return Chains(*(np.concatenate(one, 1)[:, wanted] for one in zip(*kept, strict=True)))


def load_jax() -> Any:
    """JAX in 64 bits, where it and NumPyro are installed. Raises `UsageError` where not."""
    try:
        import jax
        import numpyro  # noqa: F401
    except ImportError:
        raise UsageError(EXTRA) from None
    jax.config.update("jax_enable_x64", True)  # type: ignore[no-untyped-call]
    return jax


def _compiled(log_density: LogDensity, settings: Settings, data_axes: Any) -> tuple[Any, Any]:
    """What begins a chain of each start, and what takes each `BLOCK` steps further."""
    import jax
    from numpyro.infer import NUTS

    def kernel(start: Array, key: Array, data: Any) -> tuple[Any, Any]:
        one = NUTS(
            potential_fn=lambda z: -log_density(z, data),
            dense_mass=True,
            target_accept_prob=settings.accepted,
            max_tree_depth=DEEPEST,
        )
        return one, one.init(key, settings.warmup, start, (), {})

    def begin(start: Array, key: Array, data: Any) -> Any:
        return kernel(start, key, data)[1]

    def advance(state: Any, data: Any) -> tuple[Any, Any]:
        one, _ = kernel(state.z, state.rng_key, data)

        def step(before: Any, _: None) -> tuple[Any, Any]:
            after = one.sample(before, (), {})
            seen = (after.z, -after.potential_energy, after.diverging, after.num_steps, after.accept_prob)
            return after, seen

        return jax.lax.scan(step, state, None, BLOCK)

    return jax.jit(jax.vmap(begin, (0, 0, data_axes))), jax.jit(jax.vmap(advance, (0, data_axes)))
