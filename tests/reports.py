"""Reports that tests read and open: those of the catalogue, and one of a scenario whose every title attacks the page."""

from __future__ import annotations

import json
import shutil
from functools import cache

from stratagem.analyse.briefing import Briefing, brief
from stratagem.analyse.study import Study
from stratagem.api import solve
from stratagem.catalogue import Case, load
from stratagem.show.report import report_html

FOUNDING = "kazakhstan-ukraine-2022"
WORLDS = 120
CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), None
)
PAYLOADS = {
    "scenario": "</title></script><script>document.title='broken'</script>",
    "question": "<!--{{7*7}} ${alert(1)}",
    "player": '"><img src=x onerror=console.log(1)>',
    "move": "{{ config }}{% raw %}</style><style>*{display:none}",
    "x": "</svg><svg onload=console.log(1)>",
    "y": "x" * 400,
    "asked": "<iframe src=http://canary.invalid/a></iframe>",
    "source": "</text><script href='http://canary.invalid/b'/>",
    "claim": "<link rel=stylesheet href=http://canary.invalid/c>",
    "assumption": "' onmouseover='console.log(1)",
    "outcome": "{% include 'x' %}{{ [].__class__ }}",
    "unit": "<math><mi xlink:href='data:text/html,x'>",
}
HOSTILE = """
scenario: {scenario}
question: {question}
sources:
  bad: {{title: {source}, url: "javascript:alert(1)", note: {claim}}}
  good: {{title: Good, url: "https://example.org/a?b=1&c=<d>"}}
players: {{a: {player}, b: {{name: B}}}}
quantities:
  known to all:
    q: {{is: 0.2 to 0.6, title: {unit}, assumption: {assumption}}}
    r: {{is: 0.2 to 0.6, source: "bad {claim_place}"}}
timeline:
  - move: first
    player: b
    actions: {{go: {{title: {x}}}, stay: {{payoffs: {{b: r}}}}}}
  - move: m
    player: a
    title: {move}
    actions:
      x: {{title: {x}, end: over, payoffs: {{a: q}}}}
      y: {{title: {y}, payoffs: {{a: r, b: 1}}}}
      z: {{if: first == go, payoffs: {{a: 0.5}}}}
outcomes:
  over: {{title: {outcome}}}
questions:
  asked: {{title: {asked}, event: m == x, base rate: {{is: 6 of 75, source: bad}}}}
claims:
  C1: {{at: "bad P1", says: {claim}, modelled by: [m]}}
  C2: {{at: "good P2", says: {asked}, not modelled: {move}}}
""".format(claim_place="P1 <b>", **{name: json.dumps(text) for name, text in PAYLOADS.items()})


@cache
def briefing_of(name: str) -> Briefing:
    case = Case("hostile", "hostile.yaml", HOSTILE) if name == "hostile" else load(name)
    return brief(Study(case, worlds=WORLDS), solve(case, worlds=WORLDS))


@cache
def html_of(name: str) -> str:
    return report_html(briefing_of(name))
