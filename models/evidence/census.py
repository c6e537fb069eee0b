"""The grade census: on what ground the baseline's money and limited tonnes stand."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from models.evidence.legs import list_charges, list_legs, list_memberships
from models.flow.result import FlowResult
from models.flow.shadow import capacity_use
from routes.capacities import govern_capacities
from routes.network import select_year
from routes.provenance.grades import GRADES, count_grades, share_by_grade
from routes.provenance.numbers import row_keys
from routes.schema import CASH_KINDS

MOST_D = 0.15  # largest share of grade D in transport cost and in capacity-limited tonnage


@dataclass(frozen=True)
class Census:
    """Rows, money and limited tonnes by grade.

    rows : table, rows, A, B, C, D (numbers of rows).
    shares : measure, total, A, B, C, D (shares 0 to 1) of
        `rows`: rows of all tables but coordinates and observations;
        `transport_cost_musd`: cash charges of the flows, by the grade of the tariff row;
        `limited_mt`: tonnes at every link and shared capacity that has a limit, each tonne once
        at each, by the grade of the statement that sets the limit;
        `full_mt`: the same, only where the limit is reached.
    charges, limits : what the shares are made of, largest first.
    """

    rows: pd.DataFrame
    shares: pd.DataFrame
    charges: pd.DataFrame = field(repr=False)
    limits: pd.DataFrame = field(repr=False)

    def share(self, measure: str, grade: str = "D") -> float:
        """Share of a grade in a measure, 0 to 1."""
        return float(self.shares.set_index("measure").loc[measure, grade])

    def to_dict(self) -> dict[str, Any]:
        """The census as plain data, as in the JSON of `kazroutes data check`."""
        return {
            "rows": self.rows.to_dict("records"),
            "shares": self.shares.to_dict("records"),
            "most_d": MOST_D,
        }


def take_census(result: FlowResult) -> Census:
    """Count grades of the tables, and of what a result's flows pay and are limited by."""
    legs = list_legs(result)
    charges = sum_charges(result, legs)
    limits = sum_limits(result, legs)
    full = limits[limits["full"]]
    shares = [
        {"measure": measure, "total": float(frame[column].sum())}
        | share_by_grade(frame["grade"], frame[column])
        for measure, frame, column in (
            ("transport_cost_musd", charges, "musd"),
            ("limited_mt", limits, "mt"),
            ("full_mt", full, "mt"),
        )
    ]
    rows = count_grades(result.case.network)
    inputs = rows[rows["table"] == "inputs"].iloc[0]
    total = float(inputs["rows"])
    counted = {"measure": "rows", "total": total} | {g: inputs[g] / total for g in GRADES}
    return Census(rows, pd.DataFrame([counted, *shares]), charges, limits)


def sum_charges(result: FlowResult, legs: pd.DataFrame) -> pd.DataFrame:
    """Cash paid by tariff row, class and grade, million USD: row, key, class, kind, grade, musd.

    It adds up to the cash cost of all routes before quality credits.
    """
    paid = list_charges(result, legs)
    cash = paid[paid["kind"].isin(CASH_KINDS)]
    musd = cash["mt"].astype(float) * cash["usd_per_t"].astype(float)
    cash = cash.assign(musd=musd, row=cash["tariff"])
    names = ["row", "commodity_class", "kind", "grade"]
    table = cash.groupby(names, as_index=False)["musd"].sum()
    keys = row_keys(result.case.network, "tariffs")
    table.insert(1, "key", table["row"].map(keys).fillna("scenario"))
    return table.sort_values(["musd", "key"], ascending=[False, True], ignore_index=True)


def sum_limits(result: FlowResult, legs: pd.DataFrame) -> pd.DataFrame:
    """Tonnes at each limited link and shared capacity: subject_id, row, grade, mt, full.

    A tonne that draws on a shared capacity several times on its way counts once.
    """
    chosen = select_year(result.case.network, result.case.year)
    limits = govern_capacities(chosen["capacities"])
    limits = limits[np.isfinite(limits["available"])]
    drawn = list_memberships(result, legs, chosen["shared_capacities"])
    own = legs.rename(columns={"link_id": "subject_id"})[["subject_id", "route", "mt"]]
    shared = drawn.rename(columns={"shared_id": "subject_id"})[["subject_id", "route", "mt"]]
    used = pd.concat([own, shared.drop_duplicates()])
    tonnes = used.groupby("subject_id")["mt"].sum()
    full = capacity_use(result.solution)["full"]
    table = limits.join(tonnes, how="inner").reset_index()
    table["full"] = table["subject_id"].map(full).eq(other=True)
    return table.sort_values(["mt", "subject_id"], ascending=[False, True], ignore_index=True)
