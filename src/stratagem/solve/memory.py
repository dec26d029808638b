"""How freed memory is kept for the arrays that come next, and given back where it is shared."""

from __future__ import annotations

import ctypes

import numpy as np

KEPT_BYTES = 31 << 20


def keep_freed() -> None:
    """Let the C library keep freed arrays of up to 31 MB instead of giving them back: each page of a fresh one costs a fault.

    The GNU C library keeps what is as large as the largest array that it ever took back, if below 32 MB; others ignore this.
    """
    np.empty(KEPT_BYTES, np.uint8)


def give_back_freed() -> None:
    """Give freed memory back: a process forked anew shares it with another, and would copy each page of it before it writes there."""
    if (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)) is not None:
        trim(0)
