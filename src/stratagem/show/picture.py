"""The first screen of an answer as a picture: what the terminal shows of its key judgements, as SVG."""

from __future__ import annotations

import io
import re
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from stratagem.analyse.forecast import Forecast
from stratagem.show.files import write_atomically
from stratagem.show.terminal import render_judgements

WIDTH = 88
PAPER = TerminalTheme(
    (255, 255, 255),
    (32, 36, 40),
    [
        (32, 36, 40),
        (176, 32, 32),
        (24, 112, 48),
        (140, 96, 0),
        (24, 72, 160),
        (120, 32, 120),
        (0, 104, 128),
        (96, 100, 104),
    ],
)
# Fonts are the reader's own: a picture that fetches one would tell who opened it.
FORMAT = re.sub(r"@font-face\s*\{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)


def write_picture(answer: Forecast, file: str | Path) -> None:
    """Draw the key judgements to an SVG file, replacing it in one step. Raises `StratagemError` where that fails."""
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True, highlight=False, markup=False)
    console.print(render_judgements(answer))
    write_atomically(file, console.export_svg(title="stratagem solve", theme=PAPER, code_format=FORMAT))
