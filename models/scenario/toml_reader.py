"""TOML into plain values; problems name the key path, because TOML gives no positions."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from typing import Any

from models.scenario.document import Key, write_path
from models.scenario.tree import DEEPEST, FORBIDDEN, Tree
from routes.errors import Problem, ScenarioError

_QUOTED = re.compile(r""""[^"]*"|'[^']*'""")
_DOTS = re.compile(r"(?<=[\w-])[ \t]*\.[ \t]*(?=[\w-])")


def read_toml(text: str, file: str) -> Tree:
    """Plain values of a TOML text. Raises ScenarioError when it is none."""
    tree = Tree(file)
    _refuse_long_keys(text, file)
    try:
        tree.data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        words = str(error)
        found = re.search(r" \(at line (\d+), column (\d+)\)$", words)
        line, column = (int(found[1]), f"column {found[2]}") if found else (None, None)
        words = words[: found.start()] if found else words
        rule = f"this is not TOML: {words[:1].lower()}{words[1:200]}"
        raise ScenarioError([Problem(file, rule, "Mend it.", line, column)]) from None
    except (ValueError, RecursionError) as error:
        words = "nested too deep" if isinstance(error, RecursionError) else str(error)
        raise ScenarioError([Problem(file, f"this is not TOML: {words}", "Mend it.")]) from None
    for key, value in _walk(tree.data):
        if len(key) > DEEPEST:
            rule = f"nested deeper than {DEEPEST}"
            path = f"key {write_path(key[:4])}..."
            raise ScenarioError([Problem(file, rule, "A scenario needs five levels.", None, path)])
        for part in (key[-1] if key else "", value):
            if isinstance(part, str) and (bad := FORBIDDEN.search(part)):
                rule = f"the character U+{ord(bad.group()):04X} does not belong in a text"
                where = f"key {write_path(key)[:200]}"
                tree.problems.append(Problem(file, rule, "Delete it.", None, where))
                tree.refused.add(key)
    return tree


def _refuse_long_keys(text: str, file: str) -> None:
    """Refuse a.a.a.a... before it is parsed: the time for that grows with its square."""
    for number, line in enumerate(text.splitlines(), 1):
        bare = _QUOTED.sub("q", line)
        if bare.count(".") > DEEPEST and len(_DOTS.findall(bare)) > 2 * DEEPEST:
            rule = f"nested deeper than {DEEPEST}"
            remedy = "A scenario needs five levels."
            raise ScenarioError([Problem(file, rule, remedy, number, "a key with many dots")])


def _walk(data: Any) -> Iterator[tuple[Key, Any]]:
    """Every value with its path, without recursion, no deeper than matters."""
    todo: list[tuple[Key, Any]] = [((), data)]
    while todo:
        key, value = todo.pop()
        yield key, value
        if isinstance(value, dict):
            todo += [((*key, name), part) for name, part in value.items()]
        elif isinstance(value, list):
            todo += [((*key, number), part) for number, part in enumerate(value)]
