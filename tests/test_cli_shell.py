"""The shell of the command line: start-up, errors, exit codes, forms of output, files on disk."""

import csv
import errno
import io
import json
import math
import os
import subprocess
import sys
import textwrap
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import click
import numpy as np
import pandas as pd
import pytest

from models import cli
from models.cli.output import Output, save, show
from models.cli.shell import (
    Common,
    Family,
    LazyGroup,
    command,
    explain_error,
    report_error,
    run_group,
)
from models.folders import new_folder
from models.scenario import load_scenario
from models.tables import (
    Column,
    Table,
    format_value,
    frame_table,
    make_column,
    make_table,
    print_tables,
    render_plain,
    split_columns,
    write_csv,
    write_json,
)
from routes.errors import (
    DataError,
    InternalError,
    KazroutesError,
    NoRouteError,
    Problem,
    ScenarioError,
    UnknownNameError,
    UsageError,
)
from routes.files import new_file

HEAVY = {
    "pandas", "numpy", "networkx", "matplotlib", "scipy", "pydantic", "rich", "highspy",
}  # fmt: skip


def start_kazroutes(*arguments, options=(), **kwargs):
    """Run the command line in a process of its own."""
    code = "import sys; sys.argv[0] = 'kazroutes'; from models.cli import main; main()"
    return subprocess.run(
        [sys.executable, *options, "-c", code, *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        **kwargs,
    )


def loaded_packages(result):
    lines = [line for line in result.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


# Start-up


@pytest.mark.parametrize(
    ("arguments", "code"),
    [(["--help"], 0), ([], 0), (["rnu"], 2), (["--hepl"], 2), (["data"], 0), (["data", "x"], 2)],
)
def test_help_and_wrong_commands_load_nothing_heavy(arguments, code):
    result = start_kazroutes(*arguments, options=["-X", "importtime"])
    assert result.returncode == code
    assert "click" in loaded_packages(result), "the log of imports was not read"
    assert not loaded_packages(result) & HEAVY


def test_help_lists_every_command_of_the_table():
    result = start_kazroutes("--help")
    for name, (_, line) in cli.COMMANDS.items():
        assert name in result.stdout
        assert line in result.stdout


@pytest.mark.parametrize("name", ["chart", "dependency"])
def test_help_keeps_the_lines_of_a_list(name, capsys):
    assert run_group(LazyGroup("kazroutes", cli.COMMANDS), [name, "--help"]) == 0
    out = capsys.readouterr().out
    assert "\\b" not in out
    command = LazyGroup("kazroutes", cli.COMMANDS).get_command(None, name)
    written = command.callback.__doc__.split("\\b\n")[1].split("\n\n")[0]
    assert textwrap.indent(textwrap.dedent(written), "  ") in out


@pytest.mark.parametrize("name", list(cli.COMMANDS))
def test_every_row_of_the_table_holds_a_command_with_an_example(name):
    group = LazyGroup("kazroutes", cli.COMMANDS)
    found = group.get_command(click.Context(group), name)
    leaves = list(found.commands.values()) if isinstance(found, click.Group) else [found]
    for leaf in leaves:
        assert "Example:\n  kazroutes" in leaf.epilog
        assert leaf.help, leaf.name
        options = {option for param in leaf.params for option in param.opts}
        assert {"--data", "--overlay", "--json", "--csv", "--debug"} <= options


def test_an_unknown_command_suggests_the_nearest():
    result = start_kazroutes("dta")
    assert result.returncode == 2
    assert result.stderr == (
        "No command is called 'dta'. Did you mean 'data'? Try 'kazroutes --help'.\n"
    )
    assert result.stdout == ""


def test_version_is_that_of_the_package():
    try:
        expected = f"kazroutes {version('kazroutes')}\n"
    except PackageNotFoundError:
        expected = "kazroutes, version unknown: it is not installed\n"
    assert start_kazroutes("--version").stdout == expected


def test_packages_from_different_places_are_refused(tmp_path):
    stranger = tmp_path / "routes"
    stranger.mkdir()
    (stranger / "__init__.py").write_text("raise RuntimeError('not to be imported')\n")
    root = str(Path(cli.__file__).parents[2])
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path)!r}, {root!r}]\n"
        "from models.cli import main; main()"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, "--help"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 1
    assert str(tmp_path) in result.stderr
    assert "fresh environment" in result.stderr
    assert "Traceback" not in result.stderr


