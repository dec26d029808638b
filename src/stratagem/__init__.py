"""Stratagem: what would shift a leader's calculus?

>>> import stratagem
>>> answer = stratagem.solve("signorino-deterrence", worlds=100)
>>> answer.questions[0].probability.mean  # doctest: +SKIP
"""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = [
    "Answer", "Case", "Forecast", "StratagemError", "discover", "flips", "learn", "load", "options", "sensitivity", "shift", "solve",
]  # fmt: skip

if TYPE_CHECKING:
    from stratagem.analyse.forecast import Forecast
    from stratagem.analyses import discover, flips, learn, options, sensitivity, shift
    from stratagem.api import solve
    from stratagem.catalogue import Case, load
    from stratagem.errors import StratagemError
    from stratagem.show.notebook import Answer

_HOME = {
    "solve": "stratagem.api", "load": "stratagem.catalogue", "Case": "stratagem.catalogue",
    "Answer": "stratagem.show.notebook", "Forecast": "stratagem.analyse.forecast", "StratagemError": "stratagem.errors",
    **dict.fromkeys(("discover", "flips", "learn", "options", "sensitivity", "shift"), "stratagem.analyses"),
}  # fmt: skip


def __getattr__(name: str) -> Any:
    """Public names are imported when first asked for, so that `import stratagem` costs nothing."""
    if name not in _HOME:
        raise AttributeError(f"module 'stratagem' has no attribute {name!r}")
    return getattr(import_module(_HOME[name]), name)


class _Package(ModuleType):
    """Keeps the import of a subpackage, `stratagem.solve`, from taking the place of the function of that name."""

    def __setattr__(self, name: str, value: object) -> None:
        if not (name in _HOME and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
