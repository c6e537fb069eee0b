"""The same programmes by other tools: a link programme in HiGHS, linopy, PyPSA; networkx's trees.

Each link programme has a flow for each arc, what each source sends, what each market takes and
misses. Every tool gets the formulation that it solves fastest.
"""

from __future__ import annotations

import contextlib
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import highspy
import numpy as np
from scipy import sparse

from models.flow.arrays import Floats, Problem


@contextlib.contextmanager
def hush() -> Iterator[None]:
    """Keep what libraries write to standard output away from the tables."""
    for name in ("linopy", "pypsa"):
        logging.getLogger(name).setLevel(logging.ERROR)
    sys.stdout.flush()
    kept = os.dup(1)
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        os.dup2(nowhere.fileno(), 1)
        try:
            yield
        finally:
            os.dup2(kept, 1)
            os.close(kept)


def link_matrix(p: Problem) -> sparse.csr_array:
    """Rows: nodes, supplies, markets, capacities; columns: arcs, sources, sinks, missed."""
    s = p.structure
    n_arc, n_src, n_snk, n_mkt = (
        len(s.arc_link), len(s.source_node), len(s.sink_node), len(p.price),
    )  # fmt: skip
    arcs, sources, sinks = np.arange(n_arc), np.arange(n_src), np.arange(n_snk)

    def put(values: Any, rows: Any, cols: Any, shape: tuple[int, int]) -> Any:
        return sparse.coo_array((values, (rows, cols)), shape=shape)

    balance = put(
        np.append(np.ones(n_arc), -np.ones(n_arc)), np.append(s.arc_head, s.arc_tail),
        np.append(arcs, arcs), (s.n_nodes, n_arc),
    )  # fmt: skip
    inject = put(np.ones(n_src), s.source_node, sources, (s.n_nodes, n_src))
    deliver = put(-np.ones(n_snk), s.sink_node, sinks, (s.n_nodes, n_snk))
    send = put(np.ones(n_src), s.source_supply, sources, (len(p.supply), n_src))
    take = put(np.ones(n_snk), s.sink_market, sinks, (n_mkt, n_snk))
    return sparse.csr_array(
        sparse.block_array(
            [
                [balance, inject, deliver, sparse.coo_array((s.n_nodes, n_mkt))],
                [None, send, None, None],
                [None, None, take, sparse.eye_array(n_mkt)],
                [p.weights, None, p.sink_weights, None],
            ],
            format="csr",
        )
    )


def link_vectors(p: Problem) -> tuple[Floats, Floats, Floats, Floats]:
    """Objective and upper bounds of columns, lower and upper bounds of rows."""
    s = p.structure
    cost = np.concatenate(
        [-p.arc_cost, -p.lifting[s.source_supply], p.price[s.sink_market], -p.shortfall]
    )
    rest = len(s.source_node) + len(s.sink_node)
    upper = np.concatenate([np.where(p.arc_open, np.inf, 0.0), np.full(rest, np.inf), p.minimum])
    zeros = np.zeros(s.n_nodes)
    least = np.where(p.minimum > 0, p.minimum, -np.inf)
    low = np.concatenate(
        [zeros, np.full(len(p.supply), -np.inf), least, np.full(len(p.capacity), -np.inf)]
    )
    return cost, upper, low, np.concatenate([zeros, p.supply, p.maximum, p.capacity])


def _start(p: Problem) -> highspy.Highs:
    highs = highspy.Highs()
    for option, value in (("output_flag", False), ("threads", 1)):
        highs.setOptionValue(option, value)
    matrix = link_matrix(p)
    cost, upper, low, high = link_vectors(p)
    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = matrix.shape[1], matrix.shape[0]
    lp.sense_ = highspy.ObjSense.kMaximize
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = cost, np.zeros(len(cost)), upper
    lp.row_lower_, lp.row_upper_ = low, high
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    highs.passModel(lp)
    return highs


def _run(highs: highspy.Highs) -> float:
    highs.run()
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getObjectiveValue())


def solve_rebuilt(p: Problem) -> float:
    """HiGHS, the link programme built anew, its own choices of method."""
    return _run(_start(p))


def try_rebuilt(p: Problem, seconds: float) -> float | None:
    """The same, given up after a time on the clock; None when it was."""
    highs = _start(p)
    highs.setOptionValue("time_limit", seconds)
    highs.run()
    given_up = highs.getModelStatus() == highspy.HighsModelStatus.kTimeLimit
    return None if given_up else _run(highs)


