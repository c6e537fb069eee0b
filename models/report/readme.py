"""The picture and the comparison table of README.md, made from results.

    python -m models.report.readme            write both
    python -m models.report.readme --check    say whether the table is up to date

The table stands between `<!-- kazroutes:compare -->` and `<!-- /kazroutes:compare -->`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence
from pathlib import Path

from models.charts import words
from models.charts.flows import map_flows
from models.charts.pictures import show
from models.compare import Comparison, compare_scenarios
from models.run import Run
from models.tables import make_column
from routes.errors import UsageError
from routes.files import new_file
from routes.network import Network

SCENARIOS = (
    "baseline-2023", "russia-closed", "russia-closed-no-swaps", "cpc-shutdown",
    "russian-ports-closed-to-rail", "caspian-low-water", "turkish-straits-closed",
    "middle-corridor-2030", "trans-caspian-pipeline", "critical-minerals-west",
)  # fmt: skip
COLUMNS = (
    "exported_mt", "undelivered_mt", "shortfall_mt", "cash_cost_usd_per_t", "surplus_musd",
    "transit_share", "exclusion_loss", "bypass_coverage", "bypass_coverage_paying",
)  # fmt: skip
README = Path("README.md")
PICTURE = Path("docs/pictures/baseline-2023.png")
COMPARE = "compare"
_DPI = 110.0


def write_table(comparison: Comparison, columns: Sequence[str] = COLUMNS) -> str:
    """The indicators of scenarios as a Markdown table, the baseline first."""
    measures = [words.INDICATORS[name] for name in columns]
    head = ["scenario", *(
        f"{make_column(name).heading}, {m.unit}" for name, m in zip(columns, measures, strict=True)
    )]  # fmt: skip
    lines = [_write_row(head), _write_row(["---", *["---:"] * len(columns)])]
    for run in comparison.runs:
        cells = [m.show(run.indicators[name]) for m, name in zip(measures, columns, strict=True)]
        lines.append(_write_row([_escape(run.title or run.scenario), *cells]))
    return "\n".join(lines)


def _write_row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escape(text: str) -> str:
    return text.replace("|", "\\|").replace("<", "&lt;")


def fill_block(text: str, name: str, inside: str) -> str:
    """`text` with what stands between the markers of a block replaced.

    Raises UsageError when the text has no such block.
    """
    pattern = re.compile(
        rf"(<!-- kazroutes:{re.escape(name)} -->\n).*?(<!-- /kazroutes:{re.escape(name)} -->)",
        re.DOTALL,
    )
    if len(pattern.findall(text)) != 1:
        raise UsageError(f"The text needs one block '<!-- kazroutes:{name} -->' with its end.")
    return pattern.sub(lambda match: f"{match[1]}{inside}\n{match[2]}", text)


def read_block(text: str, name: str) -> str:
    """What stands between the markers of a block; blank without one."""
    pattern = rf"<!-- kazroutes:{re.escape(name)} -->\n(.*?)<!-- /kazroutes:{re.escape(name)} -->"
    found = re.search(pattern, text, re.DOTALL)
    return found[1].strip() if found else ""


def compare_for_readme(network: Network | None = None) -> Comparison:
    """The runs of the table."""
    return compare_scenarios(SCENARIOS, network=network, prices=False)


def draw_picture(run: Run) -> bytes:
    """The flow map of a run as a PNG small enough for a repository."""
    return show(map_flows(run, title=f"Kazakhstan's exports: {run.title}"), dpi=_DPI).png


def renew_readme(root: Path) -> None:
    """Write the table and the picture of the README in a folder."""
    comparison = compare_for_readme()
    readme = root / README
    text = fill_block(readme.read_text(encoding="utf-8"), COMPARE, write_table(comparison))
    (root / PICTURE).parent.mkdir(parents=True, exist_ok=True)
    with new_file(root / PICTURE) as temporary:
        temporary.write_bytes(draw_picture(comparison.runs[0]))
    with new_file(readme) as temporary:
        temporary.write_text(text, encoding="utf-8")


def is_current(text: str, comparison: Comparison) -> bool:
    """Whether the table in the README's text is that of the runs."""
    return read_block(text, COMPARE) == write_table(comparison)


def main(arguments: Sequence[str]) -> int:
    """Renew the README of the folder at hand, or with --check compare only."""
    root = Path.cwd()
    if "--check" in arguments:
        text = (root / README).read_text(encoding="utf-8")
        current = is_current(text, compare_for_readme())
        sys.stdout.write("up to date\n" if current else "out of date\n")
        return 0 if current else 1
    renew_readme(root)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
