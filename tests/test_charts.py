"""Charts: what is drawn is what was computed, and nothing that a ministry would not print."""

import subprocess
import sys
from itertools import combinations, pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

import test_cli_commands as tiny
from models import charts
from models.charts import words
from models.charts.points import find_pareto, narrowest
from models.charts.sheet import shorten, show_tick
from models.charts.way import spread_out
from models.cli import COMMANDS
from models.cli.shell import LazyGroup, run_group
from models.compare import compare_runs
from models.ensemble import fan_frame, find_exceedance, violin_frame
from models.indicators import INDICATORS
from models.names import name_subjects
from real_case import network, real_run
from routes.errors import NoRouteError, UnknownNameError, UsageError
from routes.maps import save_figure
from routes.maps.style import CORRIDORS
from routes.paths import find_routes


def ways(start="tengiz", end="rotterdam", commodity="crude", k=4):
    return find_routes(network(), start, end, commodity=commodity, k=k)


POWER = pd.DataFrame({
    "country": ["RU", "CN", "GE", "AZ", "TM"],
    "shapley_musd": [32000.0, 2100.0, 880.0, 900.0, 0.0],
    "share": [0.89, 0.06, 0.025, 0.025, 0.0],
})  # fmt: skip
RANKING = pd.DataFrame({
    "subject_id": ["RU", "cpc-terminal-load", "aktau", "nothing"],
    "kind": ["country", "link", "port", "link"],
    "name": ["Russia", "", "Aktau sea port", "Nothing"],
    "lost_mt": [76.0, 47.0, 2.0, 0.0],
    "lost_musd": [34000.0, 28000.0, 12.0, 0.0],
})  # fmt: skip
SWINGS = pd.DataFrame({
    "driver": ["tariff:XZ/tanker", "capacity:cpc-terminal-load", "market:coal@omsk"],
    "low": [0.70, 0.80, 0.775],
    "high": [0.82, 0.74, 0.775],
})  # fmt: skip


def samples():
    rng = np.random.default_rng(1)
    return pd.concat(
        [
            pd.DataFrame({
                "scenario": name,
                "capacity": rng.uniform(50, 70, 200),
                "exported_mt": rng.normal(mean, 6.0, 200),
            })
            for name, mean in (("baseline-2023", 139.0), ("russia-closed", 63.0))
        ],
        ignore_index=True,
    )  # fmt: skip


def bands(*, scenarios=("baseline-2023",)):
    frame = samples()
    frame = frame[frame["scenario"].isin(scenarios)]
    return fan_frame(frame, "capacity", "exported_mt", bins=10)


def spread():
    return violin_frame(samples(), ["exported_mt"])


def compared():
    names = ["baseline-2023", "russia-closed", "cpc-shutdown", "critical-minerals-west"]
    return compare_runs([real_run(name) for name in names])


FIGURES = {
    "waterfall": lambda: charts.waterfall(ways()),
    "waterfall of one route": lambda: charts.waterfall(ways(k=1)),
    "waterfall of used routes": lambda: charts.waterfall(
        charts.used_routes(real_run("russia-closed"), commodity="uranium", most=4)
    ),
    "profile of time": lambda: charts.profile(ways()),
    "profile of cost": lambda: charts.profile(
        ways("kostanay", "constanta", "grain"), measure="cost"
    ),
    "scatter": lambda: charts.scatter(ways()),
    "scatter of grain": lambda: charts.scatter(ways("kostanay", "constanta", "grain", 5)),
    "alluvial by tonnes": lambda: charts.alluvial(real_run("baseline-2023")),
    "alluvial by value": lambda: charts.alluvial(real_run("russia-closed"), measure="value"),
    "alluvial with home": lambda: charts.alluvial(real_run("baseline-2023"), home=True),
    "alluvial of one commodity": lambda: charts.alluvial(
        real_run("baseline-2023", commodity="uranium")
    ),
    "heatmap": lambda: charts.heatmap(compared()),
    "heatmap of everything": lambda: charts.heatmap(compared(), indicators=list(INDICATORS)),
    "utilisation": lambda: charts.utilisation(real_run("baseline-2023", prices=True)),
    "dependency": lambda: charts.dependency(real_run("baseline-2023"), real_run("cpc-shutdown")),
    "dependency of one": lambda: charts.dependency(real_run("baseline-2023")),
    "transit power": lambda: charts.transit_power(POWER, POWER.assign(share=0.2)),
    "criticality": lambda: charts.criticality(RANKING),
    "tornado": lambda: charts.tornado(SWINGS, indicator="transit_share", base=0.775),
    "fan": lambda: charts.fan(bands(), unit="Mt a year"),
    "fan of two": lambda: charts.fan(bands(scenarios=["baseline-2023", "russia-closed"])),
    "violin": lambda: charts.violin(spread(), names={"russia-closed": "Nothing leaves Russia"}),
    "exceedance": lambda: charts.exceedance(find_exceedance(samples(), "exported_mt")),
}


