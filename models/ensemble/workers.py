"""Who solves the chunks: this process, joblib's workers, or an existing Dask cluster.

Each gets the bench once and sends back arrays; only the caller writes to disk. Chunks come back in
any order. Memory stays flat: a few chunks are under way at a time.
"""

from __future__ import annotations

import gc
import pickle
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from importlib import import_module
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from models.ensemble.chunk import Bench, Chunk, Part, run_chunk
from models.ensemble.design import Design
from models.flow.arrays import Floats
from models.flow.solver import Found
from routes.errors import KazroutesError, UsageError

Task = tuple[int, int, int]  # number, first sample, one past the last
Bytes = npt.NDArray[np.uint8]

_benches: dict[str, Bench] = {}


def solve_here(bench: Bench, tasks: Sequence[Task], design: Design) -> Iterator[Chunk]:
    """Solve chunks one after the other in this process."""
    for number, start, stop in tasks:
        yield _run(bench, number, start, design.rows(start, stop))


class Processes:
    """Worker processes of this machine (joblib with loky); they start as soon as this is made.

    Leaving its `with` waits until they have: an error may come before they are needed.
    """

    def __init__(self, jobs: int) -> None:
        from joblib import Parallel, delayed

        self.jobs = jobs
        self.parallel = Parallel(
            n_jobs=jobs, backend="loky", return_as="generator_unordered", batch_size=1,
            pre_dispatch="2*n_jobs", max_nbytes="1M",
        )  # fmt: skip
        self._loading = self.parallel(delayed(_load)() for _ in range(jobs))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # calling off workers that start can break the pool; of killed ones `solve` tells
        with suppress(Exception):
            deque(self._loading, maxlen=0)

    def solve(self, bench: Bench, tasks: Sequence[Task], design: Design) -> Iterator[Chunk]:
        """Solve chunks. Raises KazroutesError when a worker is killed."""
        from joblib import delayed
        from joblib.externals.loky.process_executor import BrokenProcessPool

        try:
            deque(self._loading, maxlen=0)
            parts, packed = bench.list_parts(), _pack(bench)
            scouts = (
                delayed(_scout_packed)(packed, bench.key, parts[worker :: self.jobs])
                for worker in range(self.jobs)
            )
            with closing(self.parallel(scouts)) as results:
                design.rows(*tasks[0][1:])  # meanwhile: what is drawn for one chunk serves many
                for part in results:
                    bench.found |= part
            found = _pack(bench.found)
            calls = (
                delayed(_run_packed)(
                    packed, bench.key, found, number, start, design.rows(start, stop)
                )
                for number, start, stop in tasks
            )
            with closing(self.parallel(calls)) as chunks:
                yield from chunks
        except BrokenProcessPool as error:
            msg = (
                "A worker process was killed (out of memory, perhaps). The chunks finished before "
                "are kept: go on with --resume, with fewer --jobs if memory is short."
            )
            raise KazroutesError(msg) from error


def solve_on_cluster(
    bench: Bench, tasks: Sequence[Task], design: Design, *, cluster: Any
) -> Iterator[Chunk]:
    """Solve chunks on the workers of a Dask cluster; what a lost worker had is done by others.

    `cluster` is the address of a scheduler, or a distributed.Client.

    Raises UsageError when no scheduler answers, KazroutesError when workers keep dying.
    """
    distributed: Any = import_module("distributed")
    with _open_client(cluster) as client:
        # the packed bench stays with the scheduler: a new worker can always have it
        name = bench.key
        shared = client.submit(
            np.frombuffer, pickle.dumps(bench), np.uint8, key=f"kazroutes-{name}"
        )
        waiting = iter(tasks)

        def submit(task: Task) -> Any:
            number, start, stop = task
            return client.submit(
                _run_packed, shared, name, None, number, start, design.rows(start, stop),
                key=f"kazroutes-chunk-{name}-{number}", retries=3, pure=False,
            )  # fmt: skip

        size = 2 * max(1, sum(client.nthreads().values()))
        first = [submit(task) for _, task in zip(range(size), waiting, strict=False)]
        running = distributed.as_completed(first, loop=client.loop)
        for future in running:
            try:
                chunk = future.result()
            except distributed.KilledWorker as error:
                msg = (
                    "Workers of the cluster died again and again at the same chunk (out of memory, "
                    "perhaps). The chunks finished before are kept: go on with --resume."
                )
                raise KazroutesError(msg) from error
            future.release()
            for task in waiting:
                running.add(submit(task))
                break
            yield chunk


@contextmanager
def _open_client(cluster: Any) -> Iterator[Any]:
    distributed: Any = import_module("distributed")
    if isinstance(cluster, distributed.Client):
        yield cluster
        return
    try:
        client = distributed.Client(cluster, set_as_default=False, timeout=15)
    except (OSError, ValueError) as error:
        msg = (
            f"No Dask scheduler answers at {cluster}. Start one with `dask scheduler` and workers "
            "with `dask worker ADDRESS --nthreads 1`."
        )
        raise UsageError(msg) from error
    try:
        yield client
    finally:
        client.close()


def _pack(value: Bench | dict[Part, Found]) -> Bytes:
    """Something as bytes, which workers of this machine read from a memory map."""
    return np.frombuffer(pickle.dumps(value), dtype=np.uint8)


def _load() -> None:
    """Does nothing: a worker that is asked for it has loaded the package."""


def _scout_packed(packed: Bytes, key: str, parts: Sequence[Part]) -> dict[Part, Found]:
    return _unpack(packed, key).scout(parts)


def _run_packed(
    packed: Bytes, key: str, found: Bytes | None, number: int, start: int, points: Floats
) -> Chunk:
    """Solve a chunk with a packed bench, and what pilots found elsewhere (none: to be found)."""
    bench = _unpack(packed, key)
    if found is not None and not bench.found:
        bench.found |= pickle.loads(found.tobytes())  # noqa: S301 (our own, from this run)
    return _run(bench, number, start, np.asarray(points))


def _unpack(packed: Bytes, key: str) -> Bench:
    if key not in _benches:
        _benches.clear()  # one at a time
        bench = pickle.loads(packed.tobytes())  # noqa: S301 (our own, from this run)
        if not isinstance(bench, Bench):
            raise TypeError(type(bench).__name__)
        _benches[key] = bench
        gc.freeze()  # what is loaded stays: no need to look for rubbish in it
    return _benches[key]


def _run(bench: Bench, number: int, start: int, points: Floats) -> Chunk:
    """Solve a chunk, and do not look for rubbish in circles meanwhile: hardly any is made."""
    pausing = gc.isenabled()
    gc.disable()
    try:
        return run_chunk(bench, number, start, points)
    finally:
        if pausing:
            gc.enable()
