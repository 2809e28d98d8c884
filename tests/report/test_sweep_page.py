"""The sweep page as a page: closed, accessible, small, and in a real browser."""

import re

import pytest

from assignstudy.sweep import write_sweep_page
from tests.stored_runs import store, store_copies, store_failed, store_manifest, street
from tests.views import CHINESE, HOSTILE

playwright = pytest.importorskip("playwright.sync_api")

KEYS = ["pick", "runs", "curves", "thresholds", "effects", "changes", "classes"]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking", "--disable-sync"]


def one_parameter(folder, boxes):
    return [store(folder, boxes, anchor_t=t) for t in (2.0, 3.0, 4.0, 5.0)]


def names(folder, boxes):
    return [store(folder, boxes, anchors=name) for name in ("coco_p5", "yolov3_tiny")]


def two_parameters(folder, boxes):
    return [store(folder, boxes, anchor_t=t, imgsz=size) for t in (3.0, 4.0) for size in (320, [384, 640])]


def three_parameters(folder, boxes):
    return [
        store(folder, boxes, anchor_t=t, imgsz=size, transform=name)
        for t in (3.0, 5.0)
        for size in (320, 640)
        for name in ("letterbox", "stretch")
    ]


def failures(folder, boxes):
    return [store_failed(folder, f"dataset: {HOSTILE}", anchor_t=0.2), *one_parameter(folder, boxes), "0123456789"]


SWEEPS = {one.__name__: one for one in (one_parameter, names, two_parameters, three_parameters, failures)}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    boxes = street(boxes=150, name=f"{HOSTILE}{CHINESE}")
    root = tmp_path_factory.mktemp("sweeps")
    for name, runs in SWEEPS.items():
        (root / name).mkdir()
        write_sweep_page(store_manifest(root / name, *runs(root / name, boxes)))
    return root


@pytest.fixture(params=list(SWEEPS))
def path(request, folders):
    return folders / request.param / "index.html"


@pytest.fixture
def html(path):
    return path.read_text(encoding="utf-8")


def test_points_nowhere_outside_and_runs_nothing(html):
    assert "http:" not in html
    assert "https:" not in html
    assert "<script" not in html
    assert "default-src 'none'" in html
    assert 'lang="en"' in html


def test_headings_are_in_order_and_sections_can_be_reached(html):
    assert [int(level) for level in re.findall(r"<h(\d)", html)] == [1, *([2] * 7)]
    links = re.findall(r'<li><a href="#([\w-]+)">', html)
    assert links == re.findall(r'<section id="([\w-]+)"', html) == KEYS


def test_ids_are_unique_and_pictures_say_what_they_show(html):
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert len(ids) == len(set(ids))
    labels = re.findall(r'<svg class="figure"[^>]*aria-label="([^"]+)"', html)
    assert labels
    assert len(labels) == html.count('<svg class="figure"')
    assert all(re.search(r"\d", label) for label in labels)


def test_every_section_states_a_finding(html):
    sections = re.findall(r"<section .*?</section>", html, re.DOTALL)
    assert all(re.search(r'<p class="finding">\S.*?\.</p>', one, re.DOTALL) for one in sections)


def test_best_and_worst_are_words(folders):
    html = (folders / "one_parameter" / "index.html").read_text(encoding="utf-8")
    assert '<span class="mark">best</span>' in html
    assert '<span class="mark">worst</span>' in html
    assert '<span class="mark">pick, baseline</span>' in html


def test_three_parameters_have_small_multiples(folders):
    html = (folders / "three_parameters" / "index.html").read_text(encoding="utf-8")
    captions = re.findall(r"<figcaption>(.*?)</figcaption>", html)
    assert {"Best possible recall: letterbox", "Contested slots: stretch"} <= set(captions)
    assert any(caption.startswith("Every run as a line") for caption in captions)


def test_a_hundred_runs_stay_below_a_megabyte(tmp_path):
    run = store(tmp_path / "one", street(boxes=30))
    folder = store_copies(tmp_path / "many", run, [2 + k / 4 for k in range(20)], [160, 224, 320, 480, 640])
    page = write_sweep_page(folder)
    assert page.stat().st_size < 1_000_000


@pytest.fixture(scope="module")
def browser(chromium_path):
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(chromium_path), args=FLAGS)
        yield browser
        browser.close()


def test_opens_from_disk_quietly_and_never_scrolls_sideways(browser, path):
    page, heard = browser.new_page(viewport={"width": 360, "height": 740}), []
    page.on("console", lambda message: heard.append(message.text))
    page.on("pageerror", lambda error: heard.append(str(error)))
    page.on("request", lambda request: heard.append(request.url) if not request.url.startswith("file:") else None)
    page.goto(path.as_uri())
    page.wait_for_timeout(100)
    assert heard == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    assert HOSTILE in page.locator("h1").inner_text()
    assert CHINESE in page.title()
    page.close()


def test_on_paper_stands_the_table_of_runs_alone(browser, folders):
    page = browser.new_page()
    page.goto((folders / "three_parameters" / "index.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator("table:visible").count() == 1
    assert page.locator("#runs table:visible").count() == 1
    assert page.locator(".on-paper:visible").count() == 1
    page.emulate_media(media="screen")
    assert page.locator(".on-paper:visible").count() == 0
    page.close()


def test_tables_can_be_read_without_scripts_and_lead_to_the_runs(browser, folders):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((folders / "failures" / "index.html").as_uri())
    table = page.locator("#runs table").first
    assert table.locator("tbody tr").count() == 5
    assert table.get_by_text("failed").count() == 1
    assert page.locator("#runs").get_by_text(HOSTILE).count() == 1
    table.locator("a").first.click()
    assert page.title() == "run"
    context.close()