def visible_words(ax):
    """Every text that is drawn, with its box in pixels."""
    figure = ax.figure
    width, height = figure.get_size_inches() * figure.dpi
    renderer = RendererAgg(width, height, figure.dpi)
    figure.draw(renderer)
    found = []
    for text in figure.findobj(Text):
        if not text.get_visible() or not text.get_text().strip():
            continue
        found.append((text, text.get_window_extent(renderer)))
    off = set()
    for axis in (ax.xaxis, ax.yaxis):
        low, high = sorted(axis.get_view_interval())
        shown = axis.get_visible() and ax.axison
        for tick in axis.get_major_ticks() + axis.get_minor_ticks():
            at = tick.get_loc()
            if not shown or at < low - 1e-9 or at > high + 1e-9:
                off |= {id(tick.label1), id(tick.label2)}
    return [(text, box) for text, box in found if id(text) not in off], (width, height)


@pytest.mark.parametrize("name", list(FIGURES))
def test_no_words_are_cut_off_or_collide(name):
    ax = FIGURES[name]()
    shown, (width, height) = visible_words(ax)
    assert len(shown) > 5
    for text, box in shown:
        assert box.x0 >= -0.5 and box.x1 <= width + 0.5, f"{text.get_text()!r} leaves the page"
        assert box.y0 >= -0.5 and box.y1 <= height + 0.5, f"{text.get_text()!r} leaves the page"
    for (one, a), (two, b) in combinations(shown, 2):
        wide = min(a.x1, b.x1) - max(a.x0, b.x0)
        high = min(a.y1, b.y1) - max(a.y0, b.y0)
        # Boxes of type hold room for accents and tails: a pixel or two of it may be shared.
        assert wide < 1.0 or high < 0.2 * min(a.height, b.height), (
            f"{one.get_text()!r} and {two.get_text()!r} collide"
        )


@pytest.mark.parametrize("name", ["waterfall of one route", "heatmap", "alluvial by tonnes"])
def test_the_same_bytes_twice(name, tmp_path):
    first, second = (
        save_figure(FIGURES[name]().figure, tmp_path / file).read_bytes()
        for file in ("one.svg", "two.svg")
    )
    assert first == second


