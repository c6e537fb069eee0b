"""Widgets for Jupyter: flows of a scenario by choosing from lists (extra [notebook])."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from matplotlib.axes import Axes

from models.charts.flows import map_change, map_flows
from models.charts.pictures import show
from models.compare import BASELINE
from models.run import Run, run_scenario
from models.scenario import list_scenarios, load_composed
from routes.errors import UnknownNameError
from routes.network import Network, load_network

MEASURES = {"tonnes": "mt", "value": "value", "each commodity to its own scale": "scaled"}
ALL = "all cargo"


class Explorer:
    """Three lists and a map: scenario, commodity, measure.

    Runs are made when they are first chosen and kept. In Jupyter the object shows itself; elsewhere
    `draw` gives the map of a choice.
    """

    def __init__(self, network: Network, scenarios: Sequence[str], *, extent: str) -> None:
        self.network, self.scenarios, self.extent = network, tuple(scenarios), extent
        self.titles = {entry.name: entry.title for entry in list_scenarios()}
        self._runs = lru_cache(maxsize=64)(self._solve)
        self._widget: Any = None

    def _solve(self, scenario: str, commodity: str | None) -> Run:
        return run_scenario(
            load_composed(scenario), network=self.network, commodity=commodity, prices=False
        )

    def draw(
        self,
        scenario: str,
        *,
        commodity: str | None = None,
        measure: str = "mt",
        change: bool = False,
        ax: Axes | None = None,
    ) -> Axes:
        """The map of a choice; with `change`, of what differs from the first scenario."""
        if scenario not in self.scenarios:
            raise UnknownNameError("scenario of this explorer", scenario, self.scenarios)
        run = self._runs(scenario, commodity)
        if change and scenario != self.scenarios[0]:
            base = self._runs(self.scenarios[0], commodity)
            measure = measure if measure != "scaled" else "mt"
            return map_change(base, run, ax=ax, measure=measure, extent=self.extent)
        return map_flows(run, ax=ax, measure=measure, extent=self.extent)

    @property
    def widget(self) -> Any:
        """The box of lists and map, made on first use. Needs ipywidgets (extra [notebook])."""
        if self._widget is None:
            self._widget = self._build()
        return self._widget

    def _build(self) -> Any:
        from ipywidgets import Checkbox, Dropdown, HBox, Image, VBox

        goods = self.network["commodities"]["commodity_id"]
        scenario = Dropdown(
            options=[(self.titles.get(name, name), name) for name in self.scenarios],
            description="Scenario", layout={"width": "34em"},
        )  # fmt: skip
        commodity = Dropdown(
            options=[(ALL, None), *((name, name) for name in goods)], description="Commodity"
        )
        measure = Dropdown(options=list(MEASURES.items()), description="Width by")
        change = Checkbox(description="change from the first", indent=False)
        picture = Image(format="png", layout={"max_width": "100%"})

        def update(_: Any = None) -> None:
            ax = self.draw(
                scenario.value, commodity=commodity.value, measure=measure.value,
                change=change.value,
            )  # fmt: skip
            picture.value = show(ax).png

        for part in (scenario, commodity, measure, change):
            part.observe(update, names="value")
        update()
        return VBox([HBox([scenario, commodity]), HBox([measure, change]), picture])

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        return self.widget._repr_mimebundle_(**kwargs)

    def __repr__(self) -> str:
        return f"<Explorer of {len(self.scenarios)} scenarios on {self.network!r}>"


def explore(
    scenarios: Sequence[str] = (), *, network: Network | None = None, extent: str = "region"
) -> Explorer:
    """Look at the flows of scenarios by choosing scenario, commodity and measure from lists.

    Parameters
    ----------
    scenarios
        Names of scenarios ("a+b" composes two); default all that are shipped. Changes are shown
        against the first.
    network
        The tables; the shipped data set by default.
    extent
        Part of the world: `region`, `kazakhstan`, `caspian` or `wide`.

    Returns
    -------
    Explorer
        Shows itself in Jupyter, with the extra [notebook] installed.
    """
    names = list(scenarios) or [entry.name for entry in list_scenarios()]
    if not scenarios:
        names.sort(key=lambda name: name != BASELINE)
    return Explorer(load_network() if network is None else network, names, extent=extent)
