"""Numbers in sentences, with no digit that their Monte Carlo error does not bear.

Takes numbers and standard errors; gives words. A digit stands where the error is at most two of its units.
"""

from __future__ import annotations

import math

from stratagem.analyse.forecast import percent

SHOWN_ERROR = 0.005  # of a probability; from here on its error is said beside it
MOST_DECIMALS = 5


def decimals(error: float, most: int) -> int:
    """How many decimals an error allows; negative ones are tens and more.

    >>> [decimals(error, 3) for error in (0.0, 0.0004, 0.004, 0.2, 3.0)]
    [3, 3, 2, 1, -1]
    """
    return most if error <= 0 else min(most, math.floor(-math.log10(error / 2)))


def fixed(value: float, error: float, most: int = 3, sign: str = "") -> str:
    """A number to what its error allows, and to `most` decimals at most.

    >>> fixed(0.23456, 0.004), fixed(234.5, 30.0), fixed(0.23456, 0.004, sign="+")
    ('0.23', '200', '+0.23')
    """
    kept = decimals(error, most)
    found = round(value, kept)
    return f"{0.0 if found == 0 else found:{sign}.{max(kept, 0)}f}"


def chance(value: float, error: float) -> str:
    """A probability in whole per cent, with its error where that is half a point or more.

    >>> chance(0.123, 0.001), chance(0.43, 0.03), chance(0.43, 0.15)
    ('12 %', '43 ± 3 %', '40 ± 20 %')
    """
    if not error >= SHOWN_ERROR or value < 0.01 or value > 0.99:
        return percent(value)
    tens = -1 if error >= 0.095 else 0
    return f"{round(100 * value, tens):.0f} ± {round(100 * error, tens):.0f} %"


def points(change: float, error: float) -> str:
    """A change of a probability in percentage points.

    >>> points(0.0512, 0.0008), points(-0.05, 0.02), points(0.0001, 0.0008)
    ('+5.1 points', '-5 points', '0 points')
    """
    text = fixed(100 * change, 100 * error, 1, "+")
    return f"{'0' if float(text) == 0 else text} points"
