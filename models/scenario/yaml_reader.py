"""YAML 1.2 and JSON, event by event: nothing is constructed but text, numbers, true and false."""

from __future__ import annotations

import re
from typing import Any

from models.scenario.document import Key, write_path
from models.scenario.tree import DEEPEST, FORBIDDEN, MOST_NODES, NOTHING, Tree
from routes.errors import Problem, ScenarioError

_BRACKETS = re.compile(rf"(?:[\[{{]\s{{0,4}}){{{DEEPEST + 1}}}")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_SPECIAL = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
_NULL = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEAN = {
    "true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False,
}  # fmt: skip


def read_yaml(text: str, file: str) -> Tree:
    """Plain values of a YAML or JSON text. Raises ScenarioError when it is neither."""
    from ruamel.yaml import YAML
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    tree = Tree(file)
    _refuse_directives(text, tree)
    _refuse_brackets(text, tree)
    builder = _Builder(tree)
    events = YAML(typ="safe", pure=True).parse(text)
    try:
        for event in events:
            if not builder.take(event):
                break
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (None, None)
        words = " ".join(part for part in (error.context, error.problem) if part)
        where = f"column {column}" if column else None
        remedy = "Mend it; text with a colon, # or quotes belongs in quotes."
        tree.problems.append(Problem(file, f"this is not YAML: {words}", remedy, line, where))
    except (YAMLError, ValueError, RecursionError) as error:
        words = str(error).splitlines()[0] if str(error) else type(error).__name__
        tree.problems.append(Problem(file, f"this is not YAML: {words}", "Mend it."))
    else:
        tree.data = builder.root
        if not builder.stopped:
            return tree
    raise ScenarioError(tree.problems)


def read_head(text: str, keys: tuple[str, ...]) -> dict[str, str]:
    """Texts under some first keys of a trusted YAML mapping, without reading the rest."""
    from ruamel.yaml import YAML

    found: dict[str, str] = {}
    depth, key = 0, ""
    for event in YAML(typ="safe", pure=True).parse(text):
        kind = type(event).__name__
        depth += kind.endswith("StartEvent") - kind.endswith("EndEvent")
        if kind == "ScalarEvent" and depth == 3:  # stream, document, mapping
            if key in keys:
                found[key] = str(event.value)
            key = "" if key else str(event.value)
        elif kind.endswith("EndEvent"):
            key = ""
        if len(found) == len(keys):
            break
    return found


def _refuse_directives(text: str, tree: Tree) -> None:
    """Refuse `%YAML`, `%TAG` and others before the document."""
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("%"):
            rule = f"directives are not allowed: {line[:40].rstrip()}"
            tree.refuse((), (number, 1), rule, "Delete the line; scenarios are YAML 1.2.")
            raise ScenarioError(tree.problems)
        if line.strip() and not line.lstrip().startswith("#"):
            return


