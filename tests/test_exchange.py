"""Data sets in and out: what is written is read back as the same network, and nothing worse."""

import csv
import json
import math
import warnings
import zipfile

import networkx as nx
import openpyxl
import pandas as pd
import pytest

from routes.errors import DataError, UnknownNameError, UsageError
from routes.exchange import (
    FORMS,
    SHIPPED_VERSION,
    check_data,
    describe_package,
    export_network,
    open_network,
    read_gmns,
    read_lines,
    read_xlsx,
)
from routes.exchange import workbook_guard as guard
from routes.exchange.datapackage import write_json
from routes.exchange.gmns import from_wkt
from routes.exchange.gmns_writer import to_wkt
from routes.network import build_network, load_network, shipped_folder
from routes.schema import TABLES
from tiny import write_tiny

TRICKY = '"=1+1; said ""so"", -5\nand inf"'
EDITS = (
    ("capacities.csv", "border-port,5,1,4,6,", "border-port,inf,0,inf,inf,"),
    ("capacities.csv", "yes,no,S1,B,\nberth", f"yes,no,S1,B,{TRICKY}\nberth"),
    ("tariffs.csv", "0.01,0.008,0.012", f"{0.1 + 0.2!r},{1 / 300!r},0.5"),
    ("places.csv", "mine,Mine,KZ", "mine,@Mine,KZ"),
)  # fmt: skip


@pytest.fixture(scope="module")
def shipped():
    return load_network()


@pytest.fixture
def tiny(tmp_path):
    return load_network(write_tiny(tmp_path / "tiny", *EDITS))


def assert_same(one, two, *, rtol=0.0):
    for name in TABLES:
        if rtol:
            pd.testing.assert_frame_equal(one[name], two[name], rtol=rtol, atol=0)
        else:
            pd.testing.assert_frame_equal(one[name], two[name], check_exact=True)


# Round trips


@pytest.mark.parametrize("form", ["csv", "gmns"])
def test_the_shipped_data_come_back_exactly(form, shipped, tmp_path):
    lines = read_lines()
    export_network(shipped, tmp_path / "one", form=form, lines=lines)
    back = open_network(tmp_path / "one")
    assert_same(shipped, back)
    assert back.version == shipped.version
    assert read_lines(tmp_path / "one") == lines
    export_network(back, tmp_path / "two", form=form, lines=read_lines(tmp_path / "one"))
    for path in sorted((tmp_path / "one").iterdir()):
        if path.suffix == ".csv" and path.name != "config.csv":
            assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_the_shipped_data_come_back_from_a_workbook(shipped, tmp_path):
    path = export_network(shipped, tmp_path / "all.xlsx", form="xlsx")
    back = open_network(path)
    assert_same(shipped, back, rtol=1e-15)
    assert (back.name, back.version) == ("all", shipped.version)


@pytest.mark.parametrize(("form", "target"), [("csv", "a"), ("gmns", "a"), ("xlsx", "a.xlsx")])
def test_blank_unlimited_and_odd_text_come_back(form, target, tiny, tmp_path):
    back = open_network(export_network(tiny, tmp_path / target, form=form))
    assert_same(tiny, back, rtol=1e-15 if form == "xlsx" else 0)
    row = back["capacities"].iloc[0]
    assert math.isinf(row["capacity"])
    assert math.isnan(row["from_year"])
    assert row["background"] == 0
    assert row["note"] == '=1+1; said "so", -5\nand inf'
    assert back["tariffs"]["usd_per_t_km"].iloc[0] == pytest.approx(0.1 + 0.2, rel=1e-15)


def test_an_overlay_works_on_every_form(tiny, tmp_path):
    over = tmp_path / "over"
    over.mkdir()
    (over / "supplies.csv").write_text(
        "commodity_id,place_id,year,mt_per_year,high\ncoal,mine,2023,7,9\n"
    )
    for form, target in (("csv", "c"), ("gmns", "g"), ("xlsx", "x.xlsx")):
        path = export_network(tiny, tmp_path / target, form=form)
        changed = open_network(path, overlays=[over])
        assert changed["supplies"]["mt_per_year"].tolist() == [7]
        assert changed.changes[0] == "supplies coal|mine|2023 mt_per_year: 4 -> 7"
        assert changed.digest != open_network(path).digest


# Excel


