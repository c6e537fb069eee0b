"""The report in a real browser: what is seen, asked for and done, and no complaint."""

import itertools
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from models.report import write_report
from real_case import real_run
from report_case import NAMES, read_data, report_text


@pytest.fixture(scope="session")
def text():
    return report_text()


@pytest.fixture(scope="session")
def data(text):
    return read_data(text)


@pytest.fixture
def quick(monkeypatch):
    """Leave the pictures out, which take longest."""
    monkeypatch.setattr("models.report.page.draw_figures", lambda runs, base: [])


def find_browser():
    path = shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        if os.environ.get("CI") == "true":
            pytest.fail("chromium is missing, and CI=true: apt install chromium")
        pytest.skip("no chromium on PATH (apt install chromium)")
    return path


@pytest.fixture(scope="session")
def browser():
    path = find_browser()
    playwright = pytest.importorskip("playwright.sync_api")
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    with playwright.sync_playwright() as started:
        chromium = started.chromium.launch(
            executable_path=path, args=["--no-sandbox"] if root else []
        )
        yield chromium
        chromium.close()


class Watched:
    """A page with everything that it complained of and asked for."""

    def __init__(self, browser, file, **kwargs):
        self.page = browser.new_page(**kwargs)
        self.file = file
        self.trouble, self.requests = [], []
        self.page.on("console", lambda m: self.trouble.append(f"{m.type}: {m.text}"))
        self.page.on("pageerror", lambda error: self.trouble.append(str(error)))
        self.page.on("dialog", lambda dialog: self.trouble.append(f"dialog: {dialog.message}"))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.open()

    def open(self, at="", ready="#lanes path"):
        """Load the file anew: nothing that was done to the page is left."""
        self.page.goto("about:blank")
        self.page.mouse.move(0, 0)
        self.page.emulate_media(media=None)
        self.trouble.clear()
        self.requests.clear()
        self.page.goto(Path(self.file).as_uri() + at)
        self.page.wait_for_selector(ready)
        self.touched = False

    def settle(self):
        """Wait until the map is drawn."""
        self.page.evaluate("() => new Promise((go) => requestAnimationFrame(() => "
                           "requestAnimationFrame(go)))")  # fmt: skip

    def lanes(self):
        """Corridors drawn, with the sum of what runs in their lanes."""
        self.settle()
        return self.page.evaluate(
            """() => {
              const sums = {};
              for (const lane of document.querySelectorAll("#lanes [data-corridor]"))
                sums[lane.dataset.corridor] =
                  (sums[lane.dataset.corridor] || 0) + Number(lane.dataset.value);
              return sums;
            }"""
        )


@pytest.fixture(scope="session")
def report_file(tmp_path_factory, text):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture(scope="session")
def tab(browser, report_file):
    """The report in one tab: a new tab for every test takes twice as long."""
    shown = Watched(browser, report_file, viewport={"width": 1360, "height": 900})
    yield shown
    shown.page.close()


@pytest.fixture
def seen(tab):
    """The report just loaded, for tests that only look."""
    if tab.touched:
        tab.open()
    yield tab
    assert tab.trouble == []
    assert [url for url in tab.requests if not url.startswith("file:")] == []
    assert len(tab.requests) == 1


@pytest.fixture
def watched(seen):
    """The report just loaded, for tests that do something to it."""
    seen.touched = True
    return seen


@pytest.mark.browser
def test_the_page_loads_offline_and_in_silence(seen, tmp_path):
    picture = tmp_path / "report.png"
    seen.page.screenshot(path=picture)
    assert picture.stat().st_size > 100_000
    assert seen.page.title() == "Kazakhstan's export routes"
    assert seen.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.browser
def test_widths_follow_the_square_root_of_the_flow(seen):
    pairs = seen.page.evaluate(
        """() => [...document.querySelectorAll("#lanes [data-corridor]")]
             .map((lane) => [lane.dataset.value, lane.getAttribute("stroke-width")].map(Number))"""
    )
    top, widest = max(pairs)
    assert len(pairs) > 100
    for value, width in pairs:
        assert width == pytest.approx(max(0.9, widest * (value / top) ** 0.5), abs=0.02)


