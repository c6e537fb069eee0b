"""A scenario made ready for sampling: from samples' deviations to the numbers of programmes.

Costs are linear in charges, so samples are a few sparse products and no frame is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.ensemble.columns import Column, Growing, Moved
from models.flow.arrays import KT, Bools, Floats, Ints, Problem
from routes.units import DAYS_PER_YEAR


@dataclass(frozen=True)
class Ground:
    """What routes are told apart by: per link its countries and flags, per market its country."""

    from_country: npt.NDArray[np.object_]
    to_country: npt.NDArray[np.object_]
    country: npt.NDArray[np.object_]
    flags: npt.NDArray[np.object_]
    market_country: npt.NDArray[np.object_]
    market_abroad: Bools


@dataclass(frozen=True)
class Pools:
    """Shared capacities whose use per tonne varies.

    `row`, `member`: capacity rows whose members all move by one factor, read off one of them (a
    row of the shared table): their capacity is divided by it. `entries` (weights x rows of the
    shared table): what varies of the weights of all other rows; `fixed`: what does not.
    """

    row: Ints
    member: Ints
    entries: sparse.csr_array
    fixed: Floats
    best: Floats


@dataclass(frozen=True)
class World:
    """One scenario: its programme at the best estimates, and how samples move it.

    `cash`, `risk` (arcs x charges) say which charges an arc pays, `outlets` (arcs x streams) which
    stream is paid on it, `links` (arcs x links) what links it runs over: the numbers of a row stand
    in the order of travel and must not be sorted.
    """

    name: str
    problem: Problem
    columns: Mapping[str, Column]
    cash: sparse.csr_array
    risk: sparse.csr_array
    outlets: sparse.csr_array
    links: sparse.csr_array
    layer_commodity: Ints
    pools: Pools
    growing: Growing
    limits: Moved
    shares: Bools
    ground: Ground


@dataclass(frozen=True)
class Drawn:
    """Samples of a world: the programmes to solve, and what their routes are measured by.

    USD/t (arcs x samples): arc_cost (of the problems), cash (charges less quality credit),
    differential. A row a sample, per link: days, days_sd, co2 (kg/t).
    """

    problems: tuple[Problem, ...]
    arc_cost: Floats
    cash: Floats
    differential: Floats
    days: Floats
    days_sd: Floats
    co2: Floats


def draw_world(
    world: World, deviation: Floats, closed: Sequence[tuple[Ints, Ints]] | None = None
) -> Drawn:
    """The programmes of some samples, together: several cost little more than one.

    Parameters
    ----------
    deviation
        (samples x terms) how far each term lies from its best estimate, in widths.
    closed
        Arcs and capacity rows that each sample closes.
    """
    base, n = world.problem, len(deviation)
    col = {name: column.draw(deviation) for name, column in world.columns.items()}
    cash = _multiply(n, world.cash, col["charges"])
    cash -= _multiply(n, world.outlets, col["quality"])
    differential = _multiply(n, world.outlets, col["differential"])
    arc_cost = _find_time(n, world, col)
    arc_cost += cash
    if world.risk.nnz:
        arc_cost += _multiply(n, world.risk, col["charges"])
    arc_cost -= differential
    capacity, ratio = _draw_capacities(world, col, deviation)
    growth_max, growth_cost = _draw_growth(world, deviation, ratio)
    vectors = {
        "supply": col["supply"] * KT,
        "lifting": col["lifting"],
        "price": col["price"],
        "maximum": col["maximum"] * KT,
        "minimum": np.minimum(col["minimum"], col["maximum"]) * KT,
        "shortfall": col["shortfall"],
        "capacity": capacity,
        "growth_max": growth_max,
        "growth_cost": growth_cost,
    }
    rows = {name: list(_spread(n, vector)) for name, vector in vectors.items()}
    rows["arc_cost"] = [cost.copy() for cost in arc_cost.T]  # a solver keeps its last problem
    weights, sink_weights = _draw_weights(world, col, n), _draw_shares(world, deviation)
    problems = [
        replace(
            base,
            **{name: row[i] for name, row in rows.items()},
            weights=weights[i],
            sink_weights=sink_weights[i],
        )
        for i in range(n)
    ]
    return Drawn(
        problems=tuple(map(_close, problems, closed)) if closed else tuple(problems),
        arc_cost=arc_cost,
        cash=cash,
        differential=differential,
        days=_spread(n, col["days"]),
        days_sd=_spread(n, col["days_sd"]),
        co2=_spread(n, col["co2"]),
    )


def _close(problem: Problem, shut: tuple[Ints, Ints]) -> Problem:
    """A problem with some arcs and capacity rows closed."""
    arcs, rows = shut
    if not len(arcs) and not len(rows):
        return problem
    arc_open, capacity = problem.arc_open.copy(), problem.capacity.copy()
    arc_open[arcs], capacity[rows] = False, 0.0
    return replace(problem, arc_open=arc_open, capacity=capacity)


def _spread(n: int, vector: Floats) -> Floats:
    """A row for each of n samples, also where all see the same vector; do not write to it."""
    return np.broadcast_to(vector, (n, vector.shape[-1]))


def _multiply(n: int, matrix: sparse.csr_array, vector: Floats) -> Floats:
    """The product (rows x n) with each sample's `vector`, or with one for all; to write to."""
    product = np.asarray(matrix @ np.atleast_2d(vector).T)
    return product if product.shape[1] == n else np.repeat(product, n, axis=1)


