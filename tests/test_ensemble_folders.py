"""Folders of ensembles: what is damaged in them is named, and what is another's is let alone."""

import json
import shutil

import pytest

from ensemble_case import read_chunks, run
from models.ensemble import open_ensemble
from routes.errors import UsageError


@pytest.fixture(scope="module")
def serial(tmp_path_factory):
    """The tables as one process writes them."""
    folder = tmp_path_factory.mktemp("ensemble") / "serial"
    run(folder)
    return folder


def spoil(folder, change):
    """Damage the second chunk of a folder, through its table or, with bytes, as a file."""
    parquet = pytest.importorskip("pyarrow.parquet")
    path = folder / "chunk-000001.parquet"
    content = path.read_bytes()
    changed = change(parquet.read_table(path), content)
    if isinstance(changed, bytes):
        path.write_bytes(changed)
    else:
        parquet.write_table(changed, path)


def retell(table, **told):
    metadata = {**table.schema.metadata, **{k.encode(): v for k, v in told.items()}}
    return table.replace_schema_metadata({k: v for k, v in metadata.items() if v is not None})


def respell(table, name):
    """The table with texts for the numbers of a column."""
    texts = table[name].cast("string")
    return table.set_column(table.column_names.index(name), name, texts)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _, content: content[: len(content) // 2], "cannot be read"),
        (lambda _, content: b"PAR1" + b"\xff" * 1000 + b"PAR1", "cannot be read"),
        (lambda _, content: b"", "cannot be read"),
        (lambda table, _: table.drop_columns(["exported_mt"]), "has no column exported_mt"),
        (lambda table, _: respell(table, "exported_mt"), "has no numbers in column exported_mt"),
        (lambda table, _: respell(table, "sample"), "has no numbers in column sample"),
        (lambda table, _: retell(table, chunk=b"zzz"), "says that it is chunk 'zzz'"),
        (lambda table, _: retell(table, chunk=b"2"), "says that it is chunk '2'"),
        (lambda table, _: retell(table, chunk=None), "says that it is chunk ''"),
        (lambda table, _: retell(table, kazroutes=b"other"), "is no chunk of this ensemble"),
        (lambda table, _: retell(table, kazroutes=None), "is no chunk of this ensemble"),
        (lambda table, _: table.take([*range(48), *range(48)]), "does not hold samples 16 to 31"),
        (lambda table, _: table.take([*range(47), 46]), "does not hold samples 16 to 31"),
        (lambda table, _: table.slice(3), "does not hold samples 16 to 31"),
    ],
)  # fmt: skip
def test_a_damaged_chunk_is_named_and_made_anew(serial, tmp_path, change, said):
    out = tmp_path / "spoilt"
    shutil.copytree(serial, out)
    spoil(out, change)
    with pytest.raises(UsageError, match=r"chunk-000001\.parquet .*--resume") as caught:
        open_ensemble(out).to_frame(["exported_mt"])
    assert said in str(caught.value)
    run(out, resume=True)
    assert read_chunks(out) == read_chunks(serial)


def test_a_second_copy_of_a_chunk_is_told(serial, tmp_path):
    shutil.copytree(serial, tmp_path / "twice")
    chunk = tmp_path / "twice" / "chunk-000001.parquet"
    (chunk.with_name("chunk-000007.parquet")).write_bytes(chunk.read_bytes())
    with pytest.raises(UsageError, match="chunk-000007"):
        open_ensemble(tmp_path / "twice").to_frame(["exported_mt"])
    run(tmp_path / "twice", resume=True)
    assert read_chunks(tmp_path / "twice") == read_chunks(serial)


def test_a_finished_ensemble_that_lacks_a_chunk_is_told(serial, tmp_path):
    shutil.copytree(serial, tmp_path / "less")
    (tmp_path / "less" / "chunk-000005.parquet").unlink()
    with pytest.raises(UsageError, match=r"less lacks samples: .*--resume"):
        open_ensemble(tmp_path / "less").to_frame(["exported_mt"])
    run(tmp_path / "less", resume=True)
    assert read_chunks(tmp_path / "less") == read_chunks(serial)


@pytest.mark.parametrize(
    "name", ["samples", "chunk", "seed", "scenarios", "drivers", "outcomes", "digest", "method"]
)
def test_a_damaged_manifest_is_named(serial, tmp_path, name):
    path = tmp_path / "manifest.json"
    whole = json.loads((serial / "manifest.json").read_text(encoding="utf-8"))
    damaged = [{k: v for k, v in whole.items() if k != name}]
    damaged += [{**whole, name: value} for value in (None, -1, 1.5, True, [{}], [None], {}, 10**30)]
    if name not in ("digest", "method"):
        damaged.append({**whole, name: "<b>x"})
    for manifest in damaged:
        path.write_text(json.dumps(manifest), encoding="utf-8")
        with pytest.raises(UsageError, match=f"`{name}` is not|holds no ensemble"):
            open_ensemble(tmp_path)
    path.write_text("[" * 100_000, encoding="utf-8")
    with pytest.raises(UsageError, match="no readable manifest"):
        open_ensemble(tmp_path)


@pytest.mark.parametrize("lead", ["symlink_to", "hardlink_to"])
def test_a_lock_that_leads_elsewhere_is_refused(serial, tmp_path, lead):
    precious = tmp_path / "precious.txt"
    precious.write_text("mine", encoding="utf-8")
    shutil.copytree(serial, tmp_path / "led")
    lock = tmp_path / "led" / ".lock"
    lock.unlink()
    try:
        getattr(lock, lead)(precious)
    except OSError:
        pytest.skip("no such links here")
    with pytest.raises(UsageError, match=r"\.lock is no lock"):
        run(tmp_path / "led", resume=True)
    assert precious.read_text(encoding="utf-8") == "mine"
    lock.unlink()
    lock.mkdir()
    with pytest.raises(UsageError, match=r"\.lock is no lock"):
        run(tmp_path / "led", resume=True)


def test_nothing_is_written_to_a_folder_of_another_run(serial, tmp_path):
    shutil.copytree(serial, tmp_path / "other")
    (tmp_path / "other" / ".lock").unlink()
    (tmp_path / "other" / ".mine.part").write_text("mine", encoding="utf-8")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(UsageError, match="seed was 5, is 6"):
        run(tmp_path / "other", seed=6, resume=True)
    assert sorted(tmp_path.rglob("*")) == before
