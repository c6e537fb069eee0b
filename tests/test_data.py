"""The shipped numbers can be defended: source, grade, range, gaps; and `kazroutes data` says so."""

import csv
import io
import json
import math
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.cli import COMMANDS
from models.cli.shell import LazyGroup, run_group
from models.demand import check_years, select_case
from models.evidence.baseline import demand_years, solve_baseline
from models.evidence.census import MOST_D, take_census
from models.evidence.gaps import TOP, rank_gaps, rank_weak_numbers, write_gaps
from models.evidence.stakes import measure_stakes
from models.flow.solve import solve_optimal
from routes.capacities import govern_capacities
from routes.errors import UnknownNameError, UsageError
from routes.network import load_network, select_year, shipped_folder
from routes.provenance import (
    check_evidence,
    cite_source,
    count_grades,
    describe_subject,
    find_subject,
    list_sources,
)
from routes.provenance.numbers import (
    NUMBERS,
    find_number,
    list_numbers,
    match_rows,
    names_key,
    row_keys,
)
from routes.schema import TABLES, Gap, Place, Rival, Source
from tiny import write_tiny

KNOWN = (
    "CPC",
    "Atyrau-Samara",
    "Aktau",
    "BTC",
    "Dostyk",
    "Altynkol",
    "Poti",
    "Saryagash",
    "Ozinki",
)


@pytest.fixture(scope="module")
def shipped():
    return load_network()


@pytest.fixture(scope="module")
def baseline(shipped):
    return solve_baseline(shipped)


@pytest.fixture(scope="module")
def census(baseline):
    return take_census(baseline)


@pytest.fixture(scope="module")
def stakes(baseline):
    return measure_stakes(baseline)


# The rules for every number


def test_every_table_of_numbers_has_source_and_grade():
    for table, record in TABLES.items():
        if record in (Source, Gap, Rival):
            continue
        fields = record.model_fields
        for column in ("source_id", "grade"):
            assert fields[column].is_required(), (table, column)
        assert "note" in fields or record is Place


def test_every_number_has_a_source_that_can_be_found(shipped):
    sources = shipped["sources"].set_index("source_id")
    for table in NUMBERS:
        numbers = list_numbers(shipped, table)
        assert set(numbers["grade"]) <= set("ABCD")
        for cell in numbers["source_id"].unique():
            for name in cell.split(";"):
                source = sources.loc[name]
                assert source["publisher"].strip(), name
                assert source["url"].startswith("http") or len(source["title"]) > 10, name


def test_nothing_is_said_of_what_does_not_exist(shipped):
    assert [str(problem) for problem in check_evidence(shipped)] == []


def test_no_silent_grade_c(shipped):
    for table in NUMBERS:
        numbers = list_numbers(shipped, table)
        silent = numbers[(numbers["grade"] == "C") & (numbers["note"].str.strip() == "")]
        assert table == "places" or len(silent) == 0, silent


def test_a_judgement_is_grade_d(shipped):
    for table in NUMBERS:
        numbers = list_numbers(shipped, table)
        judged = numbers[(numbers["source_id"] == "JUDGEMENT") & (numbers["value"] != 0)]
        assert set(judged["grade"]) <= {"D"}, judged[judged["grade"] != "D"]


def test_flows_are_observed_in_2023_only(shipped):
    assert set(shipped["observed"]["year"]) == {2023}


def test_every_year_with_demand_can_be_built(shipped):
    years = demand_years(shipped)
    assert 2023 in years
    assert check_years(shipped, years) == []


# The census


def test_little_rests_on_judgement(census):
    assert census.share("transport_cost_musd") < MOST_D
    assert census.share("limited_mt") < MOST_D