# Errors


ERRORS = [
    (UsageError("No."), 2, "No."),
    (UnknownNameError("place", "Aktua", ["aktau"]), 2, "No place is called 'Aktua'."),
    (UnknownNameError("goods", "x", ["b", "a"]), 2, "No goods is called 'x'. Known are a, b."),
    (UnknownNameError("place", "x", map(str, range(99))), 2, "`kazroutes data list places` lists"),
    (click.UsageError("Missing argument."), 2, "Missing argument."),
    (DataError([Problem("a.csv", "x", line=3), Problem("b.csv", "y")]), 3, "a.csv:3: x."),
    (ScenarioError("it asks for the moon"), 3, "it asks for the moon."),
    (NoRouteError("No route from a to b."), 1, "No route from a to b."),
    (InternalError("flow is negative"), 1, "bug"),
    (ZeroDivisionError("division by zero"), 1, "bug"),
    (FileNotFoundError(2, "No such file or directory", "x.yaml"), 1, "x.yaml: No such file"),
    (ModuleNotFoundError("No module", name="openpyxl.cell"), 2, "kazroutes[excel]"),
    (KeyboardInterrupt(), 130, "Stopped."),
    (MemoryError(), 1, "Out of memory"),
]


def fail_with(error, *, family=None):
    @command("fail", example="kazroutes fail", family=family)
    def fail(*, common):
        """Fail."""
        raise error

    return fail


def make_group(made, name="fail"):
    group = LazyGroup("kazroutes", {name: ("nowhere:fail", "Fail.")})
    group.get_command = lambda _ctx, wanted: made if wanted == name else None
    return group


@pytest.mark.parametrize(("error", "code", "words"), ERRORS, ids=lambda v: type(v).__name__)
def test_errors_become_lines_and_exit_codes(error, code, words, capsys):
    assert run_group(make_group(fail_with(error)), ["fail"]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Traceback" not in err


def test_every_error_of_the_package_has_its_exit_code():
    tested = {type(error) for error, _, _ in ERRORS}
    leaves = [kind for kind in KazroutesError.__subclasses__() if not kind.__name__.startswith("_")]
    leaves += [DataError, ScenarioError]
    assert set(leaves) <= tested


def test_one_line_a_problem(capsys):
    problems = [Problem("a.csv", "no\nunit", line=n) for n in range(3)]
    assert report_error(DataError(problems)) == 3
    lines = capsys.readouterr().err.splitlines()
    assert lines == [f"a.csv:{n}: no unit." for n in range(3)]


def test_text_from_files_cannot_steer_the_terminal(capsys):
    report_error(UsageError("a\x1b[2Jb"))
    assert "\x1b" not in capsys.readouterr().err
    assert format_value("a\x1b[2Jb\nc") == "a?[2Jb c"


@pytest.mark.parametrize(
    ("encoding", "written"),
    [("ascii", "Жезқазған"), ("utf-8", "Жезқазған"), ("cp1251", r"Жез\u049bаз\u0493ан")],
)
def test_any_locale_takes_any_name(encoding, written, monkeypatch):
    @command("say", example="kazroutes say")
    def say(*, common):
        """Say."""
        click.echo("Жезқазған")
        show(Output({}, [make_table("Жезқазған", [{"name": "Жезқазған"}])]), common)

    stream = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", stream)
    assert run_group(make_group(say, "say"), ["say"]) == 0
    encoding = "utf-8" if encoding == "ascii" else encoding
    assert stream.buffer.getvalue().decode(encoding).count(written) == 3


def test_closed_streams_are_told(monkeypatch, capsys):
    group = make_group(fail_with(UsageError("No.")))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", None)
        assert run_group(group, ["fail"]) == 2
    told = capsys.readouterr().err
    assert told == "Standard output is closed: open it, or send it to a file with > FILE.\n"
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", None)
        assert run_group(group, ["fail"]) == 2
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdin", None)
        with pytest.raises(UsageError, match="Standard input is closed"):
            load_scenario("-")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["-o", "map.svg"], "map.svg: No space left on device. Make room"),
        ([], "Standard output: No space left on device. Make room"),
    ],
)
def test_a_full_disk_names_what_was_being_written(given, told, capsys):
    @command("fill", example="kazroutes fill")
    @click.option("-o", "--output", type=click.Path(path_type=Path))
    def fill(*, output, common):
        """Fill."""
        raise OSError(errno.ENOSPC, "No space left on device")

    assert run_group(make_group(fill, "fill"), ["fill", *given]) == 1
    assert capsys.readouterr().err.startswith(told)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no device that is full")
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_full_standard_output_is_named_beside_a_folder(form, monkeypatch, capsys):
    @command("fill", example="kazroutes fill")
    @click.option("--out", type=click.Path(path_type=Path))
    def fill(*, out, common):
        """Fill."""
        show(Output({}, [make_table("x", [{"name": "x" * 100_000}])], ["x"]), common)

    more = [] if form == "table" else [f"--{form}"]
    with suppress(OSError), Path("/dev/full").open("w", encoding="utf-8") as full:
        monkeypatch.setattr(sys, "stdout", full)
        code = run_group(make_group(fill, "fill"), ["fill", "--out", "x", *more])
    monkeypatch.undo()
    assert code == 1
    assert capsys.readouterr().err.startswith("Standard output: No space left on device.")


