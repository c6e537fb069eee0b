"""Indicators of one sample, straight from the arrays of its solution.

The names and meanings are those of models.indicators, and so are the values (a test holds the two
roads together); `relative_gap` is the proof of the sample's optimum. What a route crosses is found
once for each route, its money, time and carbon anew for each sample.
"""

from __future__ import annotations

import math

import numpy as np
from scipy import optimize, special

from models.ensemble.world import Drawn, Ground, World
from models.flow.arrays import KT, STORM_CORRELATION, Bools, Floats, Ints
from models.flow.laws import check_gap, check_solution
from models.flow.solver import Solution
from routes.corridors import CORRIDORS, corridor_of, first_country

OUTCOMES = (
    "exported_mt", "domestic_mt", "undelivered_mt", "shortfall_mt", "cash_cost_usd_per_t",
    "generalised_cost_usd_per_t", "transport_cost_musd", "export_value_musd", "netback_musd",
    "surplus_musd", "days_mean", "days_p90", "co2_mt", "transit_share", "transit_share_value",
    "market_share", "corridor_hhi", "entry_country_hhi", "sanctions_exposure_share",
    "war_risk_share", "relative_gap",
)  # fmt: skip
CORRIDOR_COLUMNS = tuple(f"{name}_mt" for name in CORRIDORS)
_NEAR = 1e-9
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
        self.arc_link = world.problem.structure.arc_link
        self.sink_market = world.problem.structure.sink_market
        self.country = country
        # by identity first: a solver's pool hands out the same arrays again and again
        self.known: dict[int, tuple[Ints, int]] = {}
        self.number: dict[tuple[int, bytes], int] = {}
        # numbers that no order of work can change: sums over them must not either
        countries = {"", *world.ground.from_country, *world.ground.to_country}
        self.countries = {name: i for i, name in enumerate(sorted(countries))}
        self.table = np.zeros((256, 5), dtype=np.int64)

    def find(self, solution: Solution) -> Ints:
        """Corridor, first country (numbers), transit, sanctioned, war risk of each route."""
        if len(self.number) > _MOST_ROUTES:
            self.number, self.known = {}, {}
        rows = np.empty(len(solution.arcs), dtype=np.int64)
        for i, (sink, arcs) in enumerate(zip(solution.sink.tolist(), solution.arcs, strict=True)):
            same, row = self.known.get(id(arcs), (None, 0))
            rows[i] = row if same is arcs else self._find(sink, arcs)
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
        if len(self.known) <= _MOST_ROUTES:
            self.known[id(arcs)] = arcs, row
        return row

    def _look(self, sink: int, arcs: Ints) -> tuple[int, int, bool, bool, bool]:
        ground, used = self.ground, self.arc_link[arcs]
        start, end = ground.from_country[used], ground.to_country[used]
        steps = [start[0], *end]
        crossed = [c for i, c in enumerate(steps) if i == 0 or c != steps[i - 1]]
        solid = [c for c in ground.country[used] if c != "XZ"]
        buyer = ground.market_country[self.sink_market[sink]]
        flags = {flag for cell in ground.flags[used] for flag in cell.split(";")}
        leaves = ((start == self.country) & (end != self.country)).any()
        return (
            _CORRIDOR_NUMBER[corridor_of(crossed, buyer, grounds=solid)],
            self.countries[first_country(crossed)],
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

    def measure(self, drawn: Drawn, solution: Solution) -> Floats:
        """Every column of `name_columns`; NaN where an indicator has no meaning.

        Raises InternalError when a law is broken or the optimum is not proven.
        """
        check_solution(solution)
        p, s = drawn.problem, drawn.problem.structure
        mt = solution.flow / KT
        market = s.sink_market[solution.sink]
        routes = _Routes(drawn, solution, self.storm)
        price = p.price[market] + routes.differential
        whole = routes.cash + routes.risk + routes.time
        gap = check_gap(solution, float(whole @ mt) * KT)
        abroad = self.abroad[market]
        third = abroad & ~self.in_country[market]
        facts = self.book.find(solution)
        corridor, first = facts[:, 0], facts[:, 1]
        through = facts[:, 2].astype(bool)
        exported, money = np.where(abroad, mt, 0.0), price * mt
        tonnes = float(exported.sum())
        cash = float(routes.cash @ exported)
        value = float(money[abroad].sum())
        outcomes = (
            tonnes,
            float(mt[~abroad].sum()),
            max(0.0, float(p.supply.sum() / KT - mt.sum())),
            float((solution.missed / KT).sum()),
            _divide(cash, tonnes),
            _divide(float(whole @ exported), tonnes),
            cash,
            value,
            value - cash,
            solution.primal / KT,
            _divide(float(routes.days @ exported), tonnes),
            find_mixture_quantile(
                routes.days[abroad], routes.variance[abroad], mt[abroad], level=0.9
            ),
            float(routes.co2 @ exported) / 1000.0,
            _divide(float(mt[third & through].sum()), float(mt[third].sum())),
            _divide(float(money[third & through].sum()), float(money[third].sum())),
            _divide(float(mt[abroad & self.in_country[market]].sum()), tonnes),
            _concentrate(corridor[third], mt[third]),
            _concentrate(first[third], mt[third]),
            _divide(float(exported[facts[:, 3] > 0].sum()), tonnes),
            _divide(float(exported[facts[:, 4] > 0].sum()), tonnes),
            gap,
        )
        by_corridor = np.bincount(corridor, mt, minlength=len(CORRIDORS))
        flows = self._flow_links(solution) if self.links else np.zeros(0)
        return np.concatenate([np.array(outcomes), by_corridor, flows])

    def _flow_links(self, solution: Solution) -> Floats:
        """Mt of all commodities on each link."""
        s = solution.problem.structure
        arcs, starts = solution.joined_arcs
        lengths = np.diff(np.append(starts, len(arcs)))
        flow = np.repeat(solution.flow / KT, lengths)
        total = np.bincount(s.arc_link[arcs], flow, minlength=len(s.link_ids))
        return np.asarray(total, dtype=float)


class _Routes:
    """Sums over the arcs of each route of a solution."""

    def __init__(self, drawn: Drawn, solution: Solution, storm: Bools) -> None:
        s = drawn.problem.structure
        arcs, starts = solution.joined_arcs
        link = s.arc_link[arcs]
        spread = drawn.days_sd[link]
        rough = np.where(storm[link], spread, 0.0)
        per_arc = np.stack([
            drawn.cash[arcs], drawn.risk[arcs], drawn.time[arcs], drawn.days[link],
            drawn.differential[arcs], drawn.co2[link], spread**2, rough, rough**2,
        ])  # fmt: skip
        total = np.add.reduceat(per_arc, starts, axis=1) if len(starts) else per_arc
        self.cash, self.risk, self.time, self.days, self.differential, self.co2 = total[:6]
        square, together, apart = total[6:]
        self.variance = square + STORM_CORRELATION * (together**2 - apart)


def _divide(part: float, whole: float) -> float:
    return part / whole if whole > 0 else np.nan


def _concentrate(group: Ints, mt: Floats) -> float:
    """Herfindahl-Hirschman index of tonnes by group."""
    total = float(mt.sum())
    if total <= 0:
        return np.nan
    share = np.bincount(group, mt) / total
    return float(share @ share)


def find_mixture_quantile(mean: Floats, variance: Floats, weight: Floats, *, level: float) -> float:
    """Quantile of a weighted mixture of lognormal times given by mean and variance, days."""
    real = (weight > 0) & (mean > 0)
    mean, variance, weight = mean[real], variance[real], weight[real]
    if not len(mean):
        return np.nan
    sigma = np.sqrt(np.log1p(variance / mean**2))
    centre = np.log(mean) - sigma**2 / 2
    still = sigma <= 0
    width = np.where(still, 1.0, sigma)
    ends = np.where(still, mean, np.exp(centre + special.ndtri(level) * sigma))  # each by itself
    low, high = float(ends.min()) * (1 - _NEAR), float(ends.max()) * (1 + _NEAR)
    wanted = level * float(weight.sum())

    def exceed(days: float) -> float:
        below = special.ndtr((math.log(days) - centre) / width)
        if still.any():
            below = np.where(still, days >= mean, below)
        return float(below @ weight) - wanted

    return float(optimize.brentq(exceed, low, high, xtol=1e-12, rtol=1e-14))
