"""The run page as a browser shows it: real Chromium, from disk, with hostile names on it."""

from dataclasses import replace

import pytest

from assignstudy.report.render import write_run_page
from assignstudy.sweep import write_sweep_page
from tests.stored_runs import store, store_failed, store_manifest, street
from tests.views import CHINESE, HOSTILE, demo_view, hostile_view

playwright = pytest.importorskip("playwright.sync_api")

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


@pytest.fixture(scope="module")
def browser(chromium_path):
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(chromium_path), args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    for name, view in (("demo", demo_view()), ("hostile", hostile_view())):
        assert write_run_page(folder / f"{name}.html", view) == ()
    hostile_sweep(folder / "sweep")
    return folder


def hostile_sweep(folder):
    """The page of a sweep whose settings, data set and errors a stranger named."""
    runs = [
        store(folder, replace(street(), name=HOSTILE), anchor_t=t, overrides=(f"+x={HOSTILE}", f"anchor_t={t}"))
        for t in (3.0, 4.0)
    ]
    failed = store_failed(folder, f"anchors.path: {HOSTILE}: cannot be read", anchors="yolov3_tiny")
    (folder / "0123456789").mkdir()
    write_sweep_page(store_manifest(folder, *runs, failed, "0123456789"))


@pytest.fixture
def opened(browser, pages):
    """Opens a page and hands over the page and everything it complained about or asked for."""
    contexts = []

    def open_page(name, **options):
        context = browser.new_context(**options)
        contexts.append(context)
        context.set_default_timeout(120_000)  # a busy machine is slow, not broken
        page, heard = context.new_page(), []
        page.on("console", lambda message: heard.append(message.text))
        page.on("pageerror", lambda error: heard.append(str(error)))
        page.on("request", lambda request: heard.append(request.url) if not _is_page(request.url) else None)
        page.goto((pages / f"{name}.html").as_uri())
        return page, heard

    yield open_page
    for context in contexts:
        context.close()


def _is_page(url):
    return url.startswith(("file://", "data:"))


@pytest.mark.parametrize(("name", "sections"), [("demo", 9), ("hostile", 9), ("sweep/index", 5)])
def test_opens_from_disk_quietly(opened, name, sections):
    page, heard = opened(name)
    page.wait_for_timeout(100)
    assert heard == []
    assert page.locator("main section").count() >= sections


@pytest.mark.parametrize("name", ["hostile", "sweep/index"])
def test_markup_in_names_is_inert_where_scripts_may_run(opened, name):
    page, heard = opened(name, java_script_enabled=True, bypass_csp=True)
    page.wait_for_timeout(100)
    assert page.title() != "broken"
    assert page.locator("script, iframe, img, object, embed, link, a[href^=javascript]").count() == 0
    assert HOSTILE in page.locator("body").inner_text()
    assert heard == []


def test_names_are_shown_as_text(opened):
    page, heard = opened("hostile")
    assert "broken" not in page.title()[:8]
    assert page.locator("script").count() == 0
    text = page.locator("main").inner_text()
    assert HOSTILE in text
    assert CHINESE in text
    page.locator("details").evaluate_all("all => all.forEach(one => one.open = true)")
    assert f"{CHINESE}.jpg" in page.locator("main").inner_text()
    assert heard == []


@pytest.mark.parametrize("name", ["demo", "hostile"])
def test_nothing_scrolls_sideways_on_a_phone(opened, name):
    page, _ = opened(name, viewport={"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_colours_follow_the_scheme(opened):
    seen = {}
    for scheme in ("light", "dark"):
        page, _ = opened("demo", color_scheme=scheme)
        seen[scheme] = page.evaluate(
            "[getComputedStyle(document.body).color, getComputedStyle(document.documentElement).backgroundColor,"
            " getComputedStyle(document.querySelector('svg.figure text')).fill]"
        )
    assert all(light != dark for light, dark in zip(seen["light"], seen["dark"], strict=True))


def test_tables_can_be_read_without_scripts(opened):
    page, _ = opened("demo", java_script_enabled=False)
    page.locator("summary", has_text="anchors").first.click()
    assert page.locator("details[open] table td").first.is_visible()


def test_folded_tables_are_open_on_paper(opened):
    page, _ = opened("demo")
    page.emulate_media(media="print")
    assert page.locator("details:not([open])").count() > 3
    heights = page.locator("details table").evaluate_all("all => all.map(one => one.getBoundingClientRect().height)")
    assert min(heights) > 10


def test_text_in_figures_is_large_enough(opened):
    for width in (360, 1200):
        page, _ = opened("demo", viewport={"width": width, "height": 800})
        smallest = page.evaluate(
            """() => Math.min(...[...document.querySelectorAll('svg.figure')].flatMap(svg => {
                const scale = svg.getBoundingClientRect().width / svg.viewBox.baseVal.width;
                const texts = [...svg.querySelectorAll('text')];
                return texts.map(text => parseFloat(getComputedStyle(text).fontSize) * scale);
            }))"""
        )
        assert smallest >= 10.3