def test_debug_shows_the_traceback():
    with pytest.raises(UsageError):
        run_group(make_group(fail_with(UsageError("No."))), ["fail", "--debug"])


def test_unknown_options_suggest_the_nearest(capsys):
    assert run_group(make_group(fail_with(UsageError("x"))), ["fail", "--jsn"]) == 2
    assert "--json" in capsys.readouterr().err


def test_subcommands_suggest_too(capsys):
    family = Family("things", "Things.")
    fail_with(UsageError("x"), family=family)
    assert run_group(make_group(family, "things"), ["things", "fial"]) == 2
    assert "Did you mean 'fail'?" in capsys.readouterr().err


@pytest.mark.parametrize(("variable", "red"), [({}, True), ({"NO_COLOR": "1"}, False)])
def test_errors_are_red_on_a_terminal_unless_no_color(variable, red, monkeypatch, capsys):
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variable.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    report_error(UsageError("No."))
    assert ("\x1b[31m" in capsys.readouterr().err) is red


def test_a_reader_that_leaves_is_no_error():
    code = "from models.cli import main; main()"
    with subprocess.Popen(
        [sys.executable, "-c", code, "data", "dictionary"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        process.stdout.close()
        assert process.stderr.read() == b""


def test_no_colour_and_no_prose_in_json_and_csv():
    environment = {**os.environ, "FORCE_COLOR": "1"}
    as_json = start_kazroutes("data", "dictionary", "--json", env=environment).stdout
    assert json.loads(as_json)["columns"][0]["table"] == "places"
    as_csv = start_kazroutes("data", "dictionary", "--csv", env=environment).stdout
    assert next(csv.reader(io.StringIO(as_csv)))[:2] == ["table", "column"]
    assert "\x1b" not in as_json + as_csv


def test_json_and_csv_exclude_each_other():
    result = start_kazroutes("data", "dictionary", "--json", "--csv")
    assert (result.returncode, result.stdout) == (2, "")
    assert "cannot be used together" in result.stderr


def test_a_missing_data_folder_is_wrong_usage(tmp_path):
    result = start_kazroutes("data", "check", "--data", str(tmp_path / "none"))
    assert (result.returncode, result.stdout) == (2, "")


def test_data_check_with_errors_has_a_negative_answer(tmp_path):
    result = start_kazroutes("data", "check", "--data", str(tmp_path))
    assert result.returncode == 1
    assert "places.csv: the file is missing." in result.stderr
    document = json.loads(
        start_kazroutes("data", "check", "--data", str(tmp_path), "--json").stdout
    )
    assert {"severity", "file", "line", "column", "rule", "remedy"} == set(document["errors"][0])


# Forms of output


TABLE = make_table(
    "Exports",
    [
        {"scenario": "baseline-2023", "exported_mt": 68.03812, "transit_share": 0.84, "gap": None},
        {"scenario": "russia-closed", "exported_mt": 8.5, "transit_share": 0.0, "gap": math.inf},
    ],
)  # fmt: skip


def test_units_stand_in_the_header_and_nothing_is_cut():
    assert render_plain(TABLE) == (
        "Exports\n"
        "scenario       exported  transit share  gap\n"
        "                  Mt/yr           0..1\n"
        "-------------  --------  -------------  ---\n"
        "baseline-2023    68.038          0.840    -\n"
        "russia-closed     8.500          0.000  inf\n"
    )


def test_an_empty_table_says_so():
    assert render_plain(make_table("Full links", [], ["link_id"])) == "Full links\n(none)\n"


@pytest.mark.parametrize(
    ("name", "heading", "unit"),
    [
        ("cash_cost_usd_per_t", "cash cost", "USD/t"),
        ("gain_usd_per_unit", "gain", "USD/unit"),
        ("surplus_musd", "surplus", "M USD/yr"),
        ("co2_mt", "co2", "Mt CO2e/yr"),
        ("co2_kg_per_t", "co2", "kg/t"),
        ("days_p90", "days p90", "days"),
        ("days_without", "days without", "days"),
        ("added_days", "added days", "days"),
        ("transit_share_value", "transit share value", "0..1"),
        ("entry_country_hhi", "entry country hhi", "0..1"),
        ("corridor", "corridor", ""),
        ("length_km", "length", "km"),
    ],
)
def test_the_end_of_a_name_tells_its_unit(name, heading, unit):
    column = make_column(name)
    assert (column.heading, column.unit) == (heading, unit)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (123456.7, "123457"), (99999.5, "99999.500"), (None, "-"), (math.nan, "-"), (pd.NA, "-"),
        (-math.inf, "-inf"), (True, "yes"),
        (np.bool_(False), "no"), (np.float64(2.0), "2.000"), (7, "7"), (np.int64(7), "7"),
        (-0.0, "0.000"), (0.000123, "0.00012"), (-1e-15, "0.000"), (["KZ", "RU"], "KZ RU"),
    ],
)  # fmt: skip
def test_cells_for_people(value, text):
    assert format_value(value) == text


