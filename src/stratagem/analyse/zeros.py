"""Zeros of many functions at once, each between two places where it has different signs."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from stratagem.graph.game import Floats

ROUNDS = 40


def zeros(
    function: Callable[[Floats], Floats], left: Floats, right: Floats, at_left: Floats, at_right: Floats, exact: float
) -> Floats:
    """[m] a zero of each function between `left` and `right` [m], where its values are `at_left` and `at_right`.

    `function` takes a place for each [m] and gives their values there. Regula falsi in its Illinois form (Dowell & Jarratt 1971, BIT
    11:168-174), until all values, as shares of the greater at the ends, or all brackets, as shares of the place, are as small as `exact`.
    """
    size, was_left = np.maximum(np.abs(at_left), np.abs(at_right)), None
    middle = left
    for _ in range(ROUNDS):
        middle = (left * at_right - right * at_left) / (at_right - at_left)
        value = function(middle)
        is_left: NDArray[np.bool_] = value * at_left > 0
        half = np.where(is_left == was_left, 0.5, 1.0)  # an end that stays twice counts for less
        at_right, at_left = np.where(is_left, at_right * half, value), np.where(is_left, value, at_left * half)
        was_left = is_left
        left, right = np.where(is_left, middle, left), np.where(is_left, right, middle)
        if ((np.abs(value) <= exact * size) | (right - left <= exact * np.abs(middle))).all():
            break
    return middle