def test_charts_draw_on_the_axes_given_and_touch_no_global_state():
    code = (
        "import sys; sys.path.insert(0, 'tests')\n"
        "from matplotlib.figure import Figure\n"
        "import pandas as pd\n"
        "from models import charts\n"
        "ax = Figure(figsize=(8, 4)).add_subplot()\n"
        "frame = pd.DataFrame({'country': ['RU'], 'shapley_musd': [1.0], 'share': [1.0]})\n"
        "assert charts.transit_power(frame, ax=ax) is ax\n"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize("name", ["profile", "scatter", "waterfall"])
def test_charts_of_routes_accept_axes(name):
    ax = Figure(figsize=(9, 6)).add_axes((0.3, 0.2, 0.5, 0.6))
    assert getattr(charts, name)(ways(k=2), ax=ax, title="Mine") is ax
    assert "Mine" in ax.get_title(loc="left")


# Routes


def test_a_waterfall_falls_leg_by_leg_to_the_cash_cost():
    route = ways(k=1)[0]
    ax = charts.waterfall([route])
    legs = [bar for bar in ax.patches if bar.get_gid() in ("bar-move", "bar-place")]
    (total,) = [bar for bar in ax.patches if bar.get_gid() == "bar-total"]
    extra = [bar for bar in ax.patches if bar.get_gid() == "bar-extra"]
    assert total.get_width() == pytest.approx(route.cash_cost_usd_per_t)
    assert sum(bar.get_width() for bar in legs) == pytest.approx(total.get_width(), abs=0.3)
    for before, after in pairwise(legs):
        assert after.get_x() == pytest.approx(before.get_x() + before.get_width(), abs=0.15)
    time_and_risk = route.generalised_cost_usd_per_t - route.cash_cost_usd_per_t
    assert sum(bar.get_width() for bar in extra) == pytest.approx(time_and_risk)


@pytest.mark.parametrize(("measure", "field"), [("time", "days"), ("cost", "cash_cost_usd_per_t")])
def test_a_profile_ends_where_its_route_ends_and_steps_only_at_places(measure, field):
    routes = ways(k=3)
    ax = charts.profile(routes, measure=measure)
    lines = {line.get_gid(): line for line in ax.lines if str(line.get_gid()).startswith("profile")}
    assert len(lines) == 3
    for letter, route in zip("ABC", routes, strict=True):
        x, y = lines[f"profile-{letter}"].get_data()
        assert x[-1] == pytest.approx(route.length_km)
        assert y[-1] == pytest.approx(getattr(route, field))
        steps = charts.step_table(route)
        still = np.diff(x) == 0
        assert (still == (steps["length_km"] == 0).to_numpy()).all()
        assert set(steps.loc[~still, "kind"]) == {"move"}


def test_alternative_routes_keep_the_colours_of_their_corridors():
    routes = [r for r in ways(k=4) if r.corridor in ("via-russia", "middle-corridor")]
    pair = [next(r for r in routes if r.corridor == c) for c in ("via-russia", "middle-corridor")]
    lines = [line for line in charts.profile(pair).lines if line.get_gid()]
    wanted = [CORRIDORS[c].colour for c in ("via-russia", "middle-corridor")]
    assert [to_hex(line.get_color()).lower() for line in lines] == [w.lower() for w in wanted]


def test_joined_steps_lose_nothing():
    for route in ways(k=4):
        steps = charts.step_table(route)
        assert steps["length_km"].sum() == pytest.approx(route.length_km)
        assert steps["days"].sum() == pytest.approx(route.days)
        assert steps["cash_usd_per_t"].sum() == pytest.approx(route.cash_cost_usd_per_t)
        assert len(steps) <= len(route.legs)


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=1, max_size=12))
def test_the_pareto_line_holds_those_that_nobody_beats(points):
    best = find_pareto([x for x, _ in points], [y for _, y in points])
    for i, (x, y) in enumerate(points):
        beaten = any(
            a <= x and b <= y and (a < x or b < y) for j, (a, b) in enumerate(points) if j != i
        )
        assert (i in best) == (not beaten)


def test_the_scatter_shows_cost_time_and_capacity():
    routes = ways(k=4)
    ax = charts.scatter(routes)
    dots = {dot.get_gid(): dot for dot in ax.collections if str(dot.get_gid()).startswith("route")}
    areas = {}
    for letter, route in zip("ABCD", routes, strict=True):
        ((x, y),) = dots[f"route-{letter}"].get_offsets()
        assert (x, y) == pytest.approx((route.days, route.cash_cost_usd_per_t))
        areas[narrowest(route)] = dots[f"route-{letter}"].get_sizes()[0]
    order = sorted(areas)
    assert [areas[c] for c in order] == sorted(areas.values())
    (front,) = [line for line in ax.lines if line.get_gid() == "pareto"]
    assert (np.diff(front.get_xdata()) > 0).all()
    assert (np.diff(front.get_ydata()) < 0).all()