def test_formula_like_text_is_text(tiny, tmp_path):
    path = export_network(tiny, tmp_path / "a.xlsx", form="xlsx")
    book = openpyxl.load_workbook(path)
    note = next(cell for cell in book["capacities"][2] if str(cell.value).startswith("="))
    name = next(cell for cell in book["places"][2] if str(cell.value).startswith("@"))
    for cell in (note, name):
        assert cell.data_type == "s"
        assert cell.quotePrefix
    assert [cell.data_type for cell in book["capacities"][3]][1] == "n"
    assert [cell.value for cell in book["capacities"][2]][1] == "inf"
    assert not any(cell.data_type == "f" for sheet in book for row in sheet for cell in row)


def edit_book(path, change):
    book = openpyxl.load_workbook(path)
    change(book)
    book.save(path)
    return path


def test_what_a_spreadsheet_makes_of_cells_is_understood(tiny, tmp_path):
    path = export_network(tiny, tmp_path / "a.xlsx", form="xlsx")

    def change(book):
        book["capacities"].append(
            ["mine-border", 4, 0, 4, "inf", "Mt/yr", None, "practical", True, False, None, None,
             "S1", "B", pd.Timestamp("2023-02-14").to_pydatetime()]
        )  # fmt: skip

    row = open_network(edit_book(path, change))["capacities"].iloc[-1]
    assert (row["enforced"], row["firm"], row["note"]) == (True, False, "2023-02-14")
    assert math.isinf(row["high"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda b: b.create_sheet("tarifs"), "Did you mean 'tariffs'?"),
        (lambda b: b.remove(b["links"]), "the sheet 'links' is missing"),
        (lambda b: b["links"].cell(1, 1, "link"), "unknown column 'link'"),
        (lambda b: b["about"].cell(2, 2, "1\n2"), "a.xlsx[about]: the version is not a text of 1"),
        (lambda b: b["links"].cell(2, 60, "x"), "cells beyond"),
        (lambda b: b["capacities"].cell(2, 2, "#DIV/0!"), "shows #DIV/0!"),
        (lambda b: b["supplies"].cell(2, 4, "=1+3"), "cell D2 holds a formula without a saved"),
        (lambda b: b["supplies"].cell(2, 4, "four"), "a.xlsx[supplies]:2, mt_per_year: 'four'"),
        (lambda b: b["supplies"].cell(2, 4, " ").__setattr__("value", None), "is blank but needed"),
    ],
)
def test_a_wrong_workbook_is_told_with_its_cell(change, words, tiny, tmp_path):
    path = edit_book(export_network(tiny, tmp_path / "a.xlsx", form="xlsx"), change)
    with pytest.raises(DataError) as error:
        open_network(path)
    assert words in str(error.value)


def add_part(path, name, content=b"x", method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "a", method) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        archive.writestr(name, content)
    return path


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("xl/vbaProject.bin", b"x", "macros"),
        ("xl/externalLinks/externalLink1.xml", b"<x/>", "other workbooks"),
        ("xl/embeddings/oleObject1.bin", b"x", "macros or binary"),
        ("xl/connections.xml", b"<x/>", "data connections"),
        ("xl/bomb.xml", b"0" * (8 * 2**20), "packed more than"),
        ("xl/odd.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', "entities of its own"),
        ("xl/workbook.xml", b"<x/>", "two parts"),
    ],
)
def test_a_workbook_that_could_hurt_is_refused_unread(name, content, words, tiny, tmp_path):
    path = add_part(export_network(tiny, tmp_path / "a.xlsx", form="xlsx"), name, content)
    with pytest.raises(DataError, match=words):
        read_xlsx(path)


BOMB = '<?xml version="1.0"?><!DOCTYPE w [<!ENTITY a "AAAAAAAAAA">]>'


def change_part(path, name, change, target=""):
    """Write a workbook anew with a part changed, and under another name where one is given."""
    with zipfile.ZipFile(path) as archive:
        parts = {part: archive.read(part) for part in archive.namelist()}
    text = change(parts.pop(name).decode())
    parts = {
        part: content.replace(name.encode(), (target or name).encode())
        if part.endswith((".rels", "Types].xml")) else content
        for part, content in parts.items()
    }  # fmt: skip
    parts[target or name] = text if isinstance(text, bytes) else text.encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return path


