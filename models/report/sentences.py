"""The summary of a run in sentences, computed from its numbers, each with a way to its meaning.

A sentence is a list of parts (text, anchor); an anchor leads to the definition or table on the
page that a number comes from, and is blank for plain words.
"""

from __future__ import annotations

from collections.abc import Sequence

from models.charts import words
from models.charts.tables import capacity_table, transit_table
from models.run import Run

Part = tuple[str, str]
Sentence = list[Part]
_LEAST_CHANGE = 0.01  # part of the baseline below which a change is called none
_MOST_NAMES = 6


def summarise(run: Run, baseline: Run | None = None) -> list[Sentence]:
    """What a reader should know of a run first; against a baseline, what changed."""
    sentences = [
        _say_amounts(run), _say_corridors(run), _say_cost(run), _say_dependency(run),
        _say_commodities(run), _say_exposure(run), _say_bottlenecks(run),
    ]  # fmt: skip
    if baseline is not None and baseline is not run:
        sentences.insert(1, _say_change(run, baseline))
    sentences.insert(1, [(run.say_goods(), "")] if run.say_goods() else [])
    return [sentence for sentence in sentences if sentence]


def to_text(sentence: Sentence) -> str:
    """A sentence without its anchors."""
    return "".join(text for text, _ in sentence)


def _number(run: Run, name: str, *, unit: bool = True) -> Part:
    measure = words.INDICATORS[name]
    text = measure.show(run.indicators[name])
    short = measure.unit.removesuffix(" a year").split(" of ")[0]
    if unit:
        text += "%" if short == "%" else f" {short}"
    return text, f"indicator-{name}"


def _what(run: Run) -> str:
    if run.commodity:
        return words.say_commodity(run.commodity)
    return run.cargo if run.result.case.left_out else "cargo of all kinds"


def _say_amounts(run: Run) -> Sentence:
    i = run.indicators
    where = {
        "optimal": "if every tonne takes its best netback",
        "likely": "as it most probably flows",
        "possible": "if as much as possible leaves",
    }[run.assignment]
    parts: Sentence = [
        (f"In {run.year}, {where}, Kazakhstan exports ", ""), _number(run, "exported_mt"),
        (f" of {_what(run)}, worth ", ""), _number(run, "export_value_musd"),
    ]  # fmt: skip
    left = i["undelivered_mt"] or 0.0
    if (i["domestic_mt"] or 0.0) > 0:
        parts += [("; ", ""), _number(run, "domestic_mt"), (" are delivered at home", "")]
    if left >= 0.05:
        parts += [(" and ", ""), _number(run, "undelivered_mt"), (" find no way out", "")]
    else:
        parts += [(" and nothing stays behind", "")]
    if (i["shortfall_mt"] or 0.0) >= 0.005:
        parts += [(". Home refineries miss ", ""), _number(run, "shortfall_mt")]
    return [*parts, (".", "")]


def _say_corridors(run: Run) -> Sentence:
    table = run.corridors[run.corridors["corridor"] != "domestic"]
    if table.empty:
        return []
    total = float(table["mt"].sum())
    top = table.sort_values("mt", ascending=False, kind="stable").head(4)
    parts: Sentence = [("By corridor: ", "")]
    for number, row in enumerate(top.to_dict("records")):
        text = f"{words.format_amount(row['mt'])} ({100 * row['mt'] / total:.0f}%)"
        parts += [
            (", " if number else "", ""),
            (f"{words.name_corridor(row['corridor'])} ", ""),
            (text, "corridors"),
        ]
    return [*parts, (".", "")]


def _say_cost(run: Run) -> Sentence:
    if run.indicators["cash_cost_usd_per_t"] is None:
        return []
    return [
        ("Carrying a tonne of exports costs ", ""), _number(run, "cash_cost_usd_per_t"),
        (" and takes ", ""), _number(run, "days_mean"),
        (" on average; one tonne in ten takes more than ", ""), _number(run, "days_p90"),
        (". The transport bill is ", ""), _number(run, "transport_cost_musd"),
        (" a year, its emissions ", ""), _number(run, "co2_mt"), (".", ""),
    ]  # fmt: skip


def _say_dependency(run: Run) -> Sentence:
    i, country = run.indicators, words.name_country(run.country)
    if i["transit_share"] is None:
        return []
    if i["transit_share"] == 0:
        parts: Sentence = [
            ("No tonne", "indicator-transit_share"), (f" for other countries crosses {country}", "")
        ]  # fmt: skip
        return [*parts, *_say_market(run, country), (".", "")]
    parts = [
        (f"Of what other countries than {country} buy, ", ""), _number(run, "transit_share"),
        (" by tonnes and ", ""), _number(run, "transit_share_value"),
        (f" by value crosses {country}", ""),
    ]  # fmt: skip
    if i["exclusion_loss"] is not None:
        parts += [
            (". Were that way shut, ", ""), _number(run, "exclusion_loss"),
            (" of the surplus would be lost", ""),
        ]  # fmt: skip
    if i["bypass_coverage"] is not None:
        parts += [
            (f"; of the tonnes for countries other than {country}, ", ""),
            _number(run, "bypass_coverage"), (" could still leave, ", ""),
            _number(run, "bypass_coverage_paying"), (" at a price that pays", ""),
        ]  # fmt: skip
    return [*parts, *_say_market(run, country), (".", "")]


