"""The report: one file, complete, safe, and right in a real browser."""

import base64
import hashlib
import itertools
import json
import os
import re
import shutil
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest

import test_cli_commands as tiny
from models.charts.words import INDICATORS
from models.cli import COMMANDS
from models.cli.shell import LazyGroup, run_group
from models.compare import compare_runs
from models.report import readme, render_report, write_report
from models.report.page import COLUMNS, embed_json
from models.report.results import shorten_number
from models.report.sentences import join_words, summarise, to_text
from models.report.shapes import draw_base, write_line, write_numbers
from real_case import real_run
from routes.errors import UnknownNameError, UsageError

NAMES = ("baseline-2023", "russia-closed", "critical-minerals-west")
LIMIT = 2_000_000
SHIPPED = 27


def runs():
    return [real_run(name, prices=name == "baseline-2023") for name in NAMES]


@pytest.fixture(scope="session")
def text():
    return render_report(runs())


def read_data(text):
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.DOTALL)
    return json.loads(found.group(1), parse_constant=pytest.fail)


@pytest.fixture(scope="session")
def data(text):
    return read_data(text)


@pytest.fixture
def quick(monkeypatch):
    """Leave the pictures out, which take longest."""
    monkeypatch.setattr("models.report.page.draw_figures", lambda runs, base: [])


class Page(HTMLParser):
    """Ids, anchors, and what an element asks for."""

    def __init__(self, text):
        super().__init__()
        self.ids, self.anchors, self.tags = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        self.tags.append((tag, values))
        if "id" in values:
            self.ids.append(values["id"])
        if values.get("href", "").startswith("#"):
            self.anchors.append(values["href"][1:])


@pytest.fixture(scope="session")
def page(text):
    return Page(text)


# One file


def test_the_file_is_small_even_with_every_shipped_scenario(text, monkeypatch):
    monkeypatch.setattr("models.report.page.draw_figures", lambda runs, base: [])
    fewer, more = (len(render_report(runs()[:count]).encode()) for count in (2, 3))
    size = len(text.encode())
    assert size < LIMIT
    assert size + (SHIPPED - 3) * (more - fewer) < LIMIT


def test_a_file_that_would_grow_too_large_leaves_out_small_routes_and_says_so(quick, monkeypatch):
    run = real_run("baseline-2023")
    size = len(render_report([run]).encode())
    monkeypatch.setattr("models.report.page.LARGEST", size - 1)
    text = render_report([run])
    assert len(text.encode()) < size
    (scenario,) = read_data(text)["scenarios"]
    least, count, mt = scenario["left_out"]
    assert least > 0
    assert len(scenario["routes"]) + count == len(run.routes)
    assert sum(route_mt for _, route_mt in scenario["routes"]) + mt == pytest.approx(
        run.routes["mt"].sum()
    )


def test_it_is_written_whole_and_replaces_an_old_one(quick, tmp_path):
    target = tmp_path / "report.html"
    target.write_text("old")
    assert write_report(runs()[:1], target) == target
    assert target.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]
    with pytest.raises(UsageError, match="does not exist"):
        write_report(runs()[:1], tmp_path / "nowhere" / "report.html")


def test_the_same_runs_give_the_same_bytes(text):
    assert render_report(runs()) == text


@pytest.mark.parametrize(
    ("given", "baseline", "error", "said"),
    [
        ([], None, UsageError, "at least one run"),
        (["baseline-2023", "baseline-2023"], None, UsageError, "same scenario"),
        (["baseline-2023"], "base-2023", UnknownNameError, "Did you mean 'baseline-2023'"),
    ],
)
def test_what_makes_no_report_is_refused(given, baseline, error, said):
    with pytest.raises(error) as caught:
        render_report([real_run(name) for name in given], baseline=baseline)
    assert said in str(caught.value)


def test_runs_on_different_data_do_not_mix():
    one, two = runs()[:2]
    other = replace(two, manifest=two.manifest | {"data_digest": "else"})
    with pytest.raises(UsageError, match="share one data set"):
        render_report([one, other])


# Safe


