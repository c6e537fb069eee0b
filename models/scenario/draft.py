"""A copy of a case in the making: columns are copied when they are first written to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy.typing as npt
import pandas as pd

from models.demand import Case, Growth, Limit
from models.scenario.amounts import Amount
from models.scenario.edits import NEW_ROW, Edit, Quantity
from models.scenario.select import NothingFoundError
from routes.schema import bounds
from routes.schema.bounds import CAPACITIES

# Columns that hold the range of a column.
_RANGES = {
    ("links", "days"): ("days_low", "days_high"),
    ("shared", "coefficient"): ("low", "high"),
    ("charges", "usd_per_t"): ("low", "high"),
    ("supplies", "mt_per_year"): ("low", "high"),
    ("supplies", "lifting_cost_usd_per_t"): ("lifting_low", "lifting_high"),
    ("markets", "max_mt_per_year"): ("low", "high"),
    ("markets", "price_usd_per_t"): ("price_low", "price_high"),
}
_BOUNDS = {
    "days": bounds.DAYS, "days_sd": bounds.DAYS, "usd_per_t": bounds.CHARGE,
    "coefficient": bounds.USE, "mt_per_year": bounds.SUPPLY,
    "lifting_cost_usd_per_t": bounds.PRICE, "max_mt_per_year": bounds.TRADE,
    "min_mt_per_year": bounds.TRADE, "shortfall_price_usd_per_t": bounds.PRICE,
    "price_usd_per_t": bounds.PRICE, "differential_usd_per_t": bounds.CHARGE,
    "quality_usd_per_t": bounds.CHARGE, "mt": bounds.TRADE,
}  # fmt: skip
_SIZED = ("capacities", "growth")
_SIGNED = frozenset(("price_usd_per_t", "differential_usd_per_t", "quality_usd_per_t"))
_UNITS = {
    "days": "days", "days_sd": "days", "usd_per_t": "USD/t", "mt_per_year": "Mt/yr",
    "lifting_cost_usd_per_t": "USD/t", "max_mt_per_year": "Mt/yr", "min_mt_per_year": "Mt/yr",
    "shortfall_price_usd_per_t": "USD/t", "price_usd_per_t": "USD/t",
    "differential_usd_per_t": "USD/t", "quality_usd_per_t": "USD/t", "mt": "Mt/yr",
    "share": "of exports to third countries",
}  # fmt: skip


def change_value(amount: Amount, value: float) -> float:
    """A number after an amount; nothing times unlimited is nothing."""
    if amount.operation == "set":
        return amount.value
    if amount.operation == "add":
        return value + amount.value
    return 0.0 if amount.value == 0 else value * amount.value


def change_range(
    amount: Amount, value: float, low: float, high: float
) -> tuple[float, float, float]:
    """A number and its range after an amount.

    A `set` to the present value without a range of its own changes nothing.
    """
    new = change_value(amount, value)
    exact = amount.low == amount.value == amount.high
    if amount.operation == "set" and exact and new == value:
        return value, low, high
    below = change_value(Amount(amount.operation, amount.low, 0, 0), low)
    above = change_value(Amount(amount.operation, amount.high, 0, 0), high)
    return new, min(below, new), max(above, new)  # NaN stays: min(nan, x) is nan


def _check_size(
    quantity: Quantity, unit: str, before: Iterable[float], after: Iterable[float]
) -> None:
    """Refuse numbers that are not plausible, or endless where nothing was before."""
    bound = CAPACITIES.get(unit) if quantity.table in _SIZED else _BOUNDS.get(quantity.field)
    if quantity.field == "usd_per_unit":
        bound = bounds.GROWTH
    if bound is None:
        return
    endless = math.inf in before
    for value in after:
        if bound.is_beyond(value) or (math.isinf(value) and not endless):
            rule = f"{quantity} would become {value:g} {bound.unit}, which is not plausible"
            raise NothingFoundError("", rule, bound.remedy)


class Draft:
    """Writes edits; `finish` gives the new case. Frames without a new value stay the same."""

    def __init__(self, case: Case) -> None:
        self.case = case
        self.columns: dict[tuple[str, str], npt.NDArray[Any]] = {}
        self.present: dict[tuple[str, str], npt.NDArray[Any]] = {}
        self.added: dict[str, dict[tuple[str, ...], dict[str, Any]]] = {}
        self.limits = _read_limits(case)
        self.growth: dict[str, dict[str, float]] = {
            name: {"max_extra": g.max_extra, "usd_per_unit": g.usd_per_unit}
            for name, g in case.growth.items()
        }
        self.bans: set[tuple[str, str]] = set(case.bans)

    def write(self, edit: Edit) -> tuple[float | bool | str, float | bool | str, str]:
        """Do an edit and tell old value, new value and unit."""
        table, field = edit.quantity.table, edit.quantity.field
        if table == "links" and field == "open":
            return self._switch(edit)
        if table in ("bans", "limits", "growth", "horizon"):
            return self._write_policy(edit)
        amount = edit.amount
        if edit.closes:
            amount = Amount("set", 0.0, 0.0, 0.0)
        if edit.row == NEW_ROW:
            old, new, unit = self._add_row(edit.quantity, amount)
            _check_size(edit.quantity, unit, (old,), (new, amount.low, amount.high))
            return old, new, unit
        return self._move(edit.quantity, edit.row, amount)

    def _column(self, table: str, name: str) -> npt.NDArray[Any]:
        key = (table, name)
        if key not in self.columns:
            values = getattr(self.case, table)[name].to_numpy(copy=True)
            self.columns[key] = values.astype(float) if values.dtype.kind in "iu" else values
        return self.columns[key]

    def _value(self, table: str, name: str, row: int) -> float:
        values = self.columns.get((table, name))
        return float((self._present(table, name) if values is None else values)[row])

    def _present(self, table: str, name: str) -> npt.NDArray[Any]:
        """A column of the case as it is given."""
        key = (table, name)
        if key not in self.present:
            self.present[key] = getattr(self.case, table)[name].to_numpy()
        return self.present[key]

    def _put(self, table: str, name: str, row: int, value: Any) -> None:
        self._column(table, name)[row] = value

    def _switch(self, edit: Edit) -> tuple[bool, bool, str]:
        old = bool(self._present("links", "open")[edit.row])
        new = not edit.closes
        if old != new:
            self._put("links", "open", edit.row, new)
        return old, new, ""

    def _move(self, quantity: Quantity, row: int, amount: Amount) -> tuple[float, float, str]:
        table, field = quantity.table, quantity.field
        old = self._value(table, field, row)
        edges = self._range_columns(table, field, row)
        if table == "streams":
            new, low, high = self._move_stream(row, amount, old)
            edges = ("low", "high")
        elif edges is None:
            new, low, high = change_value(amount, old), math.nan, math.nan
        else:
            new, low, high = change_range(
                amount, old, *(self._value(table, edge, row) for edge in edges)
            )
        if new < 0 and field not in _SIGNED:
            rule = f"{quantity} would become {new:g}"
            raise NothingFoundError("", rule, f"It is {old:g}; take less away.")
        unit = self._unit(table, field, row)
        present = (self._value(table, edge, row) for edge in edges or ())
        _check_size(quantity, unit, (amount.value, old, *present), (new, low, high))
        if new != old and not (math.isnan(new) and math.isnan(old)):
            self._put(table, field, row, new)
        for edge, value in zip(edges or (), (low, high), strict=False):
            before = self._value(table, edge, row)
            if value != before and not (math.isnan(value) and math.isnan(before)):
                self._put(table, edge, row, value)
        return old, new, unit

    def _move_stream(self, row: int, amount: Amount, old: float) -> tuple[float, float, float]:
        """A stream's range is that of differential and quality together: it moves along."""
        new = change_value(amount, old)
        low, high = (self._value("streams", edge, row) for edge in ("low", "high"))
        exact = amount.low == amount.value == amount.high
        if new == old and exact:
            return old, low, high
        ends = [
            change_value(Amount(amount.operation, edge, 0, 0), old) - old
            for edge in (amount.low, amount.high)
        ]
        return new, low + min(ends), high + max(ends)

    def _range_columns(self, table: str, field: str, row: int) -> tuple[str, str] | None:
        if table == "capacities":
            finite = math.isfinite(self._present("capacities", "practical")[row])
            ranged = field == "practical" or (field == "legal" and not finite)
            return ("low", "high") if ranged else None
        edges = _RANGES.get((table, field))
        frame = getattr(self.case, table)
        return edges if edges is not None and set(edges) <= set(frame.columns) else None

    def _unit(self, table: str, field: str, row: int) -> str:
        if table in ("capacities", "shared"):
            return str(self._present(table, "unit")[row])
        return _UNITS.get(field, "")

    # ------------------------------------------------------------------ new rows

    def _add_row(self, quantity: Quantity, amount: Amount) -> tuple[float, float, str]:
        if amount.value < 0:
            rule = f"{quantity} would become {amount.value:g}"
            raise NothingFoundError("", rule, "There is none now.")
        if quantity.table == "charges":
            return self._add_charge(quantity, amount)
        if amount.value == math.inf:
            return math.inf, math.inf, "Mt/yr"
        subject = quantity.key[0]
        rows = self.added.setdefault("capacities", {})
        row = rows.setdefault((subject,), {
            "unit": self._unit_of_members(subject), "practical": math.inf, "background": 0.0,
            "firm": False, "legal": math.inf, "tonnes_per_unit": math.nan, "low": math.inf,
            "high": math.inf, "grade": "D", "basis": "",
        })  # fmt: skip
        row[quantity.field] = amount.value
        row.update(low=min(row["low"], amount.low), high=min(row["high"], amount.high))
        return math.inf, amount.value, str(row["unit"])

    def _unit_of_members(self, subject: str) -> str:
        """Unit of a capacity that had no row: that of its coefficients, Mt/yr for a link."""
        units = {
            "t/t": "Mt/yr", "TEU/t": "kTEU/yr", "ship-days/t": "ship-days/yr",
            "wagon-days/t": "wagon-days/yr", "trains/t": "trains/day",
        }  # fmt: skip
        shared = self.case.shared
        members = shared.loc[shared["shared_id"] == subject, "unit"]
        return units.get(str(members.iloc[0]), "Mt/yr") if len(members) else "Mt/yr"

    def _add_charge(self, quantity: Quantity, amount: Amount) -> tuple[float, float, str]:
        if amount.value == amount.low == amount.high == 0:
            return 0.0, 0.0, "USD/t"
        link, cls, use, kind = quantity.key
        self.added.setdefault("charges", {})[quantity.key] = {
            "link_id": link, "commodity_class": cls, "use": use, "kind": kind,
            "usd_per_t": amount.value, "low": amount.low, "high": amount.high, "grade": "D",
            "tariff": NEW_ROW,
        }  # fmt: skip
        return 0.0, amount.value, "USD/t"

    # ------------------------------------------------------------------ policy

    def _write_policy(self, edit: Edit) -> tuple[float | bool | str, float | bool | str, str]:
        table, key, field = edit.quantity
        if table == "horizon":
            return "short", "long" if edit.amount.value else "short", ""
        if table == "bans":
            pair = (key[0], key[1])
            old = pair not in self.bans
            self.bans.add(pair)
            return old, False, ""
        value = edit.amount.value
        if table == "limits":
            before = self.limits.get((key[0], key[1], field), math.inf)
            self.limits[key[0], key[1], field] = value
            _check_size(edit.quantity, _UNITS[field], (), (value,))
            return before, value, _UNITS[field]
        growth = self.growth.setdefault(key[0], {})
        before = growth.get(field, 0.0)
        growth[field] = value
        unit = str(self.case.capacities.loc[key[0], "unit"])
        _check_size(edit.quantity, unit, (), (value, edit.amount.low, edit.amount.high))
        return before, value, unit if field == "max_extra" else f"USD/yr per {unit}"

    # ------------------------------------------------------------------ result

    def finish(self, notes: tuple[str, ...] = ()) -> Case:
        """The new case."""
        tables: dict[str, pd.DataFrame] = {}
        for (table, column), values in self.columns.items():
            frame = tables.get(table, getattr(self.case, table))
            tables[table] = frame.assign(**{column: values})
        for table, rows in self.added.items():
            tables[table] = _append(tables.get(table, getattr(self.case, table)), rows)
        parts: dict[str, Any] = dict(tables)
        limits = self._limits()
        if limits != self.case.limits:
            parts["limits"] = limits
        growth = {name: Growth(**values) for name, values in sorted(self.growth.items())}
        if growth != dict(self.case.growth):
            parts["growth"] = growth
        if self.bans != self.case.bans:
            parts["bans"] = frozenset(self.bans)
        if notes:
            parts["notes"] = (*self.case.notes, *notes)
        return replace(self.case, **parts) if parts else self.case

    def _limits(self) -> tuple[Limit, ...]:
        if self.limits == _read_limits(self.case):
            return self.case.limits
        return tuple(
            Limit(
                country=country,
                share=value if field == "share" else None,
                mt=value if field == "mt" else None,
                commodity_ids=tuple(names.split(";")) if names else None,
            )
            for (country, names, field), value in sorted(self.limits.items())
        )


def _read_limits(case: Case) -> dict[tuple[str, str, str], float]:
    """Limits by country, commodities and kind."""
    return {
        (limit.country, ";".join(limit.commodity_ids or ()), field): float(value)
        for limit in case.limits
        for field in ("share", "mt")
        if (value := getattr(limit, field)) is not None
    }


def _append(frame: pd.DataFrame, rows: Mapping[tuple[str, ...], Mapping[str, Any]]) -> pd.DataFrame:
    """Rows added below, sorted by key; columns keep their types."""
    ordered = [rows[key] for key in sorted(rows)]
    columns = {name: [row[name] for row in ordered] for name in frame.columns}
    if frame.index.name:
        more = pd.DataFrame(columns, index=pd.Index([key[0] for key in sorted(rows)]))
        more.index.name = frame.index.name
        return pd.concat([frame, more.astype(frame.dtypes)])
    return pd.concat([frame, pd.DataFrame(columns).astype(frame.dtypes)], ignore_index=True)