class InPlace:
    """HiGHS, one link programme changed in place, warm from the last basis."""

    def __init__(self, p: Problem) -> None:
        self.highs = _start(p)
        self.n_nodes = p.structure.n_nodes
        _run(self.highs)

    def solve(self, p: Problem) -> float:
        """The optimum of a problem on the same structure."""
        cost, upper, low, high = link_vectors(p)
        cols = np.arange(len(cost), dtype=np.int32)
        self.highs.changeColsCost(len(cost), cols, cost)
        self.highs.changeColsBounds(len(cost), cols, np.zeros(len(cost)), upper)
        rows = np.arange(self.n_nodes, len(low), dtype=np.int32)
        self.highs.changeRowsBounds(len(rows), rows, low[self.n_nodes :], high[self.n_nodes :])
        return _run(self.highs)


def solve_linopy(p: Problem) -> float:
    """Solve by linopy as its guide writes it: variables by name, sums by group; built anew."""
    import linopy
    import pandas as pd
    import xarray as xr

    s = p.structure
    model, where = linopy.Model(), {}
    for name, size in (
        ("arc", len(s.arc_link)), ("source", len(s.source_node)), ("sink", len(s.sink_node)),
        ("market", len(p.price)),
    ):  # fmt: skip
        where[name] = pd.RangeIndex(size, name=name)

    def by(values: Any, index: str, name: str) -> pd.Series:
        return pd.Series(values, where[index], name=name)

    def data(values: Any, name: str) -> xr.DataArray:
        return xr.DataArray(values, dims=name)

    room = pd.Series(np.where(p.arc_open, np.inf, 0.0), where["arc"])
    flow = model.add_variables(lower=0, upper=room, name="flow")
    sent = model.add_variables(lower=0, coords=[where["source"]], name="sent")
    taken = model.add_variables(lower=0, coords=[where["sink"]], name="taken")
    most_missed = pd.Series(p.minimum, where["market"])
    missed = model.add_variables(lower=0, upper=most_missed, name="missed")
    balance = (
        flow.groupby(by(s.arc_head, "arc", "node")).sum()
        - flow.groupby(by(s.arc_tail, "arc", "node")).sum()
        + sent.groupby(by(s.source_node, "source", "node")).sum()
        - taken.groupby(by(s.sink_node, "sink", "node")).sum()
    )
    model.add_constraints(balance == 0, name="balance")
    supplied = sent.groupby(by(s.source_supply, "source", "supply")).sum()
    model.add_constraints(supplied <= data(p.supply, "supply"), name="supplies")
    bought = taken.groupby(by(s.sink_market, "sink", "market")).sum()
    model.add_constraints(bought <= data(p.maximum, "market"), name="most")
    if (p.minimum > 0).any():
        model.add_constraints(bought + missed >= data(p.minimum, "market"), name="least")
    weights = sparse.coo_array(p.weights[np.isfinite(p.capacity)])
    where["member"] = pd.RangeIndex(weights.nnz, name="member")
    rows, arcs = weights.coords
    members = flow.sel(arc=data(arcs, "member")) * data(weights.data, "member")
    use = members.groupby(by(rows, "member", "row")).sum()
    limit = p.capacity[np.isfinite(p.capacity)][np.unique(rows)]
    model.add_constraints(use <= data(limit, "row"), name="capacities")
    model.add_objective(
        (taken * data(p.price[s.sink_market], "sink")).sum()
        - (flow * data(p.arc_cost, "arc")).sum()
        - (sent * data(p.lifting[s.source_supply], "source")).sum()
        - (missed * data(p.shortfall, "market")).sum(),
        sense="max",
    )
    return _run_linopy(model)


def _run_linopy(model: Any) -> float:
    with hush():
        status, _ = model.solve("highs", io_api="direct", output_flag=False, threads=1)
    assert status == "ok"
    return float(model.objective.value)


def solve_padded(p: Problem) -> float:
    """Solve by linopy from arrays of coefficients, past its own algebra; built anew."""
    import linopy
    import pandas as pd
    import xarray as xr

    matrix = link_matrix(p)
    cost, upper, low, high = link_vectors(p)
    model = linopy.Model()
    x = model.add_variables(
        lower=xr.DataArray(np.zeros(len(cost)), dims="col"),
        upper=xr.DataArray(upper, dims="col"),
        coords=[pd.RangeIndex(len(cost), name="col")],
        name="x",
    )
    n_nodes = p.structure.n_nodes
    bounded = n_nodes + np.flatnonzero(np.isfinite(high[n_nodes:]))
    blocks = (
        (np.arange(n_nodes), "=", high),
        (bounded, "<=", high),
        (n_nodes + np.flatnonzero(np.isfinite(low[n_nodes:])), ">=", low),
    )
    labels = x.labels.to_numpy()
    for number, (rows, sign, bound) in enumerate(blocks):
        if len(rows):
            expression = _express(sparse.csr_array(matrix[rows]), labels, model)
            right = xr.DataArray(bound[rows], dims="row", coords={"row": np.arange(len(rows))})
            model.add_constraints(expression, sign, right, name=f"block{number}")
    model.add_objective((xr.DataArray(cost, dims="col") * x).sum(), sense="max")
    return _run_linopy(model)