def test_used_routes_carry_what_the_run_says():
    run = real_run("russia-closed")
    routes = charts.used_routes(run, commodity="grain", most=50)
    mine = run.result.routes[run.result.routes["commodity"] == "grain"]
    assert len(routes) == min(50, len(mine))
    for route in routes:
        row = mine[mine["links"] == route.links].iloc[0]
        assert sum(leg["cash_usd_per_t"] for leg in route.legs) == pytest.approx(
            row["cash_cost_usd_per_t"]
        )
        assert sum(leg["generalised_usd_per_t"] for leg in route.legs) == pytest.approx(
            row["generalised_cost_usd_per_t"]
        )
        assert sum(leg["days"] for leg in route.legs) == pytest.approx(row["days"])
    with pytest.raises(UnknownNameError, match="crude"):
        charts.used_routes(run, commodity="crud")
    with pytest.raises(NoRouteError):
        charts.used_routes(run, commodity="grain", start="tengiz")


# Flows


@pytest.mark.parametrize(("measure", "column"), [("mt", "mt"), ("value", "value_musd")])
def test_ribbons_are_as_thick_as_their_flows_and_coloured_by_corridor(measure, column):
    run = real_run("baseline-2023")
    ax = charts.alluvial(run, measure=measure, most=40)
    flows = charts.flow_table(run)
    pairs = flows.groupby(["commodity", "corridor"])[column].sum()
    pairs = pairs[pairs > 0]
    ribbons = {p.get_gid(): p for p in ax.patches if str(p.get_gid()).startswith("ribbon-")}
    scales = []
    for (commodity, corridor), size in pairs.items():
        patch = ribbons[f"ribbon-{commodity}-{corridor}"]
        left = patch.get_path().vertices[[0, 7]]
        scales.append(abs(left[0, 1] - left[1, 1]) / size)
        assert to_hex(patch.get_facecolor()) == CORRIDORS[corridor].colour.lower()
    assert np.allclose(scales, scales[0])
    blocks = {
        p.get_gid(): p.get_height() for p in ax.patches if str(p.get_gid()).startswith("block-")
    }
    for key in ("commodity", "corridor", "region"):
        for name, size in flows.groupby(key)[column].sum().items():
            if size > 0:
                assert blocks[f"block-{name}"] >= size * scales[0] * (1 - 1e-9)


def test_every_market_country_belongs_to_a_region():
    places = network()["places"].set_index("place_id")["country"]
    countries = set(network()["markets"]["place_id"].map(places))
    assert {c for c in countries if c not in words.REGIONS} == set()
    assert {c for c in set(places) if c not in words.COUNTRIES} == set()


def test_flow_tables_sum_to_the_exports():
    run = real_run("baseline-2023")
    flows = charts.flow_table(run)
    assert flows["mt"].sum() == pytest.approx(run.indicators["exported_mt"])
    assert flows["value_musd"].sum() == pytest.approx(run.indicators["export_value_musd"])
    everything = charts.flow_table(run, home=True)
    assert everything["mt"].sum() == pytest.approx(
        run.indicators["exported_mt"] + run.indicators["domestic_mt"]
    )


# Tables


def test_the_heat_map_is_centred_on_zero():
    comparison = compared()
    ax = charts.heatmap(comparison, indicators=["exported_mt", "undelivered_mt"])
    cells = {p.get_gid(): to_rgb(p.get_facecolor()) for p in ax.patches}
    fewer = cells["cell-russia-closed-exported_mt"]
    more = cells["cell-russia-closed-undelivered_mt"]
    none = cells["cell-critical-minerals-west-exported_mt"]
    assert fewer[2] > fewer[0], "less is purple"
    assert more[0] > more[2], "more is orange"
    assert max(none) - min(none) < 0.02, "no change has no colour"
    assert cells["cell-baseline-2023-exported_mt"] == (1.0, 1.0, 1.0)
    said = [text.get_text() for text in ax.texts]
    change = comparison.table["exported_mt"][1] - comparison.table["exported_mt"][0]
    assert f"\u2212{abs(change):.1f}" in said
    assert "Mt a year" in said