def test_the_census_adds_up_to_what_the_flows_pay(census, baseline):
    routes, case = baseline.routes, baseline.case
    total = float((routes["mt"] * routes["cash_cost_usd_per_t"]).sum())
    quality = 0.0
    for stream in case.streams.itertuples(index=False):
        mine = routes["links"].map(lambda links, s=stream: s.outlet_link_id in links).astype(bool)
        mine &= (routes["from_place_id"] == stream.supply_place_id) & (
            routes["commodity"] == stream.commodity_id
        )
        quality += stream.quality_usd_per_t * float(routes.loc[mine, "mt"].sum())
    shares = census.shares.set_index("measure")
    assert shares.loc["transport_cost_musd", "total"] == pytest.approx(total + quality, rel=1e-9)
    assert shares[list("ABCD")].sum(axis=1).tolist() == pytest.approx([1.0] * len(shares))
    assert len(census.charges)
    assert census.limits["full"].any()


def test_rows_are_counted_once_a_grade(shipped):
    rows = count_grades(shipped).set_index("table")
    assert (rows[list("ABCD")].sum(axis=1) == rows["rows"]).all()
    parts = rows.drop(["inputs", "places", "observed"])
    assert parts["rows"].sum() == rows.loc["inputs", "rows"]


# Tiny: 3 Mt abroad over a berth of 3 Mt, 1 Mt to the town; see tests/tiny.py.
GRADED = (
    ("tariffs.csv", "0,0.01,0.008,0.012,2023,S1,B", "0,0.01,0.008,0.012,2023,S1,D"),
    ("capacities.csv", "4,Mt/yr,practical,yes,no,S1,B", "4,Mt/yr,practical,yes,no,S1,D"),
)


@pytest.fixture
def graded(tmp_path):
    return load_network(write_tiny(tmp_path / "tiny", *GRADED))


def test_the_census_of_a_network_counted_by_hand(graded):
    census = take_census(solve_baseline(graded))
    shares = census.shares.set_index("measure")
    # abroad 1 + 3 + 13.5 + 5 + 10 = 32.5 USD/t, town 1 + 2 + 1 = 4; of it the D rate 3 and 2
    assert shares.loc["transport_cost_musd", "total"] == pytest.approx(3 * 32.5 + 4)
    assert shares.loc["transport_cost_musd", "D"] == pytest.approx((3 * 3 + 2) / 101.5)
    assert shares.loc["limited_mt", "total"] == pytest.approx(6)
    assert shares.loc["limited_mt", "D"] == pytest.approx(0.5)
    assert shares.loc["full_mt", "D"] == pytest.approx(1)


def test_stakes_counted_by_hand(graded):
    result = solve_baseline(graded)
    money = measure_stakes(result).money.set_index(["key", "number"])["musd"]
    rate = money["country-mode:KZ/rail1520|carriage|any", "usd_per_t"]
    assert rate == pytest.approx(0.002 * (300 * 3 + 200 * 1))
    assert money["coal|abroad|2023", "price_usd_per_t"] == pytest.approx(3 * 10)
    # half of the town's Mt is an obligation: only the rest is moved by its price
    assert money["coal|town|2023", "price_usd_per_t"] == pytest.approx(0.5 * 5)
    # one berth more takes a tonne from the town: 57.5 - 16 USD/t less 11 days of 0.0164 USD/t
    more = 57.5 - 16 - (60 * 0.1 / 365) * (13 - 3)
    assert money["berth|practical", "capacity"] == pytest.approx(1 * more, rel=1e-6)
    assert ("border-port|practical", "capacity") in money.index
    assert money["border-port|practical", "capacity"] == 0
    assert ("coal|mine|2023", "lifting_cost_usd_per_t") not in money.index


def test_the_stake_of_a_berth_is_what_a_larger_one_brings(graded, tmp_path):
    wider = (*GRADED, ("capacities.csv", "berth,3,", "berth,3.1,"))
    more = load_network(write_tiny(tmp_path / "more", *wider))
    gain = solve_baseline(more).surplus_musd - solve_baseline(graded).surplus_musd
    money = measure_stakes(solve_baseline(graded)).money.set_index("key")["musd"]
    assert money["berth|practical"] == pytest.approx(gain / 0.1, rel=1e-6)


