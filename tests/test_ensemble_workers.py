"""Workers of an ensemble: whatever they did before, a chunk's numbers are the same."""

import gc
import warnings

import numpy as np
import pytest

from models.ensemble import run_ensemble, workers
from models.ensemble.chunk import Bench
from models.ensemble.design import make_design
from models.ensemble.planner import plan_ensemble
from routes.errors import InternalError, UnknownNameError


@pytest.fixture
def bench():
    """Of the shipped data: on the tiny network pilots find nothing new."""
    return Bench(plan_ensemble(["baseline-2023"]), pilots=64)


def test_who_scouted_does_not_matter(bench, monkeypatch):
    """One that scouted half, one that scouted nothing, and one that must find all by itself."""
    points = make_design("lhs", n=8, seed=1, drivers=len(bench.plan.drivers)).rows(0, 8)
    packed, parts = workers._pack(bench), bench.list_parts()
    assert len(parts) > 1
    routes = bench.scout(parts)
    assert any(len(part.source) for part in routes.values())
    found = workers._pack(routes)
    chunks = []
    for mine, told in ((parts[::2], found), ([], found), ([], None)):
        monkeypatch.setattr(workers, "_benches", {})
        if mine:
            workers._scout_packed(packed, bench.key, mine)
        chunks.append(workers._run_packed(packed, bench.key, told, 0, 0, points))
    for chunk in chunks[1:]:
        assert np.array_equal(chunk.outcomes, chunks[0].outcomes, equal_nan=True)


def test_scouting_twice_finds_the_same(bench):
    (world, start), *_ = parts = bench.list_parts()
    first = bench.scout(parts)[world, start]
    again = bench.scout(parts[:1])[world, start]
    assert [path.tolist() for path in first.arcs] == [path.tolist() for path in again.arcs]
    assert np.array_equal(first.rows, again.rows)


def test_rubbish_is_looked_for_again_after_a_chunk(bench, monkeypatch):
    def break_off(*_):
        assert not gc.isenabled()
        raise InternalError("broken off")

    monkeypatch.setattr(workers, "run_chunk", break_off)
    assert gc.isenabled()
    with pytest.raises(InternalError, match="broken off"):
        workers._run(bench, 0, 0, np.zeros((0, 0)))
    assert gc.isenabled()


def test_workers_that_are_not_needed_go_without_a_word():
    """They start while the plan is made; this one cannot be."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(UnknownNameError):
            run_ensemble("no-such-scenario", n=8, jobs=2)
