"""A scenario made ready for sampling: from one sample's deviations to the numbers of a programme.

Costs are linear in charges, so a sample is a few sparse products and no frame is touched.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from models.ensemble.columns import Column, Growing, Moved
from models.flow.arrays import KT, Bools, Floats, Ints, Problem

_DAYS = 365.0


@dataclass(frozen=True)
class Ground:
    """What routes are told apart by: per link its countries and flags, per market its country."""

    from_country: npt.NDArray[np.object_]
    to_country: npt.NDArray[np.object_]
    country: npt.NDArray[np.object_]
    flags: npt.NDArray[np.object_]
    market_country: npt.NDArray[np.object_]
    market_abroad: Bools
    supply_place: npt.NDArray[np.object_]


@dataclass(frozen=True)
class Pools:
    """Shared capacities whose use per tonne varies.

    `row`, `member`: capacity rows whose members all move by one factor, read off one of them (a
    row of the shared table): their capacity is divided by it. `entry`, `entry_member`: entries of
    the weights of all other rows that vary.
    """

    row: Ints
    member: Ints
    entry: Ints
    entry_member: Ints
    best: Floats


@dataclass(frozen=True)
class World:
    """One scenario: its programme at the best estimates, and how samples move it.

    `cash`, `risk` (arcs x charges) say which charges an arc pays; `outlet_arc` are the arcs on
    which a stream is paid, `outlet_stream` its row.
    """

    name: str
    problem: Problem
    columns: Mapping[str, Column]
    cash: sparse.csr_array
    risk: sparse.csr_array
    outlet_arc: Ints
    outlet_stream: Ints
    layer_commodity: Ints
    pools: Pools
    growing: Growing
    limits: Moved
    shares: Bools
    ground: Ground


@dataclass(frozen=True)
class Drawn:
    """One sample of a world: the programme to solve, and what its routes are measured by.

    USD/t per arc: cash (charges less quality credit), risk, time, differential. Per link: days,
    days_sd, co2 (kg/t).
    """

    problem: Problem
    cash: Floats
    risk: Floats
    time: Floats
    differential: Floats
    days: Floats
    days_sd: Floats
    co2: Floats


def draw_world(world: World, deviation: Floats, *, closed_arcs: Ints, closed_rows: Ints) -> Drawn:
    """The programme of one sample.

    Parameters
    ----------
    deviation
        How far each term lies from its best estimate, in widths.
    closed_arcs, closed_rows
        Arcs and capacity rows that the sample closes.
    """
    base, columns = world.problem, world.columns
    s = base.structure
    col = {name: column.draw(deviation) for name, column in columns.items()}
    cash = np.asarray(world.cash @ col["charges"])
    cash[world.outlet_arc] -= col["quality"][world.outlet_stream]
    differential = np.zeros(len(cash))
    differential[world.outlet_arc] = col["differential"][world.outlet_stream]
    daily = (col["value"] * col["interest"] / _DAYS)[world.layer_commodity]
    time = col["days"][s.arc_link]
    time *= daily[s.arc_layer]
    risk = np.asarray(world.risk @ col["charges"]) if world.risk.nnz else np.zeros(len(cash))
    arc_cost = cash + time + risk
    arc_cost[world.outlet_arc] -= differential[world.outlet_arc]
    arc_open = base.arc_open
    if len(closed_arcs):
        arc_open = arc_open.copy()
        arc_open[closed_arcs] = False
    capacity, weights, ratio = _draw_capacities(world, col, deviation)
    if len(closed_rows):
        capacity[closed_rows] = 0.0
    growth_max, growth_cost = _draw_growth(world, deviation, ratio)
    problem = replace(
        base,
        arc_cost=arc_cost,
        arc_open=arc_open,
        supply=col["supply"] * KT,
        lifting=col["lifting"],
        price=col["price"],
        maximum=col["maximum"] * KT,
        minimum=col["minimum"] * KT,
        shortfall=col["shortfall"],
        capacity=capacity,
        weights=weights,
        sink_weights=_draw_shares(world, deviation),
        growth_max=growth_max,
        growth_cost=growth_cost,
    )
    return Drawn(
        problem=problem,
        cash=cash,
        risk=risk,
        time=time,
        differential=differential,
        days=col["days"],
        days_sd=col["days_sd"],
        co2=col["co2"],
    )


def _draw_capacities(
    world: World, col: Mapping[str, Floats], deviation: Floats
) -> tuple[Floats, sparse.csr_array, Floats]:
    """Capacities of all rows in scaled kt, the weights, and the factor of use of each row."""
    base, pools = world.problem, world.pools
    left = np.minimum(col["practical"] - col["background"], col["legal"])
    available = np.maximum(left, 0.0)
    ratio = np.ones(len(available))
    weights = base.weights
    if len(pools.member) or len(pools.entry):
        change = col["use"] / pools.best
        ratio[pools.row] = change[pools.member]
        if len(pools.entry):
            data = weights.data.copy()
            data[pools.entry] *= change[pools.entry_member]
            weights = sparse.csr_array((data, weights.indices, weights.indptr), weights.shape)
    with np.errstate(invalid="ignore", divide="ignore"):
        scaled = np.where(available == 0, 0.0, available * base.scale[: len(available)] / ratio)
    level = world.limits.draw(deviation)
    limits = np.where(world.shares, 0.0, level * KT)
    return np.concatenate([scaled, limits]), weights, ratio


def _draw_growth(world: World, deviation: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    growing, base = world.growing, world.problem
    if not len(growing.row):
        return base.growth_max, base.growth_cost
    row = growing.row
    practical, background, legal = (
        world.columns[name].data.draw(deviation)[row]
        for name in ("practical", "background", "legal")
    )
    now = np.maximum(np.minimum(practical - background, legal), 0.0)
    amount, cost = growing.amount.draw(deviation), growing.cost.draw(deviation)
    extra = np.where(growing.by_factor > 0, (amount - 1.0) * now, amount)
    scale = base.scale[row] / ratio[row]
    return extra * scale, cost / scale / KT


def _draw_shares(world: World, deviation: Floats) -> sparse.csr_array:
    """Weights of sinks in limits on shares; the same object where no share varies."""
    base, limits = world.problem.sink_weights, world.limits
    if not world.shares[limits.row].any():
        return base
    level, best = limits.draw(deviation), limits.value
    first = len(world.problem.capacity) - len(best)
    factor = np.ones(base.shape[0])
    factor[first:] = np.where(world.shares & (best > 0), level / np.where(best > 0, best, 1.0), 1.0)
    data = base.data * np.repeat(factor, np.diff(base.indptr))
    return sparse.csr_array((data, base.indices, base.indptr), base.shape)
