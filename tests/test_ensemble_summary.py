"""Summaries of samples, against numbers known beforehand."""

import re

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from ensemble_case import BASE, tiny_network
from models import charts
from models.ensemble import run_ensemble
from models.ensemble.design import draw_saltelli, make_design
from models.ensemble.discovery import find_conditions, read_goal
from models.ensemble.drivers import (
    count_needed,
    estimate_sobol,
    find_noise,
    keep_independent,
    rank_drivers,
    sobol_of_kinds,
)
from models.ensemble.frames import fan_frame, tornado_frame, violin_frame
from models.ensemble.overview import summarise_ensemble
from models.ensemble.summary import compare_pairs, find_exceedance, find_quantiles
from routes.errors import UnknownNameError, UsageError


def two_scenarios(n=400):
    points = make_design("lhs", n=n, seed=2, drivers=3).rows(0, n)
    parts = []
    for scenario, shift in (("a", 0.0), ("b", 0.25)):
        frame = pd.DataFrame(points, columns=["x", "y", "z"])
        frame["good_mt"] = 4 * frame["x"] - frame["y"] ** 2 + shift
        frame["days_mean"] = frame["x"] + shift
        parts.append(frame.assign(sample=np.arange(n), scenario=scenario))
    return pd.concat(parts, ignore_index=True)


def test_quantiles_are_those_of_numpy():
    frame = two_scenarios()
    frame.loc[0, "good_mt"] = np.nan
    table = find_quantiles(frame, ["good_mt"], levels=(0.025, 0.5, 0.9))
    assert list(table.columns[-3:]) == ["q02.5", "q50", "q90"]
    mine = frame[frame["scenario"] == "a"]["good_mt"].dropna()
    row = table.iloc[0]
    assert (row["scenario"], row["samples"]) == ("a", 399)
    assert [row["q02.5"], row["q50"], row["q90"]] == pytest.approx(
        np.quantile(mine, [0.025, 0.5, 0.9])
    )
    assert (row["mean"], row["sd"]) == pytest.approx((mine.mean(), mine.std()))


def test_what_beats_what_is_counted_sample_by_sample():
    frame = pd.DataFrame({
        "sample": [0, 1, 2, 3] * 2,
        "scenario": ["a"] * 4 + ["b"] * 4,
        "exported_mt": [1.0, 2.0, 3.0, np.nan, 2.0, 2.0, 1.0, 5.0],
        "days_mean": [1.0, 2.0, 3.0, 4.0, 2.0, 2.0, 1.0, 4.0],
    })  # fmt: skip
    pairs = compare_pairs(frame, ["exported_mt", "days_mean"]).set_index(
        ["outcome", "scenario", "against"]
    )
    more = pairs.loc["exported_mt", "a", "b"]
    assert (more["better"], more["samples"]) == ("more", 3)
    assert [more["wins"], more["ties"]] == pytest.approx([1 / 3, 1 / 3])
    assert more["difference"] == pytest.approx(1 / 3)
    less = pairs.loc["days_mean", "a", "b"]
    assert (less["better"], less["wins"], less["ties"]) == ("less", 0.25, 0.5)
    assert pairs.loc["days_mean", "b", "a"]["wins"] == 0.25


def test_exceedance_counts_what_lies_above():
    frame = pd.DataFrame({"scenario": "a", "v": [1.0, 2.0, 2.0, 4.0, np.nan]})
    table = find_exceedance(frame, "v", thresholds=[0, 1, 2, 4])
    assert list(table["probability"]) == [1.0, 0.75, 0.25, 0.0]
    assert len(find_exceedance(frame, "v", points=7)) == 7
    with pytest.raises(UnknownNameError, match="'w'"):
        find_exceedance(frame, "w")
    with pytest.raises(UsageError, match="No sample"):
        find_exceedance(frame.assign(v=np.nan), "v")


def test_rank_correlations_are_those_of_scipy():
    frame = two_scenarios().assign(still=1.0)
    frame.loc[5, "good_mt"] = np.nan
    table = rank_drivers(frame, ["x", "y", "z", "still"], ["good_mt"])
    mine = frame[(frame["scenario"] == "a") & frame["good_mt"].notna()]
    for row in table[table["scenario"] == "a"].itertuples():
        wanted = stats.spearmanr(mine[row.driver], mine["good_mt"]).statistic
        assert row.correlation == pytest.approx(wanted)
    assert list(table.loc[table["scenario"] == "a", "driver"]) == ["x", "y", "z"]
    strength = table["correlation"].abs()
    assert strength[2] < table["noise"][2] < strength[1] < strength[0]
    assert table["correlation"][1] < 0 < table["correlation"][0]
    assert list(table["above_noise"][:3]) == [True, True, False]


