"""Named, sourced reasons for constants above 20 USD/t: what costs of the data leave out."""

from __future__ import annotations

# (measure, sign): reason, source ids. A constant above 20 USD/t without a row here is an error.
REASONS: dict[tuple[str, int], tuple[str, str]] = {
    ("outlet:cpc", 1): (
        "shippers own the rights to CPC's capacity and receive its dividends",
        "OIL-300",
    ),
    ("outlet:atyrau-samara", -1): (
        "light oil loses its value in KEBCO, Transneft has no quality bank",
        "MT-QB-2001;OIL-276",
    ),
    ("outlet:atyrau-samara", 1): (
        "the transit agreement and its yearly schedule keep oil on the line",
        "OIL-255",
    ),
    ("outlet:makhachkala", -1): (
        "draft of the port and losses in its terminal",
        "OIL-297;RTL-MMTP;UFIRMS-MMTP",
    ),
    ("outlet:makhachkala", 1): (
        "the transit agreement and its yearly schedule keep oil on the line",
        "OIL-257",
    ),
    ("outlet:baku-btc", -1): (
        "tariff and transshipment make BTC unprofitable for Kazakh oil, as reported in 2024",
        "OIL-153",
    ),
    ("outlet:baku-btc", 1): (
        "the agreement with SOCAR fixes a volume and who carries it",
        "PALUBA-KMTF",
    ),
    ("outlet:china", -1): (
        "China pays less than Europe, and its export tariff, last published for 2012, is high",
        "BAQ-CHINA;KCP-2012",
    ),
}


def find_reason(measure: str, usd_per_t: float) -> tuple[str, str]:
    """Reason and source ids of a large constant; blanks when there is none."""
    return REASONS.get((measure, 1 if usd_per_t > 0 else -1), ("", ""))
