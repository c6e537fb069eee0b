"""What the tests of likely flows share: a case of two roads, solved, and what takes which."""

from __future__ import annotations

from cases import make_case
from models.choice import plain_parameters, solve_likely
from models.flow.solver import FlowSolver
from models.flow.structure import build_structure


def likely(case, theta=0.5, **kwargs):
    return solve_likely(
        case, parameters=plain_parameters(theta), solver=FlowSolver(build_structure(case)), **kwargs
    )


def two_roads(cap=60.0, price=1000.0, supply=100.0, **market):
    """s to t by a cheap road (cost 10, capacity `cap`) or, past m, by a dear one (cost 14).

          /-- cheap --\
    s.site - s         t - t.site
          \\-- dear m -/
    """
    cheap = {"id": "cheap", "a": "s", "b": "t", "cost": 10, "country": "DE"}
    return make_case(
        places={"s": "KZ", "m": "DE", "t": "DE"},
        links=[
            {"id": "load", "a": "s.site", "b": "s", "kind": "load"},
            cheap if cap is None else cheap | {"cap": cap},
            {"id": "dear", "a": "s", "b": "m", "cost": 14, "country": "DE"},
            {"id": "on", "a": "m", "b": "t", "cost": 0, "country": "DE"},
            {"id": "out", "a": "t", "b": "t.site", "kind": "unload"},
        ],
        supplies=[("grain", "s", supply, 0.0)],
        markets=[{"commodity": "grain", "place": "t", "price": price} | market],
    )


def flows(result):
    """Mt by whether the route takes the cheap road."""
    cheap = result.routes["links"].map(lambda links: "cheap" in links)
    mt = result.routes["mt"]
    return float(mt[cheap].sum()), float(mt[~cheap].sum())
