"""The data dictionary: what every column of every table means."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from itertools import pairwise
from typing import Any

from routes.schema.rows import Record
from routes.schema.tables import TABLES, columns


@cache
def field_meanings() -> dict[tuple[str, str], str]:
    """The docstring under each field, by (record, field); inherited fields included."""
    families = [
        [base for base in record.__mro__ if issubclass(base, Record)] for record in TABLES.values()
    ]
    own: dict[str, dict[str, str]] = {}
    for module in {base.__module__ for family in families for base in family}:
        tree = ast.parse(inspect.getsource(sys.modules[module]))
        own |= {
            node.name: {
                line.target.id: " ".join(str(following.value.value).split())
                for line, following in pairwise(node.body)
                if isinstance(line, ast.AnnAssign)
                and isinstance(line.target, ast.Name)
                and isinstance(following, ast.Expr)
                and isinstance(following.value, ast.Constant)
            }
            for node in tree.body
            if isinstance(node, ast.ClassDef)
        }
    return {
        (family[0].__name__, name): next(
            own[base.__name__][name] for base in family if name in own[base.__name__]
        )
        for family in families
        for name in family[0].model_fields
    }


def data_dictionary() -> list[dict[str, Any]]:
    """Every column of every table: table, column, type, required, meaning."""
    rows = []
    meanings = field_meanings()
    for table, record in TABLES.items():
        for name in columns(record):
            field = record.model_fields[name]
            kind = str(field.annotation).replace("typing.", "").replace("<class '", "")
            rows.append(
                {
                    "table": table,
                    "column": name,
                    "type": kind.replace("'>", ""),
                    "required": field.is_required(),
                    "key": name in record.key,
                    "meaning": meanings[record.__name__, name],
                }
            )
    return rows
