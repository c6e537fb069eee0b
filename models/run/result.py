"""What a run says: indicators, frames, certificate, manifest; and the same as plain data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from models.flow.result import FlowResult
from models.indicators import OBSERVED_BYPASS
from models.scenario import Scenario
from models.tables import strict_value


@dataclass(frozen=True)
class Run:
    """A scenario's flows and everything said about them.

    `indicators` maps names of models.indicators.INDICATORS to numbers or None. Frames: `corridors`,
    `commodities`, `links`, `shared_capacities`, `routes` (columns as in the JSON of `kazroutes
    run`), `flows` (link_id, corridor, commodity, mt, value_musd). `changes` lists what the
    scenario changed, old -> new. `result` holds the flows themselves, `scenarios` what was asked.
    """

    scenario: str
    year: int
    assignment: str
    commodity: str | None
    country: str
    indicators: dict[str, float | None]
    corridors: pd.DataFrame = field(repr=False)
    commodities: pd.DataFrame = field(repr=False)
    links: pd.DataFrame = field(repr=False)
    shared_capacities: pd.DataFrame = field(repr=False)
    routes: pd.DataFrame = field(repr=False)
    flows: pd.DataFrame = field(repr=False)
    certificate: dict[str, float | None]
    changes: tuple[dict[str, Any], ...] = field(repr=False)
    manifest: dict[str, Any] = field(repr=False)
    result: FlowResult = field(repr=False)
    scenarios: tuple[Scenario, ...] = field(default=(), repr=False)
    bypass_mt: dict[str, float] = field(default_factory=dict, repr=False)
    title: str = ""

    def to_frame(self) -> pd.DataFrame:
        """The indicators as one row."""
        return pd.DataFrame([{"scenario": self.scenario} | self.indicators])

    def to_dict(self) -> dict[str, Any]:
        """The run as plain data, unlimited and undefined as None (the JSON of `kazroutes run`)."""
        document: dict[str, Any] = strict_value({
            "scenario": self.scenario,
            "year": self.year,
            "assignment": self.assignment,
            "commodity": self.commodity,
            "country": self.country,
            "indicators": self.indicators,
            "corridors": self.corridors,
            "commodities": self.commodities,
            "links": self.links,
            "shared_capacities": self.shared_capacities,
            "routes": self.routes,
            "bypass": self._bypass(),
            "certificate": self.certificate,
            "changes": self.changes,
            "manifest": self.manifest,
        })  # fmt: skip
        return document

    @property
    def cargo(self) -> str:
        """What the flows are of: `all cargo`, or `4 of 26 goods` in a year that lacks inputs."""
        case = self.result.case
        here, out = len(case.commodities), len(case.left_out)
        return f"{here} of {here + out} goods" if out else "all cargo"

    def say_goods(self) -> str:
        """Which goods are in and which are out in a year that lacks some, else nothing."""
        case = self.result.case
        if not case.left_out:
            return ""
        goods = ", ".join(sorted(case.commodities.index))
        return (
            f"{self.year} has inputs for {self.cargo}: {goods}. "
            f"Left out for want of supplies or markets: {', '.join(case.left_out)}."
        )

    def _bypass(self) -> dict[str, Any]:
        """What could go another way without the country, a month, beside what once did."""
        return {
            "country": self.country,
            "mt_per_month": {k: mt / 12 for k, mt in self.bypass_mt.items() if mt > 0},
            "observed_crude_mt_per_month": OBSERVED_BYPASS.mt_per_month,
            "observed_month": OBSERVED_BYPASS.month,
            "observed_source_id": OBSERVED_BYPASS.source_id,
        }

    def __repr__(self) -> str:
        i = self.indicators
        share = i["transit_share"]
        through = (
            "" if share is None else f", {share:.0%} of third-country exports via {self.country}"
        )
        return (
            f"<Run {self.scenario} ({self.assignment}, {self.year}): "
            f"{i['exported_mt']:.1f} Mt exported{through}>"
        )

    def _repr_html_(self) -> str:
        head = f"<h4>{self.title or self.scenario} · {self.assignment} · {self.year}</h4>"
        return head + str(self.corridors.to_html(index=False, float_format="{:,.2f}".format))