def test_every_indicator_has_a_name_and_a_unit():
    assert list(words.INDICATORS) == list(INDICATORS)


def test_utilisation_bars_are_the_use_of_the_capacities():
    run = real_run("baseline-2023", prices=True)
    table = charts.capacity_table(run).head(20)
    ax = charts.utilisation(run)
    assert [bar.get_width() for bar in ax.patches] == pytest.approx(
        list(100 * table["utilisation"])
    )
    full = (table["utilisation"] > 0.999).to_numpy()
    red = [to_hex(bar.get_facecolor()) == "#b3001b" for bar in ax.patches]
    assert (np.array(red) == full).all()
    assert table["at_stake_musd"].is_monotonic_decreasing


def test_dependency_bars_are_the_shares_before_and_after():
    before, after = real_run("baseline-2023"), real_run("cpc-shutdown")
    ax = charts.dependency(before, after)
    for number, run in enumerate((before, after)):
        shares = run.commodities.set_index("commodity")["transit_share"]
        bars = {patch.get_gid(): patch.get_width() for patch in ax.patches}
        assert bars[f"share-crude-{number}"] == pytest.approx(100 * shares["crude"])
    drawn = {str(p.get_gid()).removeprefix("share-")[:-2] for p in ax.patches}
    never = before.commodities.loc[before.commodities["transit_share"] == 0, "commodity"]
    assert not drawn & set(never), "what never crosses is named below instead"


def test_the_table_of_transit_agrees_with_the_indicator():
    run = real_run("baseline-2023")
    table = charts.transit_table(run)
    share = (table["third_mt"] * table["transit_share"]).sum() / table["third_mt"].sum()
    assert share == pytest.approx(run.indicators["transit_share"])


def test_rankings_are_in_order_without_what_loses_nothing():
    ax = charts.criticality(RANKING)
    assert [bar.get_width() for bar in ax.patches] == [34.0, 28.0, 0.012]
    ax = charts.transit_power(POWER)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names == ["Russia", "China", "Azerbaijan", "Georgia"]


def test_a_tornado_has_the_widest_swing_on_top():
    ax = charts.tornado(SWINGS, indicator="transit_share", base=0.775)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "Charges: XZ, tanker"
    assert ax.patches[0].get_x() + ax.patches[0].get_width() == pytest.approx(70.0)


def test_exceedance_is_the_part_of_the_samples_above():
    frame = pd.DataFrame({"scenario": "one", "exported_mt": [1.0, 2.0, 3.0, 4.0]})
    table = find_exceedance(frame, "exported_mt", thresholds=[0.5, 2.0, 4.0])
    (line,) = charts.exceedance(table).lines
    assert list(line.get_xdata()) == [0.5, 2, 4]
    assert list(line.get_ydata()) == [100, 50, 0]


def test_the_bands_of_a_fan_hold_half_and_nine_tenths():
    frame = pd.DataFrame({
        "scenario": "one", "capacity": np.repeat([50.0, 60.0], 1001),
        "exported_mt": np.tile(np.arange(1001.0), 2),
    })  # fmt: skip
    ax = charts.fan(fan_frame(frame, "capacity", "exported_mt", bins=2))
    (median,) = ax.lines
    assert list(median.get_xdata()) == [50.0, 60.0]
    assert list(median.get_ydata()) == [500.0, 500.0]
    wide, narrow = (band.get_paths()[0].vertices[:, 1] for band in ax.collections[:2])
    assert (wide.min(), wide.max()) == (50.0, 950.0)
    assert (narrow.min(), narrow.max()) == (250.0, 750.0)


def test_shares_and_tonnes_of_corridors_have_names_and_units():
    frame = samples().rename(columns={"exported_mt": "middle-corridor_share"})
    ax = charts.violin(violin_frame(frame, ["middle-corridor_share"]))
    assert ax.get_xlabel() == "Middle Corridor, %"
    frame = frame.rename(columns={"middle-corridor_share": "china_mt"})
    assert charts.violin(violin_frame(frame, ["china_mt"])).get_xlabel() == "China, Mt a year"


# Refusals


