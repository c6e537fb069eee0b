"""Dependency by commodity, and the two commands, on a network solved by hand.

    mine (4 Mt coal) --rail, 3 USD/t--> border --rail, 4 Mt left--> port RU --berth 3--> abroad DE
    mine --rail--> town KZ (owed 0.5 Mt, 40 USD/t if missed)

All that leaves goes through Russia, which is the only transit country: its closing costs every
export, and its transit power is the whole of what is at stake.
"""

from __future__ import annotations

import json

import pandas as pd
import pytest

from cases import make_case
from models.choice import plain_parameters
from models.cli import COMMANDS
from models.cli.dependency import describe_dependency
from models.cli.results import describe_bypass
from models.cli.shell import LazyGroup, run_group
from models.dependency import explain_limit, measure_dependency
from models.dependency.measure import OBSERVED_BYPASS
from models.flow.solve import frozen_solver, solve_optimal
from models.indicators import Measured, bypass_coverage, bypass_coverage_paying, measure_closed
from models.run import run_scenario
from models.scenario import read_scenario
from real_case import network as shipped
from real_case import real_run
from routes.errors import UnknownNameError
from routes.network import load_network
from tiny import write_tiny

BASE = "name: base\ntitle: As it is\nyear: 2023\n"


@pytest.fixture
def network(tmp_path):
    return load_network(write_tiny(tmp_path / "tables"))


@pytest.fixture
def plain(monkeypatch):
    """The likely split without constants: the tables here are not those they were fitted to."""
    monkeypatch.setattr("models.choice.likely.load_parameters", plain_parameters)


