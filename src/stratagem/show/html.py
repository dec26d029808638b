"""Templates to HTML that needs nothing else: no script, no request, all text of users escaped.

The one place that imports `jinja2`. Autoescape is on whatever the name of a template, and only drawn figures pass as markup.
"""

from __future__ import annotations

from importlib import resources
from importlib.util import find_spec
from typing import Any

from stratagem.errors import StratagemError
from stratagem.show.figures import Figure
from stratagem.show.vega import EXTRA

STYLE = "report.css"


def check_packages() -> None:
    """Raise `StratagemError` where a package that a page needs is missing, before time is spent on what it would show."""
    if any(find_spec(name) is None for name in ("jinja2", "vl_convert")):
        raise StratagemError(EXTRA)


def page(template: str, context: dict[str, Any]) -> str:
    """A template of this package filled in. Raises `StratagemError` where a package of the extra `report` is missing."""
    try:
        from jinja2 import Environment, FunctionLoader, StrictUndefined  # noqa: PLC0415  only pages need it
        from markupsafe import Markup  # noqa: PLC0415
    except ImportError:
        raise StratagemError(EXTRA) from None
    files = resources.files(__package__ or "stratagem.show")
    environment = Environment(
        loader=FunctionLoader(lambda name: (files / name).read_text("utf-8")),
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True, finalize=_together,
    )  # fmt: skip
    style = Markup((files / STYLE).read_text("utf-8"))  # ours, and without `</`
    return environment.get_template(template).render(style=style, **_safe(context, Markup))


def _together(value: Any) -> Any:
    """Text in which no line breaks between a number, its error and its percent sign.

    >>> _together("16 ± 1 % of worlds")
    '16\\xa0±\\xa01\\xa0% of worlds'
    """
    return (
        value.replace(" %", "\N{NO-BREAK SPACE}%").replace(" ± ", "\N{NO-BREAK SPACE}±\N{NO-BREAK SPACE}")
        if type(value) is str
        else value
    )


def _safe(value: Any, markup: type[str]) -> Any:
    """The same data with drawn figures marked as markup."""
    if isinstance(value, Figure):
        return {
            "name": value.name, "title": value.title, "key": value.key, "wide": markup(value.wide), "narrow": markup(value.narrow),
        }  # fmt: skip
    if isinstance(value, dict):
        return {key: _safe(inner, markup) for key, inner in value.items()}
    return [_safe(one, markup) for one in value] if isinstance(value, list) else value
