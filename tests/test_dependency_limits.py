"""What limits exports: against networkx where nothing is shared, by hand where something is."""

from __future__ import annotations

from dataclasses import replace

import networkx as nx
import numpy as np
import pytest

from cases import make_case, random_case
from models.dependency.limits import explain_limit, tabulate_limits
from models.flow.solve import frozen_solver, solve_possible
from routes.corridors import close_transit
from routes.errors import UnknownNameError


def as_graph(case):
    """The case as a networkx graph with a super-source and a super-sink for exports."""
    graph = nx.DiGraph()
    for link in case.links.itertuples():
        if link.open:
            cap = case.capacities["practical"].get(link.link_id, np.inf)
            end = link.to_node_id + ("^" if link.to_node_id.endswith(".site") else "")
            graph.add_edge(link.from_node_id, end, **({} if np.isinf(cap) else {"capacity": cap}))
    for row in case.supplies.itertuples():
        graph.add_edge("S", f"{row.place_id}.site", capacity=row.mt_per_year)
    for row in case.markets.itertuples():
        if row.use == "export":
            graph.add_edge(f"{row.place_id}.site^", "T", capacity=row.max_mt_per_year)
    graph.add_nodes_from(["S", "T"])
    return graph


@pytest.mark.parametrize("seed", range(40))
def test_one_commodity_without_shared_capacities_has_a_true_cut(seed):
    case = random_case(seed, integers=True, single=True)
    solver = frozen_solver(case)
    known = set(case.links["from_country"])
    for asked in ((), ("RU",), ("CN", "AZ")):
        exclude = tuple(x for x in asked if x in known)
        limit = explain_limit(case, "grain", exclude=exclude, solver=solver)
        links = case.links
        for country in exclude:
            links = close_transit(links, country)
        closed = replace(case, links=links)
        value, _ = nx.minimum_cut(as_graph(closed), "S", "T")
        assert limit.possible_mt == pytest.approx(value, abs=1e-6)
        assert limit.parts["mt"].sum() == pytest.approx(value, abs=1e-6)
        assert limit.is_cut
        assert np.allclose(limit.parts["weight"], 1.0)
        assert separates(closed, limit)


def separates(case, limit):
    """Without the parts of a cut nothing can be exported."""
    gone = set(limit.parts.loc[limit.parts["kind"] == "capacity", "subject"])
    dry = {s.split(" of ")[1] for s in limit.parts.loc[limit.parts["kind"] == "supply", "subject"]}
    shut = set(limit.parts.loc[limit.parts["kind"] == "market", "subject"])
    left = replace(
        case,
        links=case.links[~case.links.index.isin(gone)],
        supplies=case.supplies[~case.supplies["place_id"].isin(dry)],
        markets=case.markets[~case.markets["place_id"].isin(shut)],
    )
    return not nx.has_path(as_graph(left), "S", "T")


@pytest.mark.parametrize("seed", range(40, 70))
def test_the_weighted_sum_is_what_can_leave(seed):
    case = random_case(seed)
    solver = frozen_solver(case)
    for commodity in case.commodities.index:
        limit = explain_limit(case, commodity, solver=solver)
        most = solve_possible(case, commodity=commodity, solver=solver)
        routes = most.routes
        sent = routes.loc[(routes["use"] == "export") & (routes["commodity"] == commodity), "mt"]
        assert limit.possible_mt == pytest.approx(sent.sum(), abs=1e-6)
        assert limit.parts["mt"].sum() == pytest.approx(sent.sum(), abs=1e-6)
        assert limit.possible_mt <= limit.supply_mt + 1e-6
        if limit.is_cut:
            assert np.allclose(limit.parts["weight"].abs(), 1.0)


