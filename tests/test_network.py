"""Tables: what is refused and in which words, what a year selects, what comes back from disk."""

from __future__ import annotations

import json
import math
import os
import tracemalloc

import pandas as pd
import pytest

from models.demand import available_capacity, check_years, select_case
from models.flow.solve import base_solver
from routes.costs import explain_tariff, link_costs
from routes.errors import DataError, UsageError
from routes.network import load_network, read_geometries, save_network, select_year
from routes.schema import TABLES, data_dictionary
from tiny import write_tiny


def problems_of(folder) -> str:
    with pytest.raises(DataError) as caught:
        select_case(load_network(folder), 2023)
    return "\n".join(str(problem) for problem in caught.value.problems)


BAD = {
    "misspelt column": (
        ("capacities.csv", "capacity,background", "capcity,background"),
        ["capacities.csv:1", "unknown column 'capcity'", "Did you mean 'capacity'"],
    ),
    "column that is missing": (
        ("places.csv", "place_id,name,country", "place_id,aliases,country"),
        ["places.csv:1", "column 'name' is missing"],
    ),
    "NaN": (
        ("supplies.csv", "2023,4,3,5", "2023,nan,3,5"),
        ["supplies.csv:2, mt_per_year", "finite number"],
    ),
    "blank that is needed": (
        ("supplies.csv", "2023,4,3,5", "2023,,3,5"),
        ["supplies.csv:2, mt_per_year", "blank but needed"],
    ),
    "infinite supply": (
        ("supplies.csv", "2023,4,3,5", "2023,inf,3,5"),
        ["supplies.csv:2, mt_per_year", "finite number"],
    ),
    "negative capacity": (
        ("capacities.csv", "border-port,5,1,4,6", "border-port,-5,1,4,6"),
        ["capacities.csv:2, capacity", "-5 is below 0"],
    ),
    "tonnes for millions of tonnes": (
        ("supplies.csv", "2023,4,3,5", "2023,4000000,3,5000000"),
        ["supplies.csv:2, mt_per_year: 4000000 is not plausible. At most 1,000 Mt/yr: millions of",
         "supplies.csv:2, high: 5000000 is not plausible"],
    ),
    "tonnes in a market": (
        ("markets.csv", "2023,10,0", "2023,10000000,0"),
        ["markets.csv:2, max_mt_per_year: 10000000 is not plausible. At most 10,000 Mt/yr"],
    ),
    "days without end": (
        ("links.csv", "KZ,300,1,", "KZ,300,1e200,"),
        ["links.csv:3, days: 1e200 is not plausible. At most 1,000 days."],
    ),
    "metres for kilometres": (
        ("links.csv", "KZ,300,1,", "KZ,300000,1,"),
        ["links.csv:3, length_km: 300000 is not plausible. At most 100,000 km."],
    ),
    "rate without end": (
        ("tariffs.csv", "0,0.01,0.008,0.012", "0,-1e9,0.008,0.012"),
        ["tariffs.csv:2, usd_per_t_km: -1e9 is not plausible. At most 10 USD per t-km."],
    ),
    "tonnes of a capacity": (
        ("capacities.csv", "border-port,5,1,4,6", "border-port,5,1,4,6000000"),
        ["capacities.csv:2, high: 6e+06 Mt/yr is not plausible. At most 10,000 Mt/yr: millions"],
    ),
    "coefficient without end": (
        ("shared_capacities.csv", ",1,1,1,", ",1,1,1e9,"),
        ["shared_capacities.csv:2, high: 1e9 is not plausible. At most 1,000 units per tonne."],
    ),
    "box without end": (
        ("commodities.csv", "0.15,,S1", "0.15,inf,S1"),
        ["commodities.csv:2, t_per_teu: inf is not plausible. At most 1,000 t."],
    ),
    "NaN capacity": (
        ("capacities.csv", "border-port,5,1,4,6", "border-port,nan,1,4,6"),
        ["capacities.csv:2, capacity", "NaN"],
    ),
    "text for a number": (
        ("capacities.csv", "border-port,5,1,4,6", "border-port,five,1,4,6"),
        ["capacities.csv:2, capacity", "'five' is not a number"],
    ),
    "unknown unit": (
        ("capacities.csv", "6,Mt/yr", "6,Mt/y"),
        ["capacities.csv:2, unit", "'Mt/y' is not one of the words", "Did you mean 'Mt/yr'"],
    ),
    "place that does not exist": (
        ("links.csv", "mine-border,mine.rail1520,border", "mine-border,mine.rail1520,bordr"),
        ["links.csv:3, to_node_id", "no place is called 'bordr'", "Did you mean 'border'"],
    ),
    "kind of charge that does not exist": (
        (
            "tariffs.csv",
            "grade,note\ncountry-mode:KZ/rail1520,carriage,any,,0,0.01,0.008,0.012,2023,S1,B,\n",
            "grade,covers\ncountry-mode:KZ/rail1520,carriage,any,,0,0.01,0.008,0.012,2023,S1,B,"
            "handlin;abc\n",
        ),
        ["tariffs.csv:2, covers: no kind of charge is called 'handlin'. Did you mean 'handling'",
         "tariffs.csv:2, covers: no kind of charge is called 'abc'. Known are carriage, freight"],
    ),
    "class of a tariff that does not exist": (
        ("tariffs.csv", "link:port-load,handling,any,coal", "link:port-load,handling,any,coall"),
        ["tariffs.csv:5, commodity_class", "no handling class is called 'coall'", "'coal'"],
    ),
    "classes of a link that do not exist": (
        ("links.csv", "mine-border,mine.rail1520,border.rail1520,move,rail1520,",
         "mine-border,mine.rail1520,border.rail1520,move,rail1520,coal;oar"),
        ["links.csv:3, commodity_classes: no handling class is called 'oar'. Did you mean 'ore'"],
    ),
    "class of a shared capacity that does not exist": (
        ("shared_capacities.csv", "port-load,", "port-load,coal ore"),
        ["shared_capacities.csv:2, commodity_class", "no handling class is called 'coal ore'"],
    ),
    "mode of a tariff that does not exist": (
        ("tariffs.csv", "country-mode:KZ/rail1520", "country-mode:KZ/rail1502"),
        ["tariffs.csv:2, scope", "no mode is called 'rail1502'", "Did you mean 'rail1520'"],
    ),
    "mode of a commodity that does not exist": (
        ("commodities.csv", "rail1520", "rail152O"),
        ["commodities.csv:2, modes", "no mode is called 'rail152O'", "Did you mean 'rail1520'"],
    ),
    "duplicated id": (
        ("places.csv", "town,Town", "mine,Town"),
        ["places.csv:5, place_id", "place_id=mine stands already on line 2"],
    ),
    "year with a point": (
        ("supplies.csv", "S1,A\n", "S1,A\ncoal,mine,2023.0,4,3,5,8,6,10,S1,A\n"),
        ["supplies.csv:3, commodity_id", "year=2023 stands already on line 2"],
    ),
    "year after a blank": (
        ("supplies.csv", "S1,A\n", "S1,A\ncoal,mine, 2023,4,3,5,8,6,10,S1,A\n"),
        ["supplies.csv:3, commodity_id", "year=2023 stands already on line 2"],
    ),
    "word after a blank": (
        ("emissions.csv", "S1,B\ndry", "S1,B\nrail1520,, ,20,5,15,35,S1,B\ndry"),
        ["emissions.csv:3, mode", "ship_class=blank stands already on line 2"],
    ),
    "tie between tariffs": (
        (
            "tariffs.csv",
            "link:abroad-out",
            "link:port-abroad,freight,any,,12,0,8,13,2023,S1,B,\nlink:abroad-out",
        ),
        ["tariffs.csv:7", "stands already on line 6"],
    ),
    "class and use": (
        (
            "tariffs.csv",
            "link:port-abroad,freight,any,,10,0,8,12,2023,S1,B,\n",
            "link:port-abroad,freight,any,,10,0,8,12,2023,S1,B,\n"
            "country-mode:KZ/rail1520,handling,home,coal,1,0,0,2,2023,S1,B,\n"
            "country-mode:KZ/rail1520,carriage,home,,0,0.02,0.01,0.03,2023,S1,B,\n"
            "country-mode:KZ/rail1520,carriage,any,coal,0,0.02,0.01,0.03,2023,S1,B,\n",
        ),
        [],
    ),
    "usable link without a tariff": (
        ("tariffs.csv", "link:port-abroad,freight,any,,10,0,8,12,2023,S1,B,\n", ""),
        ["links.csv:6, link_id", "'port-abroad' has no carriage or freight for coal",
         "link:port-abroad"],
    ),
    "usable link with a tariff for exports only": (
        ("tariffs.csv", "KZ/rail1520,carriage,any", "KZ/rail1520,carriage,export"),
        ["links.csv:3, link_id", "'mine-border' has no carriage or freight for coal (home)",
         "country-mode:KZ/rail1520"],
    ),
    "through rate by distance": (
        ("tariffs.csv", "country-mode:RU/rail1520", "route:far"),
        ["tariffs.csv:3, usd_per_t_km", "a through rate cannot be by distance"],
    ),
    "link that ends before it begins": (
        ("links.csv", "KZ,200,1,S1,A,,,operating", "KZ,200,1,S1,A,2030,2020,operating"),
        ["links.csv:8, from_year", "from_year lies after to_year"],
    ),
    "money of a year without an index": (
        ("tariffs.csv", "10,0,8,12,2023", "10,0,8,12,1999"),
        ["tariffs.csv:6, price_year", "no price index is known for this year", "2004 to"],
    ),
    "unknown source": (
        ("supplies.csv", "S1,A", "S9,A"),
        ["supplies.csv:2, source_id", "no source is called 'S9'", "Add it to sources.csv"],
    ),
    "silent grade C": (
        ("tariffs.csv", "0,0.01,0.008,0.012,2023,S1,B,", "0,0.01,0.008,0.012,2023,S1,C,"),
        ["tariffs.csv:2, note", "grade C without a formula"],
    ),
    "range that does not enclose": (
        ("supplies.csv", "2023,4,3,5", "2023,4,4.5,5"),
        ["supplies.csv:2, low", "low lies above mt_per_year: 4.5 > 4. A range"],
    ),
    "obligation without a shortfall price": (
        ("markets.csv", "0.5,40,20", "0.5,,20"),
        ["markets.csv:3, shortfall_price_usd_per_t", "needs a shortfall price"],
    ),
    "two links between the same nodes": (
        ("links.csv", "town-out,", "again,mine.rail1520,town.rail1520,move,rail1520,,KZ,9,1,S1,A,,,"
         "operating,S1,A,\ntown-out,"),
        ["links.csv:9, from_node_id", "between the same two nodes"],
    ),
    "link over foreign ground": (
        ("links.csv", "mine-town,mine.rail1520,town.rail1520,move,rail1520,,KZ",
         "mine-town,mine.rail1520,town.rail1520,move,rail1520,,RU"),
        ["links.csv:8, country", "ground of neither of its ends"],
    ),
    "site without a link": (
        ("links.csv", "mine-load,mine.site", "mine-load,town.site"),
        ["supplies.csv:2, place_id", "no link leaves the site"],
    ),
    "coefficient in the wrong unit": (
        ("shared_capacities.csv", "1,1,1,t/t", "1,1,1,ship-days/t"),
        ["shared_capacities.csv:2, unit", "needs coefficients in t/t"],
    ),
    "row that is too short": (
        ("places.csv", "town,Town,KZ,city,49,69,S1,A", "town,Town,KZ"),
        ["places.csv:5", "the row has 3 cells, the header 8"],
    ),
    "quote that does not close": (
        ("capacities.csv", "S1,B,\nberth", 'S1,B,"a note\nberth'),
        ["capacities.csv:2: not a CSV file (unexpected end of data). Close every quote"],
    ),
    "quote that closes early": (
        ("capacities.csv", "S1,B,\nberth", 'S1,B,"a"b\nberth'),
        ["capacities.csv:2: not a CSV file", "write a quote inside of quotes twice"],
    ),
    "two capacities in one year": (
        ("capacities.csv", "berth,3", "border-port,6,1,4,7,Mt/yr,practical,yes,no,S1,B,\nberth,3"),
        ["capacities.csv:3", "stands already on line 2"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in BAD if BAD[name][1]])
def test_bad_input_is_told_with_file_line_column_and_remedy(name, tmp_path):
    edit, words = BAD[name]
    told = problems_of(write_tiny(tmp_path / "data", edit))
    for word in words:
        assert word in told, told


def test_more_specific_rates_of_two_kinds_are_no_tie(tmp_path):
    """A class beats a use, so a class row and a use row do not tie."""
    folder = write_tiny(tmp_path, BAD["class and use"][0])
    case = select_case(load_network(folder), 2023)
    mine = case.charges[(case.charges["link_id"] == "mine-town") & (case.charges["use"] != "home")]
    assert mine["usd_per_t"].tolist() == [pytest.approx(4.0)]


def test_rates_that_hold_in_the_same_year_tie(tmp_path):
    folder = write_tiny(tmp_path)
    header, *rows = (folder / "tariffs.csv").read_text().splitlines()
    rows = [f"{row},{year}" for row, year in zip(rows, ["", "", "", "", 2020, ""], strict=True)]
    rows.append("link:port-abroad,freight,any,,11,0,8,12,2023,S1,B,,2022")
    (folder / "tariffs.csv").write_text("\n".join([f"{header},from_year", *rows]) + "\n")
    told = problems_of(folder)
    assert "tariffs.csv:8, from_year: a second row holds in the same year" in told


def test_all_problems_are_told_at_once(tmp_path):
    told = problems_of(
        write_tiny(
            tmp_path,
            ("supplies.csv", "2023,4,3,5", "2023,nan,3,5"),
            ("capacities.csv", "6,Mt/yr", "6,Mt/y"),
            ("places.csv", "town,Town", "Town!,Town"),
        )
    )
    assert all(file in told for file in ("supplies.csv", "capacities.csv", "places.csv"))


def test_a_flag_that_is_nearly_a_word_of_the_model_is_warned_of(tmp_path):
    old = "mine-border,mine.rail1520,border.rail1520,move,rail1520,,KZ,300,1,S1,A,,,operating,S1,A,"
    header = ("links.csv", "source_id,grade,note", "source_id,grade,flags")
    flags = ("links.csv", old, f"{old}ktz_operated;storm;depend:RU")
    network = load_network(write_tiny(tmp_path, header, flags))
    assert [str(warning) for warning in network.warnings] == [
        "links.csv:3, flags: the model has no flag 'depend:RU'. Did you mean 'depends:RU' or "
        "'depends:KZ' or 'depends:DE'?"
    ]


def test_a_wrong_cell_hides_no_wrong_name(tmp_path):
    folder = write_tiny(tmp_path, ("supplies.csv", "2023,4,3,5", "2023,nan,3,5"))
    path = folder / "links.csv"
    header, first, *rest = path.read_text().splitlines()
    cells = dict(zip(header.split(","), first.split(","), strict=False))
    cells["from_node_id"] = "nowhere.rail"
    path.write_text("\n".join([header, ",".join(cells.values()), *rest]) + "\n")
    told = problems_of(folder)
    assert "supplies.csv:2" in told
    assert "links.csv:2, from_node_id: no place is called 'nowhere'" in told
    assert told.count("is called") == 1


def test_files_that_are_not_tables_are_refused(tmp_path):
    folder = write_tiny(tmp_path)
    (folder / "capacity.csv").write_text("a,b\n")
    (folder / "links.csv").write_bytes(b"\xff\xfe\x00link")
    told = problems_of(folder)
    assert "capacity.csv: no table has this file name" in told
    assert "links.csv: byte 0 is not UTF-8" in told


def test_a_link_to_a_file_elsewhere_is_refused(tmp_path):
    folder = write_tiny(tmp_path / "data")
    secret = tmp_path / "secret.csv"
    secret.write_text("subject_id\n")
    (folder / "events.csv").symlink_to(secret)
    assert "events.csv: the file is a link to another folder" in problems_of(folder)


def test_nothing_is_read_of_a_link_to_a_file_elsewhere(tmp_path):
    folder = write_tiny(tmp_path / "data")
    secret = tmp_path / "secret.csv"
    secret.write_text("a secret,word\n")
    for name in ("links.csv", "geometry.geojson", "datapackage.json"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(secret)
    told = problems_of(folder)
    assert "links.csv: the file is a link to another folder. Copy it." in told
    assert "secret" not in told
    with pytest.raises(DataError, match=r"geometry.geojson: the file is a link to another folder"):
        read_geometries(folder)
    (folder / "links.csv").unlink()
    (folder / "links.csv").symlink_to(tmp_path / "nowhere.csv")
    assert "links.csv: the file is a link to nothing" in problems_of(folder)


@pytest.mark.parametrize("name", ["rivals.csv", "links.csv"])
def test_a_huge_table_is_refused_unread(name, tmp_path):
    folder = write_tiny(tmp_path)
    with (folder / name).open("ab") as stream:
        stream.truncate(200_000_000)
    tracemalloc.start()
    told = problems_of(folder)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert f"{name}: the file is larger than 64 MiB" in told
    assert peak < 50_000_000


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    folder = write_tiny(tmp_path)
    (folder / "links.csv").unlink()
    for name in ("links.csv", "geometry.geojson"):
        os.mkfifo(folder / name)
    assert "links.csv: is not a plain file" in problems_of(folder)
    with pytest.raises(DataError, match=r"geometry.geojson: is not a plain file"):
        read_geometries(folder)


@pytest.mark.parametrize(
    ("package", "words"),
    [
        ({"version": "1\x1b[2J"}, ": the version is not a text of 1 to 60 printable characters"),
        ({"version": "1\nall is well"}, ": the version is not a text of 1 to 60"),
        ({"version": "1\u202e2"}, ": the version is not a text of 1 to 60"),
        ({"version": "1" * 61}, ": the version is not a text of 1 to 60"),
        ({"version": {"a": 1}}, ": the version is not a text of 1 to 60"),
        ({"version": None}, ": the version is not a text of 1 to 60"),
        ([], ": is no data package"),
        ("[" * 100_000, ": is nested too deep"),
        ('{"version": 1', ":1: is no JSON document"),
    ],
)
def test_a_version_is_a_short_printable_text(package, words, tmp_path):
    folder = write_tiny(tmp_path)
    text = package if isinstance(package, str) else json.dumps(package)
    (folder / "datapackage.json").write_text(text)
    assert f"datapackage.json{words}" in problems_of(folder)


@pytest.mark.parametrize(("version", "text"), [("2026.11.0", "2026.11.0"), (1.5, "1.5")])
def test_a_version_is_read(version, text, tmp_path):
    folder = write_tiny(tmp_path)
    (folder / "datapackage.json").write_text(json.dumps({"version": version}))
    assert load_network(folder).version == text


def test_missing_folder_is_a_usage_error(tmp_path):
    with pytest.raises(UsageError, match="does not exist"):
        load_network(tmp_path / "nowhere")


def test_overlay_changes_rows_by_key_and_logs_it(tmp_path):
    base = write_tiny(tmp_path / "base")
    over = tmp_path / "over"
    over.mkdir()
    (over / "supplies.csv").write_text("commodity_id,place_id,year,mt_per_year\ncoal,mine,2023,5\n")
    network = load_network(base, overlays=[over])
    assert network["supplies"]["mt_per_year"].tolist() == [5.0]
    assert network["supplies"]["high"].tolist() == [5.0]
    assert network.changes == ("supplies coal|mine|2023 mt_per_year: 4 -> 5",)
    assert network.digest != load_network(base).digest


def test_a_range_that_an_overlay_inherits_is_told_as_such(tmp_path):
    base = write_tiny(tmp_path / "base")
    over = tmp_path / "over"
    over.mkdir()
    path = over / "supplies.csv"
    path.write_text("commodity_id,place_id,year,mt_per_year\ncoal,mine,2023,2\n")
    with pytest.raises(DataError) as error:
        load_network(base, overlays=[over])
    assert str(error.value) == (
        "over/supplies.csv:2, low: low lies above mt_per_year: 3 > 2. A range must enclose its "
        "value. What the overlay has no column for is that of the row it changes: add the columns "
        "low and high to it."
    )
    path.write_text("commodity_id,place_id,year,mt_per_year,low,high\ncoal,mine,2023,2,1,3\n")
    assert load_network(base, overlays=[over])["supplies"]["low"].tolist() == [1.0]


@pytest.mark.parametrize("year", ["2023.0", " 2023", "2023 "])
def test_a_key_written_otherwise_is_the_same_key(year, tmp_path):
    base = write_tiny(tmp_path / "base")
    over = tmp_path / "over"
    over.mkdir()
    text = f"commodity_id,place_id,year,mt_per_year\ncoal,mine,{year},5\n"
    (over / "supplies.csv").write_text(text)
    network = load_network(base, overlays=[over])
    assert network["supplies"]["mt_per_year"].tolist() == [5.0]
    assert network.changes == ("supplies coal|mine|2023 mt_per_year: 4 -> 5",)


def test_a_key_that_stands_twice_in_an_overlay_is_told(tmp_path):
    base = write_tiny(tmp_path / "base")
    over = tmp_path / "over"
    over.mkdir()
    rows = ("commodity_id,place_id,year,mt_per_year", "coal,mine,2023,5", "coal,mine,2023.0,3")
    (over / "supplies.csv").write_text("\n".join(rows) + "\n")
    with pytest.raises(DataError) as caught:
        load_network(base, overlays=[over])
    assert str(caught.value) == (
        "over/supplies.csv:3, commodity_id: commodity_id=coal, place_id=mine, year=2023 stands "
        "already on line 2. Give each row its own key."
    )


def test_a_line_break_inside_of_quotes_is_text(tmp_path):
    note = ("capacities.csv", "S1,B,\nberth", 'S1,B,"two\nlines"\nberth')
    network = load_network(write_tiny(tmp_path, note))
    assert network["capacities"]["note"].tolist() == ["two\nlines", ""]
    assert network.lines["capacities"] == [("capacities.csv", 2), ("capacities.csv", 4)]


def test_saved_tables_read_back_the_same(tmp_path):
    network = load_network(write_tiny(tmp_path / "one"))
    (tmp_path / "two").mkdir()
    save_network(network, tmp_path / "two")
    again = load_network(tmp_path / "two")
    for name in TABLES:
        pd.testing.assert_frame_equal(network[name], again[name])


def test_year_selects_rows_and_keeps_future_links_closed(tmp_path):
    future = (
        "links.csv",
        "mine-town,mine.rail1520,town.rail1520,move,rail1520,,KZ,200,1,S1,A,,,operating",
        "mine-town,mine.rail1520,town.rail1520,move,rail1520,,KZ,200,1,S1,A,2030,,proposed",
    )
    network = load_network(write_tiny(tmp_path, future))
    links = select_year(network, 2023)["links"].set_index("link_id")
    assert not links.loc["mine-town", "open"]
    assert links.loc["mine-border", "open"]


def test_capacity_left_is_practical_less_background_and_within_the_law(tmp_path):
    legal = ("capacities.csv", "berth,3", "border-port,2.5,0,2,3,Mt/yr,legal,yes,no,S1,A,\nberth,3")
    case = select_case(load_network(write_tiny(tmp_path / "a")), 2023)
    assert available_capacity(case.capacities)["border-port"] == 4.0
    case = select_case(load_network(write_tiny(tmp_path / "b", legal)), 2023)
    assert available_capacity(case.capacities)["border-port"] == 2.5
    loose = (legal[0], legal[1], legal[2].replace("legal,yes", "legal,no"))
    case = select_case(load_network(write_tiny(tmp_path / "c", loose)), 2023)
    assert available_capacity(case.capacities)["border-port"] == 4.0


def test_charges_multiply_distance_and_take_the_most_specific(tmp_path):
    through = (
        "tariffs.csv",
        "link:port-abroad",
        "link:mine-border,carriage,any,,7,0,6,8,2023,S1,B,\nlink:port-abroad",
    )
    charges = link_costs(select_year(load_network(write_tiny(tmp_path, through)), 2023))
    usd = charges.set_index(["link_id", "kind"])["usd_per_t"]
    assert usd["mine-border", "carriage"] == 7.0
    assert usd["mine-town", "carriage"] == pytest.approx(2.0)
    assert usd["border-port", "carriage"] == pytest.approx(13.5)
    assert ("mine-border", "handling") not in usd.index


def test_a_through_rate_is_charged_once_with_all_it_covers(tmp_path):
    rate = (
        "tariffs.csv",
        "price_year,source_id,grade,note\n",
        "price_year,source_id,grade,note\nroute:all-in,carriage,any,,30,0,25,35,2023,S1,A,\n",
    )
    folder = write_tiny(tmp_path, rate)
    header = (folder / "tariffs.csv").read_text().replace("note\n", "note,covers\n", 1)
    lines = header.splitlines()
    lines[1] += ",handling"
    lines[2:] = [line + "," for line in lines[2:]]
    (folder / "tariffs.csv").write_text("\n".join(lines) + "\n")
    (folder / "through_routes.csv").write_text(
        "route_id,link_id,share,source_id,grade\n"
        "all-in,border-port,0.75,S1,A\nall-in,port-load,0.25,S1,A\n"
    )
    charges = link_costs(select_year(load_network(folder), 2023))
    both = charges[charges["link_id"].isin(("border-port", "port-load"))]
    assert both["usd_per_t"].sum() == pytest.approx(30.0)
    assert set(both["kind"]) == {"carriage"}


def test_old_money_is_deflated_once(tmp_path):
    old = ("tariffs.csv", "link:port-abroad,freight,any,,10,0,8,12,2023",
           "link:port-abroad,freight,any,,10,0,8,12,2010")  # fmt: skip
    network = load_network(write_tiny(tmp_path, old))
    row = explain_tariff(select_year(network, 2023), "port-abroad", "coal")
    assert row["usd_per_t"].tolist() == [pytest.approx(10 * 304.702 / 218.056)]


def test_year_without_demand_is_refused_with_the_years_that_have_it(tmp_path):
    network = load_network(write_tiny(tmp_path))
    with pytest.raises(UsageError, match=r"in 2030.*Years with both: 2023"):
        select_case(network, 2030)
    assert [p.file for p in check_years(network, (2023, 2030))] == ["supplies.csv"]


def test_a_supply_without_any_route_is_an_error_of_the_data(tmp_path):
    cut = ("links.csv", "mine-load,mine.site,mine.rail1520,load,rail1520,,KZ,0,1,S1,A,,,operating",
           "mine-load,mine.site,mine.rail1520,load,rail1520,,KZ,0,1,S1,A,,,closed")  # fmt: skip
    network = load_network(write_tiny(tmp_path, cut))
    with pytest.raises(
        DataError, match=r"supplies.csv:2, place_id: no route leads coal from 'mine'"
    ):
        base_solver(network, 2023)


def test_dictionary_tells_every_column():
    rows = data_dictionary()
    assert {row["table"] for row in rows} == set(TABLES)
    assert all(row["meaning"] for row in rows)
    assert math.isclose(len(rows), sum(len(r.model_fields) for r in TABLES.values()))
