"""The report in a real browser: quiet, alone, within its width, accessible, and as it looked when a person last looked at it.

`pytest tests/test_browser.py --update-golden` takes the pictures again; look at them before keeping them.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from reports import CHROMIUM, FOUNDING, PAYLOADS, html_of

MISSING = "the report was not opened in a browser: pip install 'stratagem[report,browser]'"
for package in ("jinja2", "vl_convert"):
    pytest.importorskip(package, reason=MISSING)
Axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=MISSING).Axe
sync_playwright = pytest.importorskip("playwright.sync_api", reason=MISSING).sync_playwright
PdfDocument = pytest.importorskip("pypdfium2", reason=MISSING).PdfDocument
Image = pytest.importorskip("PIL.Image", reason=MISSING)
ImageChops = pytest.importorskip("PIL.ImageChops", reason=MISSING)
ImageStat = pytest.importorskip("PIL.ImageStat", reason=MISSING)

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: the report was not opened in a browser")

GOLDEN = Path(__file__).parent / "golden" / "report"
HEIGHT = 800
LOOKS = [(1280, "light"), (1280, "dark"), (390, "light"), (390, "dark")]
MOST_PAGES = 25
COARSE = 12  # pixels of a picture to one that is compared: fonts may differ, what stands where may not
MOST_DIFFERENT = 6.0  # mean difference in 255 levels of grey
FLIPS = "section:has(> h2:text-is('What would flip it'))"
CONTACT = (6, 200)  # pages abreast on the sheet of the print, and the width of each
FAULTS = "<title>x</title><img src='data:,'><p style='color:#ccc;background:#fff'>pale</p><script>console.log(1)</script><div style='width:2000px'>wide</div>"
OUTSIDE = """() => [...document.querySelectorAll('svg text')].filter(one => {
  const inner = one.getBoundingClientRect(), outer = one.closest('svg').getBoundingClientRect();
  return inner.width > 0 && (inner.left < outer.left - 2 || inner.right > outer.right + 2 || inner.top < outer.top - 3 || inner.bottom > outer.bottom + 3);
}).map(one => one.textContent)"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_playwright() as play:
        chromium = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield chromium
        chromium.close()


class Opened:
    """A page in a window of its own, with everything that it says and asks for."""

    def __init__(self, browser: Any, file: Path, width: int, scheme: Any) -> None:
        window = browser.new_context(viewport={"width": width, "height": HEIGHT}, color_scheme=scheme, bypass_csp=True)
        self.page = window.new_page()
        self.said: list[str] = []
        self.asked: list[str] = []
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda fault: self.said.append(str(fault)))
        self.page.on("dialog", lambda dialog: (self.said.append(dialog.message), dialog.dismiss()))
        self.page.on("request", lambda request: self.asked.append(request.url))
        self.page.goto(file.as_uri())
        self.width = self.page.evaluate("document.documentElement.scrollWidth")

    @property
    def faults(self) -> list[str]:
        """What axe finds that is serious or critical."""
        found = Axe().run(self.page).response["violations"]
        return [f"{one['id']}: {one['help']}" for one in found if one["impact"] in ("serious", "critical")]


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    windows: list[Opened] = []

    def open_(html: str, width: int = 1280, scheme: str = "light") -> Opened:
        file = tmp_path / "report.html"
        file.write_text(html, "utf-8")
        windows.append(Opened(browser, file, width, scheme))
        return windows[-1]

    yield open_
    for one in windows:
        one.page.context.close()


@pytest.mark.parametrize(("width", "scheme"), LOOKS)
@pytest.mark.parametrize("name", [FOUNDING, "hostile", "signorino-deterrence"])
def test_is_quiet_alone_within_its_width_and_accessible(opened: Any, name: str, width: int, scheme: str) -> None:
    found = opened(html_of(name), width, scheme)
    assert found.said == []
    assert [one for one in found.asked if not one.startswith("file:")] == []
    assert len(found.asked) == 1
    assert found.width <= width
    assert found.page.evaluate(OUTSIDE) == []
    found.page.evaluate("document.querySelectorAll('details').forEach(one => { one.open = true })")
    assert found.page.evaluate("document.documentElement.scrollWidth") <= width
    assert found.faults == []


