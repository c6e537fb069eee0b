"""Safe reading of scenario texts: YAML 1.2, JSON and TOML into plain values with positions.

A scenario file is untrusted. At most 64 kB are read. YAML is taken event by event: anchors,
aliases, tags, directives, further documents, repeated keys and nesting beyond 20 are refused, and
nothing is ever constructed but text, numbers, true and false. Nothing here needs pandas.
"""

from __future__ import annotations

from pathlib import Path

from models.scenario.toml_reader import read_toml
from models.scenario.tree import FORBIDDEN, LARGEST_BYTES, Tree
from models.scenario.yaml_reader import read_yaml
from routes.errors import Problem, ScenarioError, UsageError
from routes.files import RefusedFileError, read_plain

FORMATS = {".yaml": "yaml", ".yml": "yaml", ".json": "json", ".toml": "toml"}


def read_bytes(path: Path) -> bytes:
    """The content of a scenario file, never more than 64 kB of it.

    Raises UsageError when there is no such file, ScenarioError when it is too large or no file.
    """
    try:
        return read_plain(path, LARGEST_BYTES)
    except RefusedFileError as refusal:
        if refusal.size is not None:
            raise _too_large(str(path), refusal.size) from None
        remedy = "Give a file, or - for standard input."
        raise ScenarioError([Problem(str(path), refusal.rule, remedy)]) from None
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from None
    except ValueError:
        raise UsageError("A file name must not hold a zero byte.") from None


def _too_large(file: str, size: int | None) -> ScenarioError:
    got = f"; it has {size:,}" if size is not None else ""
    rule = f"a scenario has at most {LARGEST_BYTES:,} bytes{got}"
    return ScenarioError([Problem(file, rule, "Split it, or keep data in the data set.")])


def read_tree(content: bytes | str, *, file: str, form: str = "yaml") -> Tree:
    """Plain values of a text.

    Parameters
    ----------
    content
        The text; bytes are UTF-8.
    file
        How messages name it.
    form
        "yaml", "json" or "toml".

    Raises
    ------
    ScenarioError
        When the text cannot be read at all. What can be read past is in `Tree.problems`.
    """
    text = _decode(content, file)
    _check_characters(text, file)
    if form == "toml":
        return read_toml(text, file)
    return read_yaml(text.replace("\t", " ") if form == "json" else text, file)


def _decode(content: bytes | str, file: str) -> str:
    raw = content.encode("utf-8", "surrogatepass") if isinstance(content, str) else content
    if len(raw) > LARGEST_BYTES:
        raise _too_large(file, None)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = raw[: error.start]
        line = before.count(b"\n") + 1
        column = error.start - (before.rfind(b"\n") + 1) + 1
        remedy = "Save the file as UTF-8."
        rule = f"byte 0x{raw[error.start]:02x} is not UTF-8"
        raise ScenarioError([Problem(file, rule, remedy, line, f"column {column}")]) from None


def _check_characters(text: str, file: str) -> None:
    problems = []
    for found in FORBIDDEN.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        column = found.start() - (text.rfind("\n", 0, found.start()) + 1) + 1
        rule = f"the character U+{ord(found.group()):04X} does not belong in a text"
        problems.append(Problem(file, rule, "Delete it.", line, f"column {column}"))
        if len(problems) == 10:
            break
    if problems:
        raise ScenarioError(problems)