def _fill(n: int, vector: Floats) -> Floats:
    """A row for each of n samples, to write to."""
    return np.array(_spread(n, vector), order="C")


def _find_time(n: int, world: World, col: Mapping[str, Floats]) -> Floats:
    """Cost of time per arc, USD/t, a column a sample."""
    time = _multiply(n, world.links, col["days"])
    daily = _spread(n, (col["value"] * col["interest"] / DAYS_PER_YEAR)[..., world.layer_commodity])
    time *= np.ascontiguousarray(daily.T)[world.problem.structure.arc_layer]
    return time


def _find_use(world: World, col: Mapping[str, Floats]) -> Floats:
    """Use per tonne of what varies, against the best estimate."""
    return np.asarray(col["use"] / world.pools.best)


def _draw_capacities(
    world: World, col: Mapping[str, Floats], deviation: Floats
) -> tuple[Floats, Floats]:
    """Capacities of all rows in scaled kt, and the factor of use of each row."""
    base, pools = world.problem, world.pools
    left = np.minimum(col["practical"] - col["background"], col["legal"])
    available = _fill(len(deviation), np.maximum(left, 0.0))
    ratio = np.ones_like(available)
    if len(pools.member):
        ratio[:, pools.row] = _find_use(world, col)[..., pools.member]
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = available * base.scale[: available.shape[1]] / ratio
    scaled[available == 0] = 0.0
    level = world.limits.draw(deviation)
    limits = np.where(world.shares, 0.0, level * KT)
    return np.concatenate([scaled, _spread(len(deviation), limits)], axis=1), ratio


def _draw_weights(world: World, col: Mapping[str, Floats], n: int) -> list[sparse.csr_array]:
    """Weights of arcs in each sample; the same object where none varies."""
    base, pools = world.problem.weights, world.pools
    if not pools.entries.nnz:
        return [base] * n
    data = _multiply(n, pools.entries, _find_use(world, col)).T + pools.fixed
    return [_revalue(base, row) for row in data]


def _revalue(matrix: sparse.csr_array, data: Floats) -> sparse.csr_array:
    """Another matrix with entries at the same places."""
    return sparse.csr_array((data, matrix.indices, matrix.indptr), matrix.shape)


def _draw_growth(world: World, deviation: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    growing, base = world.growing, world.problem
    if not len(growing.row):
        return base.growth_max, base.growth_cost
    row = growing.row
    practical, background, legal = (
        world.columns[name].data.draw(deviation)[..., row]
        for name in ("practical", "background", "legal")
    )
    now = np.maximum(np.minimum(practical - background, legal), 0.0)
    amount, cost = growing.amount.draw(deviation), growing.cost.draw(deviation)
    extra = np.where(growing.by_factor > 0, (amount - 1.0) * now, amount)
    scale = base.scale[row] / ratio[:, row]
    return extra * scale, cost / scale / KT


def _draw_shares(world: World, deviation: Floats) -> list[sparse.csr_array]:
    """Weights of sinks in limits on shares; the same object where no share varies."""
    base, limits = world.problem.sink_weights, world.limits
    if not world.shares[limits.row].any():
        return [base] * len(deviation)
    level, best = limits.draw(deviation), limits.value
    factor = np.ones((len(deviation), base.shape[0]))
    with np.errstate(invalid="ignore", divide="ignore"):
        factor[:, -len(best) :] = np.where(world.shares & (best > 0), level / best, 1.0)
    data = base.data * np.repeat(factor, np.diff(base.indptr), axis=1)
    return [_revalue(base, row) for row in data]
