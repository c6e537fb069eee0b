"""Calibration and backcast: the base year met, known constants found again, outages by hand."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from models.calibration import Observation, backcast, calibrate, read_observed_file
from models.calibration.base_year import BaseYear, standard_errors
from models.calibration.observed import (
    OUTLET_MEASURES,
    list_observations,
    observe_outlets,
)
from models.calibration.outages import cut_capacities, list_outages
from models.calibration.reasons import REASONS, find_reason
from models.choice import Constant, Parameters, Sensitivity, load_parameters, solve_likely
from models.choice.outlets import OUTLETS, name_outlets
from models.cli import COMMANDS
from models.cli.calibrate import describe_calibration
from models.cli.shell import LazyGroup, run_group
from models.demand import available_capacity, select_case
from routes.errors import DataError, UnknownNameError, UsageError
from routes.network import load_network


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def calibration(network):
    return calibrate(network)


def with_rows(network, table, rows):
    """The network with the rows of one table replaced; text columns blank, numbers unknown."""
    frame = pd.DataFrame(rows)
    blank = network[table].iloc[:0]
    for name in blank.columns:
        if name not in frame:
            frame[name] = "" if blank[name].dtype == object else np.nan
    return replace(network, tables=dict(network.tables) | {table: frame[list(blank.columns)]})


def kazroutes(capsys, *arguments):
    code = run_group(LazyGroup("kazroutes", COMMANDS), list(arguments))
    printed = capsys.readouterr()
    return code, printed.out, printed.err


# the base year


def check_outlets(mt, seen):
    """Within 2 percentage points of each share, and within 20 % of each outlet above 0.3 Mt."""
    total, observed = sum(mt.values()), sum(seen.values())
    for name, value in seen.items():
        assert abs(mt[name] / total - value / observed) <= 0.02, name
        if value > 0.3:
            assert abs(mt[name] / value - 1) <= 0.20, name


def crude_outlets(case, result):
    solution = result.solution
    outlets = name_outlets(case, solution.routes)
    crude = solution.model.count_all("crude")
    return {
        name: float(solution.split.flow[crude & (outlets == name)].sum()) / 1000 for name in OUTLETS
    }


def test_the_base_year_is_met_with_few_small_constants(network, calibration):
    crude = calibration.fit[
        (calibration.fit["commodity"] == "crude") & (calibration.fit["role"] != "checked")
    ]
    assert len(crude) >= 5
    mt = dict(zip(crude["measure"], crude["model_mt"], strict=True))
    check_outlets(mt, dict(zip(crude["measure"], crude["observed_mt"], strict=True)))
    constants = calibration.parameters.constants
    assert len(constants) <= 6
    assert sum(c.commodity == "crude" for c in constants) <= 3
    known = set(network["sources"]["source_id"])
    for constant in constants:
        assert abs(constant.usd_per_t) < 40
        if abs(constant.usd_per_t) > 20:
            assert constant.why
            assert set(constant.source_id.split(";")) <= known


def test_the_shipped_parameters_meet_the_base_year_in_a_plain_run(network):
    """Without the outages that the fit cuts capacities by."""
    case = select_case(network, 2023)
    result = solve_likely(case)
    seen = observe_outlets(case, "crude", list_observations(network, 2023))
    check_outlets(crude_outlets(case, result), {name: o.mt for name, o in seen.items()})


def test_a_constant_whose_flow_a_full_capacity_holds_is_not_identified(network):
    """Without cars on to Batumi BTC takes what its contract allows: a constant moves nothing."""
    rows = network["capacities"].copy()
    rows.loc[rows["subject_id"] == "wagons-tank-crude-caucasus", ["capacity", "low", "high"]] = 0.0
    base = BaseYear(with_rows(network, "capacities", rows))
    told = base.sensitivities(0.1)
    targets = [t for t in base.targets["crude"] if t.measure in ("outlet:baku-btc", "outlet:china")]
    high = [replace(t, mt=t.mt * 2) if t.measure == "outlet:baku-btc" else t for t in targets]
    fit = base.fit(told, high)
    errors, known = standard_errors(fit, high)
    held = dict(zip([t.measure for t in high], known, strict=True))
    assert held == {"outlet:baku-btc": False, "outlet:china": True}
    assert (errors > 0).all()


def test_known_constants_are_found_again(network):
    """Flows made with known constants stand as observations: the fit returns the constants."""
    base = BaseYear(network)
    true = {"outlet:atyrau-samara": 6.0, "outlet:china": -11.0}
    made = base.fit(
        base.sensitivities(0.15), [], fixed=[Constant("crude", m, c) for m, c in true.items()]
    )
    rows = [
        {
            "year": 2023.0, "commodity_id": "crude", "measure": OUTLET_MEASURES[name][0],
            "mt_per_year": (mt := made.mt("crude", f"outlet:{name}")), "low": mt * 0.999,
            "high": mt * 1.001, "kind": "physical", "source_id": "x", "grade": "A",
        }
        for name in ("cpc", "atyrau-samara", "makhachkala", "baku-btc", "china")
    ]  # fmt: skip
    other = BaseYear(with_rows(network, "observed", rows))
    targets = [replace(t, sd=1e-4) for t in other.targets["crude"] if t.measure in true]
    found = other.fit(other.sensitivities(0.15), targets)
    assert dict(zip([t.measure for t in targets], found.constants, strict=True)) == pytest.approx(
        true, abs=0.05
    )


def test_only_the_base_year_is_fitted(network, calibration):
    """Observations of another year change nothing."""
    frame = network["observed"]
    more = pd.concat([frame, frame.assign(year=2024.0, mt_per_year=1.0, low=1.0, high=1.0)])
    other = replace(network, tables=dict(network.tables) | {"observed": more})
    assert BaseYear(other).targets == BaseYear(network).targets


def test_calibration_reports_itself(network, calibration):
    assert (calibration.profile["loss"] >= calibration.profile["loss_of_data"]).all()
    theta = calibration.sensitivities.set_index("commodity")["theta"]
    assert set(theta.index) <= set(network["commodities"]["commodity_id"])
    assert (theta > 0).all()
    crude = calibration.sensitivities.set_index("commodity").loc["crude"]
    assert crude["low"] is None or crude["low"] <= crude["theta"]
    assert "crude" in repr(calibration)


def test_shipped_parameters_are_those_of_the_fit(network, calibration):
    shipped = load_parameters()
    assert shipped.constants == calibration.parameters.constants
    assert shipped.theta == calibration.parameters.theta


def test_every_reason_has_sources_in_the_data(network):
    known = set(network["sources"]["source_id"])
    for (measure, sign), (why, sources) in REASONS.items():
        assert measure.removeprefix("outlet:") in OUTLETS
        assert sign in (-1, 1)
        assert why
        assert set(sources.split(";")) <= known
    assert find_reason("outlet:china", -25.0)[0]
    assert find_reason("corridor:nowhere", 25.0) == ("", "")


def test_without_observations_there_is_nothing_to_fit(network):
    empty = with_rows(network, "observed", network["observed"].iloc[:0].to_dict("list"))
    with pytest.raises(UsageError, match="no observed flow of 2023"):
        calibrate(empty)


# outages


EVENT = {"event_id": "e", "start": "2023-03-01", "end": "2023-03-10", "capacity_left": 0.25}


@pytest.mark.parametrize(
    ("events", "left"),
    [
        ([{}], 1 - 0.75 * 10 / 365),
        ([{"start": "2022-12-25", "end": "2023-01-04"}], 1 - 0.75 * 4 / 365),
        ([{"start": "2023-12-30", "end": "2024-02-01"}], 1 - 0.75 * 2 / 365),
        ([{}, {"event_id": "f", "start": "2023-03-06", "end": "2023-03-15", "capacity_left": 0.0}],
         1 - (0.75 * 5 + 10) / 365),
        ([{"subject": "place:cpc-terminal"}], 1 - 0.75 * 10 / 365),
        ([{"end": ""}], None),
        ([{"capacity_left": np.nan}], None),
        ([{"capacity_left": 1.0}], None),
        ([{"start": "2021-01-01", "end": "2021-02-01"}], None),
        ([{"subject": "commodity:crude"}], None),
        ([{"subject": "link:no-such-link"}], None),
        ([{"subject": "link:eskene-kuryk-pipe"}], None),  # proposed: not open in 2023
    ],
)  # fmt: skip
def test_outages_cut_capacity_pro_rata_of_days(network, events, left):
    rows = [EVENT | {"subject": "link:cpc-terminal-load"} | event for event in events]
    case = select_case(with_rows(network, "events", rows), 2023)
    outages = {o.subject_id: o for o in list_outages(case)}
    if left is None:
        assert outages == {}
        return
    assert outages["cpc-terminal-load"].part_left == pytest.approx(left, abs=1e-12)
    cut = cut_capacities(case, tuple(outages.values()))
    before, after = (c.capacities.loc["cpc-terminal-load"] for c in (case, cut))
    assert after["practical"] == pytest.approx(before["practical"] * left)
    assert after["background"] == before["background"]  # firm
    assert case.capacities.loc["cpc-terminal-load", "practical"] == before["practical"]
    assert (available_capacity(cut.capacities) <= available_capacity(case.capacities)).all()


def test_a_cut_takes_background_that_is_not_firm_and_rules_without_a_capacity(network):
    case = select_case(network, 2023)
    loose = case.capacities.index[
        np.isfinite(case.capacities["practical"]) & ~case.capacities["firm"].astype(bool)
        & (case.capacities["background"] > 0)
    ][0]  # fmt: skip
    ruled = case.capacities.index[
        np.isinf(case.capacities["practical"]) & np.isfinite(case.capacities["legal"])
    ][0]
    rows = [
        EVENT | {"subject": f"{'link' if name in case.links.index else 'shared'}:{name}"}
        for name in (loose, ruled)
    ]
    case = select_case(with_rows(network, "events", rows), 2023)
    cut = cut_capacities(case, list_outages(case)).capacities
    left = 1 - 0.75 * 10 / 365
    assert cut.loc[loose, "background"] == pytest.approx(
        case.capacities.loc[loose, "background"] * left
    )
    assert cut.loc[ruled, "legal"] == pytest.approx(case.capacities.loc[ruled, "legal"] * left)
    assert np.isinf(cut.loc[ruled, "practical"])


@pytest.mark.parametrize("year", [2023, 2024])
def test_outages_are_listed_of_links_that_are_open_only(network, year):
    """What strikes all of Kuryk cuts the railway there, not the pipelines that are planned."""
    rows = [EVENT | {"subject": "place:kuryk", "start": f"{year}-03-01", "end": f"{year}-03-10"}]
    case = select_case(with_rows(network, "events", rows), year)
    names = {o.subject_id for o in list_outages(case)}
    assert "kuryk-mangystau-rail" in names
    links = case.links.index.intersection(names)
    assert case.links.loc[links, "open"].all()


@pytest.mark.parametrize("year", [2023, 2024])
def test_storms_at_kuryk_cut_its_berths_and_no_inland_line(network, year):
    case = select_case(network, year)
    cut = {o.subject_id for o in list_outages(case) if any("kuryk" in name for name in o.events)}
    assert cut == {"port-kuryk-rail-ferry", "port-kuryk-total"}


@pytest.mark.parametrize(
    ("event", "year"),
    [("cpc-2022-08-spm", 2022), ("cpc-2025-04-moorings", 2025), ("cpc-2025-11-spm2", 2025)],
)
def test_one_mooring_alone_leaves_42_mt_a_year(network, event, year):
    """3.5 Mt a month (OIL-038), whether the terminal or its moorings are the tighter limit."""
    rows = network["events"].set_index("event_id").loc[[event]]
    left = rows.set_index("subject")["capacity_left"]
    assert set(left.index) == {"link:cpc-terminal-load", "shared:cpc-moorings"}
    case = select_case(network, year)
    for subject, share in left.items():
        whole = case.capacities.loc[subject.partition(":")[2], "practical"]
        assert share * whole == pytest.approx(42, abs=0.5), subject


def test_a_search_for_mines_that_cost_no_export_cuts_nothing(network):
    named = {name for o in list_outages(select_case(network, 2022)) for name in o.events}
    assert "cpc-2022-08-spm" in named
    assert "cpc-2022-06-mines" not in named


def test_the_gaps_name_every_large_misfit_of_other_goods(network):
    """With the shipped parameters' figures, so that the words follow a new calibration."""
    weak = network["gaps"]["what_is_weak"].str.cat(sep=" ")
    rows = [row for row in load_parameters().fit if row["commodity"] != "crude"]
    large = [row for row in rows if abs(row["error_share"]) > 0.2]
    assert len(large) >= 3
    for row in large:
        scale = 1e3 if row["observed_mt"] < 0.1 else 1.0
        said = f"{row['model_mt'] * scale:.1f} against {row['observed_mt'] * scale:.1f}"
        assert said in weak, (row["commodity"], row["measure"])


