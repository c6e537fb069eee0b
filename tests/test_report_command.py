"""The command that writes a report."""

import json

import pytest

import test_cli_commands as tiny
from models.cli import COMMANDS
from models.cli.shell import LazyGroup, run_group
from report_case import Page, read_data


@pytest.fixture
def quick(monkeypatch):
    """Leave the pictures out, which take longest."""
    monkeypatch.setattr("models.report.page.draw_figures", lambda runs, base: [])


@pytest.fixture
def kazroutes(tmp_path, monkeypatch, capsys):
    """Run a command on tables small enough to be solved by hand."""
    (tmp_path / "tables").mkdir()
    for name, rows in tiny.TABLES.items():
        (tmp_path / "tables" / f"{name}.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "base.yaml").write_text(tiny.BASE, encoding="utf-8")
    (tmp_path / "closed.yaml").write_text(tiny.CLOSED, encoding="utf-8")
    monkeypatch.chdir(tmp_path)

    def run(*arguments):
        code = run_group(LazyGroup("kazroutes", COMMANDS), [*arguments, "--data", "tables"])
        out, err = capsys.readouterr()
        return code, out, err

    return run


def test_the_command_writes_a_report_of_any_data(quick, kazroutes, tmp_path):
    given = ["report", "base.yaml", "closed.yaml", "-o", "r.html"]
    assert kazroutes(*given) == (0, "r.html\n", "")
    text = (tmp_path / "r.html").read_text(encoding="utf-8")
    names = [scenario["name"] for scenario in read_data(text)["scenarios"]]
    assert names == ["base", "closed"]
    assert 'id="source-S1"' in text
    page = Page(text)
    assert set(page.anchors) <= set(page.ids)
    given = ["report", "closed.yaml", "--baseline", "base.yaml", "--title", "Ours & theirs"]
    code, out, err = kazroutes(*given, "-o", "r.html", "--json")
    assert (code, err) == (0, "")
    size = (tmp_path / "r.html").stat().st_size
    assert json.loads(out) == {"files": [{"file": "r.html", "scenarios": 2, "bytes": size}]}
    assert "<h1>Ours &amp; theirs</h1>" in (tmp_path / "r.html").read_text(encoding="utf-8")


def test_a_scenario_in_which_nothing_flows_is_reported_and_its_empty_charts_are_told(
    kazroutes, tmp_path
):
    still = "name: still\ntitle: Still\nyear: 2023\nchanges:\n"
    still += "  - {type: supply, where: {place: '*'}, factor: 0, why: to see}\n"
    (tmp_path / "still.yaml").write_text(still, encoding="utf-8")
    code, _, err = kazroutes("report", "still.yaml", "--baseline", "base.yaml", "-o", "r.html")
    assert (code, err) == (0, "")
    assert "No capacity is full." in (tmp_path / "r.html").read_text(encoding="utf-8")
    code, out, err = kazroutes("chart", "utilisation", "still.yaml", "-o", "u.png")
    assert (code, out) == (2, "")
    assert err == "No capacity with a limit is used in still.\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["base.yaml", "-o", "r.pdf"], "as .html"),
        (["base.yaml", "-o", "none/r.html"], "does not exist"),
        (["bas.yaml", "-o", "r.html"], "Did you mean 'base.yaml'"),
        (["base.yaml"], "--output"),
    ],
)
def test_the_command_refuses_early_and_writes_nothing(arguments, words, kazroutes, tmp_path):
    code, out, err = kazroutes("report", *arguments)
    assert (code, out) == (2, "")
    assert words in err
    assert not (tmp_path / "r.html").exists()
