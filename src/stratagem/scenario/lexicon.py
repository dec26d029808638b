"""Words that stand for probabilities (L6): ICD 203 bands and the hedges of ordinary prose."""

from __future__ import annotations

ICD_203: dict[str, tuple[float, float]] = {
    "almost no chance": (0.01, 0.05),
    "very unlikely": (0.05, 0.20),
    "unlikely": (0.20, 0.45),
    "roughly even chance": (0.45, 0.55),
    "likely": (0.55, 0.80),
    "very likely": (0.80, 0.95),
    "almost certain": (0.95, 0.99),
}
SYNONYMS = {
    "remote": "almost no chance",
    "highly improbable": "very unlikely",
    "improbable": "unlikely",
    "roughly even odds": "roughly even chance",
    "probable": "likely",
    "highly probable": "very likely",
    "nearly certain": "almost certain",
}
HEDGES: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("may", "might", "could", "perhaps", "maybe", "possibly"), (0.20, 0.55)),
    "could easily": (0.55, 0.80),
    "not likely": (0.20, 0.45),
    "may prove difficult": (0.20, 0.45),
    "certainly": (0.95, 0.99),
    "safe to assume": (0.90, 0.99),
}
KEY_ASSUMPTION = "safe to assume"

BANDS: dict[str, tuple[float, float]] = {
    **ICD_203,
    **{word: ICD_203[meaning] for word, meaning in SYNONYMS.items()},
    **HEDGES,
}


def in_words(probability: float) -> str:
    """The ICD 203 word of a probability; bands are half-open, and the ends below 1 % and above 99 % said as such.

    >>> in_words(0.55), in_words(0.004)
    ('likely', 'below 1 %')
    """
    if probability < 0.01:
        return "below 1 %"
    if probability > 0.99:
        return "above 99 %"
    for word, (_, high) in ICD_203.items():
        if probability < high:
            return word
    return "almost certain"
