"""Laws that any result obeys, checked from its tables alone (not with the code that made them)."""

from __future__ import annotations

import numpy as np


def check_result(result):
    """Supply adds up, capacities hold, markets and obligations hold, totals are sums."""
    case, routes = result.case, result.routes
    assert (routes["mt"] >= 0).all()
    shipped = routes.groupby("supply")["mt"].sum()
    supply = case.supplies["mt_per_year"]
    assert all(mt <= supply[row] * (1 + 1e-7) + 1e-9 for row, mt in shipped.items())
    taken = routes.groupby("market")["mt"].sum()
    for market in case.markets.itertuples():
        mt = float(taken.get(market.Index, 0.0))
        assert mt <= market.max_mt_per_year * (1 + 1e-7) + 1e-9
        missed = float(result.solution.missed[market.Index]) / 1000
        assert mt + missed >= market.min_mt_per_year * (1 - 1e-7) - 1e-9
    start, end = (case.links[name].to_dict() for name in ("from_node_id", "to_node_id"))
    on_link = routes[["links", "mt"]].explode("links").groupby("links")["mt"].sum()
    closed = case.links.index[~case.links["open"].to_numpy(dtype=bool)]
    assert not set(on_link[on_link > 0].index) & set(closed)
    for cap in case.capacities.itertuples():
        if cap.Index in start and cap.unit == "Mt/yr":
            room = max(0.0, min(cap.practical - cap.background, cap.legal))
            assert float(on_link.get(cap.Index, 0.0)) <= room * (1 + 1e-6) + 1e-9
    worth = (routes["utility_usd_per_t"] - routes["lifting_usd_per_t"]) * routes["mt"]
    penalty = case.markets["shortfall_price_usd_per_t"].to_numpy() @ result.solution.missed / 1000
    grown = result.solution.problem.growth_cost @ result.solution.grown / 1000
    assert np.isclose(worth.sum() - penalty - grown, result.surplus_musd, rtol=1e-9, atol=1e-7)
    for links in routes["links"]:
        ends = [end[link] for link in links]
        assert [start[link] for link in links][1:] == ends[:-1]
        assert not any(node.endswith(".site") for node in ends[:-1])