@pytest.fixture
def kazroutes(tmp_path, monkeypatch, capsys, plain):
    """Run a command on the tiny tables: exit code, stdout, stderr."""
    write_tiny(tmp_path / "tables")
    (tmp_path / "base.yaml").write_text(BASE, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = run_group(LazyGroup("kazroutes", COMMANDS), [*arguments, "--data", "tables"])
        return code, *capsys.readouterr()

    return run


def test_everything_hangs_on_russia(network, plain):
    result = measure_dependency(read_scenario(BASE), network=network)
    assert list(result.table["assignment"].unique()) == ["optimal", "likely"]
    assert list(result.table["commodity"]) == ["total", "coal"] * 2
    row = result.table.iloc[0]
    assert row["exported_mt"] == pytest.approx(3)
    for name in ("transit_share", "transit_share_value", "corridor_hhi", "entry_country_hhi_value"):
        assert row[name] == pytest.approx(1)
    assert row["market_share"] == row["market_share_value"] == 0
    assert row["bypass_coverage"] == row["bypass_mt"] == 0
    assert row["exported_without_mt"] == 0
    assert pd.isna(row["cash_cost_without_usd_per_t"]) and pd.isna(row["days_without"])
    run = run_scenario(read_scenario(BASE), network=network, prices=False)
    for name in ("exclusion_loss", "transit_share", "market_share", "corridor_hhi"):
        assert row[name] == pytest.approx(run.indicators[name])
    power = result.power
    assert power.table["country"].tolist() == ["RU"]
    assert power.surplus_musd == pytest.approx(run.indicators["surplus_musd"])
    lost = power.surplus_musd - power.surplus_without_transit_musd
    assert power.table["shapley_musd"].sum() == pytest.approx(lost)
    assert row["exclusion_loss"] == pytest.approx(lost / power.surplus_musd)


def test_the_likely_loss_is_that_of_the_run(network, plain):
    result = measure_dependency(read_scenario(BASE), network=network, players=None)
    likely = result.table[result.table["assignment"] == "likely"].iloc[0]
    run = run_scenario(read_scenario(BASE), network=network, assignment="likely", prices=False)
    for name in ("exclusion_loss", "transit_share", "bypass_coverage"):
        assert likely[name] == pytest.approx(run.indicators[name])
    assert likely["exclusion_loss"] > 0
    assert likely["exported_without_mt"] == 0


def test_the_document_is_what_is_promised(network):
    result = measure_dependency(
        read_scenario(BASE), network=network, assignments=["optimal"], limits=True
    )
    document = result.to_dict()
    assert {"country", "indicators", "transit_power", "surplus_without_transit_musd"} <= set(
        document
    )
    assert document["country"] == "RU"
    (power,) = document["transit_power"]
    assert {"country", "shapley_musd", "share"} <= set(power)
    assert power["share"] == pytest.approx(1)
    assert document["observed_bypass"] == {
        "mt_per_month": 0.561, "month": "April 2022", "source_id": "OIL-045",
    }  # fmt: skip
    assert document["bypass_mt_per_month"] == {"total": 0.0}
    (limit,) = document["limits"]
    assert limit["possible_mt"] == pytest.approx(3) and limit["possible_without_mt"] == 0
    json.dumps(document, allow_nan=False)


def test_a_country_without_transit(network):
    result = measure_dependency(
        read_scenario(BASE), network=network, country="DE", assignments=["optimal"]
    )
    row = result.table.iloc[0]
    assert row["market_share"] == pytest.approx(1)
    assert pd.isna(row["transit_share"])  # nothing goes to third countries
    assert row["exclusion_loss"] == 0


def test_a_bypass_takes_home_another_way_and_gives_a_commodity_the_room():
    """Field 3 Mt: 2 abroad and 1 home, all by Russia; the way around carries 2 Mt of all goods.

    Home has to come the way around first. Grain shares the last leg of 1.2 Mt: each alone may have
    it, crude 1 Mt (what home leaves) and grain 0.5 Mt; together 1.2 Mt.
    """
    case = make_case(
        places={
            "field": "KZ", "silo": "KZ", "east": "KZ", "omsk": "RU", "baku": "AZ", "rome": "IT",
        },
        links=[
            {"id": "load", "a": "field.site", "b": "field", "kind": "load"},
            {"id": "fill", "a": "silo.site", "b": "silo", "kind": "load"},
            {"id": "to-omsk", "a": "field", "b": "omsk"},
            {"id": "omsk-east", "a": "omsk", "b": "east"},
            {"id": "omsk-rome", "a": "omsk", "b": "rome"},
            {"id": "around", "a": "field", "b": "silo", "cost": 10, "cap": 2},
            {"id": "silo-east", "a": "silo", "b": "east"},
            {"id": "silo-baku", "a": "silo", "b": "baku", "cap": 1.2},
            {"id": "baku-rome", "a": "baku", "b": "rome"},
            {"id": "refine", "a": "east", "b": "east.site", "kind": "unload"},
            {"id": "sell", "a": "rome", "b": "rome.site", "kind": "unload"},
        ],
        supplies=[("crude", "field", 3, 0), ("grain", "silo", 0.5, 0)],
        markets=[
            {"commodity": "crude", "place": "rome", "price": 100.0},
            {"commodity": "grain", "place": "rome", "price": 300.0},
            {"commodity": "crude", "place": "east", "price": 20.0, "min": 1, "max": 1,
             "shortfall": 200.0},
        ],
    )  # fmt: skip
    solver = frozen_solver(case)
    result = solve_optimal(case, solver=solver)
    closed = measure_closed(result, "RU", solver=solver)
    assert closed.possible_mt == {"crude": pytest.approx(1), "grain": pytest.approx(0.5)}
    assert closed.together_mt == pytest.approx(1.2)
    assert closed.paying_mt == {"crude": pytest.approx(0.7), "grain": pytest.approx(0.5)}
    limit = explain_limit(case, "crude", exclude=["RU"], solver=solver)
    assert limit.possible_mt == pytest.approx(closed.possible_mt["crude"])
    crude, total = (Measured(result, "RU", name, closed) for name in ("crude", None))
    assert bypass_coverage(crude) == pytest.approx(1 / 2)
    assert bypass_coverage_paying(crude) == pytest.approx(0.7 / 2)
    assert bypass_coverage(total) == bypass_coverage_paying(total) == pytest.approx(1.2 / 2.5)


def test_the_bypass_of_crude_is_one_number_wherever_it_is_told():
    run, alone = real_run("baseline-2023"), real_run("baseline-2023", commodity="crude")
    result = measure_dependency(
        "baseline-2023", network=shipped(), assignments=["optimal"], players=None
    )
    monthly = result.bypass_mt_per_month["crude"]
    limit = explain_limit(run.result.case, "crude", exclude=["RU"])
    assert limit.possible_mt / 12 == pytest.approx(monthly)
    assert run.to_dict()["bypass"]["mt_per_month"]["crude"] == pytest.approx(monthly)
    assert alone.to_dict()["bypass"]["mt_per_month"] == {"crude": pytest.approx(monthly)}
    third = alone.indicators["exported_mt"]  # no crude is sold to Russia itself
    assert alone.indicators["bypass_coverage"] * third / 12 == pytest.approx(monthly)
    total = run.indicators["bypass_coverage"] * result.table.loc[0, "third_mt"]
    assert total / 12 == pytest.approx(result.bypass_mt_per_month["total"])
    words = f"{monthly:.2f} Mt a month of crude with the room to itself"
    assert words in describe_bypass(run) and words in describe_bypass(alone)
    assert words in describe_dependency(result, footer="").sentences[0]


@pytest.mark.parametrize(
    ("scenario", "country", "told"),
    [
        ("baseline-2023", "RU", True),
        ("baseline-2023", "DE", False),  # no crude leaves Germany again
        ("russia-closed", "AZ", True),
    ],
)
def test_what_was_seen_of_russia_is_told_of_russia_alone(scenario, country, told):
    result = measure_dependency(
        scenario, network=shipped(), country=country, assignments=["optimal"], players=None
    )
    said = describe_dependency(result, footer="").sentences[0]
    of_run = describe_bypass(result.runs["optimal"])
    assert f"Without transit of {country}, " in said
    assert bool(of_run) == told
    for words in (said, of_run):
        assert (OBSERVED_BYPASS.source_id in words) == (country == "RU")


def test_unknown_names(network):
    with pytest.raises(UnknownNameError, match="assignment"):
        measure_dependency(read_scenario(BASE), network=network, assignments=["possible"])
    with pytest.raises(UnknownNameError, match="country"):
        measure_dependency(read_scenario(BASE), network=network, country="XY")
    with pytest.raises(UnknownNameError, match="project"):
        measure_dependency(
            read_scenario(BASE), network=network, projects=["bridge"], assignments=["optimal"]
        )


# commands


def test_dependency_prints_tables_and_the_short_run(kazroutes):
    code, out, err = kazroutes("dependency", "base.yaml")
    assert (code, err) == (0, "")
    for words in (
        "Dependency on transit of RU", "transit share", "exclusion loss", "Transit power (exact)",
        "What remains without transit of RU", "likely", "inputs are estimated",
        f"{OBSERVED_BYPASS.mt_per_month:.2f} Mt", OBSERVED_BYPASS.source_id, "long run",
    ):  # fmt: skip
        assert words in out
    assert "\x1b" not in out


def test_dependency_as_json_and_csv(kazroutes):
    code, out, err = kazroutes("dependency", "base.yaml", "--json", "--assignment", "optimal")
    assert (code, err) == (0, "")
    document = json.loads(out)
    assert document["scenario"] == "base"
    total = sum(row["shapley_musd"] for row in document["transit_power"])
    lost = document["surplus_musd"] - document["surplus_without_transit_musd"]
    assert total == pytest.approx(lost)
    assert document["indicators"]["surplus_musd"] == pytest.approx(document["surplus_musd"])
    code, out, _ = kazroutes("dependency", "base.yaml", "--csv", "--players", "none")
    assert code == 0 and out.splitlines()[0].startswith("assignment,commodity,exported_mt")


def test_dependency_of_corridors_with_limits(kazroutes):
    code, out, _ = kazroutes(
        "dependency", "base.yaml", "--players", "corridors", "--limits", "--assignment", "optimal"
    )
    assert code == 0
    assert "via-russia" in out and "What limits exports without transit of RU" in out


def test_dependency_writes_a_folder(kazroutes, tmp_path):
    code, out, err = kazroutes("dependency", "base.yaml", "--out", "result", "--json")
    assert (code, err) == (0, "Written to result.\n")
    assert {path.name for path in (tmp_path / "result").iterdir()} == {
        "result.json", "manifest.json", "dependency.csv", "transit_power.csv", "dependency.png",
        "transit_power.png",
    }  # fmt: skip
    assert json.loads((tmp_path / "result" / "result.json").read_text()) == json.loads(out)
    assert kazroutes("dependency", "base.yaml", "--out", "result")[0] == 2


def test_chokepoints_ranks_and_proves(kazroutes):
    code, out, err = kazroutes("chokepoints", "base.yaml", "--worst", "2")
    assert (code, err) == (0, "")
    for words in ("transit of RU", "lost", "M USD/yr", "alike", "Exact: of all sets of up to 2"):
        assert words in out
    code, out, _ = kazroutes("chokepoints", "base.yaml", "--json", "--worst", "2", "--top", "3")
    document = json.loads(out)
    assert len(document["chokepoints"]) == 3
    assert document["chokepoints"][0]["lost_musd"] >= document["chokepoints"][1]["lost_musd"]
    assert document["worst"]["lost_musd"] >= document["chokepoints"][0]["lost_musd"] - 1e-6
    assert "Exact" in document["worst"]["proof"]


def test_chokepoints_half_by_shadow_price(kazroutes, tmp_path):
    code, out, _ = kazroutes(
        "chokepoints", "base.yaml", "--degrade", "0.5", "--measure", "shadow-price", "--kind",
        "link", "--kind", "shared", "--json",
    )  # fmt: skip
    assert code == 0
    document = json.loads(out)
    assert document["lost_part"] == 0.5
    first = document["chokepoints"][0]
    assert first["subject_id"] == "berth" and first["loss_usd_per_unit"] > 0
    code, _, err = kazroutes("chokepoints", "base.yaml", "--out", "result")
    assert (code, err) == (0, "Written to result.\n")
    assert {"criticality.png", "criticality_map.png", "chokepoints.csv"} <= {
        path.name for path in (tmp_path / "result").iterdir()
    }


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["dependency", "base.yaml", "--country", "XY"], 2, "country of the network"),
        (["dependency", "base.yaml", "--players", "XY"], 2, "transit country"),
        (["dependency", "base.yaml", "--projects", "bridge"], 2, "project"),
        (["dependency", "bas.yaml"], 2, "Did you mean 'base.yaml'"),
        (["chokepoints", "base.yaml", "--degrade", "0"], 2, "--degrade"),
        (["chokepoints", "base.yaml", "--degrade", "1.5"], 2, "--degrade"),
        (["chokepoints", "base.yaml", "--kind", "bridge"], 2, "--kind"),
        (["chokepoints", "base.yaml", "--worst", "9"], 2, "--worst"),
    ],
)
def test_wrong_requests(kazroutes, arguments, code, words):
    got, out, err = kazroutes(*arguments)
    assert (got, out) == (code, "")
    assert words in err


def test_help_says_how_to_read_each_measure(kazroutes, capsys):
    for name, words in (
        ("dependency", ["exclusion loss", "leverage", "HHI", "long run", "Example"]),
        ("chokepoints", ["probability", "commodity that suffers most", "Example"]),
    ):
        assert run_group(LazyGroup("kazroutes", COMMANDS), [name, "--help"]) == 0
        out = " ".join(capsys.readouterr().out.split())
        assert all(word in out for word in words)