def test_the_statement_that_limits(graded):
    rows = graded["capacities"]
    legal = rows.iloc[[0]].assign(basis="legal", capacity=3.5, background=0.0, grade="A")
    design = rows.iloc[[0]].assign(basis="design", capacity=9.0, grade="C")
    loose = rows.iloc[[0]].assign(basis="contract", capacity=1.0, enforced=False)
    table = pd.concat([rows, design, legal, loose], ignore_index=True)
    limits = govern_capacities(table)
    assert limits.loc["border-port", ["available", "grade"]].tolist() == [3.5, "A"]
    assert limits.loc["berth", ["available", "grade"]].tolist() == [3, "D"]
    without = govern_capacities(table[table["basis"] != "legal"])
    assert without.loc["border-port", "available"] == 4


def test_the_limits_are_those_of_the_model(shipped, baseline):
    limits = govern_capacities(select_year(shipped, 2023)["capacities"])
    case = baseline.case.capacities
    left = (case["practical"] - case["background"]).clip(lower=0).combine(case["legal"], min)
    finite = left[left.map(math.isfinite)]
    assert limits["available"].reindex(finite.index).tolist() == pytest.approx(finite.tolist())


def test_nothing_flows_and_nothing_rests_on_it(tmp_path):
    edits = (
        ("markets.csv", ",90,cif,abroad,80,100,", ",9,cif,abroad,8,9,"),
        ("markets.csv", "2023,1,0.5,40", "2023,0,0,40"),
        ("markets.csv", "0.5,1,S1", "0,1,S1"),
    )
    network = load_network(write_tiny(tmp_path / "tiny", *edits))
    result = solve_baseline(network)
    census, stakes = take_census(result), measure_stakes(result)
    assert len(result.routes) == 0
    assert census.shares["total"].tolist()[1:] == [0, 0, 0]
    assert math.isnan(census.share("limited_mt"))
    assert len(stakes.money) == len(rank_gaps(network, stakes)) == 0
    assert "## Every gap, ranked" in write_gaps(
        rank_gaps(network, stakes), census, year=2023, version="x"
    )


# Gaps


def test_ten_weak_numbers_are_named(shipped):
    text = (shipped_folder() / "GAPS.md").read_text(encoding="utf-8")
    top = re.findall(r"^\d+\. \*\*(.+?)\*\*", text, flags=re.MULTILINE)
    assert len(top) == TOP
    assert set(top) <= set(shipped["gaps"]["subject"])
    for gap in shipped["gaps"]["gap_id"]:
        assert f"(`{gap}`)" in text


def test_gaps_are_up_to_date(shipped, stakes, census):
    # renewed by: kazroutes data gaps -o routes/data/kazakhstan/GAPS.md
    text = (shipped_folder() / "GAPS.md").read_text(encoding="utf-8")
    table = rank_gaps(shipped, stakes)
    top = re.findall(r"^\d+\. \*\*(.+?)\*\*", text, flags=re.MULTILINE)
    assert set(top) <= set(table["subject"].head(TOP + 3))
    written = {
        name: float(mt.replace(",", ""))
        for name, mt in re.findall(r"\(`([a-z0-9-]+)`\) \| [ABCD] \| ([\d.,]+) \|", text)
    }
    assert set(written) == set(table["gap_id"])
    near = [
        abs(written[row.gap_id] - row.mt) <= 0.5 + 0.1 * row.mt
        for row in table.itertuples(index=False)
    ]
    assert sum(near) >= 0.9 * len(near)  # an optimum need not be unique
    new = write_gaps(table, census, year=2023, version=shipped.version)
    assert new.splitlines()[0] == text.splitlines()[0]


def test_the_weakest_numbers_are_all_named_by_a_gap(shipped, stakes):
    weak = rank_weak_numbers(shipped, stakes, top=50)
    assert weak[weak["gaps"] == ""].to_dict("records") == []
    assert set(weak["grade"]) <= {"C", "D"}


def test_gaps_are_ranked_by_tonnes_times_money(shipped, stakes):
    table = rank_gaps(shipped, stakes)
    product = (table["mt"] * table["musd"]).tolist()
    assert product == sorted(product, reverse=True)
    assert table["mt"].max() <= stakes.tonnes.sum() + 1e-9
    assert (table["weakest_grade"] != "").all()