@pytest.mark.parametrize(
    ("call", "error", "said"),
    [
        (lambda: charts.waterfall([]), UsageError, "1 to 6 routes"),
        (lambda: charts.profile(ways(k=1), measure="co2"), UsageError, "time or cost"),
        (lambda: charts.alluvial(compared().runs[0], measure="t"), UsageError, "mt or value"),
        (lambda: charts.heatmap(compared(), indicators=["exports"]), UnknownNameError, "exports"),
        (lambda: charts.heatmap(compared(), indicators=[]), UsageError, "at least one"),
        (lambda: charts.fan(samples()), UnknownNameError, "'at'"),
        (lambda: charts.violin(samples()), UnknownNameError, "'value'"),
        (lambda: charts.violin(violin_frame(samples(), ["exported_mt", "capacity"])), UsageError,
         "one outcome"),
        (lambda: charts.tornado(SWINGS.head(0)), UsageError, "at least one input"),
        (lambda: charts.criticality(RANKING.tail(1)), UsageError, "loses anything"),
        (lambda: charts.transit_power(POWER.tail(1)), UsageError, "No country"),
    ],
)  # fmt: skip
def test_what_cannot_be_drawn_is_refused_in_words(call, error, said):
    with pytest.raises(error) as caught:
        call()
    assert said in str(caught.value)


# Words


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (0.0041, "0.0041"), (0.123, "0.12"), (1.234, "1.23"), (12.34, "12.3"),
     (1234.5, "1,234"), (-5.0, "\u22125.00")],
)  # fmt: skip
def test_numbers_have_three_figures(value, text):
    assert words.format_short(value) == text


@pytest.mark.parametrize(
    ("mt", "text"),
    [(12.34, "12.3 Mt"), (0.45, "450 kt"), (0.000094, "94.0 t"), (0.0, "0 t"), (0.9999, "1.00 Mt")],
)
def test_amounts_choose_their_unit(mt, text):
    assert words.format_amount(mt) == text


@pytest.mark.parametrize(
    ("usd", "unit", "text"),
    [(18.6e6, "Mt/yr", "18.6 USD/t"), (28.9, "wagon-days/yr", "28.9 USD per wagon-day"),
     (5000.0, "kTEU/yr", "5.00 USD per TEU"), (3650.0, "trains/day", "10.0 USD per train"),
     (float("nan"), "Mt/yr", "not priced")],
)  # fmt: skip
def test_a_price_is_said_per_thing_carried(usd, unit, text):
    assert words.format_price(usd, unit) == text


def test_minus_zero_is_zero():
    assert words.format_fixed(-0.04, 1, sign=True) == "0.0"
    assert words.format_fixed(0.06, 1, sign=True) == "+0.1"
    assert show_tick(-1200.0) == "\u22121,200"


def test_links_and_subjects_have_names():
    places = pd.DataFrame(
        {"name": ["Aktau sea port", "Baku (Alat)", "Black Sea"]}, index=["aktau", "baku", "sea"]
    )
    link = {
        "kind": "move", "mode": "tanker", "from_place_id": "aktau", "to_place_id": "baku",
        "from_node_id": "aktau.tanker", "to_node_id": "baku.tanker",
    }  # fmt: skip
    names = dict(places["name"])
    assert words.name_link(link, names) == "Aktau sea port \u2013 Baku, tanker"
    lifted = link | {"kind": "transfer", "to_place_id": "aktau", "from_node_id": "aktau.rail1520"}
    assert words.name_link(lifted, names).startswith("Aktau sea port: rail")
    named = name_subjects(["port-aktau-dry", "btc-kazakh-oil"], places)
    assert named["port-aktau-dry"] == "Port Aktau dry"
    assert named["btc-kazakh-oil"].startswith("BTC")


@pytest.mark.parametrize(
    ("driver", "said"),
    [("tariff:CN/dry", "Charges: CN, dry"), ("market:coal@omsk", "Demand: coal at omsk"),
     ("capacity:cpc-terminal-load", "Capacity: cpc-terminal-load"), ("my_input", "My input")],
)  # fmt: skip
def test_drivers_have_names(driver, said):
    assert words.name_driver(driver) == said