@pytest.mark.parametrize(
    ("name", "target", "change", "words"),
    [
        ("xl/worksheets/sheet2.xml", "xl/worksheets/sheet2.dat",
         lambda text: BOMB + text.partition("?>")[2], "entities of its own"),
        ("xl/worksheets/sheet2.xml", "xl/media/image1.png",
         lambda text: "\ufeff" + BOMB + text.partition("?>")[2], "entities of its own"),
        ("xl/workbook.xml", "", lambda text: (BOMB + text).encode("utf-16-be"), "not UTF-8 text"),
        ("xl/workbook.xml", "", lambda text: (BOMB + text).encode("utf-16-le"), "not UTF-8 text"),
        ("xl/workbook.xml", "", lambda text: (BOMB + text).encode("utf-16"), "not UTF-8 text"),
        ("xl/workbook.xml", "", lambda text: (" " + BOMB + text).encode("utf-32-be"), "not UTF-8"),
        ("xl/workbook.xml", "",
         lambda text: b'<?xml version="1.0" encoding="cp037"?>' + text.encode("cp037"),
         "not UTF-8 text"),
    ],
)  # fmt: skip
def test_entities_do_not_hide(name, target, change, words, tiny, tmp_path):
    path = export_network(tiny, tmp_path / "a.xlsx", form="xlsx")
    with pytest.raises(DataError, match=words):
        open_network(change_part(path, name, change, target))


def test_a_picture_and_a_renamed_sheet_do_no_harm(tiny, tmp_path):
    path = export_network(tiny, tmp_path / "a.xlsx", form="xlsx")
    change_part(path, "xl/worksheets/sheet2.xml", str, "xl/worksheets/sheet2.dat")
    add_part(path, "xl/media/image1.png", b"\x89PNG\r\n\x1a\n\x00\xff<!DOCTYPE")
    assert_same(tiny, open_network(path), rtol=1e-15)


def test_a_long_cell_is_told_with_its_place(tiny, tmp_path):
    path = export_network(tiny, tmp_path / "a.xlsx", form="xlsx")
    change_part(path, "xl/worksheets/sheet2.xml", lambda text: text.replace("Mine", "M" * 40_000))
    with pytest.raises(DataError, match=r"places\]:2, name: the cell holds more than 32,767"):
        open_network(path)


