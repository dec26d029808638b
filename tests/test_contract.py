"""What holds of the code as a whole: stages depend one way, public names are documented, cited rules exist."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import pytest

from stratagem.errors import UsageError
from stratagem.rules import PAGES, rule, rules

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "src" / "stratagem"
FILES = sorted(SOURCE.rglob("*.py"))
LINT_IMPORTS = Path(sys.executable).parent / "lint-imports"
RULE = re.compile(r"\b[FLM][1-9][0-9]?\b|^efg$|(?<=\[)efg(?=\])")
PLANTED = {
    "a scenario module that knows the command line": ("scenario/dates.py", "from stratagem.cli import main"),
    "a graph module that knows the solver": ("graph/timeline.py", "from stratagem.solve.kernel import mean"),
    "a solver module that knows an analysis": ("solve/kernel.py", "from stratagem.analyse.pooling import pool"),
    "an analysis that knows a view": ("analyse/pooling.py", "from stratagem.show.numbers import SAME"),
    "a scenario module that loads arrays": ("scenario/dates.py", "import numpy"),
    "errors that know a stage": ("errors.py", "from stratagem.scenario.dates import Date"),
}


def imports_are_kept(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [LINT_IMPORTS, "--no-cache"], cwd=folder, capture_output=True, text=True, check=False,
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(folder / "src")},
    )  # fmt: skip


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("copy")
    shutil.copytree(SOURCE, folder / "src" / "stratagem", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_stages_depend_one_way(copy: Path) -> None:
    found = imports_are_kept(copy)
    assert found.returncode == 0, found.stdout


@pytest.mark.parametrize("name", PLANTED)
def test_an_import_against_the_way_is_caught(copy: Path, name: str) -> None:
    place, line = PLANTED[name]
    file = copy / "src" / "stratagem" / place
    text = file.read_text("utf-8")
    file.write_text(text + f"\n{line}\n", "utf-8")
    try:
        found = imports_are_kept(copy)
    finally:
        file.write_text(text, "utf-8")
    assert found.returncode != 0
    assert "BROKEN" in found.stdout


# Documentation


def public(tree: ast.AST, prefix: str = "") -> Iterator[tuple[str, ast.AST]]:
    """Every public function, class and method."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            yield f"{prefix}{node.name}", node
            if isinstance(node, ast.ClassDef):
                yield from public(node, f"{prefix}{node.name}.")


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_what_is_public_is_documented(file: Path) -> None:
    tree = ast.parse(file.read_text("utf-8"))
    missing = [name for name, node in public(tree) if ast.get_docstring(node) is None]  # type: ignore[arg-type]
    assert missing == []


@pytest.mark.parametrize(
    "file", [one for one in FILES if one.read_text("utf-8").strip()], ids=lambda file: str(file.relative_to(SOURCE))
)
def test_a_module_says_what_it_is_for(file: Path) -> None:
    assert ast.get_docstring(ast.parse(file.read_text("utf-8")))


def strings(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def cited(file: Path) -> set[str]:
    return {one for text in strings(ast.parse(file.read_text("utf-8"))) for one in RULE.findall(text)}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_rule_that_a_message_cites_exists(file: Path) -> None:
    assert cited(file) <= set(rules())


def test_many_rules_are_cited() -> None:
    found = {one for file in FILES for one in cited(file)}
    assert len(found) > 40
    assert {one.rstrip("0123456789") for one in found} == {"L", "M", "F", "efg"}


def test_the_rules_are_those_of_the_documentation() -> None:
    pages = "".join((ROOT / "docs" / page).read_text("utf-8") for page in PAGES)
    numbered = [
        f"{letter}{number}" for letter, count in (("L", 25), ("M", 15), ("F", 9)) for number in range(1, count + 1)
    ]
    assert list(rules()) == [*numbered, "efg"]
    assert re.findall(r"^## ([LMF][0-9]+|efg) ", pages, re.MULTILINE) == list(rules())


def test_no_text_counts_more_or_fewer_rules_than_there_are() -> None:
    last = {"L": "L25", "M": "M15"}
    for file in (*FILES, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "docs").glob("*.md"))):
        for letter, end in re.findall(r"`([LM])1` to `([LM][0-9]+)`", file.read_text("utf-8")):
            assert end == last[letter], file


def test_the_text_of_a_rule_ends_where_a_section_without_number_begins() -> None:
    _, text = rules()["F8"]
    assert text.startswith("`rows`, and `--where`")
    assert "##" not in text


def test_rules_are_listed_in_order_and_found_in_any_case() -> None:
    with pytest.raises(UsageError, match=r"F8, F9, L1, L2, .*, L9, L10, .*, M15, efg$"):
        rule("L99")
    assert rule("f4")[0] == "F4"
    assert rule("EFG")[0] == "efg"


def test_a_wheel_holds_the_texts_of_the_rules(tmp_path: Path) -> None:
    built = pytest.importorskip("hatchling.builders.wheel").WheelBuilder(str(ROOT))
    (wheel,) = built.build(directory=str(tmp_path), versions=["standard"])
    with ZipFile(wheel) as packed:
        for page in PAGES:
            assert packed.read(f"stratagem/rules/{page}") == (ROOT / "docs" / page).read_bytes()


# Cost of the cold path


@pytest.mark.parametrize(
    "words", [("check", "signorino-deterrence"), ("list",), ("explain", "M6"), ("schema",), ("--help",)]
)
def test_what_solves_nothing_loads_no_array_library(words: tuple[str, ...]) -> None:
    code = (
        "import sys\nfrom stratagem.cli import main\n"
        f"try:\n    main({list(words)!r})\nexcept SystemExit:\n    pass\n"
        "print({'numpy', 'scipy', 'jax'} & set(sys.modules), file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stderr == "set()\n"


def test_solving_loads_neither_statistics_nor_jax() -> None:
    code = (
        "import sys\nfrom stratagem.api import solve\nsolve('kazakhstan-ukraine-2022', worlds=10)\n"
        "print({'scipy.stats', 'jax', 'matplotlib', 'pandas'} & set(sys.modules))"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"


def test_help_reads_no_scenario() -> None:
    code = (
        "import sys\nfrom stratagem.cli import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        "print({'pydantic', 'yaml', 'rich'} & set(sys.modules), file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stderr == "set()\n"
