"""The likely split against a conic solver on the same route set, as ratios within one run.

Run `python -m benchmarks.likely` (half a minute), or with `--full` add the shipped data and more
sizes. Times are processor seconds, so that other work on the machine matters less. Needs
`clarabel` (the extra `bench`).
"""

from __future__ import annotations

import statistics
import sys
from typing import Any

import numpy as np
from scipy import sparse

from benchmarks.timing import time_call
from models.choice.logit import Logit, Split, make_logit, split_supplies

TARGET = 40.0  # times faster than the conic solver
GAP = 1e-9
SIZES = ((100, 60), (500, 300))  # pairs, capacities
FULL_SIZES = ((30, 20), (100, 60), (250, 150), (500, 300), (1000, 600))


def make_split(pairs: int, capacities: int, *, seed: int = 1) -> Logit:
    """Pairs with 10 to 50 routes each; a third of the capacities are below what would flow."""
    rng = np.random.default_rng(seed)
    supplies = max(2, pairs // 5)
    counts = rng.integers(10, 51, pairs)
    supply = np.repeat(rng.integers(0, supplies, pairs), counts)
    n_routes = len(supply)
    best = np.repeat(rng.normal(300.0, 20.0, pairs), counts)
    utility = best - rng.exponential(25.0, n_routes)
    on_way = 8
    rows = sparse.csr_array(
        (
            np.ones(n_routes * on_way),
            (
                rng.integers(0, capacities, n_routes * on_way),
                np.repeat(np.arange(n_routes), on_way),
            ),
        ),
        shape=(capacities, n_routes),
    )
    rows.data[:] = 1.0
    free = make_logit(
        utility=utility, supply=supply, amount=rng.uniform(10.0, 1000.0, supplies), theta=0.1
    )
    use = rows @ split_supplies(free).flow
    tight = rng.random(capacities) < 0.3
    room = np.where(tight, rng.uniform(0.7, 0.98, capacities), rng.uniform(1.05, 2.0, capacities))
    return make_logit(
        utility=utility, supply=supply, amount=free.amount, theta=0.1, rows=rows, bound=use * room
    )


def measure_gap(logit: Logit, split: Split) -> float:
    """Duality gap of a split over its objective, from flows and duals apart."""
    amount = logit.amount[logit.supply]
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.log(split.flow / (amount * logit.size)) / logit.theta[logit.supply]
        kept = np.log(split.stay / logit.amount) / logit.theta
    earned = split.flow @ (logit.utility - np.where(split.flow > 0, share, 0.0))
    stayed = split.stay @ np.where(split.stay > 0, logit.stay - kept, 0.0)
    over = np.maximum(logit.rows @ split.flow - logit.bound, 0.0)
    assert (over <= 1e-9 * np.maximum(1.0, np.abs(logit.bound))).all()
    return abs(split.value - (earned + stayed)) / abs(split.value)


def solve_conic(logit: Logit) -> tuple[float, Any]:
    """The same programme by Clarabel: shares, and an exponential cone for each alternative."""
    import clarabel

    n_routes, n_supplies = len(logit.utility), len(logit.amount)
    n = n_routes + n_supplies  # alternatives: routes, then staying
    whose = np.concatenate([logit.supply, np.arange(n_supplies)])
    worth = np.concatenate([logit.utility, logit.stay])
    size = np.concatenate([logit.size, np.ones(n_supplies)])
    weight = logit.amount / logit.amount.sum()
    cost = np.concatenate([-weight[whose] * worth, weight[whose] / logit.theta[whose]])
    whole = sparse.csr_array((np.ones(n), (whose, np.arange(n))), shape=(n_supplies, 2 * n))
    flow = sparse.csr_array(logit.rows * logit.amount[logit.supply][None, :])
    use = 1.0 / np.abs(logit.bound)
    limits = sparse.hstack(
        [flow * use[:, None], sparse.csr_array((len(use), 2 * n - n_routes))], format="csr"
    )
    at = np.arange(n)
    cones = sparse.csr_array(
        (
            np.concatenate([np.ones(n), -np.ones(n)]),
            (np.concatenate([3 * at, 3 * at + 1]), np.concatenate([n + at, at])),
        ),
        shape=(3 * n, 2 * n),
    )  # fmt: skip  (-t, share, size) in the cone: t >= share ln(share / size)
    right = np.zeros(3 * n)
    right[2::3] = size
    matrix = sparse.csc_matrix(sparse.vstack([whole, limits, cones]))
    bounds = np.concatenate([np.ones(n_supplies), logit.bound * use, right])
    kinds = [clarabel.ZeroConeT(n_supplies), clarabel.NonnegativeConeT(len(use))]
    kinds += [clarabel.ExponentialConeT()] * n
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = GAP
    empty = sparse.csc_matrix((2 * n, 2 * n))
    solver = clarabel.DefaultSolver(empty, cost, matrix, bounds, kinds, settings)
    seconds, answer = time_call(solver.solve)
    return seconds, (answer, -answer.obj_val * logit.amount.sum())


def race_split(pairs: int, capacities: int) -> dict[str, float]:
    """Projected Newton and Clarabel on one route set."""
    logit = make_split(pairs, capacities)
    split_supplies(logit)
    runs = [time_call(lambda: split_supplies(logit)) for _ in range(5)]
    mine, split = statistics.median(seconds for seconds, _ in runs), runs[0][1]
    theirs, (answer, value) = solve_conic(logit)
    gap = measure_gap(logit, split)
    assert gap <= GAP
    assert abs(value - split.value) <= 1e-6 * abs(split.value), (value, split.value)
    return {
        "pairs": pairs,
        "routes": len(logit.utility),
        "full_capacities": int((split.dual > 0).sum()),
        "newton_s": mine,
        "steps": split.steps,
        "gap": gap,
        "clarabel_s": theirs,
        "clarabel_iterations": answer.iterations,
        "ratio": theirs / mine,
    }


def race_shipped() -> dict[str, float]:
    """Parts of a likely run on the shipped data, seconds."""
    from models.choice.likely import LikelyModel, base_routes, choose_routes
    from models.choice.parameters import load_parameters
    from models.demand import select_case
    from models.flow.programme import build_problem
    from models.flow.solve import base_solver
    from routes.network import load_network

    network = load_network()
    case, solver = select_case(network, 2023), base_solver(network, 2023)
    problem = build_problem(case, solver.structure)
    optimum = solver.solve(problem)
    building, _ = time_call(lambda: base_routes(network, 2023))
    routes = choose_routes(case, problem, optimum)
    modelling, model = time_call(lambda: LikelyModel(case, problem, routes, load_parameters()))
    logit = model.logit()
    splitting, split = time_call(lambda: split_supplies(logit, start=model.start(optimum)))
    return {
        "routes": len(model.routes), "route_set_s": building, "model_s": modelling,
        "split_s": splitting, "steps": split.steps, "residual": split.residual,
    }  # fmt: skip


def main() -> None:
    """Print one line a race."""
    full = "--full" in sys.argv[1:]
    print("likely split: projected Newton on the dual against Clarabel, processor seconds")
    for pairs, capacities in FULL_SIZES if full else SIZES:
        row = race_split(pairs, capacities)
        print("  " + ", ".join(f"{name} {value:.4g}" for name, value in row.items()))
        if pairs == 500:
            verdict = "met" if row["ratio"] >= TARGET else "MISSED"
            print(f"  target {TARGET:.0f} times at a gap of {GAP:g}: {verdict}")
    print("shipped data: " + ", ".join(f"{k} {v:.3g}" for k, v in race_shipped().items()))


if __name__ == "__main__":
    main()
