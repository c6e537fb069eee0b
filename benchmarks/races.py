"""The races: this package and others on the same programmes, side by side in one run.

Times are processor seconds of one thread (wall seconds for two workers), each the median of the
laps; a ratio is the median over the laps of the other's time over ours. Every answer is compared,
every certificate of ours checked.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np

from benchmarks.networks import SIZES, growing_sizes, make_problem, vary
from benchmarks.rivals import InPlace, Trees, solve_linopy, solve_padded, solve_pypsa, solve_rebuilt
from benchmarks.timing import time_call
from benchmarks.weigh import PATIENCE, weigh_apart
from models.flow.arrays import Problem
from models.flow.laws import check_solution
from models.flow.solver import FlowSolver, Solution

OURS = "kazroutes"
LAPS = 5
PILOTS = 128


@dataclass(frozen=True)
class Row:
    """One tool in one race: seconds of one solve, and how many times ours that is."""

    race: str
    tool: str
    seconds: float
    ratio: float
    peak_mb: float | None = None
    note: str = ""


@dataclass(frozen=True)
class Target:
    """What was to be reached, and what was."""

    words: str
    wanted: str
    reached: str
    met: bool


@dataclass
class Results:
    """Rows and targets of all races.

    growth : (links, seconds) points by tool; ensembles : samples, wall seconds and stolen share of
    each run.
    """

    rows: list[Row] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    growth: dict[str, list[tuple[int, float]]] = field(default_factory=dict)
    ensembles: list[tuple[int, float, float]] = field(default_factory=list)

    def aim(self, words: str, ratio: float, least: float) -> None:
        """A target of at least so many times."""
        self.targets.append(Target(words, f">= {least:g}x", f"{ratio:.3g}x", ratio >= least))

    def aim_below(self, words: str, value: float, most: float, unit: str) -> None:
        """A target of at most so much."""
        self.targets.append(
            Target(words, f"<= {most:g} {unit}", f"{value:.3g} {unit}", value <= most)
        )


def check(solution: Solution) -> float:
    """The objective of a solution whose laws and certificate hold."""
    check_solution(solution)
    p = solution.problem
    arcs, starts = solution.joined_arcs
    paid = np.add.reduceat(np.abs(p.arc_cost)[arcs], starts) if len(arcs) else np.zeros(0)
    gap = solution.gap / max(float(paid @ solution.flow), 1.0)
    assert gap <= 1e-9, gap
    return solution.primal


Tools = Mapping[str, tuple[Callable[[Sequence[Problem]], list[float]], int]]


def race(name: str, laps: Iterator[Sequence[Problem]], tools: Tools, results: Results) -> None:
    """Run tools over the same problems, lap by lap.

    `tools` maps a name to (solve a list, how many of a lap's problems it gets); ours stands first.
    """
    seconds: dict[str, list[float]] = {tool: [] for tool in tools}
    for problems in laps:
        answers: list[float] = []
        for tool, (solve, n) in tools.items():
            spent, values = time_call(partial(solve, problems[:n]))
            seconds[tool].append(spent / n)
            answers = answers or values
            if values[0] == values[0]:  # trees have no objective
                assert np.allclose(values, answers[:n], rtol=1e-7), (name, tool)
    ours = seconds[next(iter(tools))]
    for tool, mine in seconds.items():
        ratio = statistics.median(b / a for a, b in zip(ours, mine, strict=True))
        results.rows.append(Row(name, tool, statistics.median(mine), ratio))


def find_ratio(results: Results, race_name: str, tool: str) -> float:
    """Ratio of a tool in a race."""
    return next(r.ratio for r in results.rows if r.race == race_name and r.tool == tool)


def each(solve: Callable[[Problem], float]) -> Callable[[Sequence[Problem]], list[float]]:
    """Solve problems one by one."""
    return lambda problems: [solve(p) for p in problems]


def solve_cold(problem: Problem) -> float:
    """Our own optimum, from nothing."""
    return check(FlowSolver(problem.structure).solve(problem))


def race_cold(results: Results, *, pypsa: bool) -> None:
    """One cold solve on S."""
    name = "S, one cold solve"
    trees = {}

    def grow(problems: Sequence[Problem]) -> list[float]:
        return [float("nan") for p in problems if trees[id(p)].grow()]

    def laps() -> Iterator[Sequence[Problem]]:
        for seed in range(LAPS):
            problem = make_problem(SIZES["S"], seed=seed + 1)
            trees[id(problem)] = Trees(problem)
            yield [problem]

    tools: dict[str, Any] = {
        OURS: (each(solve_cold), 1),
        "HiGHS link LP": (each(solve_rebuilt), 1),
        "linopy": (each(solve_linopy), 1),
        "linopy, padded arrays": (each(solve_padded), 1),
        "networkx, one tree a commodity": (grow, 1),
    }
    if pypsa:
        tools["PyPSA"] = (each(solve_pypsa), 1)
    solve_linopy(make_problem(SIZES["S"]))  # imports
    race(name, laps(), tools, results)
    share = 1.0 / find_ratio(results, name, "HiGHS link LP")
    results.aim_below("S cold, of the link LP's time", share, 0.65, "x")


def race_varied(results: Results, *, full: bool, pypsa: bool) -> None:
    """Varied scenarios on S, all numbers moved."""
    n = 1000 if full else 200
    name = f"S, {n:,} varied scenarios"
    base = make_problem(SIZES["S"])
    _race_variants(
        results, "S varied", name, base, [[vary(base, lap * n + i) for i in range(n // LAPS)]
                              for lap in range(LAPS)],
        [vary(base, 10**6 + i) for i in range(PILOTS)],
        rebuilt=10 if full else 4, linopy=4 if full else 2, pypsa=2 if pypsa else 0,
    )  # fmt: skip


def race_shipped(results: Results, *, full: bool, pypsa: bool) -> None:
    """Varied scenarios on the shipped network: every ranged number drawn, as in an ensemble."""
    from models.ensemble.chunk import draw_problems
    from models.ensemble.design import make_design
    from models.ensemble.planner import plan_ensemble

    n = 1000 if full else 150
    name = f"shipped network, {n:,} varied scenarios"
    plan = plan_ensemble(["baseline-2023"])

    def draw(seed: int, count: int) -> list[Problem]:
        design = make_design("lhs", n=count, seed=seed, drivers=len(plan.drivers))
        return list(draw_problems(plan, 0, design.rows(0, count)))

    _race_variants(
        results, "shipped varied", name, plan.worlds[0].problem,
        [draw(lap, n // LAPS) for lap in range(LAPS)],
        draw(10**6, PILOTS), rebuilt=2 if full else 1, linopy=1, pypsa=1 if pypsa else 0,
    )  # fmt: skip


def _race_variants(
    results: Results,
    target: str,
    name: str,
    base: Problem,
    laps: list[list[Problem]],
    pilots: list[Problem],
    *,
    rebuilt: int,
    linopy: int,
    pypsa: int,
) -> None:
    solver = FlowSolver(base.structure)
    solver.solve(base)
    solver.freeze()
    solver.enrich(pilots)
    place = InPlace(base)
    n = len(laps[0])
    tools: dict[str, Any] = {
        OURS: (each(lambda p: check(solver.solve(p))), n),
        "HiGHS in place": (each(place.solve), min(n, 4 * rebuilt)),
        "HiGHS rebuilt": (each(solve_rebuilt), rebuilt),
        "linopy": (each(solve_linopy), linopy),
        "linopy, padded arrays": (each(solve_padded), linopy),
    }
    if pypsa:
        tools["PyPSA"] = (each(solve_pypsa), pypsa)
    solve_linopy(base)  # imports
    race(name, iter(laps), tools, results)
    for tool, least in (("linopy", 50), ("HiGHS rebuilt", 10)):
        results.aim(f"{target}, against {tool}", find_ratio(results, name, tool), least)


def race_large(results: Results, *, full: bool) -> None:
    """M and L, cold, each tool in a process of its own; the link LP of L does not fit."""
    for size in ("M", "L"):
        name = f"{size}, one cold solve"
        tools = [OURS]
        if full or size == "L":
            tools.append("networkx trees")
        if full and size == "M":
            tools.append("link LP")
        found = {tool: weigh_apart(size, tool) for tool in tools}
        ours = found[OURS]
        if "networkx trees" in found:
            found["networkx trees"]["seconds"] *= ours["rounds"]
        if "link LP" in found and not found["link LP"]["given_up"]:
            assert np.isclose(found["link LP"]["value"], ours["value"], rtol=1e-7)
        for tool, facts in found.items():
            note = (
                f"whole trees, as many as we begin: {ours['rounds']} rounds"
                if "trees" in tool
                else ""
            )
            if facts.get("given_up"):
                note = f"given up after {PATIENCE:.0f} s: time and memory are at least these"
            ratio = facts["seconds"] / ours["seconds"]
            results.rows.append(Row(name, tool, facts["seconds"], ratio, facts["peak_mb"], note))
        if "link LP" in found:
            link = found["link LP"]
            results.aim("M, against the link LP", link["seconds"] / ours["seconds"], 50)
            share = ours["peak_mb"] / link["peak_mb"]
            results.aim_below("M, of the link LP's memory", share, 0.2, "x")
        if size == "L":
            results.aim_below("L, peak memory", ours["peak_mb"], 350, "MB")
            ratio = found["networkx trees"]["seconds"] / ours["seconds"]
            results.aim("L, against networkx for as many trees", ratio, 20)


def race_growth(results: Results, *, full: bool) -> None:
    """Seconds of a cold solve against size, for the picture."""
    largest = {"HiGHS link LP": 5_000 if full else 1_500, "linopy": 1_500 if full else 500}
    for size in growing_sizes(full=full):
        problem = make_problem(size)
        trees = Trees(problem)
        rounds = FlowSolver(problem.structure).solve(problem).rounds
        tools: list[tuple[str, Callable[[], Any], float]] = [
            (OURS, partial(solve_cold, problem), 1.0),
            ("HiGHS link LP", partial(solve_rebuilt, problem), 1.0),
            ("linopy", partial(solve_linopy, problem), 1.0),
            ("networkx, as many trees", trees.grow, float(rounds)),
        ]
        for tool, solve, times in tools:
            if size.nodes <= largest.get(tool, size.nodes):
                seconds = min(time_call(solve)[0] for _ in range(3 if size.nodes < 2_000 else 1))
                results.growth.setdefault(tool, []).append((size.links, seconds * times))


def sum_up_ensembles(results: Results, *, full: bool) -> None:
    """The median of the runs on two workers (benchmarks/ensembles.py), with all of them told."""
    samples, walls, stolen = zip(*results.ensembles, strict=True)
    wall = statistics.median(walls)
    note = f"wall {', '.join(f'{each:.1f}' for each in walls)} s; of the processors' time "
    note += f"the host took {', '.join(f'{share:.0%}' for share in stolen)}"
    name = f"shipped network, ensemble of {samples[0]:,}, two workers"
    results.rows.append(Row(name, OURS, wall / samples[0], 1.0, None, note))
    if full:
        words = f"10,000 samples x 1 on two workers, wall, median of {len(walls)}"
        results.aim_below(words, wall, 60, "s")


def race_likely(results: Results, *, full: bool) -> None:
    """The likely split against a conic solver (benchmarks/likely.py)."""
    from benchmarks.likely import race_split

    row = race_split(500, 300) if full else race_split(100, 60)
    name = f"likely split, {row['pairs']:.0f} pairs, {row['routes']:,.0f} routes"
    results.rows.append(Row(name, OURS, row["newton_s"], 1.0, None, f"gap {row['gap']:.0e}"))
    results.rows.append(Row(name, "Clarabel", row["clarabel_s"], row["ratio"]))
    if full:
        results.aim("likely split, against Clarabel", row["ratio"], 40)


def race_dependency(results: Results, *, full: bool) -> None:
    """Shapley values of ten players against cold coalitions (benchmarks/dependency.py)."""
    from benchmarks.dependency import race_coalitions
    from models.demand import select_case
    from routes.network import load_network

    row = race_coalitions(select_case(load_network(), 2023), full=full)
    name = f"Shapley values, {row['coalitions']:,.0f} coalitions"
    results.rows.append(Row(name, OURS, row["warm_s"], 1.0))
    results.rows.append(Row(name, "every coalition cold", row["cold_s"], row["ratio"]))
    results.aim("Shapley values, against cold", row["ratio"], 8)