def idle_drivers(n, drivers, seed=0):
    """Samples of drivers that do nothing: the outcome is drawn by itself."""
    points = make_design("lhs", n=n, seed=seed, drivers=drivers + 1).rows(0, n)
    names = [f"x{i}" for i in range(drivers)]
    frame = pd.DataFrame(points, columns=[*names, "good_mt"])
    return frame.assign(sample=np.arange(n), scenario="a"), names


def test_noise_holds_for_the_strongest_of_many_drivers():
    """Of 100 outcomes that nothing drives about one shows a driver, not nearly every one."""
    passed = 0
    for seed in range(100):
        frame, names = idle_drivers(64, 200, seed)
        passed += int(rank_drivers(frame, names, ["good_mt"])["above_noise"].any())
    assert passed <= 4
    # of a single driver it is the 1 % level of scipy's own test
    at = find_noise(64, 1)
    t = at * np.sqrt(62 / (1 - at**2))
    assert 2 * stats.t.sf(t, 62) == pytest.approx(0.01)
    assert find_noise(64, 852) == pytest.approx(0.517, abs=0.001)
    needed = count_needed(852, 0.2)
    assert find_noise(needed, 852) <= 0.2 < find_noise(needed // 2, 852)


def test_a_tornado_shows_only_what_stands_out_from_chance():
    frame, names = idle_drivers(64, 300)
    bars = tornado_frame(frame, names, "good_mt")
    assert bars.empty
    with pytest.raises(UsageError, match="none moves good_mt more than chance"):
        charts.tornado(bars, indicator="good_mt")
    frame["good_mt"] += 3 * frame["x7"]
    assert list(tornado_frame(frame, names, "good_mt")["driver"]) == ["x7"]


def test_samples_that_repeat_others_do_not_count_for_the_noise():
    ensemble = run_ensemble(BASE, n=8, method="saltelli", network=tiny_network())
    each = len({driver["kind"] for driver in ensemble.manifest["drivers"]}) + 2
    frame = ensemble.to_frame([*ensemble.inputs])
    own = keep_independent(ensemble, frame)
    assert (len(frame), len(own)) == (8 * each, 16)
    assert not own[list(ensemble.inputs)].round(12).duplicated().any()
    plain = run_ensemble(BASE, n=8, network=tiny_network())
    assert len(keep_independent(plain, plain.to_frame([]))) == 8


def test_the_overview_says_what_samples_are_too_few_for():
    few = summarise_ensemble(run_ensemble(BASE, n=16, network=tiny_network()))
    assert f"Few samples for {int(few.drivers['rank'].max())} drivers" in few.notes[0]
    assert not few.drivers["above_noise"].all()
    assert len(few.found_drivers) == few.drivers["above_noise"].sum()
    many = summarise_ensemble(run_ensemble(BASE, n=1024, network=tiny_network()))
    assert not [note for note in many.notes if note.startswith("Few samples")]
    assert set(many.tornado["driver"]) <= set(many.found_drivers["driver"])


def test_the_overview_leaves_idle_drivers_out():
    ensemble = run_ensemble(BASE, n=64, network=tiny_network())
    first = summarise_ensemble(ensemble).drivers["driver"].iloc[0]
    (row,) = [driver for driver in ensemble.manifest["drivers"] if driver["name"] == first]
    assert row["idle"] is False
    row["idle"] = True
    overview = summarise_ensemble(ensemble, goal="exported_mt>2.5")
    assert first not in set(overview.drivers["driver"]) | set(overview.tornado["driver"])
    assert not overview.conditions["conditions"].str.contains(first, regex=False).any()


def ishigami(points):
    x = points * 2 * np.pi - np.pi
    return np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])


def test_sobol_indices_of_ishigami():
    names = ["x1", "x2", "x3"]
    table = estimate_sobol(names, ishigami(draw_saltelli(names, n=2**15, seed=1)))
    found = table.set_index("group").loc[names]
    assert list(found["first"]) == pytest.approx([0.3139, 0.4424, 0.0], abs=0.01)
    assert list(found["total"]) == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.01)
    assert (found["total_confidence"] < 0.05).all()


def test_sobol_indices_of_groups():
    """x1 and x3 together explain all that x2 does not."""
    names = ["u", "v", "u"]
    table = estimate_sobol(names, ishigami(draw_saltelli(names, n=4096, seed=1)))
    found = table.set_index("group")
    assert found.loc["u", "first"] == pytest.approx(1 - 0.4424, abs=0.02)
    assert found.loc["v", "total"] == pytest.approx(0.4424, abs=0.02)
    with pytest.raises(UsageError, match="n x 4"):
        estimate_sobol(names, np.zeros(9))
    with pytest.raises(UsageError, match="every sample"):
        estimate_sobol(names, np.full(8, np.nan))