def test_csv_keeps_full_precision():
    table = make_table("", [{"a": 0.1 + 0.2, "b": math.inf, "c": math.nan, "d": True, "e": "x,y"}])
    assert write_csv(table) == 'a,b,c,d,e\n0.30000000000000004,inf,,yes,"x,y"\n'


def test_json_is_strict():
    text = write_json({
        "gap": math.nan, "capacity": math.inf, "mt": np.float64(1.5), "n": np.int64(2),
        "links": ("a", "b"), "modes": {"z", "y"}, "row": pd.Series([1.0, math.nan]), "no": pd.NA,
        "flag": np.bool_(True),
    })  # fmt: skip
    assert json.loads(text, parse_constant=pytest.fail) == {
        "gap": None, "capacity": None, "mt": 1.5, "n": 2, "links": ["a", "b"], "modes": ["y", "z"],
        "row": [1.0, None], "no": None, "flag": True,
    }  # fmt: skip


def test_frames_bring_their_index_along():
    frame = pd.DataFrame({"mt": [1.0]}, index=pd.Index(["a-b-rail"], name="link_id"))
    assert [column.name for column in frame_table("", frame).columns] == ["link_id", "mt"]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_narrow_terminal_gets_the_rest_below(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    names = [f"quantity_{n}_mt" for n in range(12)]
    rows = [{"scenario": "a-rather-long-scenario-name", **dict.fromkeys(names, 12345.678)}]
    terminal = Terminal()
    print_tables([make_table("Wide", rows)], footer="Data 1", stream=terminal)
    text = terminal.getvalue()
    assert text.count("12345.678") == 12
    assert text.count("a-rather-long-scenario-name") > 1
    assert "…" not in text
    assert "\x1b" not in text
    assert max(map(len, text.splitlines())) <= 60
    assert text.rstrip().endswith("Data 1")


def test_names_wider_than_the_terminal_stay_whole(monkeypatch):
    monkeypatch.setenv("COLUMNS", "30")
    terminal = Terminal()
    print_tables([make_table("Long", [{"link_id": "x" * 80, "mt": 1.0}])], stream=terminal)
    assert "x" * 80 in terminal.getvalue()


def test_sentences_are_wrapped_to_the_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "60")
    monkeypatch.setenv("NO_COLOR", "1")
    note = "every word of a note is kept and no line is longer than the window " * 6
    rows = [{"link_id": "a-name-of-some-length", "mt": 1.0, "note": note}] * 2
    terminal = Terminal()
    print_tables([make_table("Notes", rows)], stream=terminal)
    text = terminal.getvalue()
    assert max(map(len, text.splitlines())) <= 60
    words = text.replace("a-name-of-some-length", "")
    assert " ".join(words.split()).count(" ".join(note.split())) == 2
    file = io.StringIO()
    print_tables([make_table("Notes", rows)], stream=file)
    assert note.strip() in file.getvalue()


