"""Calibration: the base year met, known constants found again, and the commands."""

from __future__ import annotations

import json
from dataclasses import replace

import pandas as pd
import pytest

from calibration_case import HEADER, kazroutes, with_rows
from models.calibration import calibrate
from models.calibration.base_year import BaseYear, standard_errors
from models.calibration.observed import OUTLET_MEASURES, list_observations, observe_outlets
from models.calibration.reasons import REASONS, find_reason
from models.choice import Constant, load_parameters, solve_likely
from models.choice.outlets import OUTLETS, name_outlets
from models.cli.calibrate import describe_calibration
from models.demand import select_case
from routes.errors import UsageError
from routes.network import load_network


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def calibration(network):
    return calibrate(network)


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