# backcast


@pytest.mark.parametrize("year", [2021, 2022, 2023, 2024, 2025])
def test_backcast_works_for_every_year_with_inputs(network, year):
    result = backcast(network, year=year)
    told = result.to_dict()
    assert told["year"] == year
    assert told["commodity"] == "crude"
    assert [row["outlet"] for row in told["outlets"]] == list(OUTLETS)
    json.dumps(told, allow_nan=False)
    table = result.outlets
    assert table["model_mt"].sum() == pytest.approx(table["optimal_mt"].sum(), rel=0.05)
    assert table["cheapest_mt"].sum() == pytest.approx(table["optimal_mt"].sum(), rel=1e-6)
    assert table["shares_mt"].sum() == pytest.approx(table["model_mt"].sum(), rel=1e-9)
    years = set(network["observed"]["year"])
    assert table["observed_mt"].notna().any() == (year in years)
    if year not in years:
        assert result.scores["placed_right"].isna().all()
        assert "no observation" in result.notes[-1]


def test_backcast_of_the_base_year_beats_the_optimum(network):
    result = backcast(network)
    scores = result.scores.set_index("method")
    assert scores.loc["model", "placed_right"] > 0.98
    assert scores.loc["model", "placed_right"] > scores.loc["optimal", "placed_right"]
    assert scores.loc["cheapest", "placed_right"] < scores.loc["model", "placed_right"]
    assert scores.loc["shares", "placed_right"] == pytest.approx(1, abs=0.01)
    errors = result.outlets.dropna(subset=["observed_mt"])
    assert errors["error_mt"].to_list() == pytest.approx(
        (errors["model_mt"] - errors["observed_mt"]).to_list()
    )
    assert errors["error_points"].sum() == pytest.approx(0, abs=1e-9)
    assert "<table" in result._repr_html_()
    assert not [note for note in result.notes if "not fitted" in note]