def test_large_workbooks_are_refused_before_unpacking(tiny, tmp_path, monkeypatch):
    path = export_network(tiny, tmp_path / "a.xlsx", form="xlsx")
    for limit, words in (
        ("MAX_FILE_BYTES", "larger than"),
        ("MAX_PARTS", "parts"),
        ("MAX_PART_BYTES", "too large"),
        ("MAX_UNPACKED_BYTES", "unpacked"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(guard, limit, 1)
            with pytest.raises(DataError, match=words):
                read_xlsx(path)


def test_what_is_no_workbook_is_refused(tmp_path):
    path = tmp_path / "a.xlsx"
    path.write_bytes(b"not a workbook")
    with pytest.raises(DataError, match="is not a workbook that can be read"):
        open_network(path)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.txt", "x")
    with pytest.raises(DataError, match="cannot be read"):
        open_network(path)


@pytest.mark.parametrize(
    ("text", "words"), [("x" * 40_000, "32,767 characters"), ("a\x0bb", "control character")]
)
def test_text_that_no_cell_can_hold_is_refused_and_nothing_written(text, words, tmp_path):
    edit = ("capacities.csv", "S1,B,\nberth", f'S1,B,"{text}"\nberth')
    network = load_network(write_tiny(tmp_path / "tiny", edit))
    with pytest.raises(DataError, match=words) as error:
        export_network(network, tmp_path / "a.xlsx", form="xlsx")
    assert "capacities.csv:2, note" in str(error.value)
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


# GMNS


def test_gmns_names_mean_what_gmns_says(tiny, tmp_path):
    folder = export_network(tiny, tmp_path / "g", form="gmns")
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.csv")}
    headers = {name: next(csv.reader(text.splitlines())) for name, text in texts.items()}
    assert {"node_id", "x_coord", "y_coord", "parent_node_id"} <= set(headers["node.csv"])
    link = {"link_id", "from_node_id", "to_node_id", "directed", "length", "geometry_id"}
    assert link <= set(headers["link.csv"])
    assert "grade" not in headers["link.csv"]  # the slope, in GMNS
    assert not [name for name, header in headers.items() if "capacity" in header]
    assert "capacity_in_unit" in headers["capacities.csv"]
    rows = list(csv.DictReader(texts["node.csv"].splitlines()))
    parents = {row["node_id"]: row["parent_node_id"] for row in rows}
    assert parents["mine"] == ""
    assert parents["mine.rail1520"] == "mine"


def edit_file(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text, (old, text)
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_gmns_capacity_is_never_ours(tiny, tmp_path):
    folder = export_network(tiny, tmp_path / "g", form="gmns")
    lines = (folder / "link.csv").read_text(encoding="utf-8").splitlines()
    changed = [lines[0] + ",capacity,lanes", *(line + ",1800,2" for line in lines[1:])]
    (folder / "link.csv").write_text("\n".join(changed) + "\n", encoding="utf-8")
    back = open_network(folder)
    assert_same(tiny, back)
    assert [problem.column for problem in back.warnings] == ["capacity", "lanes"]
    assert "vehicles an hour" in str(back.warnings[0])


@pytest.mark.parametrize(
    ("file", "old", "new", "words"),
    [
        ("link.csv", ",true,", ",false,", "every link has one direction"),
        ("link.csv", "mine.site,", "nowhere.site,", "no node is called 'nowhere.site'"),
        ("link.csv", ",length,", ",lenght,", "unknown column 'lenght'"),
        ("link.csv", ",300,", ",far,", "link.csv:3, length_km: 'far' is not a number"),
        ("node.csv", "mine.rail1520,", "pit.rail1520,", "does not belong to 'mine'"),
        ("node.csv", ",rail1520,50,70,", ",rail1520,50.5,70,", "lies elsewhere than its place"),
        ("node.csv", "town,Town", "city,Town", "no row of this table is the place 'town'"),
        ("capacities.csv", "capacity_in_unit", "capacity_per_hour", "unknown column"),
    ],
)
def test_a_wrong_gmns_folder_is_told_with_its_line(file, old, new, words, tiny, tmp_path):
    folder = export_network(tiny, tmp_path / "g", form="gmns")
    edit_file(folder / file, old, new)
    with pytest.raises(DataError) as error:
        build_network(read_gmns(folder))
    assert words in str(error.value)


def test_a_gmns_folder_needs_its_two_tables(tiny, tmp_path):
    folder = export_network(tiny, tmp_path / "g", form="gmns")
    (folder / "node.csv").unlink()
    (folder / "more.csv").write_text("a\n1\n")
    with pytest.raises(DataError) as error:
        open_network(folder)
    assert "node.csv: the file is missing" in str(error.value)
    assert "more.csv: no table has this file name" in str(error.value)


def test_nothing_is_read_of_a_gmns_link_to_a_file_elsewhere(tiny, tmp_path):
    folder = export_network(tiny, tmp_path / "g", form="gmns")
    secret = tmp_path / "secret.csv"
    secret.write_text("a secret,word\n")
    for name in ("link.csv", "geometry.csv"):
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(secret)
    with pytest.raises(DataError, match=r"link.csv: the file is a link to another") as error:
        open_network(folder)
    assert "secret" not in str(error.value)
    with pytest.raises(DataError, match=r"geometry.csv: the file is a link to another folder"):
        read_lines(folder)


def feature(**parts):
    line = {"type": "LineString", "coordinates": [[70, 50], [68.5, 51]]}
    return {"properties": {"geometry_id": "a"}, "geometry": line} | parts


def coordinates(*points):
    return {"geometry": {"coordinates": list(points)}}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("not json", "geometry.geojson:1: is no JSON document"),
        (b'"\xff"', "geometry.geojson: is no JSON document"),
        ("[" * 100_000, "geometry.geojson: is nested too deep"),
        ('{"features": ' + "9" * 5_000 + "}", "geometry.geojson: is no JSON document"),
        ([], "geometry.geojson: holds no list of `features`"),
        ({"features": 5}, "geometry.geojson: holds no list of `features`"),
        ([{}], "geometry.geojson, feature 1: has no `geometry_id`"),
        ([7], "geometry.geojson, feature 1: has no `geometry_id`"),
        ([feature(), feature()], "feature 2: its geometry_id stands in a feature above"),
        ([feature(geometry=None)], "feature 1: `coordinates` is no line"),
        ([feature(**coordinates([70, 50]))], "is no line: two points or more"),
        ([feature(**coordinates([70, 50], [70]))], "is no line: two points or more"),
        ([feature(**coordinates([70, 50], ["70", "50"]))], "is no line: two points or more"),
        ([feature(**coordinates([70, 50], [math.nan, 50]))], "is no line: two points or more"),
        ([feature(**coordinates([70, 50], [10**400, 50]))], "is no line: two points or more"),
        ([feature(**coordinates([70, 50], [True, 50]))], "is no line: two points or more"),
        ([feature(**coordinates([70, 50], [50, 170]))], "is no line: two points or more"),
    ],
)
def test_a_wrong_geometry_is_told_with_its_feature(text, words, tmp_path):
    folder = write_tiny(tmp_path)
    if isinstance(text, list) and text:
        text = {"type": "FeatureCollection", "features": text}
    if not isinstance(text, str | bytes):
        text = json.dumps(text)
    path = folder / "geometry.geojson"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(DataError) as error:
        read_lines(folder)
    assert words in str(error.value)
    network, errors, _ = check_data(folder)
    assert network is None
    assert errors == list(error.value.problems)


def test_every_wrong_feature_is_told_and_heights_are_left_out(tmp_path):
    folder = write_tiny(tmp_path)
    path = folder / "geometry.geojson"
    path.write_text(json.dumps({"features": [feature(), {}, feature(geometry=5)]}))
    with pytest.raises(DataError) as error:
        read_lines(folder)
    assert [problem.column for problem in error.value.problems] == ["feature 2", "feature 3"]
    high = feature(**coordinates([70, 50, 300], [181, 51, 200]))
    path.write_text(json.dumps({"features": [high]}))
    assert read_lines(folder) == {"a": [(70, 50), (181, 51)]}
    assert check_data(folder)[1] == []


def test_lines_as_well_known_text():
    line = [(51.1, 43.2), (1 / 3, -12.5)]
    assert from_wkt(to_wkt(line)) == line
    assert to_wkt([]) == ""
    wrong = ("POINT (1 2)", "LINESTRING (1 2, 3)", "LINESTRING 1 2", "LINESTRING (a b)")
    for text in (*wrong, "LINESTRING (nan 1, 2 3)"):
        with pytest.raises(UsageError, match="LINESTRING"):
            from_wkt(text)


# Shapes and graphs


def test_geojson_has_every_place_and_link(tiny, tmp_path):
    drawn = {"l": [(10.0, 54.0), (20.0, 56.0), (40.0, 55.0)]}
    over = tmp_path / "over"
    over.mkdir()
    (over / "links.csv").write_text("link_id,geometry_id\nport-abroad,l\n")
    network = load_network(tmp_path / "tiny", overlays=[over])
    path = export_network(network, tmp_path / "a.geojson", form="geojson", lines=drawn)
    features = json.loads(path.read_text(encoding="utf-8"), parse_constant=pytest.fail)["features"]
    by_id = {f["properties"].get("link_id") or f["properties"]["place_id"]: f for f in features}
    assert len(features) == len(network["places"]) + len(network["links"])
    assert by_id["mine"]["geometry"] == {"type": "Point", "coordinates": [70.0, 50.0]}
    assert by_id["port-load"]["geometry"]["type"] == "Point"
    assert by_id["mine-border"]["geometry"]["coordinates"] == [[70.0, 50.0], [68.0, 51.0]]
    there = [[40.0, 55.0], [20.0, 56.0], [10.0, 54.0]]  # as the goods go, not as it was drawn
    assert by_id["port-abroad"]["geometry"]["coordinates"] == there
    assert by_id["mine-border"]["properties"]["from_year"] is None


def test_geopackage_has_every_table(tiny, tmp_path):
    pyogrio = pytest.importorskip("pyogrio")
    path = export_network(tiny, tmp_path / "a.gpkg", form="gpkg")
    layers = dict(pyogrio.list_layers(path))
    assert layers["places"] == "Point"
    assert layers["links"] == "LineString"
    assert layers["tariffs"] is None
    assert pyogrio.read_info(path, layer="links")["features"] == len(tiny["links"])


def test_graphml_is_the_graph_of_the_links(tiny, tmp_path):
    path = export_network(tiny, tmp_path / "a.graphml", form="graphml")
    graph = nx.read_graphml(path)
    assert sorted(d["link_id"] for *_, d in graph.edges(data=True)) == sorted(
        tiny["links"]["link_id"]
    )
    assert graph.nodes["mine.rail1520"]["lat"] == 50
    edge = graph.edges["mine.rail1520", "border.rail1520"]
    assert (edge["length_km"], "from_year" in edge) == (300, False)


# Targets and sources


def test_an_existing_target_is_kept_unless_overwrite(tiny, tmp_path):
    target = export_network(tiny, tmp_path / "a", form="csv")
    with pytest.raises(UsageError, match="--overwrite"):
        export_network(tiny, target, form="csv")
    export_network(tiny, target, form="gmns", overwrite=True)
    assert (target / "node.csv").exists()
    assert not (target / "places.csv").exists()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("x")
    with pytest.raises(UsageError, match="kept"):
        export_network(tiny, tmp_path / "mine", form="csv", overwrite=True)
    (tmp_path / "b.xlsx").mkdir()
    with pytest.raises(UsageError, match="not a file"):
        export_network(tiny, tmp_path / "b.xlsx", form="xlsx", overwrite=True)


def test_a_failed_export_leaves_nothing(tiny, tmp_path, monkeypatch):
    def fail(network, path):
        path.write_text("half")
        raise OSError("disk full")

    monkeypatch.setattr("routes.exchange.exporting.write_graphml", fail)
    with pytest.raises(OSError, match="disk full"):
        export_network(tiny, tmp_path / "a.graphml", form="graphml")
    assert [path.name for path in tmp_path.iterdir()] == ["tiny"]


def test_wrong_targets_and_forms(tiny, tmp_path):
    with pytest.raises(UnknownNameError, match="Did you mean 'gmns'"):
        export_network(tiny, tmp_path / "a", form="gmn")
    with pytest.raises(UsageError, match=r"ends in \.xlsx"):
        export_network(tiny, tmp_path / "a.xls", form="xlsx")
    with pytest.raises(UsageError, match="does not exist"):
        export_network(tiny, tmp_path / "none" / "a", form="csv")
    assert set(FORMS) == {"csv", "xlsx", "geojson", "gpkg", "gmns", "graphml"}


def test_open_network_says_what_it_cannot_open(tmp_path):
    (tmp_path / "a.ods").write_text("x")
    with pytest.raises(UsageError, match=r"an \.xlsx workbook"):
        open_network(tmp_path / "a.ods")
    with pytest.raises(UsageError, match="does not exist"):
        open_network(tmp_path / "none")
    with pytest.raises(UsageError, match="does not exist"):
        open_network(write_tiny(tmp_path / "t"), overlays=[tmp_path / "none"])


def test_check_data_does_not_raise(tmp_path):
    folder = write_tiny(tmp_path / "t", ("supplies.csv", ",4,3,5,", ",-4,3,5,"))
    network, errors, warned = check_data(folder)
    assert (network, warned) == (None, [])
    assert "supplies.csv:2, mt_per_year" in str(errors[0])
    network, errors, _ = check_data(write_tiny(tmp_path / "u"))
    assert errors == []
    assert network.name == "u"


# Data package


@pytest.mark.filterwarnings("ignore")
def test_frictionless_accepts_the_shipped_data():
    frictionless = pytest.importorskip("frictionless")
    report = frictionless.validate(str(shipped_folder() / "datapackage.json"))
    assert report.flatten(["title", "fieldName", "rowNumber", "note"])[:10] == []
    assert report.valid


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("form", ["csv", "gmns"])
def test_frictionless_accepts_what_is_exported(form, tiny, tmp_path):
    frictionless = pytest.importorskip("frictionless")
    folder = export_network(tiny, tmp_path / "a", form=form)
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.flatten(["title", "fieldName", "rowNumber", "note"]) == []
    edit_file(folder / "supplies.csv", ",4,3,5,", ",-4,3,5,")
    assert not frictionless.validate(str(folder / "datapackage.json")).valid


def test_the_shipped_package_is_what_the_schema_says(shipped):
    path = shipped_folder() / "datapackage.json"
    tables = [name for name, record in TABLES.items() if (path.parent / record.file).exists()]
    package = describe_package(
        name="kazakhstan", version=SHIPPED_VERSION, tables=tables, geometry=True
    )
    # renewed by: kazroutes data package -o routes/data/kazakhstan/datapackage.json
    assert path.read_text(encoding="utf-8") == write_json(package)
    assert shipped.version == SHIPPED_VERSION == "2026.11.0"
    fields = package["resources"][0]["schema"]["fields"]
    assert all(field["description"] for field in fields)


def test_every_shipped_file_is_in_the_package():
    folder = shipped_folder()
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    named = {resource["path"] for resource in package["resources"]}
    assert {path.name for path in folder.glob("*.csv")} | {"geometry.geojson"} == named
