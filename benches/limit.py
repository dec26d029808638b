"""How far the sweep is from what this machine can do: its ceilings, measured in the same run, and the share reached.

The bound counts what no program can do without. Quantal response needs one exponential fewer than actions at each decision and
a multiply-add for each edge and column; a best reply a comparison and a selection for each. Payoffs are read, values and
behaviour read and written once. Arithmetic and memory may overlap, so the larger of the two counts. Memory is taken at the load
bandwidth of the cache that a chunk of worlds fits into.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec

import numpy as np

from benches import trees
from benches.measure import Times, cpu_seconds
from benches.registry import Effort, Result, case
from benches.subjects import PRECISIONS, SIZES, WORLDS, check, tree_of
from stratagem.solve.plan import plan
from stratagem.solve.sweep import backward

CHUNK = 128  # worlds
FOOTPRINTS = (256 << 10, 16 << 20, 256 << 20)  # bytes: the second cache, the third, memory
TARGETS = {"quantal response": ">= 9", "best reply": ">= 12"}  # per cent, at 1e3


@dataclass(frozen=True)
class Ceilings:
    """What one core of this machine does in a second."""

    exponentials: float
    multiply_adds: float
    loads: dict[int, float]  # bytes, by footprint in bytes

    def bandwidth(self, footprint: float) -> float:
        """Of the smallest measured footprint that holds this one."""
        return self.loads[min((size for size in self.loads if size >= footprint), default=max(self.loads))]


@cache
def ceilings(effort: Effort) -> Ceilings:
    """The best of what is at hand: NumPy and JAX for exponentials, a matrix product, a dot product."""
    square = np.random.default_rng(0).normal(size=(512, 512))
    product = cpu_seconds(lambda: square @ square, effort)
    loads = {}
    for size in FOOTPRINTS:
        row = _aligned(size)
        repeats = max(1, (64 << 20) // size)
        loads[size] = (
            repeats
            * size
            / min(cpu_seconds(lambda row=row, repeats=repeats: [row @ row for _ in range(repeats)], effort).runs)
        )
    return Ceilings(_exponentials(effort), 512.0**3 / min(product.runs), loads)


def _aligned(size: int) -> np.ndarray:
    """Ones in so many bytes that start where a line of the cache does: otherwise a quarter of the bandwidth is lost."""
    memory = np.ones(size + 64, np.uint8)
    start = -memory.ctypes.data % 64
    row = memory[start : start + size].view(np.float64)
    row[:] = 1.0
    return row


def _exponentials(effort: Effort) -> float:
    inputs, out = _aligned(8 * 8192), _aligned(8 * 8192)
    inputs[:] = np.linspace(-20, 0, len(inputs))
    best = 100 * len(inputs) / min(cpu_seconds(lambda: [np.exp(inputs, out=out) for _ in range(100)], effort).runs)
    if find_spec("jax") is not None:
        import jax
        import jax.numpy as jnp

        jax.config.update("jax_enable_x64", True)
        repeat = jax.jit(lambda x: jax.lax.fori_loop(0, 100, lambda _, y: jnp.exp(x + 1e-9 * y), x))
        best = max(best, 100 * len(inputs) / min(cpu_seconds(lambda: repeat(inputs).block_until_ready(), effort).runs))
    return best


def bound(tree: trees.Tree, precision: float, limits: Ceilings) -> float:
    """Seconds that a node in a world takes at least."""
    count = np.diff(tree.first_edge)
    columns, edges, decisions = trees.NUM_PLAYERS, count[tree.mover >= 0].sum(), (tree.mover >= 0).sum()
    outcomes, inner = count[tree.mover == trees.CHANCE].sum(), (tree.mover != trees.TERMINAL).sum()
    operations = outcomes * columns
    if np.isfinite(precision):
        arithmetic = (edges - decisions) / limits.exponentials + (operations + edges * columns) / limits.multiply_adds
    else:
        arithmetic = (operations + edges * (1 + columns)) / limits.multiply_adds
    moved = 8 * ((tree.num_nodes - 1) * (columns + 1) + inner * columns + outcomes)
    footprint = CHUNK * 8 * (tree.num_nodes * columns + tree.num_nodes)
    return max(arithmetic, moved / limits.bandwidth(footprint)) / tree.num_nodes


def _register(size: str) -> None:
    subject = f"irregular-{size}"

    @case(subject, "limit", is_quick=size == "1e3")
    def share(effort: Effort) -> Iterator[Result]:
        tree, limits = tree_of("irregular", size), ceilings(effort)
        if size == "1e3":
            yield from _shown(limits)
        for name, precision in PRECISIONS.items():
            rate = 1 / bound(tree, precision, limits)
            yield Result(subject, "limit", f"{name}, bound", rate / 1e6, "M node-worlds/s")
            numpy_times = _numpy(tree, precision, WORLDS[size], effort)
            yield _share(subject, f"{name}, NumPy", numpy_times, tree.num_nodes * WORLDS[size], rate)
            if find_spec("jax") is not None:
                times, worlds = _jax(tree, precision, effort)
                target = TARGETS[name] if size == "1e3" else ""
                yield _share(subject, f"{name}, JAX", times, tree.num_nodes * worlds, rate, target)


def _shown(limits: Ceilings) -> Iterator[Result]:
    yield Result("machine", "limit", "exponentials", limits.exponentials / 1e6, "M/s")
    yield Result("machine", "limit", "multiply-adds", limits.multiply_adds / 1e9, "G/s")
    for size, load in limits.loads.items():
        yield Result("machine", "limit", f"loads within {size / 2**20:g} MiB", load / 1e9, "GB/s")


def _share(subject: str, what: str, times: Times, work: float, rate: float, target: str = "") -> Result:
    shares = sorted(100 * work / run / rate for run in times.runs)
    note = f"{work / times.middle / 1e6:.0f} M node-worlds/s"
    return Result(
        subject, "limit", what, 100 * work / times.middle / rate, "% of bound", shares[0], shares[-1], target, note
    )


def _numpy(tree: trees.Tree, precision: float, worlds: int, effort: Effort) -> Times:
    order, inputs = plan(trees.as_game(tree)), trees.inputs(trees.draw(tree, worlds), precision)
    return cpu_seconds(lambda: backward(order, inputs), effort)


def _jax(tree: trees.Tree, precision: float, effort: Effort) -> tuple[Times, int]:
    """The compiled program alone, its inputs and outputs staying where they are, and how many worlds it takes at once."""
    import jax

    from stratagem.solve.passes_jax import empty, refill
    from stratagem.solve.sweep_jax import Compiled, mode_of

    compiled = Compiled(plan(trees.as_game(tree)))
    numbers = trees.draw(tree, compiled.chunk)
    inputs = trees.inputs(numbers, precision)
    check(tree, numbers, precision, compiled.backward(inputs).values(compiled.plan))
    form, mode = compiled.padded.form, mode_of(inputs)
    ready = jax.device_put(compiled.numbers(inputs, slice(0, compiled.chunk)))
    rows = [empty(form, mode, compiled.chunk)]

    def sweep() -> None:
        rows[0] = jax.block_until_ready(refill(form, mode, compiled.steps, None, ready, rows[0]))

    return cpu_seconds(sweep, effort), compiled.chunk


for _size in SIZES:
    if _size != "1e2":
        _register(_size)
