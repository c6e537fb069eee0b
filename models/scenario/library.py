"""Where scenarios come from: the shipped ones, files, standard input; and what they extend."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from models.scenario.check import build_scenario
from models.scenario.document import Key, Scenario
from models.scenario.reader import FORMATS, read_bytes, read_tree
from models.scenario.tree import LARGEST_BYTES, Tree
from models.scenario.yaml_reader import read_head
from routes.errors import (
    KazroutesError,
    Problem,
    ScenarioError,
    UnknownNameError,
    UsageError,
    nearest_names,
    suggest,
)

DEEPEST_CHAIN = 20


@dataclass(frozen=True, slots=True)
class Listing:
    """A shipped scenario in a list."""

    name: str
    title: str


def shipped_names() -> tuple[str, ...]:
    """Names of the scenarios that come with the package, sorted."""
    return tuple(sorted(_shipped_files()))


@lru_cache(maxsize=1)
def _shipped_files() -> dict[str, Traversable]:
    folder = resources.files("models") / "scenarios"
    return {
        entry.name.removesuffix(".yaml"): entry
        for entry in folder.iterdir()
        if entry.name.endswith(".yaml")
    }


@lru_cache(maxsize=1)
def list_scenarios() -> tuple[Listing, ...]:
    """Name and title of the shipped scenarios, `baseline-*` first, the others sorted."""
    found = [
        Listing(name, read_head(entry.read_text(encoding="utf-8"), ("title",))["title"])
        for name, entry in _shipped_files().items()
    ]
    return tuple(sorted(found, key=lambda s: (not s.name.startswith("baseline"), s.name)))


@lru_cache(maxsize=256)
def load_shipped(name: str) -> Scenario:
    """The shipped scenario of a name.

    Raises UnknownNameError, with the nearest names.
    """
    files = _shipped_files()
    if name not in files:
        raise UnknownNameError("scenario", name, files)
    tree = read_tree(files[name].read_bytes(), file=f"{name}.yaml")
    return _finish(tree, _find_shipped, (f"shipped {name}",))


def load_scenario(name_or_path: str | Path) -> Scenario:
    """The shipped scenario of a name, a scenario file, or with `-` standard input.

    A path has a separator or ends in .yaml, .yml, .json or .toml.

    Raises
    ------
    UnknownNameError
        When no shipped scenario has the name, or no such file exists.
    ScenarioError
        With every problem of the file.
    """
    text = str(name_or_path)
    if text == "-":
        if sys.stdin is None:
            raise UsageError("Standard input is closed: name a scenario or a file instead of -.")
        return read_scenario(sys.stdin.buffer.read(LARGEST_BYTES + 1), file="standard input")
    path = Path(text)
    if not isinstance(name_or_path, Path) and not _looks_like_path(text):
        try:
            return load_shipped(text)
        except UnknownNameError as error:
            beside = [f"{text}{ending}" for ending in FORMATS if Path(f"{text}{ending}").is_file()]
            if beside:
                raise UnknownNameError("scenario", text, [*beside, *shipped_names()]) from None
            raise error from None
    if not _exists(path):
        raise UnknownNameError("scenario file", text, [*_list_files(path), *shipped_names()])
    return _load_file(path, ())


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except (OSError, ValueError):  # a name too long, or with a zero byte
        return False


def _looks_like_path(text: str) -> bool:
    return "/" in text or "\\" in text or Path(text).suffix.lower() in FORMATS


def _list_files(path: Path) -> list[str]:
    try:
        return [
            str(path.parent / entry.name)
            for entry in sorted(path.parent.iterdir())[:200]
            if entry.suffix.lower() in FORMATS
        ]
    except (OSError, ValueError):
        return []


def load_scenarios(names_or_paths: Iterable[str | Path]) -> tuple[Scenario, ...]:
    """Several scenarios; when files are wrong, the problems of all of them at once."""
    loaded: list[Scenario] = []
    problems: list[Problem] = []
    for name in names_or_paths:
        try:
            loaded.append(load_scenario(name))
        except ScenarioError as error:
            problems += error.problems
    if problems:
        raise ScenarioError(list(dict.fromkeys(problems)))
    return tuple(loaded)


def load_composed(*names_or_paths: str | Path) -> tuple[Scenario, ...]:
    """The scenarios of names, files or standard input (-), of which `+` joins several.

    A file whose own name holds a `+` is one scenario. Raises as `load_scenarios`.
    """
    parts: list[str | Path] = []
    for name in names_or_paths:
        path = Path(name)
        whole = isinstance(name, Path) or (_exists(path) and path.is_file())
        parts += [name] if whole else str(name).split("+")
    return load_scenarios(parts)


def read_scenario(content: str | bytes, *, file: str = "text", form: str = "yaml") -> Scenario:
    """A scenario from a text: YAML or JSON, or with `form="toml"` TOML.

    It may extend shipped scenarios only.

    Raises
    ------
    ScenarioError
        With every problem: line, column and remedy.
    """
    if form not in FORMATS.values():
        raise UsageError(f"form must be yaml, json or toml. Got {form}.")
    return _finish(read_tree(content, file=file, form=form), _find_shipped, (file,))


def _load_file(path: Path, chain: tuple[str, ...]) -> Scenario:
    form = FORMATS.get(path.suffix.lower())
    if form is None:
        rule = f"no scenario ends in '{path.suffix}'"
        raise ScenarioError([Problem(str(path), rule, f"Use {', '.join(FORMATS)}.")])
    tree = read_tree(read_bytes(path), file=str(path), form=form)
    here = (*chain, str(path.resolve()))

    def find(name: str, chain_so_far: tuple[str, ...]) -> Scenario:
        if Path(name).suffix.lower() not in FORMATS:
            return _find_shipped(name, chain_so_far)
        return _find_beside(path, name, chain_so_far)

    return _finish(tree, find, here)


_Finder = Callable[[str, tuple[str, ...]], Scenario]


def _finish(tree: Tree, find: _Finder, chain: tuple[str, ...]) -> Scenario:
    """The scenario of a text together with what it extends."""
    scenario = build_scenario(tree)
    parent: Scenario | None = None
    if scenario.extends is not None:
        key: Key = ("extends",)
        if len(chain) > DEEPEST_CHAIN:
            rule = f"scenarios extend each other more than {DEEPEST_CHAIN} deep"
            raise ScenarioError([tree.origin.problem(key, rule, "Shorten the chain.")])
        try:
            parent = find(scenario.extends, chain)
        except _RefusedError as refusal:
            raise ScenarioError([tree.origin.problem(key, refusal.rule, refusal.remedy)]) from None
        except UnknownNameError as error:
            rule = f"no shipped scenario is called '{scenario.extends}'"
            near = suggest(error.suggestions).strip()
            remedy = f"{near} A file beside this one is named with its ending: my.yaml.".strip()
            raise ScenarioError([tree.origin.problem(key, rule, remedy)]) from None
    scenario = scenario.with_origin(tree.origin, parent)
    _check_overrides(scenario)
    return scenario


def _check_overrides(scenario: Scenario) -> None:
    if scenario.parent is not None:
        return
    problems = [
        scenario.origin.problem(
            ("changes", number, "override"), "override means something only with `extends`",
            "Delete it, or say which scenario this one extends.",
        )
        for number, change in enumerate(scenario.changes)
        if change.override
    ]  # fmt: skip
    if problems:
        raise ScenarioError(problems)


class _RefusedError(KazroutesError):
    """A name in `extends` that may not be followed."""

    def __init__(self, rule: str, remedy: str) -> None:
        super().__init__(rule)
        self.rule, self.remedy = rule, remedy


def _find_shipped(name: str, chain: tuple[str, ...]) -> Scenario:
    if f"shipped {name}" in chain:
        raise _RefusedError("extends itself in a circle: " + _show_chain((*chain, name)), "Cut it.")
    if "/" in name or "\\" in name or "." in name:
        rule = f"extends cannot be '{name[:60]}'"
        raise _RefusedError(rule, "Name a shipped scenario, or a file in the same folder.")
    files = _shipped_files()
    if name not in files:
        raise UnknownNameError("scenario", name, files)
    tree = read_tree(files[name].read_bytes(), file=f"{name}.yaml")
    return _finish(tree, _find_shipped, (*chain, f"shipped {name}"))


def _find_beside(path: Path, name: str, chain: tuple[str, ...]) -> Scenario:
    """A file in the same folder, by its bare name; links that lead elsewhere are refused."""
    remedy = "Name a shipped scenario, or a file in the same folder."
    if "/" in name or "\\" in name or ":" in name or name.startswith("."):
        raise _RefusedError(f"extends cannot be '{name[:60]}': no folders", remedy)
    target = path.parent / name
    if not target.is_file():
        others = [entry.name for entry in path.parent.iterdir() if entry.suffix in FORMATS]
        near = suggest(nearest_names(name, others)).strip()
        raise _RefusedError(f"the folder has no file '{name}'", near or remedy)
    real = target.resolve()
    if real.parent != path.parent.resolve():
        raise _RefusedError(f"'{name}' is a link to another folder", "Copy the file here.")
    if str(real) in chain:
        raise _RefusedError(
            "extends itself in a circle: " + _show_chain((*chain, str(real))), "Cut it."
        )
    return _load_file(target, chain)


def _show_chain(chain: Sequence[str]) -> str:
    return " -> ".join(Path(part.removeprefix("shipped ")).name for part in chain)
