"""How fast, how small: subjects by phases, side by side with the tools that people use today.

Importing this package keeps the process, and what it starts, to one thread on one core; NumPy and JAX must be loaded after it.
`all_cores` lifts that.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

ALONE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "STRATAGEM_PROCESSES": "1",
    "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1",
}
BEFORE = {name: os.environ[name] for name in ALONE if name in os.environ}
HAS_CORES = hasattr(os, "sched_setaffinity")
CORES = os.sched_getaffinity(0) if HAS_CORES else set()


def keep_alone() -> None:
    """Keep this process, and what it starts, to one thread on one core."""
    os.environ.update(ALONE)
    if HAS_CORES:
        os.sched_setaffinity(0, {max(CORES)})


@contextmanager
def all_cores() -> Iterator[None]:
    """All cores, and the environment as it was: commands run as a user's do, and work is spread over processes."""
    for name in ALONE:
        del os.environ[name]
    os.environ.update(BEFORE)
    if HAS_CORES:
        os.sched_setaffinity(0, CORES)
    try:
        yield
    finally:
        keep_alone()


keep_alone()
