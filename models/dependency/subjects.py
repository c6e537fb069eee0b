"""What can fall out: links, ports, borders, other places, shared capacities, a country's transit.

Whatever falls out is a set of arcs that close: a link's own, those that touch a place, those that
draw on a shared capacity, the exits of a country.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from models.demand import HOME, Case, available_capacity
from models.dependency.players import SEA
from models.flow.arrays import KT, Problem
from models.flow.laws import arc_flow
from models.flow.solver import FlowSolver, Solution
from models.names import name_ends, name_places, name_subjects
from routes.corridors import exit_links
from routes.errors import UnknownNameError

KINDS = ("link", "port", "border", "shared", "country", "market", "place")
RANKED = KINDS[:5]  # what is ranked unless asked otherwise
_PLACES = {"port": "port", "terminal": "port", "border_crossing": "border"}
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Subject:
    """Something that can fall out: `arcs` of the structure close with it."""

    subject_id: str
    kind: str
    name: str
    arcs: Ints = field(repr=False)


def list_subjects(case: Case, solver: FlowSolver, kinds: Sequence[str] = RANKED) -> list[Subject]:
    """Everything of the given kinds that some way from a supply to a market could use.

    Raises UnknownNameError for a kind that is none of KINDS.
    """
    for kind in kinds:
        if kind not in KINDS:
            raise UnknownNameError("kind", kind, KINDS)
    found: list[Subject] = []
    if "link" in kinds:
        found += _list_links(case, solver)
    if set(kinds) & {*_PLACES.values(), "market", "place"}:
        found += [s for s in _list_places(case, solver) if s.kind in kinds]
    if "shared" in kinds:
        found += _list_shared(case, solver)
    if "country" in kinds:
        found += _list_countries(case, solver)
    return [subject for subject in found if len(subject.arcs)]


def _list_links(case: Case, solver: FlowSolver) -> list[Subject]:
    names = name_ends(case)
    arcs = _group(solver.structure.arc_link, len(case.links))
    return [
        Subject(str(link), "link", names[i], arcs[i]) for i, link in enumerate(case.links.index)
    ]


def _list_places(case: Case, solver: FlowSolver) -> list[Subject]:
    links = case.links
    places = name_places(case)
    arcs = _group(solver.structure.arc_link, len(links))
    touching: dict[str, list[int]] = {}
    ends = zip(links["from_place_id"], links["to_place_id"], strict=True)
    for i, pair in enumerate(ends):
        for place in set(pair):
            touching.setdefault(place, []).append(i)
    kinds = _kind_places(case)
    return [
        Subject(
            place, kinds.get(place, "place"), places.get(place, place),
            np.sort(np.concatenate([arcs[i] for i in touching[place]])),
        )
        for place in sorted(touching)
    ]  # fmt: skip


def _kind_places(case: Case) -> dict[str, str]:
    """Kind of each place: a port that nothing leaves again is a market and no chokepoint."""
    table = case.network["places"]
    first, last = case.links["from_place_id"], case.links["to_place_id"]
    left = set(first[first != last])
    kinds = table["kind"].map(_PLACES).fillna("place")
    end = (kinds == "port") & ~table["place_id"].isin(left)
    return dict(zip(table["place_id"], kinds.where(~end, "market"), strict=True))


def _list_shared(case: Case, solver: FlowSolver) -> list[Subject]:
    s = solver.structure
    shared = set(case.shared["shared_id"])
    rows = {str(name): row for row, name in enumerate(s.subjects) if name in shared}
    coefficient = case.shared["coefficient"].to_numpy(dtype=float)
    names = name_subjects(rows, case.network["places"])
    is_shared = s.member_shared >= 0
    draws = is_shared.copy()
    draws[is_shared] = coefficient[s.member_shared[is_shared]] != 0  # blank: by boxes
    return [
        Subject(
            name, "shared", names[name],
            np.unique(s.member_arc[draws & (s.member_row == row)]),
        )
        for name, row in sorted(rows.items())
    ]  # fmt: skip


def _list_countries(case: Case, solver: FlowSolver) -> list[Subject]:
    arc_link = solver.structure.arc_link
    countries = sorted(set(case.links["from_country"]) - {HOME, SEA})
    return [
        Subject(
            country, "country", f"transit of {country}",
            np.flatnonzero(exit_links(case.links, country)[arc_link]),
        )
        for country in countries
    ]  # fmt: skip


def _group(owner: Ints, size: int) -> list[Ints]:
    """Positions of each owner 0..size-1."""
    order = np.argsort(owner, kind="stable")
    return np.split(order, np.searchsorted(owner[order], np.arange(1, size)))


class Incidence:
    """Which arcs belong to which subject, and which routes meet it."""

    def __init__(self, subjects: Sequence[Subject], solver: FlowSolver) -> None:
        self.subjects = tuple(subjects)
        n_arcs = len(solver.structure.arc_link)
        arcs = [subject.arcs for subject in subjects]
        starts = np.cumsum([0, *map(len, arcs)])
        flat = np.concatenate(arcs) if arcs else np.zeros(0, dtype=np.int64)
        shape = (len(arcs), n_arcs)
        self.matrix = sparse.csr_array((np.ones(len(flat)), flat, starts), shape=shape)
        self._chain = solver.pricer.chains.find_owners(n_arcs)

    def meets(self, solution: Solution) -> sparse.csr_array:
        """(subjects x routes) matrix, above 0 where a route of a solution uses the subject."""
        flat, starts = solution.joined_arcs
        ends = np.append(starts, len(flat))
        shape = (self.matrix.shape[1], len(starts))
        routes = sparse.csc_array((np.ones(len(flat)), flat, ends), shape=shape)
        met = sparse.csr_array(self.matrix @ routes)
        met.data = np.minimum(met.data, 1.0)
        return met

    def twins(self) -> list[list[int]]:
        """Subjects that close the same ways, so that removing one is removing any: by position.

        Links in a run without a choice between them are twins.
        """
        groups: dict[bytes, list[int]] = {}
        for i, subject in enumerate(self.subjects):
            chains = np.unique(self._chain[subject.arcs])
            groups.setdefault(chains[chains >= 0].tobytes(), []).append(i)
        return list(groups.values())


def close_subjects(problem: Problem, subjects: Iterable[Subject]) -> Problem:
    """The programme without these subjects."""
    is_open = problem.arc_open.copy()
    for subject in subjects:
        is_open[subject.arcs] = False
    return replace(problem, arc_open=is_open)


def degrade_subject(
    problem: Problem, case: Case, subject: Subject, lost: float, base: Solution
) -> Problem:
    """The programme with the part `lost` (0..1) of a subject's capacity gone.

    Background goes pro rata unless it is firm. A link without a capacity is cut to the rest of
    what it carries in `base`.
    """
    s = problem.structure
    rows = {str(name): row for row, name in enumerate(s.subjects)}
    if subject.kind == "shared":
        names, links = [subject.subject_id], np.zeros(0, dtype=np.int64)
    else:
        links = np.unique(s.arc_link[subject.arcs])
        names = [str(s.link_ids[i]) for i in links]
    bounded = [name for name in names if name in rows]
    capacity = problem.capacity.copy()
    left = _cut_capacities(case.capacities.loc[bounded], 1.0 - lost)
    for name, amount in left.items():
        capacity[rows[str(name)]] = amount * problem.scale[rows[str(name)]]
    free = [int(i) for i in links if not _is_bounded(problem, rows, str(s.link_ids[i]))]
    return _cap_links(replace(problem, capacity=capacity), free, 1.0 - lost, base)


def _is_bounded(problem: Problem, rows: dict[str, int], name: str) -> bool:
    return name in rows and bool(np.isfinite(problem.capacity[rows[name]]))


def _cut_capacities(capacities: pd.DataFrame, rest: float) -> pd.Series:
    """What is left for us of capacities when only the part `rest` of them works."""
    by_law = ~np.isfinite(capacities["practical"])
    cut = capacities.assign(
        practical=capacities["practical"].where(by_law, capacities["practical"] * rest),
        background=capacities["background"].where(
            capacities["firm"].astype(bool), capacities["background"] * rest
        ),
        legal=capacities["legal"].where(~by_law, capacities["legal"] * rest),
    )
    return available_capacity(cut)


def _cap_links(problem: Problem, links: Sequence[int], rest: float, base: Solution) -> Problem:
    """Rows that hold each link to the part `rest` of its flow in `base`."""
    if not links:
        return problem
    s = problem.structure
    flow = np.bincount(s.arc_link, arc_flow(base), minlength=len(s.link_ids))
    arcs = sparse.csr_array(np.array([s.arc_link == link for link in links], dtype=float))
    sinks = sparse.csr_array((len(links), problem.sink_weights.shape[1]))
    return replace(
        problem,
        weights=sparse.csr_array(sparse.vstack([problem.weights, arcs], format="csr")),
        sink_weights=sparse.csr_array(sparse.vstack([problem.sink_weights, sinks], format="csr")),
        capacity=np.concatenate([problem.capacity, flow[links] * rest]),
        scale=np.concatenate([problem.scale, np.full(len(links), KT)]),
        row_names=np.concatenate([problem.row_names, s.link_ids[links]]),
    )