def test_a_gap_and_a_rival_of_nothing_are_told(tmp_path):
    folder = write_tiny(
        tmp_path / "tiny", ("sources.csv", "Somebody,A page,https", "Somebody,A page,ftp")
    )
    (folder / "gaps.csv").write_text(
        "gap_id,subject,what_is_weak,would_close_it,rests_on\n"
        "one,a,b,c,tariffs:link:none|*\ntwo,a,b,c,tarifs:x\nthree,a,b,c,supplies:coal|*@depth\n"
        "four,a,b,c,supplies:coal|*@lifting_cost_usd_per_t;markets:*\n"
    )  # fmt: skip
    (folder / "rivals.csv").write_text(
        "table,row,column,value,source_id,why_not\n"
        "supplies,coal|*|2023,mt_per_year,5,S1,half a year\n"
        "supplies,coal|all|2023,mt_per_year,5,S1,half a year\n"
        "supplies,coal,tonnes,5,S1,half a year\nprices,coal,value,5,S1,half a year\n"
    )
    (folder / "observed.csv").write_text(
        "year,commodity_id,measure,mt_per_year,low,high,kind,source_id,grade\n"
        "2022,coal,total:export,3,3,3,customs,S1,A\n"
    )
    words = [str(problem) for problem in check_evidence(load_network(folder))]
    expected = [
        "sources.csv:2, url: the source 'S1' has neither",
        "sources.csv:3, source_id: nothing rests on the source 'JUDGEMENT'",
        "rivals.csv:3, row: no row of supplies.csv has the key 'coal|all|2023'",
        "rivals.csv:4, column: the table 'supplies' has no column 'tonnes'",
        "rivals.csv:5, table: no table of numbers is called 'prices'",
        "gaps.csv:2, rests_on: no row fits 'tariffs:link:none|*'",
        "gaps.csv:3, rests_on: No table of numbers is called 'tarifs'. Did you mean 'tariffs'",
        "gaps.csv:4, rests_on: The table 'supplies' has no number 'depth'",
        "observed.csv:2, year: an observed flow of 2022",
    ]
    assert len(words) == len(expected), words
    for word, start in zip(words, expected, strict=True):
        assert word.startswith(start), word


# Sources, subjects, numbers


def test_a_source_is_cited_with_all_that_rests_on_it(graded):
    listed = list_sources(graded).set_index("source_id")
    cited = cite_source(graded, "S1")
    assert listed.loc["S1", "rows"] == sum(len(graded[table]) for table in NUMBERS)
    assert set(cited["numbers"]["table"]) <= set(NUMBERS)
    days = cited["numbers"].query("number == 'days'")
    assert len(days) == len(graded["links"])
    with pytest.raises(UnknownNameError, match="Did you mean 'S1'"):
        cite_source(graded, "S11")


def test_numbers_of_a_row_have_their_own_ranges(graded):
    table = list_numbers(graded, "markets", [0]).set_index("number")
    assert table.loc["max_mt_per_year", ["value", "low", "high"]].tolist() == [10, 8, 12]
    assert table.loc["price_usd_per_t", ["value", "low", "high"]].tolist() == [90, 80, 100]
    rates = list_numbers(graded, "tariffs", [0, 2, 5])
    assert rates["number"].tolist() == ["usd_per_t_km", "usd_per_t", "usd_per_t"]
    assert row_keys(graded, "capacities").tolist() == ["border-port|practical", "berth|practical"]
    assert match_rows(graded, "tariffs:country-mode:KZ/*")[2] == [0, 2]
    with pytest.raises(UsageError, match="has no number"):
        find_number("markets", "depth")


@pytest.mark.parametrize(
    ("pattern", "key", "fits"),
    [
        ("a|b", "a|b|2023", True), ("a|b|", "a|b", True), ("a|*|2023", "a|b|2023", True),
        ("a|b|2022", "a|b|2023", False), ("b", "a|b", False), ("a|b|c", "a|b", False),
    ],
)  # fmt: skip
def test_a_key_is_named_by_its_start(pattern, key, fits):
    assert names_key(pattern, key) is fits


