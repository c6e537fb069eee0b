"""The gaps of a data set, ranked by what rests on them, and the text of GAPS.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pandas as pd

from models.evidence.census import Census
from models.evidence.stakes import Stakes
from routes.network import Network
from routes.provenance.numbers import find_number, list_keys, match_rows

TOP = 10
COLUMNS = (
    "rank", "gap_id", "subject", "weakest_grade", "mt", "musd", "what_is_weak", "would_close_it",
)  # fmt: skip


def rank_gaps(network: Network, stakes: Stakes) -> pd.DataFrame:
    """Gaps by the tonnes times the money that rest on them: COLUMNS.

    `weakest_grade` is the worst grade of the numbers named; `mt` are the tonnes whose route uses
    one of them, each counted once; `musd` is the money at stake (see models.evidence.stakes).
    """
    gaps = network["gaps"]
    keys = list_keys(network)
    rows = [find_rows(network, cell.split(";"), keys=keys) for cell in gaps["rests_on"]]
    sums = [stakes.sum_rows(wanted) for wanted in rows]
    table = gaps.assign(
        weakest_grade=[_find_weakest(network, wanted) for wanted in rows],
        mt=[mt for mt, _ in sums],
        musd=[musd for _, musd in sums],
    )
    table = table.assign(score=table["mt"] * table["musd"]).sort_values(
        ["score", "mt", "gap_id"], ascending=[False, False, True], ignore_index=True
    )
    table.insert(0, "rank", range(1, len(table) + 1))
    return table[list(COLUMNS)]


def _find_weakest(network: Network, rows: pd.DataFrame) -> str:
    """The worst grade among rows, blank without any."""
    grades = [
        network[str(table)].loc[group["row"], find_number(str(table), str(name)).grade].max()
        for (table, name), group in rows.groupby(["table", "number"])
    ]
    return max(grades, default="")


def find_rows(
    network: Network, references: Iterable[str], *, keys: Mapping[str, pd.Series] | None = None
) -> pd.DataFrame:
    """Rows that references name: table, row, number."""
    rows = [
        (table, label, number.column)
        for table, number, labels in (match_rows(network, one, keys=keys) for one in references)
        for label in labels
    ]
    return pd.DataFrame(rows, columns=["table", "row", "number"])


def rank_weak_numbers(network: Network, stakes: Stakes, *, top: int = 30) -> pd.DataFrame:
    """Numbers of grade C and D with the most money at stake, and the gaps that name them."""
    weak = stakes.money[stakes.money["grade"].isin(("C", "D"))].head(top)
    keys = list_keys(network)
    named: dict[tuple[str, int, str], list[str]] = {}
    for gap, cell in zip(network["gaps"]["gap_id"], network["gaps"]["rests_on"], strict=True):
        for row in find_rows(network, cell.split(";"), keys=keys).itertuples(
            index=False, name=None
        ):
            named.setdefault(row, []).append(gap)
    where = zip(weak["table"], weak["row"], weak["number"], strict=True)
    gaps = [" ".join(named.get(row, [])) for row in where]
    columns = ["table", "key", "number", "grade", "musd"]
    return weak[columns].assign(gaps=gaps).reset_index(drop=True)


def write_gaps(table: pd.DataFrame, census: Census, *, year: int, version: str) -> str:
    """GAPS.md: the ten weak numbers that matter most, then every gap with what would close it."""
    cost, limited = (census.share(name) for name in ("transport_cost_musd", "limited_mt"))
    lines = [
        "# What is weak in these data, and what would close it",
        "",
        "Written by `kazroutes data gaps -o GAPS.md` from gaps.csv and the baseline run: not to be",
        f"edited by hand. Data {version}, flows of {year}, money in 2023 USD.",
        "",
        f"Grade D stands behind {cost:.1%} of the transport cost and {limited:.1%} of the tonnes",
        "at limited links and shared capacities.",
        "",
        "## The ten weak numbers that matter most",
        "",
    ]
    lines += [
        f"{row.rank}. **{row.subject}** (grade {row.weakest_grade}, {row.mt:.1f} Mt, "
        f"{_money(row.musd)}): {row.what_is_weak}"
        for row in table.head(TOP).itertuples(index=False)
    ]
    lines += [
        "",
        "## Every gap, ranked",
        "",
        "*Mt*: tonnes of the baseline whose route uses one of the numbers. *At stake*: how far the",
        "surplus moves, to first order, when every number of the gap moves by half its range:",
        "tonnes times half the range for money per tonne and for time; half the range times the",
        "worth of one unit more for capacities, supplies and market maxima. A capacity that is not",
        "full has no money at stake (what its low side would cost is not in it), nor has a floor",
        "whose high side shuts nothing in, or the price of an obligation. Ranked by tonnes times",
        "money.",
        "",
        "| rank | number | grade | Mt | at stake | what is weak | what would close it |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row.rank} | {row.subject} (`{row.gap_id}`) | {row.weakest_grade} | {row.mt:.1f} | "
        f"{_money(row.musd)} | {row.what_is_weak} | {row.would_close_it} |"
        for row in table.itertuples(index=False)
    ]
    return "\n".join(lines) + "\n"


def _money(musd: float) -> str:
    return f"{musd:,.0f} M USD" if musd >= 10 else f"{musd:.1f} M USD"
