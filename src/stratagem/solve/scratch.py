"""Large arrays that are used again, chunk after chunk: fresh ones cost more in page faults than a sweep in arithmetic."""

from __future__ import annotations

import sys
from math import prod
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

ALIGNMENT = 64  # bytes; JAX reads an array so aligned where it lies, without a copy


class Scratch:
    """Hands out arrays by name, and the same one again once nobody holds it or a part of it."""

    def __init__(self) -> None:
        self.memory: dict[str, NDArray[np.uint8]] = {}
        self.shape: dict[str, tuple[int, ...]] = {}

    def take(self, name: str, shape: tuple[int, ...], dtype: DTypeLike = np.float64) -> NDArray[Any]:
        """An array of zeros, or the last of this name and shape as its holder left it."""
        if self.shape.get(name) != shape or self._is_held(name):
            size = prod(shape) * np.dtype(dtype).itemsize
            self.memory[name], self.shape[name] = np.zeros(size + ALIGNMENT, np.uint8), shape
        memory = self.memory[name]
        start = -memory.ctypes.data % ALIGNMENT
        return memory[start : start + prod(shape) * np.dtype(dtype).itemsize].view(dtype).reshape(shape)

    def _is_held(self, name: str) -> bool:
        """Whether an array of this name is still about: every view refers to the memory it shows."""
        return sys.getrefcount(self.memory[name]) > 2  # the store's reference and the call's