@pytest.mark.parametrize(
    ("name", "kind", "links"),
    [
        ("mine-border", "link", ("mine-border",)),
        ("berth", "shared capacity", ()),
        ("Town", "place", ("mine-town", "town-out")),
        ("border port", "line", ("border-port",)),
        ("Mine-Port", "way", ("mine-border", "border-port")),
    ],
)
def test_what_a_name_stands_for(name, kind, links, graded):
    subject = find_subject(graded, name)
    assert (subject.kind, subject.links) == (kind, links)


def test_a_name_that_stands_for_nothing(graded):
    with pytest.raises(UnknownNameError, match="Did you mean 'mine-border'"):
        find_subject(graded, "mine-bordr")
    with pytest.raises(UnknownNameError):
        find_subject(graded, "town-abroad")  # no way back


def test_every_number_of_a_link(graded):
    parts = describe_subject(graded, "port-load")
    assert parts["capacities"]["subject_id"].tolist() == ["berth"]
    assert parts["capacities"]["holds"].tolist() == [True]
    assert parts["shared_capacities"]["coefficient"].tolist() == [1]
    charge = parts["tariffs"].iloc[0]
    assert (charge["kind"], charge["usd_per_t"], charge["source_id"]) == ("handling", 5, "S1")
    assert parts["numbers"]["number"].tolist() == ["length_km", "days"]
    assert parts["sources"]["url"].tolist() == ["https://example.org/a"]
    emission = describe_subject(graded, "port-abroad")["emissions"].iloc[0]
    assert (emission["co2_kg_per_t"], emission["low"], emission["high"]) == (14, 8, 20)


@pytest.mark.parametrize("name", KNOWN)
def test_an_industry_reader_finds_the_places_he_knows(name, shipped):
    parts = describe_subject(shipped, name)
    assert len(parts["links"])
    limits = parts["capacities"]
    assert limits["available"].notna().any()
    assert (limits["source_id"] != "").all()
    named = {one for cell in limits["source_id"] for one in cell.split(";")}
    sources = parts["sources"].set_index("source_id")
    assert named <= set(sources.index)
    judged = {"JUDGEMENT"}
    assert (sources.loc[sorted(named - judged), "url"].str.startswith("http")).any() or (
        named <= judged
    )


# The command line


@pytest.fixture
def kazroutes(tmp_path, monkeypatch, capsys):
    write_tiny(tmp_path / "tables", *GRADED)
    (tmp_path / "tables" / "gaps.csv").write_text(
        "gap_id,subject,what_is_weak,would_close_it,rests_on\n"
        "kz-rate,Kazakh rail rate,one point,the price list,"
        "tariffs:country-mode:KZ/rail1520|carriage|*\n"
    )
    monkeypatch.chdir(tmp_path)

    def run(*arguments, data="tables"):
        given = ["data", *arguments, *(("--data", data) if data else ())]
        code = run_group(LazyGroup("kazroutes", COMMANDS), given)
        out, err = capsys.readouterr()
        return code, out, err

    return run


def read_json(answer):
    code, out, err = answer
    assert (code, err) == (0, "")
    return json.loads(out, parse_constant=pytest.fail)


def test_check_prints_the_census(kazroutes):
    document = read_json(kazroutes("check", "--json"))
    shares = {row["measure"]: row for row in document["shares"]}
    assert shares["transport_cost_musd"]["D"] == pytest.approx(11 / 101.5)
    assert document["years"] == [{"year": 2023, "tariffs": "complete"}]
    assert {row["table"] for row in document["grades"]} >= {"links", "markets, price", "inputs"}
    code, out, _ = kazroutes("check")
    assert code == 0
    assert "0 errors, 1 warnings." in out
    assert "transport cost, M USD" in out


