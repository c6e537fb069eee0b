"""Indicators of some samples, straight from the arrays of their solutions.

The names and meanings are those of models.indicators, and so are the values (a test holds the two
roads together); `relative_gap` is the proof of a sample's optimum. What a route crosses is found
once for each route, its money, time and carbon anew for each sample. Sums run over the routes of a
sample in their order, so that its numbers do not depend on its neighbours.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import repeat

import numpy as np
from scipy import sparse, special

from models.ensemble.world import Drawn, Ground, World
from models.flow.arrays import KT, STORM_CORRELATION, Bools, Floats, Ints
from models.flow.joined import JoinedRoutes
from models.flow.matrices import gather_columns
from models.flow.solver import Solution
from routes.corridors import CORRIDORS, corridor_of, first_country, mark_links

OUTCOMES = (
    "exported_mt", "domestic_mt", "undelivered_mt", "shortfall_mt", "cash_cost_usd_per_t",
    "generalised_cost_usd_per_t", "transport_cost_musd", "export_value_musd", "netback_musd",
    "surplus_musd", "days_mean", "days_p90", "co2_mt", "transit_share", "transit_share_value",
    "market_share", "corridor_hhi", "entry_country_hhi", "sanctions_exposure_share",
    "war_risk_share", "relative_gap",
)  # fmt: skip
CORRIDOR_COLUMNS = tuple(f"{name}_mt" for name in CORRIDORS)
_NEAR = 1e-13  # of the logarithm of days: a step that is none
_ROOT = math.sqrt(2 * math.pi)
_MOST_STEPS = 200
_MOST_ROUTES = 20_000  # remembered at a time
_CORRIDOR_NUMBER = {name: i for i, name in enumerate(CORRIDORS)}


def name_columns(world: World, *, links: bool) -> tuple[str, ...]:
    """What `Meter.measure` returns, in order."""
    flows = tuple(f"flow:{name}" for name in world.problem.structure.link_ids) if links else ()
    return (*OUTCOMES, *CORRIDOR_COLUMNS, *flows)


class _Book:
    """Facts of the routes met so far, by their market and arcs."""

    def __init__(self, world: World, country: str) -> None:
        self.ground: Ground = world.ground
        self.links = world.links
        self.sink_market = world.problem.structure.sink_market
        self.country = country
        self.mark = mark_links(
            self.ground.from_country, self.ground.to_country, self.ground.country
        )
        # by identity first: a solver's pool hands out the same arrays again and again, and while
        # they are kept here no other array has their identity
        self.known: dict[int, int] = {}
        self.kept: dict[int, Ints] = {}
        self.number: dict[tuple[int, bytes], int] = {}
        # numbers that no order of work can change: sums over them must not either
        countries = {"", *world.ground.from_country, *world.ground.to_country}
        self.countries = {name: i for i, name in enumerate(sorted(countries))}
        self.table = np.zeros((256, 5), dtype=np.int64)

    def find(self, sinks: Ints, paths: Sequence[Ints]) -> Ints:
        """Corridor, first country (numbers), transit, sanctioned, war risk of each route."""
        if len(self.number) > _MOST_ROUTES:
            self.number, self.known, self.kept = {}, {}, {}
        rows = np.fromiter(map(self.known.get, map(id, paths), repeat(-1)), np.int64, len(paths))
        for i in np.flatnonzero(rows < 0).tolist():
            rows[i] = self._find(int(sinks[i]), paths[i])
        return self.table[rows]

    def _find(self, sink: int, arcs: Ints) -> int:
        """Row of the table of a route that is met by a new array."""
        key = (sink, arcs.tobytes())
        row = self.number.get(key)
        if row is None:
            row = self.number[key] = len(self.number)
            if row == len(self.table):
                self.table = np.concatenate([self.table, np.zeros_like(self.table)])
            self.table[row] = self._look(sink, arcs)
        if len(self.kept) <= _MOST_ROUTES:
            self.known[id(arcs)] = row
            self.kept[id(arcs)] = arcs
        return row

    def _look(self, sink: int, arcs: Ints) -> tuple[int, int, bool, bool, bool]:
        ground, used = self.ground, _list_links(self.links, arcs)[1]
        start, end = ground.from_country[used], ground.to_country[used]
        buyer = ground.market_country[self.sink_market[sink]]
        flags = {flag for cell in ground.flags[used] for flag in cell.split(";")}
        leaves = ((start == self.country) & (end != self.country)).any()
        return (
            _CORRIDOR_NUMBER[corridor_of(int(np.bitwise_or.reduce(self.mark[used])), buyer)],
            self.countries[first_country([start[0], *end])],
            bool(leaves) and self.country != "KZ",
            "sanctioned_operator" in flags,
            "war_risk" in flags,
        )


class Meter:
    """Measures the samples of one world; remembers the routes that it has met."""

    def __init__(self, world: World, *, country: str, links: bool) -> None:
        self.world, self.links = world, links
        self.book = _Book(world, country)
        flags = world.ground.flags
        self.storm = np.array(["storm" in cell.split(";") for cell in flags], dtype=bool)
        self.abroad = world.ground.market_abroad
        self.in_country = world.ground.market_country == country

    def measure(self, drawn: Drawn, solutions: Sequence[Solution]) -> Floats:
        """Every column of `name_columns`, a row a solution; NaN where one has no meaning."""
        r = _Routes(self.world.links, drawn, solutions, self.storm)
        by_market = np.stack([p.price for p in drawn.problems])
        price = by_market[r.sample, r.market] + r.differential
        abroad = self.abroad[r.market]
        home = self.in_country[r.market]
        facts = self.book.find(r.sink, r.paths).T
        through, sanctioned, at_war = facts[2:].astype(bool)
        mt, exported = r.mt, np.where(abroad, r.mt, 0.0)
        third = np.where(home, 0.0, exported)
        sold = price * third
        tonnes, others, cash = r.add_up(exported), r.add_up(third), r.add_up(r.cash * exported)
        value = r.add_up(price * exported)
        paid = r.add_up(r.whole * mt) * KT + [solution.penalty for solution in solutions]
        supply = np.array([p.supply.sum() for p in drawn.problems]) / KT
        outcomes = {
            "exported_mt": tonnes,
            "domestic_mt": r.add_up(np.where(abroad, 0.0, mt)),
            "undelivered_mt": np.maximum(0.0, supply - r.add_up(mt)),
            "shortfall_mt": np.array([solution.missed.sum() for solution in solutions]) / KT,
            "cash_cost_usd_per_t": _divide(cash, tonnes),
            "generalised_cost_usd_per_t": _divide(r.add_up(r.whole * exported), tonnes),
            "transport_cost_musd": cash,
            "export_value_musd": value,
            "netback_musd": value - cash,
            "surplus_musd": np.array([solution.primal for solution in solutions]) / KT,
            "days_mean": _divide(r.add_up(r.days * exported), tonnes),
            "days_p90": r.find_days(exported, level=0.9),
            "co2_mt": r.add_up(r.co2 * exported) / 1000.0,
            "transit_share": _divide(r.add_up(np.where(through, third, 0.0)), others),
            "transit_share_value": _divide(r.add_up(np.where(through, sold, 0.0)), r.add_up(sold)),
            "market_share": _divide(r.add_up(np.where(home, exported, 0.0)), tonnes),
            "corridor_hhi": _concentrate(r.group_routes(facts[0], third, len(CORRIDORS))),
            "entry_country_hhi": _concentrate(
                r.group_routes(facts[1], third, len(self.book.countries))
            ),
            "sanctions_exposure_share": _divide(
                r.add_up(np.where(sanctioned, exported, 0.0)), tonnes
            ),
            "war_risk_share": _divide(r.add_up(np.where(at_war, exported, 0.0)), tonnes),
            "relative_gap": np.array([solution.gap for solution in solutions])
            / np.maximum(paid, 1.0),
        }
        columns = [np.stack([outcomes[name] for name in OUTCOMES], axis=1)]
        columns.append(r.group_routes(facts[0], mt, len(CORRIDORS)))
        if self.links:
            columns.append(r.sum_links() / KT)
        return np.concatenate(columns, axis=1)


class _Routes(JoinedRoutes):
    """Sums over the arcs of each route of all solutions.

    USD/t: cash, whole (generalised cost), differential; days, variance of days; co2 (kg/t).
    """

    def __init__(
        self, links: sparse.csr_array, drawn: Drawn, solutions: Sequence[Solution], storm: Bools
    ) -> None:
        super().__init__(solutions)
        s = drawn.problems[0].structure
        self.mt, self.market = self.flow / KT, s.sink_market[self.sink]
        self.paths = [path for solution in solutions for path in solution.arcs]
        on_arc = self.arcs * self.n + self.at
        costs = (drawn.cash, drawn.arc_cost, drawn.differential)
        self.cash, cost, self.differential = _sum_runs(
            [values.ravel()[on_arc] for values in costs], self.starts
        )
        self.whole = cost + self.differential
        self.owner, self.link = _list_links(links, self.arcs)
        self.n_links = links.shape[1]
        on_link = self.at[self.owner] * self.n_links + self.link
        spread = drawn.days_sd.ravel()[on_link]
        rough = np.where(storm[self.link], spread, 0.0)
        days, co2 = drawn.days.ravel()[on_link], drawn.co2.ravel()[on_link]
        self.days, self.co2, square, together, apart = _sum_runs(
            [days, co2, spread**2, rough, rough**2], np.searchsorted(self.owner, self.starts)
        )
        self.variance = square + STORM_CORRELATION * (together**2 - apart)

    def sum_links(self) -> Floats:
        """Flow over each link in each solution, kt: (solutions x links)."""
        flow = self.arc_flow[self.owner]
        return self._group(self.at[self.owner], self.link, flow, self.n_links)

    def find_days(self, weight: Floats, *, level: float) -> Floats:
        """Quantile of the days that tonnes take, in each sample."""
        starts = np.searchsorted(self.sample, np.arange(self.n))
        return find_mixture_quantiles(self.days, self.variance, weight, starts, level=level)


def _list_links(links: sparse.csr_array, arcs: Ints) -> tuple[Ints, Ints]:
    """Links that arcs run over, one after another: position of the arc, link."""
    owner, link, _ = gather_columns(links.T, arcs)
    return owner, link


def _sum_runs(values: Sequence[Floats], starts: Ints) -> Floats:
    """Sums of quantities over runs that begin at `starts`: (quantities x runs)."""
    joined = np.stack(values)
    return np.add.reduceat(joined, starts, axis=1) if len(starts) else joined


def _divide(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.full_like(whole, np.nan), where=whole > 0)


def _concentrate(tonnes: Floats) -> Floats:
    """Herfindahl-Hirschman index of each row of tonnes by group."""
    return _divide((tonnes**2).sum(axis=1), tonnes.sum(axis=1) ** 2)


def find_mixture_quantiles(
    mean: Floats, variance: Floats, weight: Floats, starts: Ints, *, level: float
) -> Floats:
    """Quantiles of weighted mixtures of lognormal times given by mean and variance, days.

    Mixture i has the times from `starts[i]` up to the next start; NaN where none has weight. Each
    is searched for by itself, by Newton's steps in the logarithm of time between known bounds.
    """
    real = (weight > 0) & (mean > 0)
    mixture = np.searchsorted(starts, np.flatnonzero(real), side="right") - 1
    found = np.full(len(starts), np.nan)
    if not len(mixture):
        return found
    mean, weight = mean[real], weight[real]
    spread = np.log1p(variance[real] / mean**2)
    width = np.sqrt(spread)
    centre = np.log(mean) - spread / 2
    still = width <= 0
    width[still] = 1.0
    ends = centre + np.where(still, 0.0, special.ndtri(level) * width)  # of each time by itself
    first = np.flatnonzero(np.diff(mixture, prepend=-1))
    place = np.repeat(np.arange(len(first)), np.diff(first, append=len(mixture)))
    low, high = np.minimum.reduceat(ends, first), np.maximum.reduceat(ends, first)
    wanted = level * np.add.reduceat(weight, first)
    at, moving = (low + high) / 2, low < high
    for _ in range(_MOST_STEPS):
        if not moving.any():
            break
        away = (at[place] - centre) / width
        below = np.where(still, away >= 0, special.ndtr(away))
        density = np.where(still, 0.0, np.exp(-(away**2) / 2) / (width * _ROOT))
        excess = np.add.reduceat(weight * below, first) - wanted
        slope = np.add.reduceat(weight * density, first)
        low, high = np.where(excess < 0, at, low), np.where(excess < 0, high, at)
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            onward = at - excess / slope
        inside = (low < onward) & (onward < high) | (np.abs(onward - at) <= _NEAR)
        onward = np.where(inside, onward, (low + high) / 2)
        onward = np.where(moving, onward, at)
        moving &= np.abs(onward - at) > _NEAR
        at = onward
    found[mixture[first]] = np.exp(at)
    return found