def test_backcast_counts_exports_only_and_every_export_once(network):
    case = select_case(network, 2023)
    result = backcast(network)
    exports = solve_likely(cut_capacities(case, list_outages(case))).routes
    crude = exports[(exports["commodity"] == "crude") & (exports["use"] == "export")]
    assert result.outlets["model_mt"].sum() == pytest.approx(crude["mt"].sum(), rel=1e-6)


def test_backcast_of_other_goods_is_by_corridor_and_groups_count_together(network):
    coal = backcast(network, commodity="coal").outlets.set_index("outlet")
    assert "to-russia" in coal.index
    assert coal.loc["to-russia", "observed_mt"] == 20.3
    assert np.isnan(coal.loc["china", "observed_mt"])
    group = backcast(network, commodity="critical-minerals").outlets
    assert group["model_mt"].sum() > 0


def test_points_are_of_total_exports_where_the_ways_out_do_not_make_them_up(network, tmp_path):
    result = backcast(network, commodity="coal")
    coal = result.outlets.set_index("outlet")
    made, right = coal["model_mt"], coal.loc["to-russia"]
    wanted = 100 * (right["model_mt"] / made.sum() - 20.3 / 31.2)
    assert right["error_points"] == pytest.approx(wanted)
    assert coal["shares_mt"].isna().all()  # one way out says nothing of the split
    assert "total exports, 31.2 Mt" in result.notes[-1]
    path = tmp_path / "flows.csv"
    path.write_text(HEADER + "2023,crude,cpc,58\n2023,crude,china,1.2\n", encoding="utf-8")
    crude = backcast(network, observed=path)
    table = crude.outlets.set_index("outlet")
    assert table.loc["cpc", "error_mt"] < -1 and table.loc["cpc", "error_points"] < -1
    assert table.loc["cpc", "shares_mt"] == pytest.approx(58 / 70.5 * table["model_mt"].sum())
    assert table["shares_mt"].count() == 2
    score = crude.scores.set_index("method").loc["shares"]
    assert score["worst_error_points"] == pytest.approx(0, abs=1e-9)


