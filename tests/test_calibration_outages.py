"""Outages: capacity is cut pro rata of their days, by hand and as shipped."""

from __future__ import annotations

import numpy as np
import pytest

from calibration_case import with_rows
from models.calibration.outages import cut_capacities, list_outages
from models.demand import available_capacity, select_case
from routes.network import load_network

EVENT = {"event_id": "e", "start": "2023-03-01", "end": "2023-03-10", "capacity_left": 0.25}


@pytest.fixture(scope="module")
def network():
    return load_network()


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
