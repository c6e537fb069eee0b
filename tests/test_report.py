"""The report: one file, complete, safe, and its share of the README up to date."""

import base64
import hashlib
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from models.charts.words import INDICATORS
from models.compare import compare_runs
from models.report import readme, render_report, write_report
from models.report.page import COLUMNS, embed_json
from models.report.results import shorten_number
from models.report.sentences import join_words, summarise, to_text
from models.report.shapes import draw_base, write_line, write_numbers
from real_case import real_run
from report_case import Page, read_data, report_text, runs
from routes.errors import UnknownNameError, UsageError

LIMIT = 2_000_000
SHIPPED = 27


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
