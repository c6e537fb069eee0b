"""The repository itself: what must be there, and what must not."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def list_tracked_files():
    """Files that git knows or would take, or all files where there is no git."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    try:
        found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
        names = [name for name in found.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git work tree")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def read_texts(*, without=()):
    """Path and text of every tracked text file."""
    for path in list_tracked_files():
        if path.suffix in {".png", ".svg", ".pdf", ".xlsx", ".gpkg", ".parquet", *without}:
            continue
        yield path.relative_to(ROOT), path.read_text(encoding="utf-8", errors="replace")


def find_pattern(pattern, **kwargs):
    return [
        f"{path}:{text.count(chr(10), 0, match.start()) + 1}: {match.group()}"
        for path, text in read_texts(**kwargs)
        if path != Path("tests/test_repo.py")
        for match in re.finditer(pattern, text)
    ]


@pytest.mark.parametrize(
    "name",
    [
        "README.md", "CHANGELOG.md", "CONTRIBUTING.md", "CITATION.cff", "LICENSE", "LICENSE-DATA",
        "NOTICE", "Makefile", "pyproject.toml", ".gitignore", ".ci/run",
    ],
)  # fmt: skip
def test_the_files_people_look_for_are_there(name):
    assert (ROOT / name).read_text(encoding="utf-8").strip()


def test_ci_runs_make_test_and_nothing_else():
    script = ROOT / ".ci" / "run"
    assert os.access(script, os.X_OK)
    lines = script.read_text(encoding="utf-8").splitlines()
    assert lines[0].startswith("#!")
    assert lines[-1] == "exec make test"
    assert len(lines) <= 4


def test_version_stands_in_the_changelog_and_the_citation():
    version = CONFIG["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## (.+)$", changelog, flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = [heading.split()[0] for heading in headings[1:]]
    assert not released or released[0] == version
    assert f"\nversion: {version}\n" in (ROOT / "CITATION.cff").read_text(encoding="utf-8")


def test_code_and_data_changes_stand_apart():
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    unreleased = changelog.split("\n## ")[1]
    assert "\n### Code\n" in unreleased
    assert "\n### Data\n" in unreleased


def test_no_path_of_somebodys_machine():
    places = "root|home|Users|tmp|work"
    assert find_pattern(rf"(?<![A-Za-z0-9_.~:/])/(?:{places})/[A-Za-z.]\S*") == []


def test_no_address_of_a_package_registry():
    hosts = ("py" + r"pi\.org", "python" + "hosted", r"registry\.n" + "pmjs", r"deb\.deb" + "ian")
    assert find_pattern("|".join(hosts)) == []


def test_no_tests_package_hides_the_real_one():
    assert not (ROOT / "tests" / "__init__.py").exists()
    assert not (ROOT / "tests" / "routes").exists()
    assert not (ROOT / "tests" / "models").exists()


def test_packages_import_nothing_eagerly():
    code = (
        "import sys; before = set(sys.modules); import routes, models;"
        "print(sorted(set(sys.modules) - before - {'routes', 'models'}))"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "[]"


def test_every_module_has_its_place_in_the_import_order():
    contract = CONFIG["tool"]["importlinter"]["contracts"][0]
    named = {name.strip() for layer in contract["layers"] for name in layer.split("|")}
    found = {
        f"{package}.{path.stem}"
        for package in ("routes", "models")
        for path in (ROOT / package).iterdir()
        if path.stem != "__init__"
        and (path.suffix == ".py" or (path.is_dir() and (path / "__init__.py").exists()))
    }
    assert found == named


def test_rooms_are_not_too_large():
    files = [*ROOT.glob("routes/**/*.py"), *ROOT.glob("models/**/*.py")]
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in files}
    large = {str(path.relative_to(ROOT)): n for path, n in lengths.items() if n > 400}
    assert large == {}


def test_every_ignored_rule_has_its_reason():
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    section = text[text.index("[tool.ruff.lint]") : text.index("[tool.ruff.lint.isort]")]
    rules = [line for line in section.splitlines() if re.match(r'\s+"[A-Z]+\d*",', line)]
    assert rules
    assert [line for line in rules if "#" not in line] == []


def test_the_wheel_holds_the_data():
    targets = CONFIG["tool"]["hatch"]["build"]["targets"]
    assert targets["wheel"]["packages"] == ["routes", "models"]
    assert "exclude" not in targets["wheel"]
    assert CONFIG["project"]["scripts"] == {"kazroutes": "models.cli:main"}


def test_floors_without_caps():
    extras = CONFIG["project"]["optional-dependencies"].values()
    wanted = [*CONFIG["project"]["dependencies"], *(name for extra in extras for name in extra)]
    for requirement in wanted:
        if requirement.startswith("kazroutes["):
            continue
        assert re.fullmatch(r"[A-Za-z0-9._-]+(\[[a-z]+\])?>=[0-9.]+", requirement), requirement
