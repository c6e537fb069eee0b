"""Results on paper: tables on the terminal, docs/benchmarks.md, the growth picture."""

from __future__ import annotations

import os
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.races import Results, Row
from models.charts import sheet as page
from models.charts.pictures import figure_of
from routes.maps import save_figure
from routes.maps.style import ALTERNATIVES

DOCS = Path(__file__).parents[1] / "docs"
PICTURE = "pictures/benchmark-growth.png"
_TOOLS = ("highspy", "numpy", "scipy", "linopy", "networkx", "clarabel", "pypsa")
_INTRO = """\
# Benchmarks

How fast this package solves, beside other tools on the same programmes in the same run. Ratios
count: they hold on other machines, absolute times do not. `make bench` prints a short version,
`make bench-full` all of it; `python -m benchmarks --full --write` renews this page.

What is raced:

- **kazroutes**: routes as columns, kept in one HiGHS model that is changed in place; every answer
  with its flow laws and its proof of optimality checked, inside the time.
- **HiGHS link LP**, **HiGHS rebuilt**: a flow for each link and commodity, built from sparse arrays
  in memory, HiGHS left to choose its method, one thread. **In place**: the same model changed and
  warm.
- **linopy**: the same programme written as linopy's guide does (variables by name, sums by group),
  built anew for each scenario and handed to HiGHS in memory; **padded arrays**: the same past its
  algebra, straight from arrays of coefficients, the fastest way found. **PyPSA** on request.
- **networkx**: as many shortest-path trees as our solve begins, whole ones, without any flow.
- **Clarabel**: the likely split as an exponential-cone programme.

Synthetic networks (benchmarks/networks.py, seed 1): S has 150 nodes, 450 links, 10 commodities, 500
pairs; M 5,000 nodes, 15,000 links, 100 commodities, 5,000 pairs; L 100,000 nodes, 300,000 links, 1
commodity, 5,000 pairs. A varied scenario moves every cost, price, supply and capacity by itself. On
the shipped network it draws every ranged number of the data, as an ensemble does. Before varied
scenarios our solver sees 128 pilots of its own; that is done once and not in the times. On two
workers it is: there wall time counts from the start of the processes, and linopy solves a few
scenarios on both at once, the rest reckoned by that pace. The ensemble of 10,000 samples runs five
times by the clock, between the other races, each time in a new process, start included; the median
counts, as in the other races.
"""


def print_results(results: Results) -> None:
    """Tables on the terminal."""
    print()
    for race in dict.fromkeys(row.race for row in results.rows):
        print(race)
        for row in results.rows:
            if row.race == race:
                peak = "" if row.peak_mb is None else f"{row.peak_mb:8.0f} MB"
                print(
                    f"  {row.tool:32}{format_seconds(row.seconds):>11}{row.ratio:9.3g}x"
                    f"{peak}  {row.note}".rstrip()
                )
    if results.growth:
        print("growth with size: links, seconds")
        for tool, points in results.growth.items():
            told = ", ".join(f"{links:,} {format_seconds(s)}" for links, s in points)
            print(f"  {tool:32}{told}")
    if results.targets:
        print("targets")
        for target in results.targets:
            word = "met" if target.met else "MISSED"
            print(f"  {target.words:48}{target.wanted:>12}{target.reached:>14}  {word}")


def write_results(results: Results, *, full: bool) -> None:
    """Renew docs/benchmarks.md and the growth picture."""
    parts = [_INTRO, f"Measured on {describe_machine()}" + ("." if full else ", short version.")]
    if results.targets:
        parts.append(
            "\n## Targets\n\n| what | wanted | reached | |\n|---|---|---|---|\n"
            + "\n".join(
                f"| {t.words} | {t.wanted} | {t.reached} | {'met' if t.met else '**missed**'} |"
                for t in results.targets
            )
        )
    parts.append(
        "\n## Times\n\nOne solve, processor time of one thread unless a note says otherwise; the "
        "ratio is to kazroutes.\n\n| race | tool | time | ratio | peak memory | note |\n"
        "|---|---|---|---|---|---|\n" + "\n".join(map(_write_row, results.rows))
    )
    if results.growth:
        draw_growth(results)
        parts.append(
            "\n## Growth with size\n\nOne cold solve with ten commodities on ever larger networks: "
            f"both axes in powers of ten.\n\n![seconds against links, by tool]({PICTURE})"
        )
    (DOCS / "benchmarks.md").write_text("\n".join(parts) + "\n", encoding="utf-8")


def _write_row(row: Row) -> str:
    peak = "" if row.peak_mb is None else f"{row.peak_mb:.0f} MB"
    seconds = format_seconds(row.seconds)
    return f"| {row.race} | {row.tool} | {seconds} | {row.ratio:.3g}x | {peak} | {row.note} |"


def format_seconds(seconds: float) -> str:
    """Seconds in a unit that reads well."""
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


def describe_machine() -> str:
    """Date and class of the machine: nothing that tells which one it is."""
    memory = ""
    if hasattr(os, "sysconf") and "SC_PHYS_PAGES" in os.sysconf_names:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30
        memory = f", {size:.0f} GB"
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    tools = []
    for name in _TOOLS:
        try:
            tools.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    return (
        f"{datetime.now(UTC):%Y-%m-%d}: {os.cpu_count()} cores {platform.machine()}{memory}, "
        f"{platform.system()}, Python {sys.version_info.major}.{sys.version_info.minor}{load}; "
        + ", ".join(tools)
    )


def draw_growth(results: Results) -> None:
    """Seconds against links, both axes in powers of ten; names of tools keep off all lines."""
    sizes = sorted({n for points in results.growth.values() for n, _ in points})
    sheet = page.open_sheet(
        "One cold solve on ever larger networks",
        "Processor seconds against links of the network, ten commodities",
        height=300.0,
        margins=page.Margins(),
    )
    lines = {tool: np.array(points).T for tool, points in results.growth.items()}
    for (links, seconds), look in zip(lines.values(), ALTERNATIVES, strict=False):
        sheet.ax.loglog(links, seconds, marker="o", markersize=4, color=look.colour)
    page.measure_axes(sheet.ax, "Links", "Seconds")
    sheet.ax.set_xticks(sizes, [f"{n:,}" for n in sizes])
    sheet.ax.set_xticks([], minor=True)
    sheet.ax.set_xlim(sizes[0] / 1.5, sizes[-1] * (sizes[-1] / sizes[0]) ** 0.4)  # room for names
    labels = []
    for (tool, line), look in zip(lines.items(), ALTERNATIVES, strict=False):
        points = sheet.to_points(*line)
        sheet.occupancy.mark_line(points, 2.0, 6.0)
        labels.append(page.make_label(tool, [tool], points[-1], colour=look.ink, bold=True))
    page.place_labels(sheet, labels)
    save_figure(figure_of(sheet.ax), DOCS / PICTURE, dpi=150)