def test_check_finds_tariffs_that_tie_or_are_missing(kazroutes, tmp_path):
    path = tmp_path / "tables" / "tariffs.csv"
    text = path.read_text()
    routes = (
        "route_id,link_id,share,source_id,grade\none,port-abroad,1,S1,A\ntwo,port-abroad,1,S1,A\n"
    )
    (tmp_path / "tables" / "through_routes.csv").write_text(routes)
    rate = "route:{},freight,any,,9,0,8,10,2023,S1,B,\n"
    path.write_text(text + rate.format("one") + rate.format("two"))
    code, out, err = kazroutes("check", "--json")
    assert (code, err) == (1, "")
    document = json.loads(out)
    assert "ties with line 8: both give freight for coal" in document["errors"][0]["rule"]
    assert document["years"] == [{"year": 2023, "tariffs": "wrong"}]
    assert document["shares"] == []
    path.write_text(text.replace("link:port-load,handling", "link:port-abroad,handling"))
    code, out, err = kazroutes("check")
    assert code == 1
    assert "link 'port-load' has no charge for coal" in err


def test_sources_and_their_numbers(kazroutes):
    document = read_json(kazroutes("sources", "--json"))
    assert document["sources"][0]["source_id"] == "S1"
    document = read_json(kazroutes("sources", "S1", "--json"))
    assert document["source"]["publisher"] == "Somebody"
    assert any(row["row"] == "berth|practical" for row in document["numbers"])
    code, out, err = kazroutes("sources", "S9")
    assert (code, out) == (2, "")
    assert "No source is called 'S9'" in err


def test_gaps_are_printed_and_written(kazroutes, tmp_path):
    (gap,) = read_json(kazroutes("gaps", "--json"))["gaps"]
    assert (gap["gap_id"], gap["weakest_grade"]) == ("kz-rate", "D")
    assert gap["mt"] == pytest.approx(4)
    assert gap["musd"] == pytest.approx(2.2)
    code, out, err = kazroutes("gaps", "-o", "GAPS.md", "--csv")
    assert (code, err) == (0, "Written to GAPS.md.\n")
    assert next(csv.DictReader(io.StringIO(out)))["rank"] == "1"
    text = (tmp_path / "GAPS.md").read_text(encoding="utf-8")
    assert "1. **Kazakh rail rate** (grade D, 4.0 Mt, 2.2 M USD): one point" in text
    assert kazroutes("gaps", "-o", "none/GAPS.md")[0] == 2


def test_show_prints_every_number(kazroutes):
    document = read_json(kazroutes("show", "port-load", "--json"))
    assert document["kind"] == "link"
    assert document["capacities"][0]["capacity"] == 3
    assert document["tariffs"][0]["scope"] == "link:port-load"
    code, out, _ = kazroutes("show", "Mine-Port")
    assert code == 0
    assert out.startswith("Mine-Port is taken for a way: mine-border, border-port.")
    assert "https://example.org/a" in out
    code, out, err = kazroutes("show", "prt-load")
    assert (code, out) == (2, "")
    assert "Did you mean 'port-load'" in err


def test_ids_are_listed(kazroutes):
    lists = read_json(kazroutes("list", "--json"))["lists"]
    assert {row["list"]: row["entries"] for row in lists} == {
        "commodities": 1, "countries": 3, "links": 8, "places": 5, "projects": 0,
        "shared-capacities": 1,
    }  # fmt: skip
    for what, first in (
        ("commodities", {"commodity_id": "coal", "name": "Coal", "commodity_class": "coal",
                         "years": [2023]}),
        ("countries", {"country": "DE", "name": "Germany", "places": 1}),
        ("shared-capacities", {"shared_id": "berth", "links": 1}),
    ):  # fmt: skip
        assert read_json(kazroutes("list", what, "--json"))[what][0] == first
    code, out, err = kazroutes("list", "links", "--csv")
    assert (code, err) == (0, "")
    assert [row["link_id"] for row in csv.DictReader(io.StringIO(out))][:2] == [
        "abroad-out", "border-port",
    ]  # fmt: skip
    assert kazroutes("list", "mines")[0] == 2