def test_conditions_find_a_planted_box():
    n = 2000
    points = make_design("lhs", n=n, seed=3, drivers=6).rows(0, n)
    frame = pd.DataFrame(points, columns=[f"x{i}" for i in range(6)])
    frame["middle-corridor_share"] = 0.1 + 0.3 * ((frame["x1"] > 0.6) & (frame["x4"] <= 0.5))
    frame["scenario"] = "a"
    table = find_conditions(frame, [f"x{i}" for i in range(6)], "middle-corridor_share > 0.2")
    best = table.iloc[0]
    assert (best["box"], best["density"], best["coverage"]) == (1, 1.0, 1.0)
    assert best["base_rate"] == pytest.approx(0.2, abs=0.01)
    assert re.fullmatch(r"x1 > 0\.(60|59)\d* and x4 <= 0\.(50|49)\d*", best["conditions"])
    assert table["samples"].sum() == 667  # a third, which the search has not seen
    assert table["coverage"].sum() == pytest.approx(1)
    always = find_conditions(frame, ["x1"], "middle-corridor_share<2")
    assert list(always["conditions"]) == ["always"]


def test_conditions_are_not_made_of_chance():
    """With hundreds of inputs a tree finds dense boxes in anything; the samples left out tell."""
    frame, names = idle_drivers(128, 400)
    table = find_conditions(frame, names, "good_mt<0.4")
    assert list(table["conditions"]) == ["none that stand out from chance"]
    assert table.loc[0, ["density", "coverage"]].to_list() == pytest.approx([51 / 128, 1], abs=0.01)
    frame["shut"] = (frame["x3"] < 0.3).astype(float)
    frame["good_mt"] = np.where(frame["shut"] > 0, 0.0, 0.3 + frame["good_mt"])
    table = find_conditions(frame, [*names[4:], "shut"], "good_mt<0.4")
    assert table.loc[0, "conditions"] == "shut > 0.5"
    assert (table.loc[0, "density"], table["samples"].sum()) == (1, 43)
    rare = find_conditions(frame.assign(good_mt=[1.0] * 127 + [0.0]), names, "good_mt<0.4")
    assert list(rare["conditions"]) == ["none that stand out from chance"]


@pytest.mark.parametrize("text", ["exported_mt", "exported_mt>", "exported_mt > many"])
def test_a_goal_must_be_readable(text):
    with pytest.raises(UsageError, match="OUTCOME>LEVEL"):
        read_goal(text)


def test_goals_read_every_sign():
    values = pd.Series([1.0, 2.0, np.nan])
    found = {sign: list(read_goal(f"v {sign} 2").holds(values)) for sign in ("<", "<=", ">", ">=")}
    assert found == {
        "<": [True, False, False], "<=": [True, True, False], ">": [False, False, False],
        ">=": [False, True, False],
    }  # fmt: skip


def test_frames_for_charts():
    frame = two_scenarios()
    bars = tornado_frame(frame, ["x", "y", "z"], "good_mt", top=2)
    assert list(bars["driver"][:2]) == ["x", "y"]
    assert bars["low"].iloc[0] < bars["middle"].iloc[0] < bars["high"].iloc[0]
    assert bars["swing"].iloc[0] == pytest.approx(4 * 0.9, abs=0.15)
    assert list(bars["rank"]) == [1, 2, 1, 2]
    fan = fan_frame(frame, "x", "good_mt", bins=10)
    assert len(fan) == 20 and (fan["q05"] <= fan["q50"]).all() and (fan["q50"] <= fan["q95"]).all()
    mine = fan[fan["scenario"] == "a"]
    assert mine["samples"].sum() == 400 and mine["at"].is_monotonic_increasing
    violins = violin_frame(frame, ["good_mt", "days_mean"])
    assert list(violins.columns) == ["scenario", "outcome", "value"] and len(violins) == 1600


def test_sobol_of_kinds_needs_its_own_samples():
    plain = run_ensemble(BASE, n=8, network=tiny_network())
    with pytest.raises(UsageError, match="saltelli"):
        sobol_of_kinds(plain, ["surplus_musd"])
    arranged = run_ensemble(BASE, n=64, method="saltelli", network=tiny_network(), seed=2)
    kinds = sorted({driver["kind"] for driver in arranged.manifest["drivers"]})
    assert len(arranged) == 64 * (len(kinds) + 2)
    table = sobol_of_kinds(arranged, ["surplus_musd"])
    assert sorted(table["group"]) == kinds
    assert 0.8 < table["first"].sum() < 1.2
    assert table.iloc[0]["group"] == "capacity"
