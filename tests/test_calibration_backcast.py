"""Backcast: every year with inputs, other goods, and observations from outside."""

from __future__ import annotations

import json

import numpy as np
import pytest

from calibration_case import HEADER, kazroutes
from models.calibration import Observation, backcast, read_observed_file
from models.calibration.outages import cut_capacities, list_outages
from models.choice import Parameters, Sensitivity, solve_likely
from models.choice.outlets import OUTLETS
from models.demand import select_case
from routes.errors import DataError, UnknownNameError, UsageError
from routes.network import load_network


@pytest.fixture(scope="module")
def network():
    return load_network()


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
    with pytest.raises(DataError, match="is not a plain file"):
        read_observed_file(tmp_path, network)


def test_all_problems_of_a_file_are_told_at_once(network, tmp_path):
    path = tmp_path / "flows.csv"
    path.write_text(HEADER + "x,crude,cpc,y\n2024,oil,cpc,1\n", encoding="utf-8")
    with pytest.raises(DataError) as caught:
        read_observed_file(path, network)
    assert len(caught.value.problems) == 3