def test_one_way_out_without_a_total_has_no_points(network):
    result = backcast(network, commodity="uranium")
    assert result.outlets["error_points"].isna().all()
    assert result.outlets["shares_mt"].isna().all()
    scores = result.scores.set_index("method")
    assert scores[["mean_error_points", "worst_error_points"]].isna().all(axis=None)
    assert scores.loc["model", "placed_right"] < 0.5
    assert "no error points" in result.notes[-1]


def test_partly_observed_ways_out_without_a_total_say_what_their_points_are_of(network):
    seen = {2024: [Observation("crude", f"outlet:{name}", mt, mt, mt)
                   for name, mt in (("cpc", 50.0), ("china", 1.5))]}  # fmt: skip
    result = backcast(network, year=2024, observed=seen)
    assert result.outlets["error_points"].sum() == pytest.approx(0, abs=1e-9)
    assert result.outlets["error_points"].count() == 2
    assert "the 2 observed ways out together" in result.notes[-1]


def test_observed_countries_stand_beside_the_model(network, capsys):
    result = backcast(network, commodity="grain")
    table = result.countries.set_index("country")
    assert table["observed_mt"].to_dict() == {"UZ": 3.5, "CN": 2.2}
    routes = solve_likely(
        cut_capacities(case := select_case(network, 2023), list_outages(case))
    ).routes
    sold = routes[(routes["commodity"] == "grain") & (routes["use"] == "export")]
    made = sold.groupby("country")["mt"].sum()
    assert table["model_mt"].to_dict() == pytest.approx({c: made[c] for c in ("UZ", "CN")})
    assert result.to_dict()["countries"][0]["country"] == "UZ"
    assert "only by country" in result.notes[-1]
    assert "grain is not fitted: its likely split takes the spread of crude" in result.notes
    code, out, _ = kazroutes(capsys, "backcast", "--commodity", "grain")
    assert code == 0 and "Exports by country, grain 2023" in out


