"""README and docs: every command and every piece of code in them runs as it stands."""

import re
import shlex
from pathlib import Path

import pytest

from models.cli import COMMANDS
from models.cli.shell import LazyGroup, run_group
from models.demand import select_case
from models.scenario import apply, load_scenario
from real_case import network, real_run

ROOT = Path(__file__).parents[1]
PAGES = ["README.md", *(f"docs/{path.name}" for path in sorted((ROOT / "docs").glob("*.md")))]
BLOCK = re.compile(r"(<!-- not run: .+ -->\n)?```(\w+)\n(.*?)```\n", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|#)([^)#\s]+)[^)]*\)")


def read_blocks(page, language):
    """Blocks of a language, but those that say why they are not run."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [body for skip, found, body in BLOCK.findall(text) if found == language and not skip]


def commands_of(page):
    lines = "".join(read_blocks(page, "console")).splitlines()
    return [shlex.split(line[2:], comments=True) for line in lines if line.startswith("$ ")]


def test_pages_hold_blocks_of_every_kind():
    assert sum(len(commands_of(page)) for page in PAGES) > 20
    assert sum(len(read_blocks(page, "python")) for page in PAGES) >= 2
    assert len(read_blocks("docs/scenarios.md", "yaml")) == 2


@pytest.mark.parametrize("page", [page for page in PAGES if commands_of(page)])
def test_every_command_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for name, *words in commands_of(page):
        if name == "make":
            assert re.search(rf"^{words[0]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
            continue
        assert name == "kazroutes", (page, name)
        cut = words.index(">") if ">" in words else len(words)
        given, target = words[:cut], words[cut + 1 :]
        code = run_group(LazyGroup("kazroutes", COMMANDS), given)
        out, err = capsys.readouterr()
        assert code == 0, (page, given, err)
        if target:
            Path(target[0]).write_text(out, encoding="utf-8")
        else:
            assert out or "-o" in given, (page, given)


@pytest.mark.parametrize("page", [page for page in PAGES if read_blocks(page, "python")])
def test_every_piece_of_code_runs(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names = {}
    for body in read_blocks(page, "python"):
        exec(compile(body, page, "exec"), names)  # noqa: S102 (our own page)
    assert capsys.readouterr().out.strip()


@pytest.mark.parametrize("body", read_blocks("docs/scenarios.md", "yaml"))
def test_every_scenario_applies(body, tmp_path):
    path = tmp_path / "scenario.yaml"
    path.write_text(body, encoding="utf-8")
    _, changes = apply(select_case(network(), 2023), load_scenario(path))
    assert len(changes) >= 2


def test_the_bypass_that_the_words_give_is_the_models():
    monthly = real_run("baseline-2023").bypass_mt["crude"] / 12
    words = " ".join((ROOT / "docs" / "dependency.md").read_text(encoding="utf-8").split())
    assert f"second is {monthly:.2f} Mt a month with the inputs of 2023" in words


@pytest.mark.parametrize("page", [*PAGES, "CONTRIBUTING.md"])
def test_every_link_leads_to_a_file(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    for target in LINK.findall(text):
        assert ((ROOT / page).parent / target).exists(), (page, target)