def test_the_checks_can_fail(opened: Any) -> None:
    found = opened(FAULTS)
    assert found.said == ["1"]
    assert found.width > 1280
    assert {one.partition(":")[0] for one in found.faults} >= {"color-contrast", "image-alt"}


def test_hostile_titles_are_shown_and_do_nothing(opened: Any) -> None:
    found = opened(html_of("hostile"))
    assert found.page.locator("h1").inner_text() == PAYLOADS["scenario"]
    assert found.page.title().startswith(PAYLOADS["scenario"])
    assert found.page.locator("script, iframe, img, link, object, math").count() == 0


def test_the_first_screen_has_all_three_answers(opened: Any) -> None:
    page = opened(html_of(FOUNDING)).page
    for card in page.locator(".card").all():
        box = card.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= HEIGHT
    narrow = opened(html_of(FOUNDING), 390).page
    for heading in narrow.locator(".card .first").all():
        box = heading.bounding_box()
        assert box is not None
        assert box["y"] < HEIGHT


# --- how it looks ------------------------------------------------------------------------------------------------


def printed(page: Any) -> Any:
    return PdfDocument(page.pdf(print_background=True, prefer_css_page_size=True, format="A4"))


def test_prints_on_few_pages_none_of_them_empty(opened: Any) -> None:
    pages = printed(opened(html_of(FOUNDING)).page)
    assert len(pages) <= MOST_PAGES
    assert all(len(page.get_textpage().get_text_range()) > 100 for page in pages)


@pytest.mark.parametrize(
    ("name", "width", "scheme", "place"),
    [
        ("first-1280", 1280, "light", None), ("first-1280-dark", 1280, "dark", None), ("first-390", 390, "light", None),
        ("game-1280", 1280, "light", "#figure-game"), ("game-390", 390, "light", "#figure-game"),
        ("thresholds-1280", 1280, "light", f"{FLIPS} figure >> nth=0"), ("tornado-390-dark", 390, "dark", f"{FLIPS} figure >> nth=1"),
        ("map-1280", 1280, "light", f"{FLIPS} figure >> nth=2"), ("map-390-dark", 390, "dark", f"{FLIPS} figure >> nth=2"),
    ],
)  # fmt: skip
def test_looks_as_it_did(opened: Any, request: pytest.FixtureRequest, name: str, width: int, scheme: str, place: str | None) -> None:  # fmt: skip
    page = opened(html_of(FOUNDING), width, scheme).page
    taken = page.locator(place).screenshot() if place else page.screenshot()
    compare(Image.open(io.BytesIO(taken)), name, request)


def test_prints_as_it_did(opened: Any, request: pytest.FixtureRequest) -> None:
    across, width = CONTACT
    pages = [page.render(scale=width / page.get_width()).to_pil() for page in printed(opened(html_of(FOUNDING)).page)]
    tall = pages[0].height
    sheet = Image.new("RGB", (across * width, -(-len(pages) // across) * tall), "grey")
    for place, page in enumerate(pages):
        sheet.paste(page, (place % across * width, place // across * tall))
    compare(sheet, "print", request)


def compare(taken: Any, name: str, request: pytest.FixtureRequest) -> None:
    """Hold a picture against the one that was looked at, both made coarse."""
    file = GOLDEN / f"{name}.png"
    if request.config.getoption("--update-golden"):
        GOLDEN.mkdir(parents=True, exist_ok=True)
        taken.convert("RGB").quantize(128, dither=Image.Dither.NONE).save(file, optimize=True)
    golden = Image.open(file)
    size = (max(golden.width // COARSE, 1), max(golden.height // COARSE, 1))
    difference = ImageChops.difference(
        *(one.convert("L").resize(size, Image.Resampling.BOX) for one in (taken, golden))
    )
    assert ImageStat.Stat(difference).mean[0] <= MOST_DIFFERENT, f"{name} looks different; see --update-golden"
    assert abs(taken.height - golden.height) <= 0.05 * golden.height