def test_backcast_takes_parameters_and_refuses_what_it_cannot_cast(network):
    blunt = Parameters(theta=(Sensitivity("crude", 0.02),))
    sharp = Parameters(theta=(Sensitivity("crude", 20.0),))
    table = {name: backcast(network, parameters=p).outlets for name, p in
             (("blunt", blunt), ("sharp", sharp))}  # fmt: skip
    away = {name: (t["model_mt"] - t["optimal_mt"]).abs().sum() for name, t in table.items()}
    assert away["sharp"] < 0.2 * away["blunt"]
    with pytest.raises(UsageError, match="2019"):
        backcast(network, year=2019)
    with pytest.raises(UnknownNameError, match="Did you mean 'crude'"):
        backcast(network, commodity="crud")


# observations from outside


def test_observations_from_a_file_stand_beside_the_model(network, tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(
        "year,commodity_id,outlet,mt\n2024,crude,cpc,50\n2024,crude,china,1.5\n2022,crude,cpc,40\n",
        encoding="utf-8",
    )
    result = backcast(network, year=2024, observed=path)
    table = result.outlets.set_index("outlet")
    assert table.loc["cpc", "observed_mt"] == 50
    assert table.loc["china", "observed_mt"] == 1.5
    assert np.isnan(table.loc["makhachkala", "observed_mt"])
    assert result.scores["placed_right"].notna().all()
    same = {2024: [Observation("crude", "outlet:cpc", 50, 50, 50),
                   Observation("crude", "outlet:china", 1.5, 1.5, 1.5)]}  # fmt: skip
    assert backcast(network, year=2024, observed=same).outlets.equals(result.outlets)


def test_a_file_may_speak_in_measures(network, tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(
        "year,commodity_id,measure,mt_per_year,low,high,kind\n"
        "2023,crude,link:aktau-makhachkala-tanker,2.5,2,3,physical\n",
        encoding="utf-8-sig",
    )
    found = read_observed_file(path, network)
    assert found[2023][0].measure == "link:aktau-makhachkala-tanker"
    table = backcast(network, observed=path).outlets.set_index("outlet")
    assert table.loc["makhachkala", "observed_mt"] == 2.5
    assert np.isnan(table.loc["cpc", "observed_mt"])  # the file stands instead of the data set


HEADER = "year,commodity_id,outlet,mt\n"


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("", 1, "year", "column year is missing"),
        ("year,commodity_id,mt\n", 1, "outlet", "column outlet or measure is missing"),
        ("year,commodity_id,outlet,measure,mt\n", 1, "outlet", "stands beside its twin"),
        ("year,commodity_id,outlet,mt,mt\n", 1, "mt", "stands twice"),
        ("year,commodity_id,outlets,mt\n", 1, "outlets", "unknown column 'outlets'"),
        (HEADER, None, None, "no row stands below the header"),
        (HEADER + "2024,crude,cpc\n", 2, None, "the row has 3 cells, the header 4"),
        (HEADER + "2024,crude,cpc,\n", 2, "mt", "is blank but needed"),
        (HEADER + "2024,crude,cpc,much\n", 2, "mt", "'much' is not a number"),
        (HEADER + "2024,crude,cpc,nan\n", 2, "mt", "'nan' must be a finite number"),
        (HEADER + "2024,crude,cpc,inf\n", 2, "mt", "'inf' must be a finite number"),
        (HEADER + "2024,crude,cpc,1_000\n", 2, "mt", "'1_000' must be a finite number"),
        (HEADER + "2024,crude,cpc,-1\n", 2, "mt", "-1 is below 0"),
        (HEADER + "2024.5,crude,cpc,1\n", 2, "year", "no year"),
        (HEADER + "1066,crude,cpc,1\n", 2, "year", "no year"),
        (HEADER + "2024,oil,cpc,1\n", 2, "commodity_id", "no commodity is called 'oil'"),
        (HEADER + "2024,crude,ctc,1\n", 2, "outlet", "no outlet of crude is called 'ctc'"),
        (HEADER + "2024,coal,cpc,1\n", 2, "outlet", "no outlet of coal is called 'cpc'"),
        (HEADER + "2024,crude,,1\n", 2, "outlet", "is blank but needed"),
        (HEADER + "2024,crude,cpc,1\n2024,crude,cpc,2\n", 3, "outlet", "stands already on line 2"),
        ("year,commodity_id,measure,mt\n2024,crude,cpc,1\n", 2, "measure", "'cpc' is no measure"),
        (HEADER + '2024,crude,"cpc,1\n', 2, None, "cells"),
    ],
)  # fmt: skip
def test_bad_observations_are_told_with_file_line_and_column(
    network, tmp_path, text, line, column, words
):
    path = tmp_path / "flows.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_observed_file(path, network)
    problem = caught.value.problems[0]
    assert words in problem.rule
    assert (problem.file, problem.line, problem.column) == ("flows.csv", line, column)


