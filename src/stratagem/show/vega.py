"""A declarative figure (Vega-Lite, as plain data) to inert SVG that takes its colours from the page around it.

The one place that imports `vl_convert`. What it draws is taken apart and put together again from an allow-list of elements and attributes, so that
no text of a scenario can become anything but text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree

from stratagem.errors import StratagemError

EXTRA = 'the report needs further packages: pip install "stratagem[report]"'
ELEMENTS = {"svg", "g", "path", "line", "rect", "circle", "text", "tspan"}
ATTRIBUTES = {
    "transform", "d", "x", "y", "x1", "y1", "x2", "y2", "dy", "width", "height", "r", "cx", "cy", "viewBox", "fill", "stroke",
    "fill-opacity", "stroke-opacity", "opacity", "stroke-width", "stroke-dasharray", "stroke-linecap", "text-anchor", "font-size", "font-weight",
}  # fmt: skip
COLOURS = {
    "--paper": "#fdfdfb", "--ink": "#1d2126", "--soft": "#5c636b", "--line": "#dcdcd4", "--accent": "#1f5f9e", "--other": "#b4541a",
    "--p0": "#1f5f9e", "--p1": "#a94e16", "--p2": "#75419b", "--p3": "#27765a", "--p4": "#a3324f", "--p5": "#66661c",
}  # fmt: skip
_VALUE = re.compile(r"[-+0-9A-Za-z#.,()% ]*\Z")
CONFIG = {
    "aria": False,
    "view": {"stroke": None},
    "font": "sans-serif",
    "axis": {"labelColor": "var(--soft)", "titleColor": "var(--soft)", "gridColor": "var(--line)", "domain": False, "ticks": False, "labelFontSize": 12, "labelPadding": 6},
    "text": {"fontSize": 13, "color": "var(--ink)"},
}  # fmt: skip


def draw(spec: Mapping[str, Any], name: str, title: str, description: str) -> str:
    """The SVG of a figure, named for screen readers. Raises `StratagemError` where the package that draws is missing."""
    try:
        from vl_convert import vegalite_to_svg  # noqa: PLC0415  only reports need it
    except ImportError:
        raise StratagemError(EXTRA) from None
    whole = {"background": None, "config": CONFIG, **spec}
    root = _inert(ElementTree.fromstring(vegalite_to_svg(whole)))
    for attribute in ("width", "height"):
        root.attrib.pop(attribute, None)
    return named(root, name, title, description)


def named(root: ElementTree.Element, name: str, title: str, description: str) -> str:
    """The text of an SVG with its title and description for screen readers."""
    root.set("role", "img")
    root.set("aria-labelledby", f"{name}-title {name}-desc")
    for place, (tag, content) in enumerate((("title", title), ("desc", description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{tag}"})
        element.text = content
        root.insert(place, element)
    return ElementTree.tostring(root, encoding="unicode")


def standing_alone(svg: str) -> str:
    """An SVG made for a page, with the page's colours, paper and kind of letters written in."""
    for name, colour in COLOURS.items():
        svg = svg.replace(f"var({name})", colour)
    head, rest = svg.split(">", 1)
    named = head.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" font-family="sans-serif" ', 1)
    return f'{named}><rect width="100%" height="100%" fill="{COLOURS["--paper"]}"/>{rest}'


def _inert(element: ElementTree.Element) -> ElementTree.Element:
    """A copy that keeps known elements and known attributes with plain values only; names lose their namespace."""
    tag = element.tag.rpartition("}")[2]
    kept = {key: value for key, value in element.attrib.items() if key in ATTRIBUTES and _VALUE.match(value)}
    copy = ElementTree.Element(tag, kept)
    copy.text = element.text
    copy.extend(
        _inert(child) for child in element if child.tag.rpartition("}")[2] in ELEMENTS and not _is_hidden(child)
    )
    return copy


def _is_hidden(element: ElementTree.Element) -> bool:
    return element.get("display") == "none" or element.get("opacity") == "0" or element.get("d") in ("", "M0,0h0v0h0Z")