def _refuse_brackets(text: str, tree: Tree) -> None:
    """Refuse [[[[... before it is parsed: the parser looks far ahead and takes its time."""
    if found := _BRACKETS.search(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - text.rfind("\n", 0, found.start())
        remedy = "A scenario needs five levels."
        tree.refuse((), (line, column), f"nested deeper than {DEEPEST}", remedy)
        raise ScenarioError(tree.problems)


class _Builder:
    """Makes plain values of parser events, with a stack instead of recursion."""

    def __init__(self, tree: Tree) -> None:
        self.tree = tree
        self.root: Any = None
        self.stack: list[tuple[Any, Key]] = []  # open collections and their paths
        self.keys: list[str | None] = []  # for each open mapping the key that awaits its value
        self.nodes = 0
        self.documents = 0
        self.stopped = False
        self.skip = 0  # depth inside something refused

    def take(self, event: Any) -> bool:
        """Use one event; False stops the reading."""
        kind = type(event).__name__
        mark = (event.start_mark.line + 1, event.start_mark.column + 1)
        if kind == "DocumentStartEvent":
            return self._start_document(event, mark)
        if kind in ("StreamStartEvent", "StreamEndEvent", "DocumentEndEvent"):
            return True
        if kind in ("MappingEndEvent", "SequenceEndEvent"):
            self._end_collection()
            return True
        self.nodes += 1
        if self.nodes > MOST_NODES:
            rule = f"a scenario has at most {MOST_NODES:,} keys and values"
            return self._stop(mark, rule, "Use patterns such as aktau-* in `where`.")
        if len(self.stack) + self.skip > DEEPEST and kind != "ScalarEvent":
            return self._stop(
                mark, f"nested deeper than {DEEPEST}", "A scenario needs five levels."
            )
        if self.skip:
            self.skip += kind in ("MappingStartEvent", "SequenceStartEvent")
            return True
        self._refuse_marks(event, kind, mark)
        if kind == "AliasEvent":
            self._put(NOTHING, mark, refused=True)
        elif kind == "ScalarEvent":
            self._take_scalar(event, mark)
        else:
            self._start_collection({} if kind == "MappingStartEvent" else [], mark)
        return True

    def _start_document(self, event: Any, mark: tuple[int, int]) -> bool:
        self.documents += 1
        if self.documents > 1:
            return self._stop(mark, "a file holds one scenario", "Make a second file of the rest.")
        if event.version or event.tags:
            return self._stop(mark, "directives are not allowed", "Delete the lines with %.")
        return True

    def _stop(self, mark: tuple[int, int], rule: str, remedy: str) -> bool:
        self.tree.refuse((), mark, rule, remedy)
        self.stopped = True
        return False

    def _refuse_marks(self, event: Any, kind: str, mark: tuple[int, int]) -> None:
        key = self._path()
        if kind == "AliasEvent":
            rule = f"aliases are not allowed: *{str(event.anchor)[:40]}"
            self.tree.refuse(key, mark, rule, "Write the value out.")
            return
        if getattr(event, "anchor", None):
            rule = f"anchors are not allowed: &{str(event.anchor)[:40]}"
            self.tree.refuse(key, mark, rule, "Delete it.")
        tag = getattr(event, "tag", None)
        if tag:
            rule = f"tags are not allowed: {str(tag)[:60]}"
            self.tree.refuse(key, mark, rule, "Delete it and write a plain value.")

    def _path(self) -> Key:
        """Path of the value that comes next."""
        if not self.stack:
            return ()
        here, path = self.stack[-1]
        if isinstance(here, list):
            return (*path, len(here))
        key = self.keys[-1]
        return path if key is None else (*path, key)

    def _take_scalar(self, event: Any, mark: tuple[int, int]) -> None:
        plain = event.style is None or event.style == ""
        text = _join_surrogates(str(event.value))
        bad = FORBIDDEN.search(text) or re.search("[\ud800-\udfff]", text)
        if bad:
            rule = f"the character U+{ord(bad.group()):04X} does not belong in a text"
            self.tree.refuse(self._path(), mark, rule, "Delete it.")
            text = text.replace(bad.group(), "")
        if self.stack and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None:
            self._take_key(text, mark)
            return
        value = resolve_scalar(text) if plain else text
        if value is None:
            key = self._path()
            if key:
                name = write_path(key[-1:]) if isinstance(key[-1], str) else "an item"
                place = self.tree.marks.get(key, mark)  # the empty value's own mark is further on
                self.tree.refuse(key, place, f"{name} has no value", "Give one, or delete the key.")
            self._put(NOTHING, mark, refused=True)
            return
        self._put(value, mark)

    def _take_key(self, text: str, mark: tuple[int, int]) -> None:
        here, path = self.stack[-1]
        self.keys[-1] = text
        if not text:
            self.tree.refuse(path, mark, "a key must be a text", "Write a plain word.")
        elif text in here:
            first = self.tree.marks[(*path, text)][0]
            rule = f"the key '{text[:80]}' stands twice in one place, first in line {first}"
            self.tree.refuse((*path, text), mark, rule, "Delete one of them.")
        else:
            self.tree.marks[(*path, text)] = mark

    def _start_collection(self, value: Any, mark: tuple[int, int]) -> None:
        if self.stack and isinstance(self.stack[-1][0], dict) and self.keys[-1] is None:
            self.tree.refuse(self._path(), mark, "a key must be a text", "Write a plain word.")
            self.skip = 1
            return
        path = self._path()
        self._put(value, mark)
        self.stack.append((value, path))
        self.keys.append(None)

    def _end_collection(self) -> None:
        if self.skip:
            self.skip -= 1
            if self.skip == 0:
                self.keys[-1] = ""  # the value of the refused key is put under no name
            return
        self.stack.pop()
        self.keys.pop()

    def _put(self, value: Any, mark: tuple[int, int], *, refused: bool = False) -> None:
        path = self._path()
        if refused:
            self.tree.refused.add(path)
        if not self.stack:
            self.root = value
            self.tree.marks[()] = mark
            return
        here = self.stack[-1][0]
        if isinstance(here, list):
            self.tree.marks[path] = mark
            here.append(value)
        elif self.keys[-1] is None:  # an alias stands where a key should
            self.keys[-1] = ""
        else:
            if self.keys[-1] and self.keys[-1] not in here:
                here[self.keys[-1]] = value
            self.keys[-1] = None


def _join_surrogates(text: str) -> str:
    """JSON writes characters beyond U+FFFF as two escapes; make one character of them."""
    if not re.search("[\ud800-\udbff][\udc00-\udfff]", text):
        return text
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")


def resolve_scalar(text: str) -> str | float | bool | None:
    """A plain scalar by the core schema of YAML 1.2: `no` and `12:30` are text, `1e6` a number."""
    if text in _NULL:
        return None
    if text in _BOOLEAN:
        return _BOOLEAN[text]
    if _INTEGER.fullmatch(text):
        return int(text) if len(text) <= 18 else float(text)
    if _FLOAT.fullmatch(text):
        return float(text)
    if _SPECIAL.fullmatch(text):
        return float(text.replace(".", "").lower())
    return text