def test_markup_in_names_is_text(monkeypatch):
    terminal = Terminal()
    print_tables([make_table("T", [{"name": "[red]x[/red]"}])], stream=terminal)
    assert "[red]x[/red]" in terminal.getvalue()


def test_parts_of_a_table_repeat_the_first_column():
    table = Table("T", tuple(Column(c, c) for c in "abcd"), (("1", "2", "3", "4"),))
    parts = split_columns(table, 7)
    assert [[column.name for column in part.columns] for part in parts] == [
        ["a", "b"],
        ["a", "c"],
        ["a", "d"],
    ]


def test_a_command_without_a_table_refuses_csv():
    with pytest.raises(UsageError, match="no table"):
        show(Output({"a": 1}), Common(form="csv"))


# Files


def test_a_folder_appears_whole_or_not_at_all(tmp_path):
    with pytest.raises(FileNotFoundError), new_folder(tmp_path / "out") as folder:
        (folder / "half.csv").with_suffix(".old").rename(folder / "whole.csv")
    assert list(tmp_path.iterdir()) == []
    with new_folder(tmp_path / "out") as folder:
        save(Output({"a": math.nan}, [TABLE]), folder, manifest={"version": "0.1.0"})
        assert not (tmp_path / "out").exists()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "result.json",
        "table.csv",
        "manifest.json",
    }
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_an_existing_folder_is_refused_unless_overwrite(tmp_path):
    with new_folder(tmp_path / "out") as folder:
        save(Output({"run": 1}), folder, manifest={})
    with pytest.raises(UsageError, match="--overwrite"), new_folder(tmp_path / "out"):
        pass
    with new_folder(tmp_path / "out", overwrite=True) as folder:
        save(Output({"run": 2}), folder, manifest={})
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == {"run": 2}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_overwrite_spares_a_folder_that_no_run_wrote(tmp_path):
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("x")
    with (
        pytest.raises(UsageError, match="did not write it: kept"),
        new_folder(tmp_path / "thesis", overwrite=True),
    ):
        pass
    assert (tmp_path / "thesis" / "chapter.txt").exists()


def test_an_old_folder_comes_back_when_the_new_one_cannot_take_its_place(tmp_path):
    with new_folder(tmp_path / "out") as folder:
        save(Output({"run": 1}), folder, manifest={})
    with (
        pytest.raises(FileNotFoundError),
        new_folder(tmp_path / "out", overwrite=True) as folder,
    ):
        folder.rmdir()
    assert json.loads((tmp_path / "out" / "result.json").read_text()) == {"run": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


def test_a_file_is_replaced_in_one_go(tmp_path):
    target = tmp_path / "map.png"
    target.write_text("old")
    with pytest.raises(FileNotFoundError), new_file(target) as path:
        path.with_suffix(".none").read_text()
    assert target.read_text() == "old"
    with new_file(target) as path:
        assert path.suffix == ".png"
        path.write_text("new")
    assert target.read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["map.png"]


def test_the_folder_of_a_file_is_never_created(tmp_path):
    with pytest.raises(UsageError, match="does not exist"), new_file(tmp_path / "a" / "map.png"):
        pass
    with pytest.raises(UsageError, match="does not exist"), new_folder(tmp_path / "a" / "b"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_explain_error_is_the_one_place():
    lines, code = explain_error(RuntimeError("boo"))
    assert code == 1
    assert lines == [
        "This is a bug in kazroutes: RuntimeError: boo. --debug shows where.",
    ]
