"""Maps as axes, figures and files: given back, saved whole, and refused in plain words."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from matplotlib import rcParams
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure

from maps_case import FLOWS, GEOMETRIES, LINKS, PLACES, check_labels, draw, figure_of
from routes.errors import UnknownNameError, UsageError
from routes.maps import draw_flows, draw_small_multiples, inspect_map, save_figure


def test_axes_are_taken_and_given_back_and_nothing_global_changes() -> None:
    before = dict(rcParams)
    figure = Figure(figsize=(8, 6))
    mine = figure.add_subplot()
    ax = draw_flows(PLACES, LINKS, FLOWS, ax=mine)
    assert ax is mine
    assert ax.get_figure() is figure
    check_labels(ax)
    assert dict(rcParams) == before
    assert Gcf.get_all_fig_managers() == []


def test_frames_are_not_changed() -> None:
    copies = PLACES.copy(), LINKS.copy(), FLOWS.copy()
    draw(full={"atyrau-port"})
    for before, after in zip(copies, (PLACES, LINKS, FLOWS), strict=True):
        pd.testing.assert_frame_equal(before, after)


def test_tables_of_a_network_will_do_as_they_are() -> None:
    nodes = LINKS.assign(
        from_node_id=LINKS["from_place_id"] + ".rail1520",
        to_node_id=LINKS["to_place_id"] + ".rail1520",
    ).drop(columns=["from_place_id", "to_place_id"])
    ax = draw_flows(PLACES.reset_index(), nodes.reset_index(), FLOWS, geometries=GEOMETRIES)
    _, record = draw()
    pd.testing.assert_frame_equal(inspect_map(ax).lanes, record.lanes)


@pytest.mark.parametrize("suffix", [".png", ".svg", ".pdf"])
def test_same_bytes_twice(tmp_path: Path, suffix: str) -> None:
    for name in ("one", "two"):
        ax, _ = draw(title="Title", footer="Small print", full={"atyrau-port"})
        save_figure(figure_of(ax), tmp_path / f"{name}{suffix}")
    one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
    assert one.read_bytes() == two.read_bytes()
    assert one.stat().st_size > 10_000
    assert sorted(path.name for path in tmp_path.iterdir()) == [one.name, two.name]


def test_words_of_an_svg_stay_words(tmp_path: Path) -> None:
    ax, _ = draw(title="A title to look for")
    figure = figure_of(ax)
    text = save_figure(figure, tmp_path / "a.svg").read_text(encoding="utf-8")
    assert "A title to look for</text>" in text
    assert len(text) < 1_000_000
    outlined = save_figure(figure, tmp_path / "b.svg", text_as_paths=True)
    assert "</text>" not in outlined.read_text(encoding="utf-8")


def test_ids_in_an_svg_are_unique(tmp_path: Path) -> None:
    ax, _ = draw(title="T", full={"atyrau-port"}, extent="wide")
    panels = draw_small_multiples(PLACES, LINKS, FLOWS, geometries=GEOMETRIES)
    for figure in (figure_of(ax), panels):
        text = save_figure(figure, tmp_path / "map.svg").read_text(encoding="utf-8")
        counts = pd.Series(re.findall(r'\sid="([^"]+)"', text)).value_counts()
        assert "flows-via-russia" in " ".join(counts.index)
        assert counts.max() == 1


def test_saving_refuses_what_it_cannot_do(tmp_path: Path) -> None:
    figure = Figure()
    with pytest.raises(UsageError, match=r"saved as \.png, \.svg or \.pdf"):
        save_figure(figure, tmp_path / "map.gif")
    with pytest.raises(UsageError, match="does not exist"):
        save_figure(figure, tmp_path / "nowhere" / "map.png")


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "map.png"
    target.write_bytes(b"old")

    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OSError, match="disk full"):
        save_figure(Figure(), target)
    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"extent": "moon"}, UnknownNameError, "No extent is called 'moon'"),
        ({"extent": (60.0, 50.0, 40.0, 55.0)}, UsageError, "lon_min, lat_min"),
        ({"scale": "log"}, UsageError, "'sqrt' or 'linear'"),
        ({"measure": "tons"}, UsageError, "mt, value, scaled"),
        ({"full": {"atyrau-prt"}}, UnknownNameError, "Did you mean 'atyrau-port'"),
    ],
)
def test_bad_arguments_are_named(
    changes: dict[str, object], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        draw(**changes)


def test_an_unknown_place_is_named() -> None:
    with pytest.raises(UnknownNameError, match="No place is called 'poti'"):
        draw_flows(PLACES.drop(index="poti"), LINKS, FLOWS)


def test_only_maps_can_be_inspected() -> None:
    with pytest.raises(UnknownNameError, match="No map"):
        inspect_map(Figure().add_subplot())


def test_no_flow_at_all_still_gives_a_map() -> None:
    ax, record = draw(flows=FLOWS.iloc[:0])
    assert record.lanes.empty
    assert record.exits.empty
    check_labels(ax)