@given(st.lists(st.floats(0, 100), min_size=1, max_size=8))
def test_heights_that_are_spread_out_keep_order_and_distance(wanted):
    wanted = sorted(wanted)
    heights = spread_out(wanted, 5.0, 100.0)
    assert all(b - a >= 5.0 - 1e-3 for a, b in pairwise(heights))


def test_long_words_are_cut_with_an_ellipsis():
    assert shorten("short", 200.0) == "short"
    cut = shorten("a name that is much too long for its place", 60.0)
    assert cut.endswith("…")
    assert len(cut) < 20


# The command


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Tables small enough to be solved by hand, and two scenarios."""
    (tmp_path / "tables").mkdir()
    for name, text in tiny.TABLES.items():
        (tmp_path / "tables" / f"{name}.csv").write_text(text, encoding="utf-8")
    (tmp_path / "base.yaml").write_text(tiny.BASE, encoding="utf-8")
    (tmp_path / "closed.yaml").write_text(tiny.CLOSED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def kazroutes(folder, capsys):
    def run(*arguments):
        code = run_group(LazyGroup("kazroutes", COMMANDS), [*arguments, "--data", "tables"])
        out, err = capsys.readouterr()
        return code, out, err

    return run


@pytest.mark.parametrize(
    "arguments",
    [
        ["transit-power", "base.yaml"], ["transit-power", "base.yaml", "closed.yaml"],
        ["criticality", "base.yaml"],
        ["heatmap", "base.yaml", "closed.yaml", "--indicator", "exported_mt"],
    ],
    ids=lambda arguments: "-".join(arguments[:2]),
)  # fmt: skip
def test_charts_of_dependency_are_drawn(arguments, kazroutes, folder):
    assert kazroutes("chart", *arguments, "-o", "c.svg") == (0, "c.svg\n", "")
    text = (folder / "c.svg").read_text(encoding="utf-8")
    assert "kazroutes" in text
    assert "base" in text


def test_charts_of_an_ensemble_are_drawn(kazroutes, folder):
    made = kazroutes("ensemble", "base.yaml", "closed.yaml", "-n", "48", "--out", "runs")
    assert made[0] == 0
    for kind, *more in (
        ["tornado", "--indicator", "cash_cost_usd_per_t"], ["violin", "closed"], ["exceedance"],
        ["fan", "--indicator", "cash_cost_usd_per_t"],
    ):  # fmt: skip
        given = ["chart", kind, *more, "--ensemble", "runs", "-o", f"{kind}.svg"]
        assert kazroutes(*given) == (0, f"{kind}.svg\n", "")
        assert "48 samples, seed 1" in (folder / f"{kind}.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("kind", ["tornado", "fan"])
def test_what_does_not_stand_out_from_chance_is_not_drawn(kind, kazroutes, folder):
    assert kazroutes("ensemble", "base.yaml", "-n", "8", "--seed", "2", "--out", "few")[0] == 0
    given = ("--ensemble", "few", "--indicator", "days_mean", "-o", "few.svg")
    code, _, err = kazroutes("chart", kind, *given)
    assert code == 2
    assert "days_mean more than chance does" in err
    assert not (folder / "few.svg").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["tornado"], "--ensemble DIR"),
        (["alluvial", "base.yaml", "--ensemble", "runs"], "draws no samples"),
        (["alluvial", "base.yaml", "--indicator", "exported_mt"], "has no --indicator"),
        (["violin", "--ensemble", "runs", "--driver", "x"], "has no --driver"),
        (["violin", "--ensemble", "nowhere"], "does not exist"),
        (["violin", "--ensemble", "runs", "--indicator", "a", "--indicator", "b"], "shows one"),
    ],
)
def test_what_the_command_cannot_draw_is_refused(arguments, said, kazroutes, folder):
    code, out, err = kazroutes("chart", *arguments, "-o", "c.svg")
    assert (code, out) == (2, "")
    assert said in err
    assert not (folder / "c.svg").exists()
