"""Run an ensemble: sample, solve, write; go on where an earlier run was cut off."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
import weakref
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from models.ensemble.chunk import Bench, Chunk, count_pilots
from models.ensemble.design import Design, make_design
from models.ensemble.measures import name_columns
from models.ensemble.plan import Plan
from models.ensemble.planner import plan_ensemble
from models.ensemble.results import Ensemble, open_ensemble
from models.ensemble.store import Store, cut_chunks, open_store
from models.ensemble.workers import Processes, Task, solve_here, solve_on_cluster
from models.run import package_version
from models.scenario import Scenario
from routes.errors import UsageError
from routes.network import Network

CHUNK = 128  # samples in a chunk; a power of two suits Sobol sequences
Progress = Callable[[int, int], None]


def run_ensemble(
    scenarios: str | Scenario | Sequence[str | Scenario | Sequence[Scenario]] | Plan,
    *,
    n: int = 1024,
    seed: int = 1,
    network: Network | None = None,
    year: int | None = None,
    closures: Mapping[str, float] | None = None,
    country: str = "RU",
    links: bool = False,
    method: str = "lhs",
    out: str | Path | None = None,
    resume: bool = False,
    jobs: int = 1,
    cluster: Any = None,
    chunk: int = CHUNK,
    progress: Progress | None = None,
) -> Ensemble:
    """Sample what is uncertain and solve every sample under every scenario.

    All scenarios see the same draws (common random numbers). A sample's numbers depend on the plan,
    the seed, the method and how many samples are asked for, and on nothing else: not on workers,
    chunks, or whether the run was interrupted.

    Parameters
    ----------
    scenarios
        As for `plan_ensemble`; or a plan, which then brings network, year, closures, country and
        links.
    n
        Samples. With `method="saltelli"`: base samples, of which each makes (kinds of drivers + 2).
    seed
        Of the generator that draws the samples; 0 is a seed.
    method
        "lhs" (Latin hypercube), "sobol" (scrambled Sobol sequence) or "saltelli" (for Sobol indices
        of kinds of drivers); see models.ensemble.design.
    out
        New folder for results, or with `resume` one that a cut-off run left; a temporary one
        without it.
    jobs
        Worker processes on this machine; 1 solves in this process.
    cluster
        Address of a Dask scheduler (or a distributed.Client) whose workers solve instead.
    chunk
        Samples solved and written together: what an interruption costs a worker at most.
    progress
        Called with samples done and samples in all, after every chunk.

    Returns
    -------
    Ensemble
        Reads the tables of the folder.

    Raises
    ------
    UsageError, UnknownNameError
        For arguments that cannot be meant, a folder that holds something else or is in use.
    KazroutesError
        When the disk is full or a worker was killed; the folder can be continued with `resume`.
    InternalError
        When a law is broken; with sample and scenario.
    """
    if jobs < 1 or chunk < 1:
        msg = f"The number of jobs and the size of a chunk must be at least 1. Got {jobs}, {chunk}."
        raise UsageError(msg)
    workers = Processes(jobs) if jobs > 1 and cluster is None else None
    with workers or nullcontext():  # they start while the plan is made
        plan = scenarios if isinstance(scenarios, Plan) else None
        if plan is None:
            listed = [scenarios] if isinstance(scenarios, str | Scenario) else list(scenarios)  # type: ignore[arg-type]
            plan = plan_ensemble(
                listed, network=network, year=year, closures=closures, country=country, links=links
            )
        groups = [driver.kind for driver in plan.drivers]
        design = make_design(method, n=n, seed=seed, drivers=len(groups), groups=groups)
        facts = _describe(plan, design, method=method, seed=seed, chunk=chunk)
        holder = _Holder() if out is None else None
        folder = holder.folder if holder is not None else Path(str(out))
        with open_store(folder, facts, resume=resume or holder is not None) as store:
            solve = partial(_solve, plan, design, workers=workers, cluster=cluster)
            _fill(store, plan, design, solve, chunk=chunk, progress=progress)
    return open_ensemble(folder, holder=holder)


class _Holder:
    """A temporary folder that goes with the last ensemble that reads it."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="kazroutes-ensemble-"))
        weakref.finalize(self, shutil.rmtree, self.folder, ignore_errors=True)


def _fill(
    store: Store,
    plan: Plan,
    design: Design,
    solve: Callable[[Sequence[Task]], Iterator[Chunk]],
    *,
    chunk: int,
    progress: Progress | None,
) -> None:
    """Solve and write the chunks that are not there yet."""
    tasks = cut_chunks(design.n, chunk)
    done = store.find_done()
    left = [task for task in tasks if task[0] not in done]
    count = design.n - sum(stop - start for _, start, stop in left)
    if progress is not None:
        progress(count, design.n)
    for result in solve(left):
        store.write_chunk(result.number, lay_out(plan, result))
        count += len(result.inputs)
        if progress is not None:
            progress(count, design.n)
    if store.manifest["finished"] is None:
        store.finish()


def _solve(
    plan: Plan, design: Design, tasks: Sequence[Task], *, workers: Processes | None, cluster: Any
) -> Iterator[Chunk]:
    if not tasks:
        return iter(())
    bench = Bench(plan, pilots=count_pilots(design.n))
    if workers is not None:
        return workers.solve(bench, tasks, design)
    if cluster is not None:
        return solve_on_cluster(bench, tasks, design, cluster=cluster)
    return solve_here(bench, tasks, design)


def lay_out(plan: Plan, chunk: Chunk) -> dict[str, Any]:
    """The columns of a chunk: a row a sample and scenario, samples in order."""
    n_samples, n_worlds = chunk.outcomes.shape[:2]
    sample = np.arange(chunk.start, chunk.start + n_samples, dtype=np.int64)
    columns: dict[str, Any] = {
        "sample": np.repeat(sample, n_worlds),
        "scenario": list(plan.scenarios) * n_samples,
    }
    for i, driver in enumerate(plan.drivers):
        columns[driver.name] = np.repeat(chunk.inputs[:, i], n_worlds)
    flat = chunk.outcomes.reshape(n_samples * n_worlds, -1)
    for i, name in enumerate(name_columns(plan.worlds[0], links=plan.links)):
        columns[name] = np.ascontiguousarray(flat[:, i])
    return columns


def _describe(plan: Plan, design: Design, *, method: str, seed: int, chunk: int) -> dict[str, Any]:
    """What the run is: all that its numbers depend on."""
    facts = plan.describe() | {
        "version": package_version(),
        "libraries": {name: version(name) for name in ("highspy", "numpy", "scipy")},
        "seed": seed,
        "method": method,
        "samples": design.n,
        "chunk": chunk,
        "pilots": count_pilots(design.n),
        "outcomes": list(name_columns(plan.worlds[0], links=plan.links)),
    }
    told = {name: fact for name, fact in facts.items() if name != "drivers"}
    text = json.dumps(told, sort_keys=True)
    return facts | {"digest": hashlib.sha256(text.encode()).hexdigest()}
