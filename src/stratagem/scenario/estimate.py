"""Estimates (L5): the short forms in which a person writes a number that they are unsure of.

Text in, `Estimate` out: a family with its parameters. Draws nothing and loads no arrays.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import core_schema

from stratagem.errors import described, near, quote
from stratagem.scenario.formula import Formula, FormulaFault, stated_fault
from stratagem.scenario.lexicon import BANDS

Z90 = NormalDist().inv_cdf(0.95)

FAMILIES: dict[str, str] = {
    "exact": "value",
    "normal": "mean, sd",
    "lognormal": "median, sd of the logarithm",
    "logitnormal": "median, sd of the logit",
    "uniform": "low, high",
    "beta": "a, b",
    "triangular": "low, mode, high",
    "pert": "low, mode, high",
    "choice": "values, then their shares",
    "word": "a word of the lexicon",
}

_NUMBER = r"[-+]?(?:[0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?(?:\s?%)?"
_EXACT = re.compile(rf"({_NUMBER})\Z")
_RANGE = re.compile(rf"(?:(normal|lognormal|logitnormal|uniform) +)?({_NUMBER}) +to +({_NUMBER})\Z")
_COUNT = re.compile(r"([0-9]{1,9}) +of +([0-9]{1,9})\Z")
_CALL = re.compile(rf"([a-z]+)\(\s*({_NUMBER}(?:\s*,\s*{_NUMBER})*)\s*\)\Z")
_ONE_OF = re.compile(rf"one of +({_NUMBER}(?:\s*,\s*{_NUMBER})*)\Z")
MAX_LENGTH = 2000
_WORDS = re.compile(r"[a-z]+(?:[ -][a-z]+){0,5}\Z")


@dataclass(frozen=True)
class Estimate:
    """A distribution of one number: its family, parameters (see `FAMILIES`) and the words it was written in."""

    family: str
    parameters: tuple[float, ...]
    text: str

    @property
    def is_exact(self) -> bool:
        """Whether the number is certain."""
        return self.family == "exact"

    def limits(self) -> tuple[float, float]:
        """The least and greatest value that can be drawn."""
        a = self.parameters
        ranges: dict[str, Callable[[], tuple[float, float]]] = {
            "exact": lambda: (a[0], a[0]),
            "uniform": lambda: (a[0], a[1]),
            "lognormal": lambda: (0.0, math.inf),
            **dict.fromkeys(("logitnormal", "beta"), lambda: (0.0, 1.0)),
            **dict.fromkeys(("triangular", "pert"), lambda: (a[0], a[2])),
            "choice": lambda: (min(a[: len(a) // 2]), max(a[: len(a) // 2])),
        }
        return ranges[self.family]() if self.family in ranges else (-math.inf, math.inf)

    def in_lexicon(self, lexicon: Mapping[str, Estimate]) -> Estimate:
        """This estimate with a word replaced by its band. Raises `KeyError` for an unknown word."""
        if self.family != "word":
            return self
        if self.text in lexicon:
            return Estimate(lexicon[self.text].family, lexicon[self.text].parameters, self.text)
        return Estimate("uniform", BANDS[self.text], self.text)

    @classmethod
    def parse(cls, value: object) -> Estimate:
        """The estimate that a number, text or `{choice: …}` states. Raises `FormulaFault`."""
        if isinstance(value, bool) or not isinstance(value, int | float | str | dict):
            raise FormulaFault(0, described(value), _EXPECTED)
        if isinstance(value, int | float):
            return cls("exact", (float(value),), str(value))
        if isinstance(value, dict):
            return _choice(value)
        estimate = _parse_text(value.strip())
        if estimate is None:
            family = value.strip().partition("(")[0]
            hint = near(family, FAMILIES) if "(" in value else ""
            raise FormulaFault(0, quote(value) + hint, _EXPECTED)
        return estimate

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.no_info_plain_validator_function(_validate_estimate)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {
            "anyOf": [NUMBER_OR_TEXT, CHOICE],
            "description": "an estimate (L5)",
            "examples": ["2 to 4", "likely", "6 of 75"],
        }


NUMBER_OR_TEXT: dict[str, Any] = {"type": ["number", "string"]}
CHOICE: dict[str, Any] = {
    "type": "object", "required": ["choice"], "additionalProperties": False,
    "properties": {"choice": {"type": "object", "description": "values with their shares, which sum to 1",
                              "minProperties": 1, "additionalProperties": NUMBER_OR_TEXT}},
}  # fmt: skip
_EXPECTED = "an estimate: a number, `2 to 4`, `6 of 75`, `likely`, `one of 1, 2`, `beta(2, 5)`, …"


@dataclass(frozen=True)
class Amount:
    """A number that may be an estimate or a formula over quantities; exactly one is given."""

    estimate: Estimate | None
    formula: Formula | None

    @classmethod
    def parse(cls, value: object, words: Collection[str] = BANDS) -> Amount:
        """The estimate if `value` reads as one, or is one of the `words` that stand for one, else the formula. Raises `FormulaFault`."""
        if isinstance(value, str):
            estimate = _parse_text(value.strip())
            if estimate is not None and (estimate.family != "word" or estimate.text in words):
                return cls(estimate, None)
            return cls(None, Formula.parse(value))
        return cls(Estimate.parse(value), None)

    @classmethod
    def __get_pydantic_core_schema__(cls, _source: Any, _handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        return core_schema.with_info_plain_validator_function(_validate_amount)

    @classmethod
    def __get_pydantic_json_schema__(cls, _schema: Any, _handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [NUMBER_OR_TEXT, CHOICE], "description": "an estimate (L5) or a formula (L10)"}


def _validate_estimate(value: object) -> Estimate:
    if isinstance(value, Estimate):
        return value
    try:
        return Estimate.parse(value)
    except FormulaFault as fault:
        raise stated_fault(fault.found, fault.expected, "L5", fault.at) from None


def _validate_amount(value: object, info: core_schema.ValidationInfo) -> Amount:
    """An amount of a file, whose own words the context holds."""
    try:
        return Amount.parse(value, {*BANDS, *(info.context or ())})
    except FormulaFault as fault:
        raise stated_fault(fault.found, fault.expected, "L5", fault.at) from None


def _parse_text(text: str) -> Estimate | None:
    """The estimate that a text states, or None where it reads as none."""
    for pattern, meaning in _FORMS if len(text) <= MAX_LENGTH else ():
        if match := pattern.match(text):
            return meaning(match, text)
    return None


def _one_of(values: str, text: str) -> Estimate:
    numbers = tuple(_number(part) for part in values.split(","))
    return Estimate("choice", numbers + (1 / len(numbers),) * len(numbers), text)


def _call(family: str, parameters: str, text: str) -> Estimate | None:
    if family not in FAMILIES:
        return None
    return _family(family, tuple(_number(part) for part in parameters.split(",")), text)


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str], str], Estimate | None]], ...] = (
    (_EXACT, lambda match, text: Estimate("exact", (_number(match[1]),), text)),
    (_RANGE, lambda match, text: _interval(match[1], _number(match[2]), _number(match[3]), text)),
    (_COUNT, lambda match, text: _count(int(match[1]), int(match[2]), text)),
    (_ONE_OF, lambda match, text: _one_of(match[1], text)),
    (_CALL, lambda match, text: _call(match[1], match[2], text)),
    (_WORDS, lambda _match, text: Estimate("word", (), text)),
)


def _number(text: str) -> float:
    bare = text.replace("_", "").strip()
    value = float(bare.rstrip("% ")) / 100 if bare.endswith("%") else float(bare)
    if not math.isfinite(value):
        raise FormulaFault(0, quote(text), "a finite number")
    return value


def _interval(family: str | None, low: float, high: float, text: str) -> Estimate:
    if not low < high:
        raise FormulaFault(0, f"the range {quote(text)}", "the lower end first")
    if not math.isfinite(high - low) or not math.isfinite(high + low):
        raise FormulaFault(0, f"the range {quote(text)}", "ends of a size that can be reckoned with")
    if family is None:
        family = "logitnormal" if low >= 0 and high <= 1 else "lognormal" if low > 0 else "normal"
    if family == "uniform":
        return Estimate("uniform", (low, high), text)
    if family == "normal":
        return Estimate("normal", ((low + high) / 2, (high - low) / 2 / Z90), text)
    if family == "lognormal":
        return Estimate("lognormal", _centred(math.log, low, high, low > 0, text, math.exp), text)
    inside = low > 0 and high < 1
    return Estimate("logitnormal", _centred(_logit, low, high, inside, text, _logistic), text)


def _centred(
    scale: Callable[[float], float], low: float, high: float, is_inside: bool, text: str, back: Callable[[float], float]
) -> tuple[float, float]:
    if not is_inside:
        found = f"a 90 % interval {quote(text)} that touches the end of its scale"
        raise FormulaFault(0, found, "`uniform` in front of it, or other ends")
    return back((scale(low) + scale(high)) / 2), (scale(high) - scale(low)) / 2 / Z90


def _logit(x: float) -> float:
    return math.log(x / (1 - x))


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x)) if x >= 0 else math.exp(x) / (1 + math.exp(x))


def _count(seen: int, cases: int, text: str) -> Estimate:
    if not 0 <= seen <= cases or cases == 0:
        raise FormulaFault(0, f"the count {quote(text)}", "at most as many as the cases, of at least one")
    return Estimate("beta", (seen + 0.5, cases - seen + 0.5), text)


def _family(family: str, parameters: tuple[float, ...], text: str) -> Estimate:
    wanted = FAMILIES[family]
    if family in ("exact", "choice", "word") or len(parameters) != len(wanted.split(",")):
        raise FormulaFault(0, quote(text), f"`{family}({wanted})`")
    a = parameters
    valid = {
        "normal": a[-1] > 0,
        "lognormal": a[0] > 0 and a[-1] > 0,
        "logitnormal": 0 < a[0] < 1 and a[-1] > 0,
        "uniform": a[0] < a[-1],
        "beta": a[0] > 0 and a[-1] > 0,
    }.get(family, a[0] <= a[len(a) // 2] <= a[-1] and a[0] < a[-1])
    if not valid:
        raise FormulaFault(0, quote(text), f"`{family}({wanted})` with parameters in range and in order")
    return Estimate(family, parameters, text)


def _choice(value: Mapping[object, object]) -> Estimate:
    shares = value.get("choice")
    if set(value) != {"choice"} or not isinstance(shares, dict) or not shares:
        raise FormulaFault(0, "a mapping", "`choice: {VALUE: SHARE, …}`" + near(str(next(iter(value), "")), ["choice"]))
    try:
        values = [_number(str(key)) for key in shares]
        weights = [_number(str(share)) for share in shares.values()]
    except ValueError:
        raise FormulaFault(0, "a choice that is not a number", "`choice: {VALUE: SHARE, …}` with numbers") from None
    if min(weights) < 0 or abs(sum(weights) - 1) > 1e-9:
        raise FormulaFault(0, f"shares that sum to {sum(weights):g}", "shares of at least 0 that sum to 1")
    return Estimate("choice", (*values, *weights), f"choice of {len(values)}")
