"""Put a report together: one HTML file with its own style, script, map and data, nothing else."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Mapping, Sequence
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from models.charts import words
from models.charts.tables import KEY_INDICATORS
from models.compare import BASELINE
from models.indicators import INDICATORS
from models.report.facts import Facts, collect_facts
from models.report.figures import draw_figures
from models.report.results import check_alike, collect_results
from models.report.shapes import draw_base
from models.run import Run
from routes.corridors import CORRIDORS
from routes.errors import UnknownNameError, UsageError
from routes.files import new_file
from routes.maps.lines import Geometries
from routes.maps.style import ATTRIBUTION
from routes.network import read_geometries
from routes.units import PRICE_YEAR

LARGEST = 1_950_000
"""Bytes that a file may have: smaller routes are left out of a larger one, and it says so."""
LEAST_PARTS = (0.0, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2, 3e-2)
TITLE = "Kazakhstan's export routes"
COLUMNS = KEY_INDICATORS
SCRIPTS = ("core.js", "state.js", "map.js", "tip.js", "sheets.js", "main.js")
_ASSIGNMENTS = {
    "optimal": "Flows are what would leave if every tonne took its best netback.",
    "likely": "Flows are what probably leaves: fitted on the base year for crude, other goods not.",
    "possible": "Flows are the most tonnes that can leave.",
}


def write_report(
    runs: Sequence[Run],
    path: str | os.PathLike[str],
    *,
    baseline: str | None = None,
    title: str = TITLE,
    geometries: Geometries | None = None,
) -> Path:
    """Write runs as one self-contained HTML file.

    Parameters
    ----------
    runs
        Runs on one data set; the first is shown first.
    path
        File to write; an old one is replaced, the folder must exist.
    baseline
        Scenario that the others are compared with; default `baseline-2023` when it is among them,
        else the first.
    title
        Heading of the page.
    geometries
        Lines of sea lanes and pipelines; default the shipped ones.

    Returns
    -------
    pathlib.Path
        The file. It asks nothing of the network, and a strict content-security policy inside it
        forbids that it ever does.

    Raises
    ------
    UsageError
        Without runs, or when they do not share one data set.
    UnknownNameError
        When no run is called `baseline`.
    """
    text = render_report(runs, baseline=baseline, title=title, geometries=geometries)
    target = Path(path)
    with new_file(target) as temporary:
        temporary.write_text(text, encoding="utf-8")
    return target


def render_report(
    runs: Sequence[Run],
    *,
    baseline: str | None = None,
    title: str = TITLE,
    geometries: Geometries | None = None,
) -> str:
    """The text of the HTML file of `write_report`."""
    if not runs:
        raise UsageError("A report needs at least one run.")
    base = _pick_baseline(runs, baseline)
    lines = read_geometries() if geometries is None else geometries
    check_alike(runs)
    figures = draw_figures(runs, base)
    text = ""
    for least in LEAST_PARTS:
        data, pools = collect_results(runs, lines, baseline=base, least=least)
        facts = collect_facts(runs, pools)
        data["sheets"], data["texts"] = facts.sheets, pools.texts.items
        data["countries"] = [list(country) for country in draw_base().countries]
        text = _fill_template(runs, base, title, data, facts, figures)
        if len(text.encode()) <= LARGEST:
            break
    return text


def _pick_baseline(runs: Sequence[Run], baseline: str | None) -> Run:
    by_name = {run.scenario: run for run in runs}
    if len(by_name) < len(runs):
        raise UsageError("Two runs of a report have the same scenario.")
    if baseline is None:
        return by_name.get(BASELINE, runs[0])
    if baseline not in by_name:
        raise UnknownNameError("run", baseline, by_name)
    return by_name[baseline]


def _fill_template(
    runs: Sequence[Run],
    base: Run,
    title: str,
    data: Mapping[str, Any],
    facts: Facts,
    figures: Sequence[Mapping[str, Any]],
) -> str:
    css, script = _read("page.css"), _read_script()
    manifest = runs[0].manifest
    network = runs[0].result.case.network
    environment = Environment(autoescape=True, undefined=StrictUndefined)
    template = environment.from_string(_read("template.html.j2"))
    return template.render(
        title=title,
        policy=write_policy(css, script),
        css=css,
        script=script,
        data=embed_json(data),
        scenarios=[
            {"title": s["title"], "summary": s["summary"],
             "note": f"{s['year']}, {s['assignment']} flows"}
            for s in data["scenarios"]
        ],
        base=draw_base(),
        baseline_title=base.title or base.scenario,
        columns=[_head_column(name) for name in COLUMNS],
        comparison=[_compare(number, run, base) for number, run in enumerate(runs)],
        figures=figures,
        definitions=[_define(name) for name in INDICATORS],
        corridors=[
            {"name": words.name_corridor(name), "rule": rule + "."}
            for name, rule in CORRIDORS.items()
        ],
        assignment_words=" ".join(
            _ASSIGNMENTS[name] for name in dict.fromkeys(run.assignment for run in runs)
        ),
        grade_words=_describe_grades(network),
        commodities=facts.commodities,
        emissions=facts.emissions,
        sources=[
            source | {"web": source["url"].startswith(("https://", "http://"))}
            for source in facts.sources
        ],
        attribution=ATTRIBUTION,
        price_year=PRICE_YEAR,
        version=manifest["version"],
        solver=manifest["solver"],
        created=manifest["created"][:10],
        data_name=network.name,
        data_version=manifest["data_version"],
        data_changes=manifest["data_changes"],
        digest=manifest["data_digest"],
    )  # fmt: skip


@lru_cache(maxsize=16)
def _read(name: str) -> str:
    return files("models.report").joinpath(name).read_text(encoding="utf-8")


def _read_script() -> str:
    parts = "\n".join(_read(f"script/{name}") for name in SCRIPTS)
    return f'\n"use strict";\n(() => {{\n{parts}}})();\n'


def write_policy(css: str, script: str) -> str:
    """A policy that allows exactly this style and this script, and pictures inside the file."""
    style, code = (
        base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in (css, script)
    )
    return (
        f"default-src 'none'; style-src 'sha256-{style}'; script-src 'sha256-{code}'; "
        "img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"
    )


def embed_json(data: Any) -> str:
    """Strict JSON that cannot end the script element it stands in."""
    text = json.dumps(data, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
    for sign, escape in (
        ("<", "\\u003c"), (">", "\\u003e"), ("&", "\\u0026"),
        ("\u2028", "\\u2028"), ("\u2029", "\\u2029"),
    ):  # fmt: skip
        text = text.replace(sign, escape)
    return text


def _head_column(name: str) -> dict[str, str]:
    measure = words.INDICATORS[name]
    return {"id": name, "name": measure.name, "unit": measure.unit}


def _compare(number: int, run: Run, base: Run) -> dict[str, Any]:
    cells = []
    for name in COLUMNS:
        measure = words.INDICATORS[name]
        value, before = run.indicators[name], base.indicators[name]
        change = ""
        if run is not base and value is not None and before is not None:
            change = measure.show(value - before, sign=True)
        cells.append({"value": value, "text": measure.show(value), "change": change})
    return {"number": number, "title": run.title or run.scenario, "cells": cells}


def _define(name: str) -> dict[str, str]:
    function, _ = INDICATORS[name]
    measure = words.INDICATORS.get(name, words.Measure(name, ""))
    meaning = " ".join((function.__doc__ or "").split("\n\n")[0].split())
    return {"id": name, "name": measure.name, "unit": measure.unit, "meaning": meaning}


def _describe_grades(network: Any) -> str:
    from routes.provenance import count_grades

    inputs = count_grades(network).iloc[-1]
    parts = [f"{int(inputs[grade]):,} {grade}" for grade in "ABCD"]
    return f"Of the {int(inputs['rows']):,} inputs of the data set {', '.join(parts)}."
