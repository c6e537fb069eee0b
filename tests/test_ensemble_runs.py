"""Runs of ensembles: the same tables whoever solves them, and whatever happens meanwhile."""

import dataclasses
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from ensemble_case import ALL, BASE, CHUNK, DEARER, LONG, N, read_chunks, run, tiny_network
from models.cli import COMMANDS
from models.cli import ensemble as cli
from models.cli.shell import LazyGroup, run_group
from models.ensemble import open_ensemble, run_ensemble
from models.ensemble.chunk import count_pilots
from models.ensemble.overview import summarise_ensemble, write_overview
from models.ensemble.store import open_store
from routes.errors import KazroutesError, UnknownNameError, UsageError
from tiny import write_tiny


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The tables as one process writes them."""
    folder = tmp_path_factory.mktemp("ensemble") / "serial"
    run(folder)
    return folder


@pytest.fixture(scope="module")
def long(tmp_path_factory):
    """The tables of a run long enough to be cut off."""
    folder = tmp_path_factory.mktemp("ensemble") / "long"
    run(folder, n=LONG)
    return folder


# ---------------------------------------------------------------- the same tables


def test_chunks_do_not_change_the_tables(serial, tmp_path):
    whole = run_ensemble(
        list(ALL), n=N, seed=5, network=tiny_network(), out=tmp_path / "other", chunk=37,
        closures={"mine-town": 0.2},
    )  # fmt: skip
    assert whole.to_frame().equals(open_ensemble(serial).to_frame())


def test_workers_of_this_machine_write_the_same_bytes(serial, tmp_path):
    run(tmp_path / "jobs", jobs=2)
    assert read_chunks(tmp_path / "jobs") == read_chunks(serial)


@pytest.mark.filterwarnings("ignore")
def test_a_cluster_writes_the_same_bytes_though_a_worker_dies(serial, tmp_path):
    """Two separate worker processes of Dask; one is killed in mid-run and nothing is lost."""
    distributed = pytest.importorskip("distributed")
    killed = []
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
    ) as cluster:  # fmt: skip

        def kill_one(done, total):
            if not killed and 0 < done < total:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        run(tmp_path / "cluster", cluster=cluster.scheduler_address, progress=kill_one)
    assert killed
    assert read_chunks(tmp_path / "cluster") == read_chunks(serial)


@pytest.mark.filterwarnings("ignore")
def test_no_scheduler_is_said_plainly(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")

    def refuse(*args, **kwargs):
        raise OSError("timed out")

    monkeypatch.setattr(distributed, "Client", type("Client", (), {"__new__": refuse}))
    with pytest.raises(UsageError, match="dask scheduler"):
        run(tmp_path / "none", cluster="tcp://127.0.0.1:1")


def test_a_killed_worker_is_a_clear_error_and_the_rest_can_be_done(long, tmp_path):
    psutil = pytest.importorskip("psutil")
    killed = []

    def kill_one(done, total):
        if not killed and 0 < done < total:
            children = psutil.Process().children()
            killed.append(next(c for c in children if "LokyProcess" in " ".join(c.cmdline())))
            killed[0].kill()

    with pytest.raises(KazroutesError, match=r"worker process was killed.*--resume"):
        run(tmp_path / "killed", jobs=2, progress=kill_one, n=LONG)
    left = len(read_chunks(tmp_path / "killed"))
    assert 1 <= left < 24
    done = run(tmp_path / "killed", n=LONG, resume=True)
    assert done.is_complete and len(read_chunks(tmp_path / "killed")) == 24
    first = done.to_frame()
    assert first.equals(open_ensemble(long).to_frame())


def test_a_worker_starts_without_what_it_does_not_need():
    code = (
        f"import sys; sys.path[:0] = {sys.path!r}\nimport models.ensemble.workers\n"
        "print(sorted({'pandas', 'pydantic', 'scipy.stats', 'matplotlib'} & set(sys.modules)))"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("samples", "pilots"), [(1, 8), (64, 8), (128, 16), (1000, 64), (1024, 128), (10**6, 256)]
)
def test_pilots_go_with_the_size_of_a_run(samples, pilots):
    assert count_pilots(samples) == pilots


# ---------------------------------------------------------------- cut off, and on

SCRIPT = """
import sys
sys.path[:0] = {path!r}
from test_ensemble_runs import run
run({out!r}, n={n}, resume=True)
"""


def start(out, n):
    script = SCRIPT.format(path=[str(Path(__file__).parent), *sys.path], out=str(out), n=n)
    return subprocess.Popen([sys.executable, "-c", script])


def test_kill_9_loses_a_chunk_at_most_and_a_second_process_is_refused(long, tmp_path):
    out = tmp_path / "cut"
    process = start(out, LONG)
    deadline = time.monotonic() + 60
    while len(list(out.glob("*.parquet"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    try:
        assert process.poll() is None
        process.send_signal(signal.SIGSTOP)  # it stands still in mid-run while we look
        with pytest.raises(UsageError, match=r"Another process .* \(process \d+\)"):
            run(out, n=LONG, resume=True)
    finally:
        process.kill()
        process.wait()
    there = read_chunks(out)
    assert 3 <= len(there) < 24
    (out / "chunk-000023.parquet").write_bytes(there["chunk-000001.parquet"][:500])  # half a file
    (out / ".chunk-000022.parquet.part").write_bytes(b"half")
    finished = json.loads((out / "manifest.json").read_text(encoding="utf-8"))["finished"]
    assert finished is None and not open_ensemble(out).is_complete
    solved = []
    whole = run(out, n=LONG, resume=True, progress=lambda done, _: solved.append(done))
    assert solved[0] == len(there) * CHUNK  # nothing that was written is solved again
    assert whole.is_complete and not list(out.glob(".*.part"))
    again = read_chunks(out)
    assert {name: again[name] for name in there} == there
    assert read_chunks(long) == again


def test_a_finished_run_has_nothing_left_to_do(serial):
    before = {path: path.stat().st_mtime_ns for path in serial.glob("*.parquet")}
    assert run(serial, resume=True).is_complete
    assert before == {path: path.stat().st_mtime_ns for path in serial.glob("*.parquet")}


def test_another_run_is_not_continued(serial):
    with pytest.raises(UsageError, match="seed was 5, is 6"):
        run(serial, seed=6, resume=True)
    with pytest.raises(UsageError, match="scenarios was"):
        run(serial, scenarios=[BASE, DEARER], resume=True)


def test_folders_are_kept_from_harm(serial, tmp_path):
    with pytest.raises(UsageError, match="--resume"):
        run(serial)
    with pytest.raises(UsageError, match="does not exist"):
        run(tmp_path / "no" / "such")
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="not a folder"):
        run(tmp_path / "file", resume=True)
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="something other"):
        run(tmp_path / "mine", resume=True)
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "manifest.json").write_text('{"scenario": "x"}', encoding="utf-8")
    with pytest.raises(UsageError, match="no ensemble"):
        run(tmp_path / "run", resume=True)
    with pytest.raises(UsageError, match="no ensemble"):
        open_ensemble(tmp_path / "mine")
    assert (tmp_path / "mine" / "thesis.txt").read_text(encoding="utf-8") == "mine"


def test_a_full_disk_is_said_plainly_and_leaves_what_can_be_continued(
    serial, tmp_path, monkeypatch
):
    real, calls = os.fsync, []

    def fill_up(handle):
        calls.append(handle)
        if len(calls) > 6:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    out = tmp_path / "full"
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", fill_up)
        with pytest.raises(KazroutesError, match=r"No space is left.*--resume"):
            run(out)
    assert 1 <= len(read_chunks(out)) < N // CHUNK
    assert not list(out.glob(".*.part"))
    run(out, resume=True)
    assert read_chunks(out) == read_chunks(serial)


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root can mount")
def test_a_really_full_disk(serial, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    size = 60 + sum(len(content) for content in read_chunks(serial).values()) // 1024 // 2
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", str(disk)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("no file system can be mounted here")
    try:
        with pytest.raises(KazroutesError, match="No space is left"):
            run(disk / "full")
        left = read_chunks(disk / "full")
        assert left == {k: v for k, v in read_chunks(serial).items() if k in left}
        subprocess.run(["mount", "-o", "remount,size=8m", str(disk)], check=True)
        run(disk / "full", resume=True)
        assert read_chunks(disk / "full") == read_chunks(serial)
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_memory_stays_flat(tmp_path):
    """The last three quarters of a run need no more than the first."""
    psutil = pytest.importorskip("psutil")
    seen = []

    def look(done, total):
        seen.append((done / total, psutil.Process().memory_info().rss / 2**20))

    run(tmp_path / "flat", n=80 * CHUNK, scenarios=[BASE], progress=look)
    early = max(size for part, size in seen if part <= 0.25)
    assert seen[-1][1] < early + 12


@pytest.mark.parametrize(
    ("change", "law"),
    [
        ({"flow": 3.0}, "A law is broken: .* is respected"),
        ({"bound": 1.1}, "A law is broken: the optimum is proven"),
        ({"bound": 0.9}, "A law is broken: the optimum is proven"),
    ],
)
def test_a_broken_law_names_sample_and_scenario(tmp_path, monkeypatch, change, law):
    from models.flow.solver import FlowSolver
    from routes.errors import InternalError

    solve_all = FlowSolver.solve_all

    def spoil(self, *problems):
        for i, solution in enumerate(solve_all(self, *problems)):
            factors = change if i == 5 else {}
            spoilt = {name: getattr(solution, name) * by for name, by in factors.items()}
            yield dataclasses.replace(solution, **spoilt)

    monkeypatch.setattr(FlowSolver, "solve_all", spoil)
    with pytest.raises(InternalError, match=f"sample 5 of as-is: {law}"):
        run(tmp_path / "broken")


# ---------------------------------------------------------------- reading


def test_columns_are_read_one_by_one(serial):
    ensemble = open_ensemble(serial)
    frame = ensemble.to_frame(["exported_mt", "via-russia_share"], scenario="as-is", most=20)
    assert list(frame.columns) == ["sample", "scenario", "exported_mt", "via-russia_share"]
    assert len(frame) == 20
    assert frame["via-russia_share"].dropna().eq(1).all()
    assert (ensemble.drivers["low"] <= ensemble.drivers["best"]).all()
    assert (ensemble.drivers["best"] <= ensemble.drivers["high"]).all()
    inputs = ensemble.to_frame(ensemble.inputs).groupby("sample").first()
    table = ensemble.drivers.set_index("name")
    for name in set(ensemble.inputs):
        low, high = table.loc[name, ["low", "high"]]
        assert inputs[name].between(low - 1e-9, high + 1e-9).all(), name
    with pytest.raises(UnknownNameError, match="exported_mt"):
        ensemble.to_frame(["exported"])
    with pytest.raises(UnknownNameError, match="as-is"):
        ensemble.to_frame(scenario="as-it-is")
    assert "96 samples x 3 scenarios" in repr(ensemble)


def test_the_overview_says_all_and_writes_it(serial):
    ensemble = open_ensemble(serial)
    overview = summarise_ensemble(ensemble, goal="exported_mt>1")
    write_overview(overview, ensemble)
    assert overview.largest_gap <= 1e-9
    names = {"quantiles", "pairs", "exceedance", "drivers", "tornado", "conditions"}
    assert {path.stem for path in serial.glob("*.csv")} == names
    assert len(list(serial.glob("*.parquet"))) == N // CHUNK  # summaries are no sample tables
    shut = overview.conditions[overview.conditions["scenario"] == "shut"]
    assert list(shut["conditions"]) == ["never"]


# ---------------------------------------------------------------- the command


def test_the_command(tmp_path, capsys):
    data = write_tiny(tmp_path / "data")
    out = tmp_path / "out"
    words = [
        "ensemble", "baseline-2023", "russia-closed", "-n", "20", "--seed", "3", "--out", str(out),
        "--data", str(data), "--closure", "mine-town=0.5", "--goal", "exported_mt>1",
    ]  # fmt: skip
    group = LazyGroup("kazroutes", COMMANDS)
    assert run_group(group, [*words, "--json"]) == 0
    told = capsys.readouterr()
    document = json.loads(told.out)
    assert told.err == ""  # no bar off a terminal
    assert document["scenarios"] == ["baseline-2023", "russia-closed"]
    assert (document["samples"], document["seed"]) == (20, 3)
    assert document["largest_gap"] <= 1e-9
    assert {row["outcome"] for row in document["quantiles"]} >= {"exported_mt", "surplus_musd"}
    assert run_group(group, words) == 2
    assert "--resume" in capsys.readouterr().err
    assert run_group(group, [*words, "--resume"]) == 0
    told = capsys.readouterr().out
    assert "How often a scenario beats another" in told and "largest relative gap" in told
    assert document["notes"][0].startswith("Few samples for") and document["notes"][0] in told
    assert all(row["above_noise"] for row in document["drivers"])
    assert run_group(group, [*words, "--resume", "--csv"]) == 0
    assert capsys.readouterr().out.startswith("scenario,outcome,samples,mean,sd,q05")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--closure", "mine-town"], "does not read LINK=PROBABILITY"),
        (["--closure", "mine-town=2"], "does not read LINK=PROBABILITY"),
        (["--closure", "mine-twn=0.5"], "Did you mean 'mine-town'"),
        (["--goal", "exported_mt"], "OUTCOME>LEVEL"),
        (
            ["--goal", "export_mt<10"],
            "No outcome is called 'export_mt'. Did you mean 'exported_mt'",
        ),
        (["--goal", "flow:pipe<10"], "No outcome is called 'flow:pipe'"),
        (["-n", "0"], "-n"),
        (["--country", "ZZ"], "No country"),
    ],
)
def test_what_cannot_be_meant(words, said, tmp_path, capsys):
    data = write_tiny(tmp_path / "data")
    base = ["ensemble", "baseline-2023", "--data", str(data), "--out", str(tmp_path / "out")]
    assert run_group(LazyGroup("kazroutes", COMMANDS), [*base, *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch, capsys):
    with cli.follow_samples() as progress:
        assert progress is None
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    clock = iter([0.0, 0.5, 4.0, 8.0, 9.0])
    monkeypatch.setattr(cli, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    with cli.follow_samples() as progress:
        progress(0, 1000)
        assert capsys.readouterr().err == ""
        progress(400, 1000)
        progress(800, 1000)
    assert "100 a second" in capsys.readouterr().err


def test_a_store_is_free_again_when_its_process_is_done(tmp_path):
    facts = {"digest": "x", "samples": 1}
    with (
        open_store(tmp_path / "s", facts, resume=False),
        pytest.raises(UsageError, match="Another process"),
        open_store(tmp_path / "s", facts, resume=True),
    ):
        pass
    with open_store(tmp_path / "s", facts, resume=True):
        pass
