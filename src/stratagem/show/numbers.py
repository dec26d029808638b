"""Numbers and user text as a reader sees them, the same in every view.

Takes numbers over worlds; gives short text with no more digits than they bear. Knows no layout.
"""

from __future__ import annotations

from stratagem.analyse.forecast import shown
from stratagem.analyse.pooling import Pooled
from stratagem.scenario.lexicon import in_words

ROUNDING = 1e-12  # a probability this near an end is at the end
SAME = "no spread"


def clean(text: object) -> str:
    """User text on one line, with what could steer a terminal replaced.

    >>> clean("a\\x1b[31m\\nb")
    'a�[31m b'
    """
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in " ".join(str(text).split()))


def chance(value: float) -> str:
    """A probability in whole per cent, the ends below 1 % and above 99 % said as such.

    >>> chance(0.554), chance(0.003), chance(1.0)
    ('55 %', '<1 %', '100 %')
    """
    return f"{_whole(value)} %"


def _whole(value: float) -> str:
    if value <= ROUNDING:
        return "0"
    if value >= 1 - ROUNDING:
        return "100"
    return "<1" if value < 0.01 else ">99" if value > 0.99 else f"{100 * value:.0f}"


def words(value: float) -> str:
    """The ICD 203 word of a probability; the exact ends hold in every world and are said so."""
    if value <= ROUNDING:
        return "in no world"
    return "in every world" if value >= 1 - ROUNDING else in_words(shown(value))


def chances(value: Pooled) -> str:
    """The 5 % and 95 % points over worlds of a probability.

    >>> chances(Pooled(0.5, 0.004, 0.7, 0.01))
    '<1 to 70 %'
    """
    if value.p5 is None or value.p95 is None:
        return ""
    low, high = _whole(value.p5), _whole(value.p95)
    return SAME if low == high else f"{low} to {high} %"


def points(error: float) -> str:
    """A Monte Carlo error in percentage points, to one digit.

    >>> points(0.004), points(0.02), points(0.0)
    ('±0.4', '±2', '±0')
    """
    value = 100 * error
    if value <= 100 * ROUNDING:
        return "±0"
    return "<±0.1" if value < 0.1 else f"±{value:.1f}" if value < 0.95 else f"±{value:.0f}"


def amount(value: Pooled) -> tuple[str, str]:
    """A mean and its range over worlds, both to the digits that show two figures of the largest.

    >>> amount(Pooled(0.0072, 0.0013, 0.02, 0.0))
    ('0.007', '0.001 to 0.020')
    """
    ends = (value.mean,) if value.p5 is None or value.p95 is None else (value.mean, value.p5, value.p95)
    digits = _digits(max(abs(end) for end in ends))
    mean, *limits = (_fixed(end, digits) for end in ends)
    return mean, "" if not limits else SAME if limits[0] == limits[1] else f"{limits[0]} to {limits[1]}"


def _fixed(value: float, digits: int) -> str:
    text = f"{abs(value):.{digits}f}"
    return f"\N{MINUS SIGN}{text}" if value < 0 and float(text) else text


def _digits(largest: float) -> int:
    """How many decimals show two figures, at least two below 1."""
    if largest >= 10:
        return 0
    if largest >= 1:
        return 1
    digits = 2
    while 0 < largest < 0.995 * 10 ** (1 - digits) and digits < 6:
        digits += 1
    return digits