def test_the_policy_allows_this_style_and_this_script_and_nothing_else(text):
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', text).group(1)
    policy = policy.replace("&#39;", "'")
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data:"
    assert rules["base-uri"] == rules["form-action"] == "'none'"
    assert rules["require-trusted-types-for"] == "'script'"
    assert set(rules) == {
        "default-src", "style-src", "script-src", "img-src", "base-uri", "form-action",
        "require-trusted-types-for",
    }  # fmt: skip
    for name, element in (("style-src", "style"), ("script-src", "script")):
        inside = re.search(rf"<{element}>(.*?)</{element}>", text, re.DOTALL).group(1)
        digest = base64.b64encode(hashlib.sha256(inside.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'"


def test_nothing_is_loaded_and_nothing_is_inline(page):
    for tag, values in page.tags:
        assert not [name for name in values if name.startswith("on")], values
        assert "style" not in values
        if tag in ("script", "img", "iframe", "link", "object", "embed", "source", "use"):
            assert values.get("src", "data:").startswith("data:")
            assert "href" not in values
    assert not [tag for tag, _ in page.tags if tag in ("link", "iframe", "object", "embed")]


def test_hostile_words_stay_words(quick):
    nasty = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\u2028"
    run = replace(real_run("baseline-2023"), title=nasty)
    text = render_report([run], title=nasty)
    assert "<script>alert" not in text
    assert "<img src=x" not in text
    assert text.count("</script>") == 2
    assert "&lt;/script&gt;" in text


@pytest.mark.parametrize("words", ["</script>", "<!--", "<ScRiPt", "\u2028 \u2029", "&lt;"])
def test_json_cannot_leave_its_element(words):
    embedded = embed_json({"a": [words]})
    assert not set("<>&\u2028\u2029") & set(embedded)
    assert json.loads(embedded) == {"a": [words]}


# Complete


def test_every_anchor_leads_somewhere(page):
    assert len(page.ids) == len(set(page.ids))
    assert set(page.anchors) <= set(page.ids)
    assert {f"indicator-{name}" for name in INDICATORS} <= set(page.ids)


def test_every_source_that_a_sheet_names_is_listed(data, page):
    texts = data["texts"]
    named = set()
    sheets = data["sheets"]
    for row in sheets["links"]:
        named |= {texts[row[2]], texts[row[4]]}
    for kind, column in (("capacities", 8), ("shared", 8), ("members", 4)):
        named |= {texts[row[column]] for rows in sheets[kind].values() for row in rows}
    named |= {texts[row[6]] for row in sheets["tariffs"].values()}
    for _, source, _, supplies, markets in sheets["places"].values():
        named |= {texts[source]}
        named |= {texts[row[6]] for row in supplies} | {texts[row[7]] for row in markets}
    ids = {part for cell in named for part in cell.split(";") if part}
    assert len(ids) > 50
    assert {f"source-{name}" for name in ids} <= set(page.ids)


def test_every_flow_of_every_scenario_is_in_the_file(data):
    for scenario, run in zip(data["scenarios"], runs(), strict=True):
        flows = {}
        for route, mt in scenario["routes"]:
            row = data["routes"][route]
            for link in data["paths"][row[10]]:
                key = data["links"][link][0], data["corridors"][row[1]][0], row[0]
                flows[key] = flows.get(key, 0.0) + mt
        commodities = [name for name, _ in data["commodities"]]
        for row in run.flows.to_dict("records"):
            key = row["link_id"], row["corridor"], commodities.index(row["commodity"])
            assert flows.pop(key) == pytest.approx(row["mt"], rel=1e-4, abs=1e-9)
        assert not flows


def test_every_link_with_flow_has_a_sheet_with_charges_and_sources(data):
    for link, row in enumerate(data["links"]):
        assert data["texts"][data["sheets"]["links"][link][2]], row[0]
    used = {link for path in data["paths"] for link in path}
    free = {link for link in used if data["links"][link][2] == "swap"}
    assert used - free <= {int(link) for link in data["sheets"]["charges"]}


def test_charges_of_a_route_add_up_to_its_cost(data):
    run = real_run("baseline-2023")
    classes = run.result.case.commodities["commodity_class"]
    streams = set(run.result.case.streams["outlet_link_id"])
    names = [name for name, _ in data["commodities"]]
    checked = 0
    for route, _ in data["scenarios"][0]["routes"]:
        row = data["routes"][route]
        path = data["paths"][row[10]]
        if streams & {data["links"][link][0] for link in path}:
            continue  # the quality bank of a stream is no charge of a link
        home = data["corridors"][row[1]][0] == "domestic"
        cost = 0.0
        for link in path:
            for cls, use, kind, usd, _ in data["sheets"]["charges"].get(str(link), []):
                words = [data["texts"][i] for i in (cls, use, kind)]
                if words[0] == classes[names[row[0]]] and words[2] != "risk_premium":
                    cost += usd if words[1] in ("any", "home" if home else "export") else 0.0
        assert cost == pytest.approx(row[5], rel=1e-4, abs=1e-3)
        checked += 1
    assert checked > 50


def test_the_comparison_stands_in_the_page_without_a_script(text):
    body = text[text.index('id="comparison-table"') : text.index("</table>")]
    for run in runs():
        assert run.title in body
        for name in COLUMNS:
            assert INDICATORS[name].show(run.indicators[name]) in body


def test_indicators_are_those_of_the_run(data):
    for scenario, run in zip(data["scenarios"], runs(), strict=True):
        for name, value in run.indicators.items():
            assert scenario["indicators"][name] == shorten_number(value)
        assert scenario["digest"] == run.manifest["scenario_digest"]


def test_pictures_have_words_beside_them(page):
    pictures = [values for tag, values in page.tags if tag == "img"]
    assert len(pictures) == 2
    for values in pictures:
        assert len(values["alt"]) > 20
        assert values["src"].startswith("data:image/png;base64,")


def test_a_report_of_one_run_has_no_heat_map():
    text = render_report([real_run("baseline-2023", commodity="uranium")])
    assert text.count("<img ") == 1
    assert "of uranium" in text


# Sentences


def test_the_summary_says_the_numbers_of_the_run():
    run = real_run("baseline-2023", prices=True)
    said = " ".join(to_text(sentence) for sentence in summarise(run))
    i = run.indicators
    assert f"exports {i['exported_mt']:.1f} Mt" in said
    assert f"{100 * i['transit_share']:.1f}% by tonnes" in said
    assert f"{100 * i['exclusion_loss']:.1f}% of the surplus would be lost" in said
    assert f"{100 * i['bypass_coverage']:.1f}% could still leave" in said
    assert f"costs {i['cash_cost_usd_per_t']:.1f} USD/t" in said
    assert "capacities are full" in said
    assert said.count("..") == 0


def test_the_summary_of_a_closure_says_what_is_lost():
    run, base = real_run("russia-closed"), real_run("baseline-2023")
    said = " ".join(to_text(sentence) for sentence in summarise(run, base))
    lost = base.indicators["exported_mt"] - run.indicators["exported_mt"]
    assert f"exports fall by {lost:.1f} Mt" in said
    assert "crude oil loses most" in said
    assert "No tonne for other countries crosses Russia" in said
    assert f"{run.indicators['undelivered_mt']:.1f} Mt find no way out" in said


def test_every_part_of_a_sentence_leads_to_its_meaning(page):
    for run in runs():
        for sentence in summarise(run, runs()[0]):
            for _, anchor in sentence:
                assert not anchor or anchor in page.ids


@pytest.mark.parametrize(
    ("names", "said"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), ("abc", "a, b and c")]
)
def test_names_are_joined_as_in_speech(names, said):
    assert join_words(list(names)) == said


# Shapes


def test_paths_are_short_and_right():
    import numpy as np

    assert write_numbers([1, -2, 3, 0]) == "1-2 3 0"
    assert write_line(np.array([[0.0, 0.0], [2.2, 1.0], [2.3, 1.2], [4.0, 0.0]])) == "M0 0l2-1 2 1"
    ring = np.array([[0.0, 0.0], [5.0, 0.0], [5.0, 5.0], [0.0, 0.0]])
    assert write_line(ring) == "M0 0l5 0 0-5z"


def test_the_map_holds_the_old_world_in_two_degrees_of_detail():
    base = draw_base()
    x0, _, wide, _ = base.extent
    for part in (base.start, base.sea):
        assert x0 <= part[0] < part[0] + part[2] <= x0 + wide
        assert part[3] > 0
    assert {shape.layer for shape in base.near} >= {"land", "home", "borders", "railways"}
    assert sum(len(shape.path) for shape in (*base.wide, *base.near)) < 400_000


# In a browser


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


# The command


@pytest.fixture
def kazroutes(tmp_path, monkeypatch, capsys):
    """Run a command on tables small enough to be solved by hand."""
    (tmp_path / "tables").mkdir()
    for name, rows in tiny.TABLES.items():
        (tmp_path / "tables" / f"{name}.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "base.yaml").write_text(tiny.BASE, encoding="utf-8")
    (tmp_path / "closed.yaml").write_text(tiny.CLOSED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = run_group(LazyGroup("kazroutes", COMMANDS), [*arguments, "--data", "tables"])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_the_command_writes_a_report_of_any_data(quick, kazroutes, tmp_path):
    given = ["report", "base.yaml", "closed.yaml", "-o", "r.html"]
    assert kazroutes(*given) == (0, "r.html\n", "")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    names = [scenario["name"] for scenario in read_data(text)["scenarios"]]
    assert names == ["base", "closed"]
    assert 'id="source-S1"' in text
    page = Page(text)
    assert set(page.anchors) <= set(page.ids)
    given = ["report", "closed.yaml", "--baseline", "base.yaml", "--title", "Ours & theirs"]
    code, out, err = kazroutes(*given, "-o", "r.html", "--json")
    assert (code, err) == (0, "")
    size = (tmp_path / "r.html").stat().st_size
    assert json.loads(out) == {"files": [{"file": "r.html", "scenarios": 2, "bytes": size}]}
    assert "<h1>Ours &amp; theirs</h1>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_scenario_in_which_nothing_flows_is_reported_and_its_empty_charts_are_told(
    kazroutes, tmp_path
):
    still = "name: still\ntitle: Still\nyear: 2023\nchanges:\n"
    still += "  - {type: supply, where: {place: '*'}, factor: 0, why: to see}\n"
    (tmp_path / "still.yaml").write_text(still, encoding="utf-8")
    code, _, err = kazroutes("report", "still.yaml", "--baseline", "base.yaml", "-o", "r.html")
    assert (code, err) == (0, "")
    assert "No capacity is full." in (tmp_path / "r.html").read_text(encoding="utf-8")
    code, out, err = kazroutes("chart", "utilisation", "still.yaml", "-o", "u.png")
    assert (code, out) == (2, "")
    assert err == "No capacity with a limit is used in still.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["base.yaml", "-o", "r.pdf"], "as .html"),
        (["base.yaml", "-o", "none/r.html"], "does not exist"),
        (["bas.yaml", "-o", "r.html"], "Did you mean 'base.yaml'"),
        (["base.yaml"], "--output"),
    ],
)
def test_the_command_refuses_early_and_writes_nothing(arguments, words, kazroutes, tmp_path):
    code, out, err = kazroutes("report", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert not (tmp_path / "r.html").exists()


# The README


def test_the_table_of_the_readme_is_up_to_date():
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    comparison = compare_runs([real_run(name) for name in readme.SCENARIOS])
    assert readme.read_block(text, "compare") == readme.write_table(comparison), (
        "make readme (python -m models.report.readme) renews it"
    )


def test_the_picture_of_the_readme_is_there_and_small():
    path = Path(__file__).parents[1] / readme.PICTURE
    assert path.read_bytes().startswith(b"\x89PNG")
    assert path.stat().st_size < 300_000


def test_a_block_is_filled_between_its_markers():
    text = "a\n<!-- kazroutes:compare -->\nold\n<!-- /kazroutes:compare -->\nb\n"
    filled = readme.fill_block(text, "compare", "| x |\\1")
    assert filled == text.replace("old", "| x |\\1")
    assert readme.read_block(filled, "compare") == "| x |\\1"
    with pytest.raises(UsageError, match="kazroutes:map"):
        readme.fill_block(text, "map", "x")
