"""Names that the data do not have, in a scenario file that cannot be built for other reasons.

What can be built is checked when it is applied; this lets a file with wrong keys or numbers tell
its wrong names in the same round.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import ValidationError

from models.demand import Case, select_case
from models.scenario.changes import CHANGE_TYPES
from models.scenario.check import find_model
from models.scenario.document import Key
from models.scenario.reader import FORMATS, read_bytes, read_tree
from models.scenario.select import NothingFoundError, Selector
from models.scenario.tree import Tree
from models.scenario.where import StreamWhere, SubjectWhere, TradeWhere, as_list
from routes.errors import Problem, ScenarioError, UsageError
from routes.network import Network

BASE_YEAR = 2023
BUILT = "built"


def find_unknown_names(path: Path, network: Network) -> list[Problem]:
    """A problem for each name in a `where` or in `built` that finds nothing in the data.

    Empty where there is no such file, or where its text or its year cannot be read.
    """
    form = FORMATS.get(path.suffix.lower())
    if form is None or not path.is_file():
        return []
    try:
        tree = read_tree(read_bytes(path), file=str(path), form=form)
        case = select_case(network, _read_year(tree.data))
    except (ScenarioError, UsageError):
        return []
    return _check_changes(tree, case)


def _read_year(data: Any) -> int:
    year = data.get("year") if isinstance(data, dict) else None
    return year if isinstance(year, int) and not isinstance(year, bool) else BASE_YEAR


def _check_changes(tree: Tree, case: Case) -> list[Problem]:
    changes = tree.data.get("changes") if isinstance(tree.data, dict) else None
    selector = Selector(case)
    problems = []
    for number, change in enumerate(changes if isinstance(changes, list) else ()):
        kind = change.get("type") if isinstance(change, dict) else None
        if not isinstance(kind, str) or kind not in CHANGE_TYPES:
            continue
        where = change.get("where")
        named = dict(where) if isinstance(where, dict) else {}
        if "built" in change:
            named[BUILT] = change["built"]
        for key, value in named.items():
            try:
                _look_up(selector, kind, key, value)
            except ValidationError:
                continue  # told by the check of the file
            except NothingFoundError as error:
                at: Key = (BUILT,) if key == BUILT else ("where", key)
                path: Key = ("changes", number, *at)
                problems.append(tree.origin.problem(path, error.rule, error.remedy))
    return problems


def _look_up(selector: Selector, kind: str, key: str, value: Any) -> None:
    """Find what one key of a change's `where` names, or what projects are built."""
    if key == BUILT:
        names = as_list(value)
        if isinstance(names, list) and all(isinstance(name, str) for name in names):
            selector.project_ids(names)
        return
    field = CHANGE_TYPES[kind].model_fields.get("where")
    model = find_model(field.annotation) if field is not None else None
    if model is None:
        return
    where: Any = model.model_validate({key: value})
    if isinstance(where, TradeWhere):
        selector.trade("supplies" if kind == "supply" else "markets", where)
    elif isinstance(where, StreamWhere):
        selector.streams(where)
    elif isinstance(where, SubjectWhere):
        selector.subjects(where)
    else:
        selector.links(where)
