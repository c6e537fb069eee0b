"""Make a scenario ready for sampling: columns with their steps, and the maps from them to arcs.

`check_world` makes sure that the best estimates give back the programme of the scenario itself.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from models.demand import Case
from models.ensemble.column_builder import build_columns, build_growing, build_limits
from models.ensemble.columns import Column
from models.ensemble.inputs import Ranged
from models.ensemble.spread import Terms
from models.ensemble.world import Ground, Pools, World, draw_world
from models.flow.arrays import Ints, Problem, Structure
from models.flow.programme import stream_rows, weigh_members
from models.scenario.edits import Verdict
from routes.errors import InternalError

_DRAWN = (
    "arc_cost", "supply", "lifting", "price", "maximum", "minimum", "shortfall", "capacity",
    "growth_max", "growth_cost", "weights", "sink_weights",
)  # fmt: skip
_ROUNDING = 1e-12


def build_world(
    name: str,
    base: Case,
    applied: Case,
    problem: Problem,
    *,
    inputs: Sequence[Ranged],
    verdicts: Sequence[Verdict],
    terms: Terms,
) -> World:
    """Make a scenario ready for sampling.

    Parameters
    ----------
    base, applied
        The year's inputs, and the same with the scenario's changes.
    problem
        The programme of `applied`.
    inputs
        Numbers of `base` with ranges.
    verdicts
        The scenario's changes, quantity by quantity.
    terms
        Collects what the samples must draw.
    """
    structure = problem.structure
    columns = build_columns(base, applied, inputs, verdicts, terms)
    cash, risk = _map_charges(applied, structure)
    commodity = {c: i for i, c in enumerate(applied.commodities.index)}
    return World(
        name=name,
        problem=problem,
        columns=columns,
        cash=cash,
        risk=risk,
        outlets=_map_streams(applied, structure),
        links=_map_links(structure),
        layer_commodity=np.array(
            [commodity[layer.commodity] for layer in structure.layers], dtype=np.int64
        ),
        pools=_find_pools(applied, problem, columns["use"]),
        growing=build_growing(base, applied, verdicts, terms),
        limits=build_limits(applied, verdicts, terms),
        shares=np.array([limit.share is not None for limit in applied.limits], dtype=bool),
        ground=_read_ground(applied),
    )


def check_world(world: World, n_terms: int) -> None:
    """Raise InternalError unless the best estimates give back the scenario's own programme."""
    (drawn,) = draw_world(world, np.zeros((1, n_terms))).problems
    for field in _DRAWN:
        mine, given = getattr(drawn, field), getattr(world.problem, field)
        if sparse.issparse(given):
            mine, given = mine.data, given.data
        if not np.allclose(mine, given, rtol=1e-9, atol=1e-9):
            worst = int(np.argmax(np.abs(np.nan_to_num(mine - given))))
            msg = (
                f"the samples of '{world.name}' do not start from its own {field}: "
                f"{mine[worst]} instead of {given[worst]} at {worst}"
            )
            raise InternalError(msg)


def _map_charges(case: Case, structure: Structure) -> tuple[sparse.csr_array, sparse.csr_array]:
    """(arcs x charges): which charges an arc pays in cash, and which as a premium of risk."""
    layers = structure.layers
    arcs = pd.DataFrame({
        "arc": np.arange(len(structure.arc_link)),
        "link": structure.arc_link,
        "class": np.array([la.commodity_class for la in layers], dtype=object)[structure.arc_layer],
        "use": np.array([la.use for la in layers], dtype=object)[structure.arc_layer],
    })  # fmt: skip
    charges = pd.DataFrame({
        "charge": np.arange(len(case.charges)),
        "link": pd.Index(structure.link_ids).get_indexer(case.charges["link_id"]),
        "class": case.charges["commodity_class"].to_numpy(dtype=object),
        "for": case.charges["use"].to_numpy(dtype=object),
        "risky": (case.charges["kind"] == "risk_premium").to_numpy(),
    })  # fmt: skip
    pairs = arcs.merge(charges, on=["link", "class"])
    pairs = pairs[(pairs["for"] == "any") | (pairs["for"] == pairs["use"])]
    risky = pairs["risky"].to_numpy(dtype=bool)
    shape = (len(arcs), len(charges))
    maps = []
    for mask in (~risky, risky):
        rows, cols = (pairs[c].to_numpy(dtype=np.int64)[mask] for c in ("arc", "charge"))
        maps.append(sparse.csr_array((np.ones(len(rows)), (rows, cols)), shape=shape))
    return maps[0], maps[1]


def _map_links(structure: Structure) -> sparse.csr_array:
    """(arcs x links): the link of each arc."""
    n_arcs, n_links = len(structure.arc_link), len(structure.link_ids)
    return sparse.csr_array(
        (np.ones(n_arcs), structure.arc_link, np.arange(n_arcs + 1)), shape=(n_arcs, n_links)
    )


