"""From a change to its edits: which numbers of a case it touches, and how.

One function for each type of change; `plan_edits` picks it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from models.demand import Case, available_capacity
from models.scenario.amounts import Amount, read_number
from models.scenario.changes import (
    CapacityChange,
    CloseChange,
    CloseTransitChange,
    DaysChange,
    FleetChange,
    HorizonChange,
    LimitChange,
    MarketChange,
    OpenChange,
    PremiumChange,
    PriceChange,
    ProjectChange,
    QuotaChange,
    StreamChange,
    SupplyChange,
    TariffChange,
)
from models.scenario.edits import NEW_ROW, NO_AMOUNT, Author, Edit, Quantity, Step
from models.scenario.projects import plan_projects
from models.scenario.select import Mask, NothingFoundError, Selector, match_words
from models.scenario.where import LinkWhere
from routes.corridors import exit_links

HOME = "KZ"
_FLEET_UNITS = {"fleet": "ship-days/yr", "wagons": "wagon-days/yr"}
_MARKET_FIELDS = {
    "max": "max_mt_per_year", "min": "min_mt_per_year",
    "shortfall-price": "shortfall_price_usd_per_t",
}  # fmt: skip
_STREAM_FIELDS = {"differential": "differential_usd_per_t", "quality": "quality_usd_per_t"}


def plan_edits(selector: Selector, author: Author) -> list[Edit]:
    """The edits of a change. Raises NothingFoundError when its selector finds nothing."""
    change = author.change
    for kinds, plan in _PLANS:
        if isinstance(change, kinds):
            return list(plan(selector, change, author))
    raise TypeError(type(change).__name__)


def _make(
    table: str,
    key: tuple[str, ...],
    field: str,
    amount: Amount,
    row: int,
    author: Author,
) -> Edit:
    return Edit(Quantity(table, key, field), amount.operation, amount, row, author)


def _switch(link: str, step: Step, row: int, author: Author) -> Edit:
    return Edit(Quantity("links", (link,), "open"), step, NO_AMOUNT, row, author)


def switch_links(selector: Selector, mask: Mask, step: Step, author: Author) -> Iterator[Edit]:
    """Edits that close or open the links of a mask."""
    index = selector.texts("links", "link_id")
    for row in np.flatnonzero(mask):
        yield _switch(index[row], step, int(row), author)


# ---------------------------------------------------------------------------- open and close


def _plan_close(selector: Selector, change: CloseChange, author: Author) -> Iterator[Edit]:
    where = change.where
    links, pools = selector.subjects(where)
    if where.commodity is not None and links:
        for link in links:
            for commodity in _carried(selector, link, selector.commodity_ids(where.commodity)):
                quantity = Quantity("bans", (link, commodity), "open")
                yield Edit(quantity, "close", NO_AMOUNT, NEW_ROW, author)
    else:
        chosen = set(links)
        mask = np.asarray([link in chosen for link in selector.case.links.index], dtype=bool)
        yield from switch_links(selector, mask, "close", author)
    for pool in pools:
        quantity = Quantity("capacities", (pool,), "practical")
        yield Edit(quantity, "close", NO_AMOUNT, selector.capacity_row(pool), author)


def _carried(selector: Selector, link: str, commodities: Iterable[str]) -> Iterator[str]:
    row = selector.case.links.index.get_loc(link)
    mode = selector.texts("links", "mode")[row]
    cell = selector.texts("links", "commodity_classes")[row]
    for commodity in commodities:
        able = mode in str(selector.case.commodities["modes"][commodity]).split(";")
        if able and (not cell or selector.classes[commodity] in cell.split(";")):
            yield commodity


def _plan_open(selector: Selector, change: OpenChange, author: Author) -> Iterator[Edit]:
    case = selector.case
    mask = selector.links(change.where)
    future = (case.links["from_year"].to_numpy(dtype=float) > case.year) | np.isin(
        selector.texts("links", "status"), ("proposed", "construction")
    )
    absent = mask & future & ~case.links["open"].to_numpy(dtype=bool)
    if absent.all() or (mask & ~absent).sum() == 0:
        names = ", ".join(case.links.index[absent][:5])
        rule = f"these links do not exist yet: {names}"
        raise NothingFoundError("", rule, "Build the project that brings them (type: project).")
    yield from switch_links(selector, mask & ~absent, "open", author)


def _plan_close_transit(
    selector: Selector, change: CloseTransitChange, author: Author
) -> Iterator[Edit]:
    mask = _exits(selector, change.country)
    if change.end_swaps:
        mask = mask | match_words([f"depends:{change.country}"], selector.texts("links", "flags"))
    yield from switch_links(selector, mask, "close", author)


def _exits(selector: Selector, country: str) -> Mask:
    if country == HOME:
        rule = f"{HOME} is where exports start, not a country of transit"
        raise NothingFoundError("country", rule, "Close links or places of it instead.")
    mask = exit_links(selector.case.links, country)
    if not mask.any():
        starts, ends = (selector.texts("links", f"{end}_country") for end in ("from", "to"))
        known = sorted(set(starts[starts != ends]) - {HOME})
        rule = f"no link leaves the country '{country}'"
        raise NothingFoundError("country", rule, f"Countries of transit: {', '.join(known)}.")
    return mask


# ---------------------------------------------------------------------------- capacities


def _plan_capacity(selector: Selector, change: CapacityChange, author: Author) -> Iterator[Edit]:
    case = selector.case
    links, pools = selector.subjects(change.where)
    rows = {subject: selector.capacity_row(subject) for subject in (*links, *pools)}
    amount = change.amount
    if amount.operation != "set":
        rows = _drop_unlimited(case, rows, "capacity")
    else:
        _require_one_unit(case, rows)
    firm = case.capacities["firm"].to_numpy(dtype=bool)
    background = case.capacities["background"].to_numpy(dtype=float)
    for subject, row in rows.items():
        field = selector.capacity_field(row)
        yield _make("capacities", (subject,), field, amount, row, author)
        scaled = amount.operation == "factor" and field == "practical" and row != NEW_ROW
        if scaled and background[row] > 0 and not firm[row]:
            yield _make("capacities", (subject,), "background", amount, row, author)


def _plan_quota(selector: Selector, change: QuotaChange, author: Author) -> Iterator[Edit]:
    case = selector.case
    links, pools = selector.subjects(change.where)
    rows = {subject: selector.capacity_row(subject) for subject in (*links, *pools)}
    if change.amount.operation != "set":
        rows = _drop_unlimited(case, rows, "quota", fields=("legal",))
    else:
        _require_one_unit(case, rows)
    for subject, row in rows.items():
        yield _make("capacities", (subject,), "legal", change.amount, row, author)


def _drop_unlimited(
    case: Case,
    rows: dict[str, int],
    noun: str,
    *,
    fields: Sequence[str] = ("practical", "legal"),
) -> dict[str, int]:
    """Subjects of which a limit is known: what is unlimited stays so."""
    known = np.isfinite(case.capacities[list(fields)].to_numpy(dtype=float)).any(axis=1)
    kept = {subject: row for subject, row in rows.items() if row != NEW_ROW and known[row]}
    if not kept:
        names = ", ".join(list(rows)[:5]) + (", ..." if len(rows) > 5 else "")
        rule = f"no {noun} is known of what is selected ({names})"
        remedy = "Name a shared capacity with `shared`, or use set."
        raise NothingFoundError("", rule, remedy)
    return kept


def _require_one_unit(case: Case, rows: dict[str, int]) -> None:
    units = {
        str(case.capacities["unit"].iloc[row]) if row != NEW_ROW else "Mt/yr"
        for row in rows.values()
    }
    if len(units) > 1:
        rule = f"set of capacities in different units ({', '.join(sorted(units))})"
        raise NothingFoundError("", rule, "Make one change for each unit.")


def _plan_fleet(selector: Selector, change: FleetChange, author: Author) -> Iterator[Edit]:
    case = selector.case
    unit = _FLEET_UNITS[change.type]
    known = case.capacities.index[case.capacities["unit"].to_numpy(dtype=object) == unit]
    fleets = set(known)
    where = change.where
    if where.shared is None and where.subject is None:
        where = where.model_copy(update={"shared": tuple(sorted(fleets)) or ("*",)})
    pools = [pool for pool in selector.subjects(where)[1] if pool in fleets]
    if not pools:
        rule = f"no {change.type} counted in {unit} fits '{change.where}'"
        raise NothingFoundError("", rule, f"Known are {', '.join(sorted(fleets)) or 'none'}.")
    if change.measure == "per-tonne":
        yield from _plan_use_per_tonne(selector, set(pools), change, author)
        return
    for pool in pools:
        row = selector.capacity_row(pool)
        yield _make("capacities", (pool,), "practical", change.amount, row, author)


def _plan_use_per_tonne(
    selector: Selector, pools: set[str], change: FleetChange, author: Author
) -> Iterator[Edit]:
    columns = ("shared_id", "link_id", "commodity_class", "supply_place_id")
    keys = list(zip(*(selector.texts("shared", c) for c in columns), strict=True))
    given = {k: v for k, v in change.where.given().items() if k not in ("shared", "subject")}
    links = None
    if given:
        links = set(selector.case.links.index[selector.links(LinkWhere(**given))])
    for row, key in enumerate(keys):
        if key[0] in pools and (links is None or key[1] in links):
            yield _make("shared", key, "coefficient", change.amount, row, author)


# ---------------------------------------------------------------------------- links and money


def _plan_days(selector: Selector, change: DaysChange, author: Author) -> Iterator[Edit]:
    field = {"mean": "days", "spread": "days_sd"}[change.measure]
    index = selector.texts("links", "link_id")
    for row in np.flatnonzero(selector.links(change.where)):
        yield _make("links", (index[row],), field, change.amount, int(row), author)


def _plan_tariff(selector: Selector, change: TariffChange, author: Author) -> Iterator[Edit]:
    yield from _plan_charges(
        selector, change.where, change.amount, author,
        kinds=change.charge, by_km=change.per == "t-km",
    )  # fmt: skip


def _plan_premium(selector: Selector, change: PremiumChange, author: Author) -> Iterator[Edit]:
    yield from _plan_charges(
        selector, change.where, change.amount, author, kinds=("risk_premium",), by_km=False
    )


def _plan_charges(
    selector: Selector,
    where: LinkWhere,
    amount: Amount,
    author: Author,
    *,
    kinds: tuple[str, ...] | None,
    by_km: bool,
) -> Iterator[Edit]:
    """Edits of the charges of some kinds (all cash kinds without) on the links of a selector."""
    case = selector.case
    links = {str(case.links.index[row]): int(row) for row in np.flatnonzero(selector.links(where))}
    classes = None
    if where.commodity is not None:
        classes = {selector.classes[name] for name in selector.commodity_ids(where.commodity)}
    lengths = case.links["length_km"].to_numpy(dtype=float)
    columns = ("link_id", "commodity_class", "use", "kind")
    pairs: dict[tuple[str, str], bool] = {}
    for row, (link, cls, use, kind) in enumerate(
        zip(*(selector.texts("charges", c) for c in columns), strict=True)
    ):
        if link not in links or (classes is not None and cls not in classes):
            continue
        wanted = kind in kinds if kinds is not None else kind != "risk_premium"
        pairs[link, cls] = pairs.get((link, cls), False) or wanted
        if wanted:
            moved = _by_length(amount, lengths[links[link]]) if by_km else amount
            yield _make("charges", (link, cls, use, kind), "usd_per_t", moved, row, author)
    if amount.operation == "factor":
        if not any(pairs.values()):
            what = " or ".join(kinds) if kinds else "cash charge"
            rule = f"no {what} is charged on what '{where}' selects"
            raise NothingFoundError("", rule, "Use add, or another kind of charge.")
        return
    for (link, cls), present in pairs.items():
        if not present and kinds is not None:
            moved = _by_length(amount, lengths[links[link]]) if by_km else amount
            yield _make(
                "charges", (link, cls, "any", kinds[0]), "usd_per_t", moved, NEW_ROW, author
            )


def _by_length(amount: Amount, km: float) -> Amount:
    if amount.operation == "factor":
        return amount
    return replace(amount, value=amount.value * km, low=amount.low * km, high=amount.high * km)


# ---------------------------------------------------------------------------- trade and policy


def _plan_trade(
    selector: Selector, change: PriceChange | SupplyChange | MarketChange, author: Author
) -> Iterator[Edit]:
    table = "supplies" if isinstance(change, SupplyChange) else "markets"
    if isinstance(change, SupplyChange):
        field = {"volume": "mt_per_year", "lifting-cost": "lifting_cost_usd_per_t"}[change.measure]
    elif isinstance(change, MarketChange):
        field = _MARKET_FIELDS[change.measure]
    else:
        field = "price_usd_per_t"
    commodities, places = (selector.texts(table, c) for c in ("commodity_id", "place_id"))
    for row in np.flatnonzero(selector.trade(table, change.where)):
        key = (commodities[row], places[row])
        yield _make(table, key, field, change.amount, int(row), author)


def _plan_stream(selector: Selector, change: StreamChange, author: Author) -> Iterator[Edit]:
    columns = ("stream_id", "outlet_link_id", "supply_place_id")
    texts = [selector.texts("streams", column) for column in columns]
    field = _STREAM_FIELDS[change.measure]
    for row in np.flatnonzero(selector.streams(change.where)):
        key = tuple(column[row] for column in texts)
        yield _make("streams", key, field, change.amount, int(row), author)


def _plan_limit(selector: Selector, change: LimitChange, author: Author) -> Iterator[Edit]:
    _exits(selector, change.country)
    names: tuple[str, ...] = ()
    if change.commodities is not None:
        names = selector.commodity_ids(change.commodities, key="commodities")
    field = "share" if change.share is not None else "mt"
    key = (change.country, ";".join(names))
    yield _make("limits", key, field, change.amount, NEW_ROW, author)


def _plan_horizon(selector: Selector, change: HorizonChange, author: Author) -> Iterator[Edit]:
    long = float(change.horizon == "long")
    yield _make("horizon", (), "horizon", Amount("set", long, long, long), NEW_ROW, author)
    case = selector.case
    for number, growth in enumerate(change.growth):
        try:
            links, pools = selector.subjects(growth.where)
            rows = {name: selector.capacity_row(name) for name in (*links, *pools)}
            rows = _drop_unlimited(case, rows, "capacity")
        except NothingFoundError as error:
            error.key = f"growth.{number}.where" + (f".{error.key}" if error.key else "")
            raise
        cost = read_number(growth.usd_per_unit, "set")
        for subject, row in rows.items():
            extra = _extra(case, growth.amount, row)
            yield _make("growth", (subject,), "max_extra", extra, NEW_ROW, author)
            yield _make("growth", (subject,), "usd_per_unit", cost, NEW_ROW, author)


def _extra(case: Case, amount: Amount, row: int) -> Amount:
    """How many units more a factor or an addition allows."""
    if amount.operation == "add":
        return replace(amount, operation="set")
    now = float(available_capacity(case.capacities.iloc[[row]]).iloc[0])
    value, low, high = ((x - 1.0) * now for x in (amount.value, amount.low, amount.high))
    return Amount("set", value, low, high)


def _plan_project(selector: Selector, change: ProjectChange, author: Author) -> Iterator[Edit]:
    yield from plan_projects(selector, selector.project_ids(change.built), author)


_PLANS: tuple[tuple[Any, Callable[..., Iterable[Edit]]], ...] = (
    (CloseChange, _plan_close),
    (OpenChange, _plan_open),
    (CloseTransitChange, _plan_close_transit),
    (CapacityChange, _plan_capacity),
    (QuotaChange, _plan_quota),
    (FleetChange, _plan_fleet),
    (DaysChange, _plan_days),
    (TariffChange, _plan_tariff),
    (PremiumChange, _plan_premium),
    ((PriceChange, SupplyChange, MarketChange), _plan_trade),
    (StreamChange, _plan_stream),
    (LimitChange, _plan_limit),
    (HorizonChange, _plan_horizon),
    (ProjectChange, _plan_project),
)
