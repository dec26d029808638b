"""Evenly spread points for every number of every world (M6).

A point depends on the seed, on the world and on the number's name only. Each number runs through a nested Latin hypercube
(McKay, Beckman & Conover 1979; nested by powers of two as in Qian 2009): its first 2^k points fall one in each of 2^k equal
slices, in an order of its own. Whole-number arithmetic, so the same on every platform.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats

BITS = 32

Unsigned = NDArray[np.uint64]


def uniforms(seed: int, name: str, index: NDArray[np.int64]) -> Floats:
    """Points in (0, 1) [W] of the number `name` in the worlds `index`."""
    keys = np.frombuffer(hashlib.sha256(f"{seed}/{name}".encode()).digest(), "<u8").astype(np.uint64)
    scrambled = _reverse(_scramble(_shuffle(index.astype(np.uint64), keys), keys[3]))
    return (scrambled.astype(np.float64) + 0.5) / 2.0**BITS


def _shuffle(index: Unsigned, keys: Unsigned) -> Unsigned:
    """A permutation of the whole numbers that maps each block [2^k, 2^(k+1)) to itself.

    Within a block: keyed rounds of odd multiplication, addition and folding modulo 2^k, each of them invertible.
    """
    level = np.maximum(np.frexp(index.astype(np.float64))[1] - 1, 0)
    base = np.where(index > 0, np.uint64(1) << level.astype(np.uint64), np.uint64(0)).astype(np.uint64)
    mask = np.where(index > 0, base - np.uint64(1), np.uint64(0)).astype(np.uint64)
    fold = (level // 2 + 1).astype(np.uint64)
    x = index - base
    with np.errstate(over="ignore"):
        levels = np.arange(BITS + 1, dtype=np.uint64)
        for turn in range(6):
            key = _mix(keys[turn % 3] + np.uint64(0x9E3779B97F4A7C15) * (levels + np.uint64(64 * turn + 1)))[level]
            x = (x * (key | np.uint64(1)) + (key >> np.uint64(29))) & mask
            x ^= x >> fold
    return np.asarray(base + x)


def _mix(x: Unsigned) -> Unsigned:
    """The finaliser of splitmix64 (Steele, Lea & Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(x ^ (x >> np.uint64(31)))


def _scramble(values: Unsigned, key: np.uint64) -> Unsigned:
    """A hash of 32 bits in which each bit depends on lower ones only (Laine & Karras 2011): before `_reverse`, a nested
    scramble (Owen 1995; Burley 2020) under which slices stay slices."""
    word = np.uint64(0xFFFFFFFF)
    with np.errstate(over="ignore"):
        x = (values + key) & word
        for factor in (0x6C50B47C, 0xB82F1E52, 0xC7AFE638, 0x8D22F6E6):
            x ^= (x * np.uint64(factor)) & word
    return x


def _reverse(values: Unsigned) -> Unsigned:
    """The 32 bits of each value in reverse: of the whole numbers in order, the van der Corput sequence in base 2."""
    x = values
    for shift, mask in ((1, 0x55555555), (2, 0x33333333), (4, 0x0F0F0F0F), (8, 0x00FF00FF), (16, 0x0000FFFF)):
        step, pattern = np.uint64(shift), np.uint64(mask)
        x = ((x >> step) & pattern) | ((x & pattern) << step)
    return x