def _map_streams(case: Case, structure: Structure) -> sparse.csr_array:
    """(arcs x streams): on which arcs a stream is paid."""
    rows = stream_rows(case, structure)
    arcs = np.flatnonzero(rows >= 0)
    shape = (len(rows), len(case.streams))
    return sparse.csr_array((np.ones(len(arcs)), (arcs, rows[arcs])), shape=shape)


def _find_pools(case: Case, problem: Problem, use: Column) -> Pools:
    """Where a varying use per tonne acts: as a divisor of a capacity, or entry by entry."""
    best = use.best()
    none = np.zeros(0, dtype=np.int64)
    weights, n_shared = problem.weights, len(best)
    if use.is_fixed:
        return Pools(none, none, sparse.csr_array((weights.nnz, n_shared)), weights.data, best)
    s = problem.structure
    mark = _mark_moves(use)
    given = s.member_shared >= 0
    frame = pd.DataFrame({
        "row": s.member_row[given],
        "member": s.member_shared[given],
        "arc": s.member_arc[given],
        "mark": [mark[i] for i in s.member_shared[given]],
        "weight": weigh_members(case, s)[0][given],
    })  # fmt: skip
    kinds = frame.groupby("row")["mark"].nunique()
    first = frame.groupby("row")[["member", "mark"]].first()
    alone = np.bincount(s.member_row[~given], minlength=len(problem.scale))[first.index] == 0
    even = (kinds == 1).to_numpy() & alone
    moves = (first["mark"] != "").to_numpy()
    row = first.index.to_numpy()[even & moves]
    member = first["member"].to_numpy()[even & moves]
    odd = frame[frame["row"].isin(first.index[~even]) & (frame["mark"] != "")]
    entry = _find_entries(weights, odd["row"].to_numpy(), odd["arc"].to_numpy())
    place = entry, odd["member"].to_numpy(dtype=np.int64)
    share = odd["weight"].to_numpy()  # an arc may be in several members of a row
    fixed = weights.data.copy()
    np.subtract.at(fixed, entry, share)
    fixed[np.abs(fixed) < _ROUNDING * np.abs(weights.data)] = 0.0
    return Pools(
        row=row.astype(np.int64),
        member=member.astype(np.int64),
        entries=sparse.csr_array((share, place), shape=(weights.nnz, n_shared)),
        fixed=fixed,
        best=np.where(np.isfinite(best) & (best != 0), best, 1.0),
    )


def _mark_moves(use: Column) -> list[str]:
    """What moves each row of the shared table and how far, as text: equal texts, equal factors."""
    marks = [""] * len(use.data.value)
    for row, width, term in zip(use.data.row, use.data.width, use.data.term, strict=True):
        marks[row] += f"{term}:{width / use.data.value[row]:.9g};"
    for steps in use.steps:
        amount = steps.amount
        width = dict(zip(amount.row, zip(amount.width, amount.term, strict=True), strict=True))
        for i, (row, step) in enumerate(zip(steps.row, steps.step, strict=True)):
            told = f"{step}*{amount.value[i]:.9g}"
            if i in width:
                marks[row] += f"{told}~{width[i][1]}:{width[i][0]:.9g};"
            elif step != 0 and marks[row]:
                marks[row] += f"{told}@{row};"
    return marks


def _find_entries(weights: sparse.csr_array, rows: Ints, cols: Ints) -> Ints:
    """Places of (row, column) pairs among the entries of a matrix in canonical order."""
    width = weights.shape[1]
    own = np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr)) * width + weights.indices
    order = np.argsort(own, kind="stable")
    return np.asarray(order[np.searchsorted(own[order], rows * width + cols)], dtype=np.int64)


def _read_ground(case: Case) -> Ground:
    links, markets = case.links, case.markets

    def texts(frame: pd.DataFrame, name: str) -> npt.NDArray[np.object_]:
        return np.asarray(frame[name].to_numpy(dtype=object))

    return Ground(
        from_country=texts(links, "from_country"),
        to_country=texts(links, "to_country"),
        country=texts(links, "country"),
        flags=texts(links, "flags"),
        market_country=texts(markets, "country"),
        market_abroad=(markets["use"] == "export").to_numpy(dtype=bool),
    )


def find_closed(world: World, subject: str) -> tuple[Ints, Ints]:
    """Arcs and capacity rows that close with a link or a shared capacity."""
    s = world.problem.structure
    arcs = np.flatnonzero(s.link_ids[s.arc_link] == subject)
    rows = np.flatnonzero(s.subjects == subject) if not len(arcs) else np.zeros(0, dtype=np.int64)
    return arcs.astype(np.int64), rows.astype(np.int64)


def find_live_links(worlds: Sequence[Problem]) -> frozenset[str]:
    """Links that some arc may use in some of the programmes."""
    live: set[str] = set()
    for problem in worlds:
        s = problem.structure
        live |= set(s.link_ids[s.arc_link[problem.arc_open]].tolist())
    return frozenset(live)