def _express(matrix: sparse.csr_array, labels: Any, model: Any) -> Any:
    """A linopy expression for each row of a matrix over the variables of `labels`."""
    import linopy
    import xarray as xr

    coefficients, variables = _pad(matrix, labels)
    n = matrix.shape[0]
    terms = {
        "coeffs": (("row", "_term"), coefficients),
        "vars": (("row", "_term"), variables),
        "const": ("row", np.zeros(n)),
    }
    return linopy.LinearExpression(xr.Dataset(terms, coords={"row": np.arange(n)}), model)


def _pad(matrix: sparse.csr_array, labels: Any) -> tuple[Any, Any]:
    """Coefficients and variables of each row, as wide as the longest."""
    lengths = np.diff(matrix.indptr)
    width = max(1, int(lengths.max(initial=0)))
    place = np.arange(width) < lengths[:, None]
    coefficients = np.full(place.shape, np.nan)
    variables = np.full(place.shape, -1, dtype=np.int64)
    coefficients[place] = matrix.data
    variables[place] = labels[matrix.indices]
    return coefficients, variables


def solve_pypsa(p: Problem) -> float:
    """PyPSA, a bus for each node of each commodity, links, generators and loads."""
    import pypsa
    import xarray as xr

    s = p.structure
    big = float(p.supply.sum()) * 10
    n = pypsa.Network(snapshots=[0])
    n.add("Bus", [f"n{i}" for i in range(s.n_nodes)])
    n.add(
        "Link", [f"a{i}" for i in range(len(s.arc_link))],
        bus0=[f"n{i}" for i in s.arc_tail], bus1=[f"n{i}" for i in s.arc_head],
        p_nom=np.where(p.arc_open, big, 0.0), marginal_cost=p.arc_cost,
    )  # fmt: skip
    n.add(
        "Generator", [f"s{i}" for i in range(len(s.source_node))],
        bus=[f"n{i}" for i in s.source_node], p_nom=p.supply[s.source_supply],
        marginal_cost=p.lifting[s.source_supply],
    )  # fmt: skip
    n.add(
        "Generator", [f"t{i}" for i in range(len(s.sink_node))],
        bus=[f"n{i}" for i in s.sink_node], p_nom=np.minimum(p.maximum, big)[s.sink_market],
        p_min_pu=-1.0, p_max_pu=0.0, marginal_cost=p.price[s.sink_market],
    )  # fmt: skip

    def limit(network: Any, _: Any) -> None:
        labels = network.model["Link-p"].isel(snapshot=0).labels.to_numpy()
        finite = np.flatnonzero(np.isfinite(p.capacity))
        expression = _express(sparse.csr_array(p.weights[finite]), labels, network.model)
        right = xr.DataArray(p.capacity[finite], dims="row", coords={"row": np.arange(len(finite))})
        network.model.add_constraints(expression, "<=", right, name="capacities")

    with hush():
        status, _ = n.optimize(
            solver_name="highs", extra_functionality=limit, include_objective_constant=False,
            solver_options={"output_flag": False, "threads": 1},
        )  # fmt: skip
    assert status == "ok"
    return -float(n.objective)


class Trees:
    """networkx: the tree of best ways of each commodity from its markets, arcs turned round."""

    def __init__(self, p: Problem) -> None:
        import networkx as nx

        s = p.structure
        self.graphs = []
        for layer in range(len(s.layers)):
            graph = nx.DiGraph()
            mine = np.flatnonzero((s.arc_layer == layer) & p.arc_open)
            graph.add_weighted_edges_from(
                zip(
                    s.arc_head[mine].tolist(), s.arc_tail[mine].tolist(),
                    np.maximum(p.arc_cost[mine], 0.0).tolist(), strict=True,
                )
            )  # fmt: skip
            ends = np.flatnonzero(s.sink_layer == layer)
            worth = p.price[s.sink_market[ends]]
            graph.add_weighted_edges_from(
                zip(
                    ["top"] * len(ends), s.sink_node[ends].tolist(),
                    (worth.max(initial=0.0) - worth).tolist(), strict=True,
                )
            )  # fmt: skip
            self.graphs.append(graph)

    def grow(self) -> int:
        """One tree for each commodity; returns how many nodes they reach."""
        import networkx as nx

        reached = 0
        for graph in self.graphs:
            distance, _ = nx.single_source_dijkstra(graph, "top")
            reached += len(distance)
        return reached