def three_ways(pairs=True):
    """Three ways out; each pair of them shares 1 Mt: 1.5 Mt can leave, the smallest cut is 2."""
    shared = [("one", "a", 1), ("one", "b", 1), ("two", "b", 1), ("two", "c", 1),
              ("three", "a", 1), ("three", "c", 1)]  # fmt: skip
    return make_case(
        places={"mine": "KZ", "a": "RU", "b": "AZ", "c": "CN", "sea": "DE"},
        links=[
            {"id": "load", "a": "mine.site", "b": "mine", "kind": "load"},
            *({"id": x, "a": "mine", "b": x} for x in "abc"),
            *({"id": f"{x}-sea", "a": x, "b": "sea"} for x in "abc"),
            {"id": "out", "a": "sea", "b": "sea.site", "kind": "unload"},
        ],
        supplies=[("coal", "mine", 9, 0)],
        markets=[{"commodity": "coal", "place": "sea", "max": 9, "price": 100}],
        shared=shared if pairs else (),
        capacities={x: {"practical": 1} for x in ("one", "two", "three")} if pairs else {},
    )


def test_shared_capacities_limit_without_a_cut():
    case = three_ways()
    limit = explain_limit(case, "coal", solver=frozen_solver(case))
    assert limit.possible_mt == pytest.approx(1.5)
    assert not limit.is_cut
    assert dict(zip(limit.parts["subject"], limit.parts["weight"], strict=True)) == pytest.approx(
        {"one": 0.5, "two": 0.5, "three": 0.5}
    )
    assert str(limit) == (
        "At most 1.5 of 9 Mt of coal can be exported; the limit (Mt): "
        "One 0.5 + Three 0.5 + Two 0.5."
    )


def test_an_exclusion_changes_the_limit():
    case = three_ways()
    limit = explain_limit(case, "coal", exclude=["RU"], solver=frozen_solver(case))
    assert limit.possible_mt == pytest.approx(1)  # two links left, both in "two"
    assert limit.parts["subject"].tolist() == ["two"]
    assert str(limit).startswith("Without transit of RU, at most 1 of 9 Mt of coal")


def test_nothing_but_its_own_supply():
    case = three_ways(pairs=False)
    limit = explain_limit(case, "coal", solver=frozen_solver(case))
    assert limit.is_cut and limit.holders == "nothing but its own supply"
    gone = explain_limit(case, "coal", exclude=["RU", "AZ", "CN"], solver=frozen_solver(case))
    assert gone.possible_mt == 0
    assert gone.holders == "nothing: no way leads out"


def test_obligations_come_first_and_are_subtracted():
    """Of 5 Mt, 2 are owed to the town: 3 can leave."""
    case = make_case(
        places={"mine": "KZ", "town": "KZ", "sea": "DE"},
        links=[
            {"id": "load", "a": "mine.site", "b": "mine", "kind": "load"},
            {"id": "to-town", "a": "mine", "b": "town"},
            {"id": "to-sea", "a": "mine", "b": "sea", "cap": 4},
            {"id": "out-town", "a": "town", "b": "town.site", "kind": "unload"},
            {"id": "out-sea", "a": "sea", "b": "sea.site", "kind": "unload"},
        ],
        supplies=[("coal", "mine", 5, 0)],
        markets=[
            {"commodity": "coal", "place": "sea", "max": 9, "price": 100},
            {
                "commodity": "coal",
                "place": "town",
                "max": 3,
                "price": 10,
                "min": 2,
                "shortfall": 90,
            },
        ],
    )
    limit = explain_limit(case, "coal", solver=frozen_solver(case))
    assert limit.possible_mt == pytest.approx(3)
    assert limit.holders == "all that mine has 5 less what is owed to town 2"


def test_a_table_of_all_commodities():
    case = three_ways()
    table = tabulate_limits(case, exclude=["RU"], solver=frozen_solver(case))
    (row,) = table.to_dict("records")
    assert row["possible_mt"] == pytest.approx(1.5)
    assert row["possible_without_mt"] == pytest.approx(1)
    assert row["held_by"] == "Two 1"


def test_unknown_names():
    case = three_ways()
    solver = frozen_solver(case)
    with pytest.raises(UnknownNameError, match="commodity"):
        explain_limit(case, "gold", solver=solver)
    with pytest.raises(UnknownNameError, match="transit country"):
        explain_limit(case, "coal", exclude=["XX"], solver=solver)