@pytest.mark.browser
def test_markets_outside_the_view_are_listed_with_their_tonnage(seen):
    seen.settle()
    said = seen.page.inner_text("#beyond")
    run = real_run("baseline-2023")
    arrivals = run.routes.groupby("to")["mt"].sum()
    assert f"Rotterdam {arrivals['rotterdam']:.1f} Mt" in said
    assert "Istanbul" not in said


@pytest.mark.browser
def test_the_scenario_switch_changes_summary_map_and_tables(watched, data):
    page = watched.page
    before = watched.lanes()
    assert page.inner_text("#summary-title") == real_run("baseline-2023").title
    page.select_option("#scenario", "1")
    after = watched.lanes()
    via_russia = [name for name, *_ in data["corridors"]].index("via-russia")
    assert str(via_russia) in before
    assert str(via_russia) not in after
    assert page.inner_text("#summary-title") == real_run("russia-closed").title
    assert "find no way out" in page.inner_text("#summary-list")
    assert real_run("russia-closed").title in page.inner_text("#live")
    undelivered = real_run("russia-closed").indicators["undelivered_mt"]
    assert f"{undelivered:.1f} Mt" in page.inner_text("#summary-list")
    page.click("#comparison-table .pick >> nth=0")
    assert watched.lanes() == before


@pytest.mark.browser
def test_layers_by_commodity_and_corridor_add_up(watched, data):
    page = watched.page
    everything = watched.lanes()
    page.click("#no-commodities")
    assert watched.lanes() == {}
    number = [name for name, _ in data["commodities"]].index("uranium")
    page.check(f"input[name=commodity][value='{number}']")
    uranium = watched.lanes()
    assert 0 < sum(uranium.values()) < 0.01 * sum(everything.values())
    assert "hidden" not in page.inner_text("#live")
    page.click("#all-commodities")
    assert watched.lanes() == pytest.approx(everything)
    page.uncheck("input[name=corridor] >> nth=0")
    fewer = watched.lanes()
    assert len(fewer) == len(everything) - 1
    assert all(fewer[key] == pytest.approx(everything[key]) for key in fewer)
    page.check("input[name=measure][value=value]")
    assert sum(watched.lanes().values()) > 100 * sum(fewer.values())


@pytest.mark.browser
def test_the_map_answers_mouse_wheel_and_keys(watched):
    page = watched.page

    def view():
        watched.settle()
        box = page.get_attribute("#drawing", "viewBox")
        return [float(value) for value in box.split()]

    home = view()
    page.locator("#map").scroll_into_view_if_needed()
    box = page.locator("#map").bounding_box()
    page.mouse.move(box["x"] + 300, box["y"] + 200)
    page.mouse.wheel(0, -300)
    nearer = view()
    assert nearer[2] < home[2]
    page.mouse.down()
    page.mouse.move(box["x"] + 200, box["y"] + 200, steps=4)
    page.mouse.up()
    moved = view()
    assert moved[0] > nearer[0]
    assert moved[2] == pytest.approx(nearer[2])
    page.focus("#map")
    page.keyboard.press("ArrowRight")
    assert view()[0] > moved[0]
    page.keyboard.press("+")
    assert view()[2] < moved[2]
    page.keyboard.press("-")
    page.keyboard.press("0")
    assert view() == pytest.approx(home)
    page.click("#zoom-in")
    assert view()[2] < home[2]


@pytest.mark.browser
def test_keys_lead_from_the_largest_flow_to_its_sheet_and_its_sources(watched):
    page = watched.page
    page.focus("#map")
    page.keyboard.press("PageDown")
    assert "a year" in page.inner_text("#tip")
    assert "Source: " in page.inner_text("#tip")
    assert "a year" in page.inner_text("#live")
    page.keyboard.press("Enter")
    assert page.locator("#sheet").get_attribute("open") is not None
    body = page.inner_text("#sheet-body")
    for words in ("Length", "Time", "Charges", "Grade", "Sources"):
        assert words in body
    link = page.locator("#sheet-body a[href^='#source-']").first
    target = link.get_attribute("href")
    link.click()
    assert page.locator("#sheet").get_attribute("open") is None
    assert page.evaluate("location.hash") == target
    assert page.locator(f"[id='{target[1:]}']").is_visible()