def _say_market(run: Run, country: str) -> Sentence:
    if not run.indicators["market_share"]:
        return []
    return [
        (f". {country} itself buys ", ""), _number(run, "market_share"), (" of all exports", "")
    ]  # fmt: skip


def _say_commodities(run: Run) -> Sentence:
    """Commodities that cross the country whole, and those that hardly do."""
    table = transit_table(run, least_mt=0.01)
    if run.commodity or len(table) < 3 or not run.indicators["transit_share"]:
        return []
    most, least = (
        _name_some(list(table[mask]["commodity"]))
        for mask in (table["transit_share"] > 0.9, table["transit_share"] < 0.1)
    )
    country = words.name_country(run.country)
    parts: Sentence = []
    if most:
        parts += [("More than nine tenths cross it of ", ""), (most, "commodities")]
    if least:
        parts += [
            ("; less than one tenth of " if most else f"Less than one tenth crosses {country} of ",
             ""),
            (least, "commodities"),
        ]  # fmt: skip
    return [*parts, (".", "")] if parts else []


def _name_some(commodities: Sequence[str]) -> str:
    names = [words.say_commodity(name) for name in commodities]
    if len(names) > _MOST_NAMES + 1:
        names = [*names[:_MOST_NAMES], f"{len(names) - _MOST_NAMES} others"]
    return join_words(names)


def _say_exposure(run: Run) -> Sentence:
    i = run.indicators
    if not i["sanctions_exposure_share"] and not i["war_risk_share"]:
        return []
    return [
        ("Operators under sanctions handle ", ""), _number(run, "sanctions_exposure_share"),
        (" of the exports on some part of their way; ", ""), _number(run, "war_risk_share"),
        (" pass waters or ports under war risk.", ""),
    ]  # fmt: skip


def _say_bottlenecks(run: Run) -> Sentence:
    table = capacity_table(run)
    full = table[(table["utilisation"] > 0.999) & (table["used"] > 0)]
    if full.empty:
        return [("No capacity is full.", "")]
    parts: Sentence = [
        (f"{len(full)} capacit{'y is' if len(full) == 1 else 'ies are'} full", "capacities")
    ]
    dear = full[full["at_stake_musd"] > 0].head(2)
    for number, row in enumerate(dear.to_dict("records")):
        worth = words.format_price(row["gain_usd_per_unit"], row["unit"])
        lead = ". The one that binds most is " if number == 0 else ", then "
        parts += [
            (f"{lead}{row['name']}: one unit more would be worth ", ""),
            (worth, "capacities"),
        ]
    return [*parts, (".", "")]


def _say_change(run: Run, baseline: Run) -> Sentence:
    year = "" if baseline.year == run.year else f", with inputs of {baseline.year}"
    title = baseline.title or baseline.scenario
    parts: Sentence = [(f"Against \u201c{title}\u201d{year}: ", "")]
    told = 0
    for name, noun in (
        ("exported_mt", "exports"), ("netback_musd", "the netback of all exports"),
        ("cash_cost_usd_per_t", "the cost of a tonne"), ("days_mean", "the mean time"),
    ):  # fmt: skip
        now, before = run.indicators[name], baseline.indicators[name]
        if now is None or before is None or abs(now - before) <= _LEAST_CHANGE * abs(before):
            continue
        measure = words.INDICATORS[name]
        change = measure.show(abs(now - before))
        unit = measure.unit.removesuffix(" a year")
        share = f" ({100 * abs(now / before - 1):.0f}%)" if before else ""
        way = "fall" if now < before else "rise"
        verb = way if noun == "exports" else f"{way}s"
        parts += [
            ("; " if told else "", ""), (f"{noun} {verb} by ", ""),
            (f"{change} {unit}{share}", f"indicator-{name}"),
        ]  # fmt: skip
        told += 1
    if not told:
        parts.append(("exports, netback, cost and time stay within one percent", ""))
    return [*parts, *_say_loser(run, baseline), (".", "")]


def _say_loser(run: Run, baseline: Run) -> Sentence:
    now = run.commodities.set_index("commodity")["exported_mt"]
    before = baseline.commodities.set_index("commodity")["exported_mt"]
    change = now.sub(before, fill_value=0.0)
    if change.empty or float(change.min()) > -0.05:
        return []
    loser = str(change.idxmin())
    amount = words.format_amount(-float(change.min()))
    return [(f"; {words.say_commodity(loser)} loses most, ", ""), (amount, "commodities")]


def join_words(names: Sequence[str]) -> str:
    """Names as in a sentence: `a`, `a and b`, `a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