def test_files_that_are_no_text_or_far_too_large_are_refused(network, tmp_path):
    path = tmp_path / "flows.csv"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(DataError, match="is not UTF-8"):
        read_observed_file(path, network)
    path.write_text(HEADER + "2024,crude,cpc,1\n" * 100_000, encoding="utf-8")
    with pytest.raises(DataError, match="larger than"):
        read_observed_file(path, network)
    with pytest.raises(DataError, match="cannot be read"):
        read_observed_file(tmp_path / "none.csv", network)


def test_all_problems_of_a_file_are_told_at_once(network, tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(HEADER + "x,crude,cpc,y\n2024,oil,cpc,1\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_observed_file(path, network)
    assert len(caught.value.problems) == 3


# the commands


def test_calibrate_writes_a_file_that_backcast_reads(capsys, tmp_path, calibration):
    path = tmp_path / "mine.json"
    code, out, err = kazroutes(capsys, "calibrate", "-o", str(path), "--json")
    assert code == 0, err
    told = json.loads(out)
    again = calibration.to_dict()  # a second fit gives the same
    assert {k: told[k] for k in ("constants", "theta", "fit")} == {
        k: json.loads(json.dumps(again[k])) for k in ("constants", "theta", "fit")
    }
    assert load_parameters(path).to_dict()["constants"] == told["constants"]
    assert "Fitted: crude; all other goods" in describe_calibration(calibration, "").footer
    code, out, err = kazroutes(capsys, "backcast", "--parameters", str(path), "--json")
    assert code == 0, err
    row = json.loads(out)["outlets"][0]
    assert {"outlet", "model_mt", "optimal_mt", "observed_mt"} <= set(row)


def test_backcast_prints_tables_and_csv(capsys):
    code, out, _ = kazroutes(capsys, "backcast", "--year", "2024")
    assert code == 0
    assert "Exports by way out, crude 2024" in out
    assert "cpc-terminal-load" not in out or "Capacities cut by outages" in out
    code, out, _ = kazroutes(capsys, "backcast", "--csv")
    assert code == 0
    assert out.splitlines()[0].startswith("outlet,model_mt,optimal_mt,observed_mt")


def test_the_commands_exit_as_the_others_do(capsys, tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(HEADER + "2024,crude,cpc,much\n", encoding="utf-8")
    code, out, err = kazroutes(capsys, "backcast", "--observed", str(path))
    assert (code, out) == (3, "")
    assert "flows.csv:2, mt: 'much' is not a number" in err
    assert kazroutes(capsys, "backcast", "--commodity", "crud")[0] == 2
    assert kazroutes(capsys, "backcast", "--year", "1999")[0] == 2
    assert kazroutes(capsys, "backcast", "--observed", str(tmp_path / "no.csv"))[0] == 2
    assert kazroutes(capsys, "calibrate", "-o", str(tmp_path / "no" / "x.json"))[0] == 2