@pytest.mark.browser
def test_the_mouse_finds_a_line_and_a_click_opens_it(watched):
    page = watched.page
    page.locator("#map").scroll_into_view_if_needed()
    point = page.evaluate(
        """() => {
          const hit = [...document.querySelectorAll(".hit")].at(-1);
          const at = hit.getPointAtLength(hit.getTotalLength() / 2);
          const m = hit.getScreenCTM();
          return [at.x * m.a + m.e, at.y * m.d + m.f];
        }"""
    )
    page.mouse.move(*point)
    assert "Mt a year" in page.inner_text("#tip")
    page.mouse.down()
    page.mouse.up()
    assert page.locator("#sheet").get_attribute("open") is not None
    page.keyboard.press("Escape")
    assert page.locator("#sheet").get_attribute("open") is None


@pytest.mark.browser
def test_tables_sort_and_say_so(watched):
    page = watched.page
    head = page.locator("#comparison-table thead th", has_text="Exports")
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "descending"
    values = page.eval_on_selector_all(
        "#comparison-table tbody tr", "rows => rows.map((r) => Number(r.cells[1].dataset.value))"
    )
    assert values == sorted(values, reverse=True)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    assert "Sorted by Exports, ascending" in page.inner_text("#live")
    page.fill("#route-table input", "uranium")
    shown = page.eval_on_selector_all(
        "#route-table tbody tr", "rows => rows.map((r) => r.cells[0].textContent)"
    )
    assert shown
    assert set(shown) == {"Uranium"}


@pytest.mark.browser
def test_an_address_opens_a_sheet(tab):
    tab.open("#shared-caspian-tankers", ready="#sheet[open]")
    tab.touched = True
    assert tab.page.inner_text("#sheet-title") == "Caspian tankers"
    assert "ship-days" in tab.page.inner_text("#sheet-body")


@pytest.mark.browser
def test_everything_has_a_name_and_a_place_in_the_order(watched):
    nameless = watched.page.evaluate(
        """() => {
          const named = (node) =>
            node.getAttribute("aria-label") || node.getAttribute("aria-labelledby")
            || node.textContent.trim() || (node.labels && node.labels.length);
          const wanted = "a, button, select, input, th, [role=region], [role=group], #map";
          return [...document.querySelectorAll(wanted)]
            .filter((n) => !named(n)).map((n) => n.outerHTML.slice(0, 80));
        }"""
    )
    assert nameless == []
    levels = watched.page.eval_on_selector_all(
        "main h2, main h3, header h1", "nodes => nodes.map((n) => Number(n.tagName[1]))"
    )
    assert levels[0] == 1
    assert all(b - a <= 1 for a, b in itertools.pairwise(levels))
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.textContent") == "Skip to the report"
    watched.page.keyboard.press("Enter")
    watched.page.keyboard.press("Tab")
    assert watched.page.evaluate("document.activeElement.closest('main') !== null")


@pytest.mark.browser
def test_it_prints(watched):
    watched.page.emulate_media(media="print")
    assert not watched.page.is_visible(".switch")
    assert not watched.page.is_visible(".zoom")
    assert watched.page.is_visible("#drawing")
    assert watched.page.is_visible("#route-table table")


@pytest.mark.browser
def test_without_a_script_the_page_still_tells(browser, report_file):
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(report_file.as_uri())
    assert "needs JavaScript" in page.inner_text("noscript")
    assert "exports" in page.inner_text("#summary-list")
    assert page.locator("#comparison-table tbody tr").count() == len(NAMES)
    context.close()


@pytest.mark.browser
def test_hostile_titles_do_nothing_in_a_browser(quick, browser, tmp_path):
    nasty = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    run = replace(real_run("baseline-2023"), title=nasty)
    file = write_report([run], tmp_path / "report.html", title=nasty)
    shown = Watched(browser, file)
    shown.settle()
    assert shown.trouble == []
    assert len(shown.requests) == 1
    assert shown.page.inner_text("#summary-title") == nasty
    shown.page.close()