def test_only_years_are_shown_as_whole_numbers(kazroutes, tmp_path):
    path = tmp_path / "tables" / "supplies.csv"
    path.write_text(path.read_text().replace("2023,4,", "2023,4.25,"))
    (supply,) = read_json(kazroutes("show", "Mine", "--json"))["supplies"]
    assert (repr(supply["year"]), supply["mt_per_year"]) == ("2023", 4.25)
    (market,) = read_json(kazroutes("show", "Town", "--json"))["markets"]
    assert (market["min_mt_per_year"], repr(market["price_year"])) == (0.5, "2023")
    assert " 4.250 " in kazroutes("show", "Mine")[1]


def test_export_and_use_what_was_exported(kazroutes, tmp_path):
    before = read_json(kazroutes("check", "--json"))["shares"]
    for form, target in (("csv", "c"), ("gmns", "g"), ("xlsx", "x.xlsx")):
        answer = read_json(kazroutes("export", "--to", form, "--out", target, "--json"))
        assert answer == {"files": [{"form": form, "path": target}]}
        after = read_json(kazroutes("check", "--json", data=target))["shares"]
        assert [row["D"] for row in after] == pytest.approx([row["D"] for row in before])
    code, out, err = kazroutes("export", "--to", "csv", "--out", "c")
    assert (code, out) == (2, "")
    assert "--overwrite" in err
    assert kazroutes("export", "--to", "csv", "--out", "c", "--overwrite")[0] == 0
    assert kazroutes("export", "--to", "pdf", "--out", "c.pdf")[0] == 2


def test_package_describes_the_folder(kazroutes, tmp_path):
    code, out, _ = kazroutes("package", "--version", "7")
    assert code == 0
    assert json.loads(out)["version"] == "7"
    assert kazroutes("package", "--version", "7", "-o", "tables/datapackage.json")[0] == 0
    assert load_network(tmp_path / "tables").version == "7"


def test_the_base_year_is_the_last_where_2023_is_missing(tmp_path):
    markets = (("markets.csv", f",{p},2023", f",{p},2022") for p in ("abroad", "town"))
    edits = (("supplies.csv", "2023,4", "2022,4"), *markets)
    network = load_network(write_tiny(tmp_path / "old", *edits))
    assert demand_years(network) == (2022,)
    assert (
        solve_baseline(network).surplus_musd
        == solve_optimal(select_case(network, 2022)).surplus_musd
    )
    empty = load_network(write_tiny(tmp_path / "none", ("supplies.csv", "2023,4", "2022,4")))
    with pytest.raises(UsageError, match="same year"):
        solve_baseline(empty)


# What stands on the ground


def test_plants_at_home_do_not_hang_on_a_port(shipped):
    """With every link of the Kazakh ports gone the plants beside them are served and sell."""
    places = shipped["places"].set_index("place_id")
    ports = set(places.index[(places["kind"] == "port") & (places["country"] == "KZ")])
    for table in ("markets", "supplies"):
        assert not ports & set(shipped[table]["place_id"]), table
    case = select_case(shipped, 2023)
    ends = case.links["from_place_id"].isin(ports) | case.links["to_place_id"].isin(ports)
    assert ends.any()
    result = solve_optimal(replace(case, links=case.links.assign(open=case.links["open"] & ~ends)))
    assert result.solution.missed.sum() == pytest.approx(0.0, abs=1e-6)
    carried = result.routes.groupby("from_place_id")["mt"].sum()
    assert carried["aktau-works"] == pytest.approx(0.4)


