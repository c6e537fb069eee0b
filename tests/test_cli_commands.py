"""Every command of the line, on a network small enough to be solved by hand.

    field (10 Mt) --pipe 6 Mt, 20 USD/t--> port RU --ship 5--> market IT (100 USD/t, 20 Mt)
    field (10 Mt) --rail 3 Mt, 40 USD/t--> port AZ --ship 5--> market IT

All 6 Mt through Russia earn 75, 3 Mt through Azerbaijan earn 55, 1 Mt stays. One Mt more of the
pipe is worth 75 - 0 million USD; with Russia closed 3 Mt are left.
"""

import csv
import io
import json
import subprocess
import sys

import pytest

from models.cli import COMMANDS, data_files
from models.cli.shell import LazyGroup, run_group
from models.compare import compare_scenarios
from models.ensemble import run_ensemble
from models.widgets import Explorer
from routes import exchange
from routes.network import load_network

TABLES = {
    "places": """\
place_id,name,aliases,country,kind,lat,lon,source_id,grade
field,Great Field,Ulken;Big,KZ,oil_field,46,53,S1,A
port-ru,Russian Port,,RU,port,45,38,S1,A
port-az,Azeri Port,,AZ,port,40,50,S1,A
italy,Italy,,IT,market,45,13,S1,A
""",
    "links": """\
link_id,from_node_id,to_node_id,kind,mode,country,length_km,days,days_source_id,days_grade,status,source_id,grade
field-load-pipe,field.site,field.pipeline,load,pipeline,KZ,0,0,S1,A,operating,S1,A
field-load-rail,field.site,field.rail1520,load,rail1520,KZ,0,0,S1,A,operating,S1,A
pipe,field.pipeline,port-ru.pipeline,move,pipeline,KZ,1200,5,S1,A,operating,S1,A
rail,field.rail1520,port-az.rail1520,move,rail1520,KZ,600,8,S1,A,operating,S1,A
ru-load,port-ru.pipeline,port-ru.tanker,transfer,pipeline,RU,0,0,S1,A,operating,S1,A
az-load,port-az.rail1520,port-az.tanker,transfer,rail1520,AZ,0,0,S1,A,operating,S1,A
ru-italy,port-ru.tanker,italy.tanker,move,tanker,XZ,2500,6,S1,A,operating,S1,A
az-italy,port-az.tanker,italy.tanker,move,tanker,XZ,4500,9,S1,A,operating,S1,A
italy-unload,italy.tanker,italy.site,unload,tanker,IT,0,0,S1,A,operating,S1,A
""",
    "capacities": """\
subject_id,capacity,low,high,unit,basis,enforced,source_id,grade
pipe,6,6,6,Mt/yr,practical,yes,S1,A
rail,3,3,3,Mt/yr,practical,yes,S1,A
""",
    "tariffs": """\
scope,kind,usd_per_t,low,high,price_year,source_id,grade,note
link:field-load-pipe,handling,0,0,0,2023,S1,A,
link:field-load-rail,handling,0,0,0,2023,S1,A,
link:pipe,carriage,20,20,20,2023,S1,A,
link:rail,carriage,40,35,45,2023,S1,C,twice the pipe
link:ru-load,handling,0,0,0,2023,S1,A,
link:az-load,handling,0,0,0,2023,S1,A,
link:ru-italy,freight,5,5,5,2023,S1,A,
link:az-italy,freight,5,5,5,2023,S1,A,
link:italy-unload,handling,0,0,0,2023,S1,A,
""",
    "commodities": """\
commodity_id,parent_id,name,commodity_class,modes,unit_value_usd_per_t,low,high,interest_per_year,interest_low,interest_high,source_id,grade
crude,crude,Crude oil,crude,pipeline;rail1520;tanker,100,100,100,0,0,0,S1,A
""",
    "supplies": """\
commodity_id,place_id,year,mt_per_year,low,high,lifting_cost_usd_per_t,lifting_low,lifting_high,source_id,grade
crude,field,2023,10,10,10,0,0,0,S1,A
""",
    "markets": """\
commodity_id,place_id,year,max_mt_per_year,price_usd_per_t,price_basis,basis_place_id,price_low,price_high,price_grade,price_year,low,high,source_id,grade
crude,italy,2023,20,100,cif,italy,100,100,A,2023,20,20,S1,A
""",
    "emissions": """\
mode,country,ship_class,direct_g_per_t_km,upstream_g_per_t_km,low,high,source_id,grade
pipeline,,,0,5,4,6,S1,A
rail1520,,,6,14,15,25,S1,A
tanker,,,5,1,5,7,S1,A
""",
    "sources": """\
source_id,publisher,title,url
S1,Hand,Drawn in the docstring,https://example.org/drawing
""",
}
BASE = "name: base\ntitle: As it is\nyear: 2023\n"
CLOSED = """\
name: closed
title: Russia closed
year: 2023
changes:
  - type: close-transit
    country: RU
    why: to see what is left
"""
BROKEN = "name: broken\ntitel: Wrong\nyear: '2023'\n"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A folder with tables and scenarios, and the place where commands run."""
    (tmp_path / "tables").mkdir()
    for name, text in TABLES.items():
        (tmp_path / "tables" / f"{name}.csv").write_text(text, encoding="utf-8")
    for name, text in (("base", BASE), ("closed", CLOSED), ("broken", BROKEN)):
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kazroutes(folder, capsys):
    """Run a command on the tables of the folder: exit code, stdout, stderr."""

    def run(*arguments, data="tables"):
        given = [*arguments, "--data", data] if data else list(arguments)
        code = run_group(LazyGroup("kazroutes", COMMANDS), given)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def read_json(answer):
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


def read_csv(answer):
    code, out, err = answer
    assert (code, err) == (0, "")
    return list(csv.DictReader(io.StringIO(out)))


# run


def test_run_gives_the_document_that_is_promised(kazroutes):
    document = read_json(kazroutes("run", "base.yaml", "--json"))
    keys = {
        "scenario", "year", "assignment", "indicators", "corridors", "commodities", "links",
        "shared_capacities", "routes", "certificate", "changes", "manifest",
    }  # fmt: skip
    assert keys <= set(document)
    assert document["scenario"] == "base"
    assert document["indicators"]["exported_mt"] == pytest.approx(9)
    assert document["indicators"]["surplus_musd"] == pytest.approx(6 * 75 + 3 * 55)
    assert document["indicators"]["transit_share"] == pytest.approx(6 / 9)
    assert document["certificate"]["primal"] == document["indicators"]["surplus_musd"]
    assert {
        "version", "data_version", "data_digest", "scenario_digest", "seed", "solver", "created",
    } <= set(document["manifest"])  # fmt: skip


def test_run_prints_tables_with_units_and_what_they_rest_on(kazroutes):
    code, out, err = kazroutes("run", "base.yaml")
    assert (code, err) == (0, "")
    for words in (
        "As it is (2023, optimal)", "exported", "Mt/yr", "via-russia", "Bottlenecks of base",
        "relative gap", "inputs are estimated (grade C or D)",
    ):  # fmt: skip
        assert words in out
    assert "1 of 36 inputs" in " ".join(out.split())
    assert "\x1b" not in out


def test_worth_is_in_usd_a_tonne_for_people_and_as_ever_in_files(kazroutes, folder):
    for command in (["run", "base.yaml"], ["compare", "base.yaml"]):
        out = kazroutes(*command)[1]
        (row,) = [line.split() for line in out.splitlines() if " pipe " in f" {line}"]
        assert row[-8:-1] == ["pipe", "6.000", "6.000", "Mt/yr", "75.00", "75.00", "USD/t"]
        assert "unit more, or one less, is worth" in out
    assert kazroutes("compare", "base.yaml", "--out", "files")[0] == 0
    (full, *_) = csv.DictReader(io.StringIO((folder / "files" / "bottlenecks.csv").read_text()))
    assert float(full["loss_usd_per_unit"]) == pytest.approx(75e6)


def test_run_composes_and_changes(kazroutes):
    both = read_json(kazroutes("run", "base.yaml", "closed.yaml", "--json"))
    assert both["scenario"] == "base+closed"
    assert both["indicators"]["exported_mt"] == pytest.approx(3)
    joined = read_json(kazroutes("run", "base.yaml+closed.yaml", "--json"))
    assert joined["indicators"] == both["indicators"]
    halved = read_json(kazroutes("run", "base.yaml", "--set", "pipe.capacity=*0.5", "--json"))
    assert halved["indicators"]["exported_mt"] == pytest.approx(6)
    (change,) = halved["changes"]
    assert (change["old"], change["new"]) == (6, 3)


def test_a_changed_run_does_not_bear_the_name_of_the_untouched_one(kazroutes, folder):
    setting = ("--set", "pipe.capacity = *0.5")
    (row,) = read_csv(kazroutes("run", "base.yaml", *setting, "--csv"))
    assert row["scenario"] == "base+pipe.capacity=*0.5"
    out = kazroutes("run", "base.yaml", *setting, "--assignment", "possible")[1]
    assert out.startswith("As it is + pipe.capacity = *0.5 (2023, possible)\n")
    assert "Corridors of base+pipe.capacity=*0.5" in out
    assert kazroutes("run", "base.yaml", *setting, "--out", "halved")[0] == 0
    assert (folder / "halved" / "base+pipe.capacity-0.5.png").exists()
    manifest = json.loads((folder / "halved" / "manifest.json").read_text())
    asked = {name: manifest[name] for name in ("scenario", "year", "assignment", "settings")}
    assert asked == {
        "scenario": "base+pipe.capacity=*0.5", "year": 2023, "assignment": "optimal",
        "settings": ["pipe.capacity = *0.5"],
    }  # fmt: skip
    more = (*setting, "--set", "rail.capacity=+1", "--set", "field.supply=9")
    assert "+ rail.capacity=+1 + 1 more setting (2023" in kazroutes("run", "base.yaml", *more)[1]


@pytest.mark.parametrize("given", ["AZ", "az", "Azerbaijan", "azerbaijan"])
def test_a_country_is_a_code_or_a_name(given, kazroutes):
    document = read_json(kazroutes("run", "base.yaml", "--country", given, "--json"))
    assert document["country"] == "AZ"
    assert document["indicators"]["transit_share"] == pytest.approx(3 / 9)


def test_run_as_csv_is_the_indicators(kazroutes):
    (row,) = read_csv(kazroutes("run", "base.yaml", "--csv"))
    assert row["scenario"] == "base"
    assert float(row["exported_mt"]) == pytest.approx(9)


def test_run_writes_a_folder_whole(kazroutes, folder):
    code, out, err = kazroutes("run", "base.yaml", "--out", "result", "--json")
    assert (code, err) == (0, "Written to result.\n")
    assert {path.name for path in (folder / "result").iterdir()} == {
        "result.json", "manifest.json", "base.png", "indicators.csv", "corridors.csv",
        "commodities.csv", "links.csv", "shared_capacities.csv", "routes.csv", "changes.csv",
    }  # fmt: skip
    assert json.loads((folder / "result" / "result.json").read_text()) == json.loads(out)
    code, out, err = kazroutes("run", "base.yaml", "--out", "result")
    assert (code, out) == (2, "")
    assert "--overwrite" in err
    assert kazroutes("run", "closed.yaml", "--out", "result", "--overwrite", "--csv")[0] == 0
    assert (folder / "result" / "closed.png").exists()
    assert not (folder / "result" / "base.png").exists()


def give_2024_no_coal(folder):
    """Coal in 2023 only: a commodity whose inputs 2024 lacks, on the same pipe and rail."""
    for name in ("commodities", "supplies", "markets"):
        path = folder / "tables" / f"{name}.csv"
        head, crude = path.read_text().splitlines()
        coal = crude.replace("crude,crude,Crude oil,crude", "coal,coal,Coal,coal")
        coal = coal.replace("crude,field,2023,10,10,10", "coal,field,2023,1,1,1")
        rows = [head, crude, coal.replace("crude,italy", "coal,italy")]
        if name != "commodities":
            rows.append(crude.replace(",2023,", ",2024,", 1))
        path.write_text("\n".join(rows) + "\n")
    (folder / "later.yaml").write_text(BASE.replace("base", "later").replace("2023", "2024"))


def test_a_year_that_lacks_goods_says_which(kazroutes, folder):
    give_2024_no_coal(folder)
    words = (
        "2024 has inputs for 1 of 2 goods: crude. Left out for want of supplies or markets: coal."
    )
    lines = kazroutes("run", "base.yaml", "--year", "2024")[1].splitlines()
    assert lines[:2] == ["As it is + inputs of 2024 (2024, optimal)", words]
    assert "goods" not in kazroutes("run", "base.yaml")[1]
    manifest = read_json(kazroutes("run", "later.yaml", "--json"))["manifest"]
    code, _, err = kazroutes("run", "base.yaml", "--year", "2024", "--commodity", "coal")
    assert (code, err) == (2, (
        "The data have no supplies and markets of coal in 2024. "
        "Commodities of that year: crude.\n"
    ))  # fmt: skip
    assert manifest["notes"] == ["2024: neither supplies nor markets of coal; left out"]
    code, out, err = kazroutes("compare", "base.yaml", "later.yaml")
    assert code == 0
    assert out.startswith(words)
    assert err == (
        "Warning: inputs of different years are compared (base 2023, later 2024); "
        "--year sets one.\n"
    )
    assert [line.split()[:2] for line in out.splitlines()[6:8]] == [
        ["base", "2023"], ["later", "2024"],
    ]  # fmt: skip
    document = json.loads(kazroutes("compare", "base.yaml", "later.yaml", "--json")[1])
    assert [row["year"] for row in document["scenarios"]] == [2023, 2024]
    assert kazroutes("map", "later.yaml", "-o", "map.svg")[0] == 0
    drawing = (folder / "map.svg").read_text()
    assert "1 of 2 goods, 2024" in drawing
    assert "want of supplies or markets: coal." in drawing
    assert kazroutes("map", "later.yaml", "--against", "base.yaml", "-o", "map.svg")[0] == 0
    assert "1 of 2 goods, 2024 against 2023" in (folder / "map.svg").read_text()
    assert kazroutes("report", "later.yaml", "base.yaml", "-o", "page.html")[0] == 0
    page = (folder / "page.html").read_text()
    assert words in page
    assert "of 1 of 2 goods, worth" in page


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["bas.yaml"], 2, "Did you mean 'base.yaml'"),
        (["no-such-scenario"], 2, "No scenario is called 'no-such-scenario'."),
        (["base.yaml", "--commodity", "crud"], 2, "Did you mean 'crude'?"),
        (["base.yaml", "--commodity", "xxx"], 2, "called 'xxx'. Known are crude."),
        (["base.yaml", "--country", "QQ"], 2, "called 'QQ'. Known are AZ, IT, KZ, RU."),
        (["base.yaml", "--set", "xxx.project=built"], 2, "no project is called 'xxx'"),
        (["base.yaml", "--year", "2031"], 2, "2031"),
        (["base.yaml", "--set", "pipe.capcity=2"], 2, "Did you mean 'capacity'?"),
        (["base.yaml", "--set", "pip.capacity=2"], 2, "Did you mean 'pipe'"),
        (["base.yaml", "--assignment", "best"], 2, "optimal"),
        (["broken.yaml"], 3, "broken.yaml:2"),
        ([], 2, "SCENARIO"),
    ],
)
def test_run_refuses_in_one_line_and_writes_nothing(arguments, code, words, kazroutes, folder):
    before = sorted(folder.iterdir())
    answer = kazroutes("run", *arguments, "--out", "result")
    assert answer[:2] == (code, "")
    assert words in answer[2]
    assert all(line.endswith((".", "?", "'")) or "`" in line for line in answer[2].splitlines())
    assert "Traceback" not in answer[2]
    assert sorted(folder.iterdir()) == before


def test_a_broken_row_is_refused_with_its_line(kazroutes, folder):
    path = folder / "tables" / "capacities.csv"
    path.write_text(path.read_text().replace("rail,3,", "rail,-3,"))
    code, out, err = kazroutes("run", "base.yaml")
    assert (code, out) == (3, "")
    assert "capacities.csv:3, capacity: " in err


def test_a_broken_scenario_is_refused_before_anything_heavy_is_loaded(folder):
    code = "from models.cli import main; main()"
    result = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", code, "run", "broken.yaml"],
        capture_output=True, text=True, check=False, cwd=folder,
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
    )  # fmt: skip
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert result.returncode == 3
    assert "models.scenario.check" in loaded
    assert not {"pandas", "numpy", "networkx", "matplotlib", "scipy", "highspy"} & loaded


# compare


def test_compare_sets_scenarios_side_by_side(kazroutes):
    document = read_json(kazroutes("compare", "base.yaml", "closed.yaml", "--json"))
    assert document["baseline"] == "base"
    assert [row["scenario"] for row in document["scenarios"]] == ["base", "closed"]
    changes = {row["indicator"]: row["change"] for row in document["differences"]}
    assert changes["exported_mt"] == pytest.approx(-6)
    assert {"scenario", "indicator", "value", "baseline", "change"} == set(
        document["differences"][0]
    )
    assert len(document["runs"]) == 2


def test_every_reader_of_names_knows_a_file_with_a_plus(kazroutes, folder):
    (folder / "x+y.yaml").write_text(BASE)
    network = load_network(folder / "tables")
    assert compare_scenarios(["x+y.yaml", "closed.yaml"], network=network).baseline == "base"
    assert Explorer(network, ["x+y.yaml"], extent="region").draw("x+y.yaml").figure
    assert kazroutes("run", "x+y.yaml")[0] == 0
    out = folder / "samples"
    assert run_ensemble("x+y.yaml", n=2, network=network, out=out).scenarios == ("base",)


def test_compare_prints_one_row_a_scenario(kazroutes):
    code, out, err = kazroutes(
        "compare", "closed.yaml", "base.yaml+closed.yaml", "--baseline", "base.yaml"
    )
    assert (code, err) == (0, "")
    assert "Differences to base" in out
    first = out[: out.index("\n\n")].splitlines()
    assert [line.split()[0] for line in first[4:]] == ["base", "closed", "base+closed"]


def test_compare_writes_maps_and_a_chart(kazroutes, folder):
    code, _, err = kazroutes("compare", "base.yaml", "closed.yaml", "--out", "both", "--csv")
    assert (code, err) == (0, "Written to both.\n")
    assert {path.name for path in (folder / "both").iterdir()} == {
        "result.json", "manifest.json", "base.png", "closed.png", "heatmap.png", "indicators.csv",
        "differences.csv", "corridors.csv", "commodities.csv", "bottlenecks.csv",
    }  # fmt: skip


def test_compare_does_not_depend_on_the_order(kazroutes):
    one = read_csv(kazroutes("compare", "closed.yaml", "base.yaml", "--csv"))
    two = read_csv(kazroutes("compare", "base.yaml", "closed.yaml", "--csv"))
    assert sorted(one, key=str) == sorted(two, key=str)


# explain


@pytest.mark.parametrize("margin", ["nan", "inf", "1e400"])
def test_a_margin_is_a_finite_number(kazroutes, margin):
    code, out, err = kazroutes("explain", "base.yaml", "--margin", margin)
    assert (code, out) == (2, "")
    assert "is no amount of USD/t" in err


def test_explain_says_it_in_sentences(kazroutes):
    document = read_json(
        kazroutes(
            "explain", "closed.yaml", "--against", "base.yaml", "--commodity", "crude", "--json"
        )
    )
    assert (document["scenario"], document["against"]) == ("closed", "base")
    assert document["statements"]
    code, out, err = kazroutes(
        "explain", "closed.yaml", "--against", "base.yaml", "--commodity", "crude"
    )
    assert (code, err) == (0, "")
    for statement in document["statements"]:
        assert statement["text"] in out
    assert "rail" in out


# routes


def test_routes_leg_by_leg(kazroutes):
    document = read_json(kazroutes("routes", "ulken", "Italy", "--commodity", "crude", "--json"))
    cheap, dear = document["routes"]
    assert (cheap["corridor"], dear["corridor"]) == ("via-russia", "middle-corridor")
    assert cheap["netback_usd_per_t"] == pytest.approx(75)
    assert [leg["link_id"] for leg in cheap["legs"]] == cheap["links"]
    code, out, _ = kazroutes("routes", "field", "italy", "--commodity", "crude", "--avoid", "RU")
    assert code == 0
    assert "port-ru" not in out


def test_routes_tell_ends_that_are_not_in_the_costs(kazroutes):
    whole = kazroutes("routes", "field", "italy", "--commodity", "crude")[1]
    assert "not in the costs" not in whole
    cut = kazroutes("routes", "port-ru", "port-az", "--commodity", "crude")
    assert cut[0] == 1
    part = kazroutes("routes", "field", "port-az", "--commodity", "crude")[1]
    assert "No link delivers crude at port-az: not in the costs." in part
    assert "No link loads" not in part


def test_no_route_is_a_negative_answer(kazroutes):
    code, out, err = kazroutes(
        "routes", "field", "italy", "--commodity", "crude", "--avoid", "RU,AZ"
    )
    assert (code, out) == (1, "")
    assert err.startswith("No route leads crude from field to italy")


def test_an_unknown_place_is_wrong_usage(kazroutes):
    code, out, err = kazroutes("routes", "feild", "italy", "--commodity", "crude")
    assert (code, out) == (2, "")
    assert "Did you mean 'field'" in err


# map


@pytest.mark.parametrize("ending", ["png", "svg", "pdf"])
def test_map_writes_a_picture(ending, kazroutes, folder):
    assert kazroutes("map", "base.yaml", "-o", f"m.{ending}") == (0, f"m.{ending}\n", "")
    assert (folder / f"m.{ending}").stat().st_size > 1000


def test_map_of_a_change(kazroutes, folder):
    answer = kazroutes("map", "closed.yaml", "--against", "base.yaml", "-o", "m.svg", "--json")
    assert read_json(answer) == {"files": [{"scenario": "closed", "file": "m.svg"}]}
    assert "Russia closed" in (folder / "m.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("target", ["none/m.png", "m.gif"])
def test_map_refuses_early(target, kazroutes):
    code, out, err = kazroutes("map", "base.yaml", "-o", target, data=None)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1


# chart


@pytest.mark.parametrize(
    "arguments",
    [
        ["utilisation", "base.yaml"],
        ["alluvial", "base.yaml"],
        ["dependency", "base.yaml", "closed.yaml"],
        ["heatmap", "base.yaml", "closed.yaml"],
        ["waterfall", "base.yaml", "--commodity", "crude"],
        ["profile", "--commodity", "crude", "--from", "field", "--to", "italy"],
        ["profile-cost", "--commodity", "crude", "--from", "field", "--to", "italy"],
        ["scatter", "--commodity", "crude", "--from", "field", "--to", "italy"],
    ],
    ids=lambda arguments: arguments[0],
)
def test_chart_of_each_kind(arguments, kazroutes, folder):
    assert kazroutes("chart", *arguments, "-o", "c.svg") == (0, "c.svg\n", "")
    assert "<svg" in (folder / "c.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["waterfall", "base.yaml"], "--commodity"),
        (["alluvial", "base.yaml", "closed.yaml"], "at most 1"),
        (["heatmap", "--from", "field"], "whole scenarios"),
        (["pie"], "alluvial"),
    ],
)
def test_chart_refuses_what_cannot_be_meant(arguments, words, kazroutes, folder):
    code, out, err = kazroutes("chart", *arguments, "-o", "c.svg")
    assert (code, out) == (2, "")
    assert words in err
    assert not (folder / "c.svg").exists()


# scenario


def test_shipped_scenarios_are_listed(kazroutes):
    document = read_json(kazroutes("scenario", "list", "--json"))
    assert all(set(entry) == {"name", "title"} for entry in document["scenarios"])


def test_scenario_show_says_it_in_words(kazroutes):
    code, out, err = kazroutes("scenario", "show", "closed.yaml")
    assert (code, err) == (0, "")
    assert "Why: to see what is left" in out
    document = read_json(kazroutes("scenario", "show", "closed.yaml", "--json"))
    assert [entry["subject"] for entry in document["log"]] == ["ru-italy"]


def test_a_new_scenario_can_be_read(kazroutes, folder):
    assert kazroutes("scenario", "new", "mine", "-o", "mine.yaml")[0] == 0
    assert (folder / "mine.yaml").read_text().startswith("#")
    code, out, _ = kazroutes("scenario", "new")
    assert code == 0
    assert "name: my-scenario" in out
    assert kazroutes("scenario", "new", "Not A Name")[0] == 3


def test_validate_tells_wrong_names_beside_wrong_keys_and_numbers(kazroutes, folder):
    change = "  - {{type: {}, where: {{{}}}, why: because{}}}\n"
    (folder / "wrong.yaml").write_text(
        "name: wrong\ntitle: Wrong\nchanges:\n"
        + change.format("close", "mode: rail, link: pip", "")
        + change.format("capacity", "link: pipe", ", factor: -1")
        + change.format("closed", "mode: tanker", "")
        + change.format("close", "link: rial", ", foo: 3")
        + change.format("price", "commodity: oil", ", factor: 2")
        + "  - {type: project, built: [tunnel], why: because}\n"
    )
    code, out, err = kazroutes("scenario", "validate", "wrong.yaml")
    assert (code, out) == (3, "")
    told = [line.split(": ", 1) for line in err.splitlines()]
    assert [where.split(",")[0] for where, _ in told] == [
        f"wrong.yaml:{line}" for line in (4, 4, 5, 6, 7, 7, 8, 9)
    ]
    words = ("'pip'", "'rail'", "-1", "'closed'", "'rial'", "'foo'", "'oil'", "'tunnel'")
    text = " | ".join(sorted(rule for _, rule in told))
    assert all(word in text for word in words)
    assert "(changes[3].where.link): no link is called 'rial'." in err


def test_a_new_scenario_is_not_named_like_a_file(kazroutes, folder):
    assert kazroutes("scenario", "new", "mine.yaml") == (2, "", (
        "'mine.yaml' is a file, not a name. Write `kazroutes scenario new -o mine.yaml`.\n"
    ))  # fmt: skip
    assert kazroutes("scenario", "new", "-o", "mine.yaml")[0] == 0
    assert (folder / "mine.yaml").exists()


def test_scenario_validate(kazroutes, folder):
    answer = read_json(kazroutes("scenario", "validate", "base.yaml", "closed.yaml", "--json"))
    assert [row["scenario"] for row in answer["scenarios"]] == ["base", "closed"]
    text = "name: x\ntitle: x\nchanges:\n  - {type: close, where: {link: pip}, why: x}\n"
    (folder / "x.yaml").write_text(text)
    code, out, err = kazroutes("scenario", "validate", "closed.yaml", "x.yaml")
    assert (code, out) == (3, "")
    assert "x.yaml:4" in err


def test_an_obligation_above_the_maximum_is_bad_input(kazroutes, folder):
    change = "{type: market, measure: min, set: 9e3, where: {place: '*'}, why: x}"
    (folder / "x.yaml").write_text(f"name: x\ntitle: x\nchanges:\n  - {change}\n")
    said = "the obligation would be above the maximum (Mt/yr)"
    for words in (("scenario", "validate"), ("run",), ("ensemble", "--out", "x", "-n", "1")):
        code, out, err = kazroutes(*words, "x.yaml")
        assert (code, out) == (3, "")
        assert err.startswith("x.yaml:4") and said in err
    code, out, err = kazroutes("run", "base.yaml", "--set", "*.obligation=9e3")
    assert (code, out) == (2, "") and said in err


def test_scenario_schema_is_json(kazroutes):
    code, out, _ = kazroutes("scenario", "schema", data=None)
    assert code == 0
    assert json.loads(out)["title"] == "kazroutes scenario"


# data


def test_data_check_counts_by_grade(kazroutes):
    document = read_json(kazroutes("data", "check", "--json"))
    assert document["errors"] == []
    tariffs = next(row for row in document["grades"] if row["table"] == "tariffs")
    assert (tariffs["rows"], tariffs["C"]) == (9, 1)
    code, out, _ = kazroutes("data", "check")
    assert code == 0
    assert "0 errors, 0 warnings." in out


def test_data_dictionary_has_every_table(kazroutes):
    rows = read_csv(kazroutes("data", "dictionary", "--csv"))
    assert {"links", "tariffs", "sources"} <= {row["table"] for row in rows}


def test_the_choice_of_forms_is_that_of_the_library():
    assert set(data_files.FORMS) == set(exchange.FORMS)


@pytest.mark.parametrize(("form", "target"), [("csv", "copy"), ("xlsx", "n.xlsx"), ("gmns", "g")])
def test_exported_data_can_be_run(form, target, kazroutes):
    assert kazroutes("data", "export", "--to", form, "--out", target) == (0, f"{target}\n", "")
    code, _, err = kazroutes("data", "export", "--to", form, "--out", target)
    assert code == 2
    assert err.count("\n") == 1
    document = read_json(kazroutes("run", "base.yaml", "--json", data=target))
    assert document["indicators"]["exported_mt"] == pytest.approx(9)


def test_an_overlay_changes_rows(kazroutes, folder):
    (folder / "wider").mkdir()
    text = "subject_id,basis,from_year,capacity,low,high,unit,enforced,source_id,grade\n"
    text += "pipe,practical,,8,8,8,Mt/yr,yes,S1,A\n"
    (folder / "wider" / "capacities.csv").write_text(text)
    document = read_json(kazroutes("run", "base.yaml", "--overlay", "wider", "--json"))
    assert document["indicators"]["exported_mt"] == pytest.approx(10)
    out = kazroutes("run", "base.yaml", "--overlay", "wider")[1]
    assert out.startswith("As it is + overlay (3 changes of the data) (2023, optimal)\n")