def test_every_tonne_of_crude_on_rails_of_the_caucasus_takes_a_tank_car_once(shipped):
    """Over the sea by Dubendi in local cars, by Astrakhan in those that Kazakhstan loads."""
    case = select_case(shipped, 2023)
    links = case.links[case.links["to_node_id"].str.endswith(".rail1520")]
    country = shipped["places"].set_index("place_id")["country"]
    start, end = (links[f"{side}_place_id"].map(country) for side in ("from", "to"))
    inside = start.isin(("AZ", "GE")) & links["from_node_id"].str.endswith(".rail1520")
    classes = links["commodity_classes"].str.split(";")
    crude = classes.map(lambda names: names == [""] or "crude" in names)
    racks = set(links.index[end.isin(("AZ", "GE")) & ~inside & crude])
    shared = case.shared[case.shared["commodity_class"] == "crude"].set_index("shared_id")
    own, local = (
        shared.loc[name, "link_id"] for name in ("wagons-tank-crude", "wagons-tank-crude-caucasus")
    )
    assert sorted(racks & set(own)) == ["akhalkalaki-gauge-1435-1520", "samur-yalama-border"]
    assert set(local) == racks - set(own)
    assert "dubendi-tanker-rail" in set(local)
    assert "batumi-rail-tanker" not in {*own, *local}
    assert 0 < case.capacities.loc["wagons-tank-crude-caucasus", "practical"] < np.inf


def test_the_third_crossing_to_china_takes_half_of_both_directions(shipped):
    """The source's 20 Mt a year are imports and exports together (COR420)."""
    rows = shipped["capacities"].set_index("subject_id")
    for name in ("bakhty-tacheng-border", "aktogay-bakhty-rail"):
        assert rows.loc[name, "source_id"] == "COR420"
        assert rows.loc[name, "capacity"] == pytest.approx(20 / 2)
        assert rows.loc[name, "high"] <= 20


def test_crossings_to_russia_take_no_more_one_way_than_was_counted_both_ways(shipped):
    """61.8 Mt in the 243 days to August 2025, both ways and with the norm of trains passed."""
    rows = shipped["capacities"].set_index("subject_id").loc[["rail-kz-ru-crossings"]]
    both_ways = 61.8 * 365 / 243
    assert (rows["capacity"] < 0.9 * both_ways).all()
    assert (rows["capacity"] > 0.5 * both_ways).all()
    assert set(rows["grade"]) == {"D"}


def test_goods_of_pavlodar_reach_china_over_kazakh_ground(baseline, shipped):
    """The line Aksu-Semey was built in 2001 so that they need not pass Kulunda and Barnaul."""
    country = shipped["places"].set_index("place_id")["country"]
    routes = baseline.routes
    mine = routes[routes["from_place_id"].isin(("pavlodar", "aksu", "bozshakol", "ekibastuz"))]
    sold = mine[mine["to_place_id"].map(country) == "CN"]
    assert sold["mt"].sum() > 0.5
    ground = sold["links"].explode().map(baseline.case.links["country"])
    assert "RU" not in set(ground)
    pair = shipped["links"].set_index("link_id").loc[["aksu-semey-rail", "aksu-pavlodar-rail"]]
    assert pair["length_km"].sum() == 382  # Pavlodar-Semey in the tariff guide


def test_the_btc_project_gives_the_base_year_what_stands_in_the_rows_of_2024(shipped):
    effects = shipped["project_effects"]
    made = effects[effects["project_id"] == "btc-kazakh-2-2"].set_index("subject_id")["value"]
    assert set(made.index) == {"btc-kazakh-oil", "btc-tengiz-oil"}
    rows = shipped["capacities"]
    later = rows[rows["from_year"] == 2024].set_index("subject_id")["capacity"]
    assert made.to_dict() == later[made.index].to_dict()


def test_the_gaps_say_that_btc_before_cpc_contradicts_the_minister(shipped):
    """As long as the streams pay more for Tengiz oil in BTC than in CPC."""
    streams = shipped["streams"]
    mine = streams[(streams["supply_place_id"] == "tengiz") & (streams["from_year"] == 2023)]
    worth = (mine["price_differential_usd_per_t"] + mine["quality_usd_per_t"]).set_axis(
        mine["outlet_link_id"]
    )
    gaps = shipped["gaps"].set_index("gap_id")["what_is_weak"]
    for name in ("cpc-blend-price", "crude-quality-banks"):
        assert (worth["ceyhan-load"] > worth["cpc-terminal-load"]) == ("OIL-331" in gaps[name])
