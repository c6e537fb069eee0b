"""Notebooks: run from top to bottom, small, and free of one machine's traces.

That they run is tested by nbmake (`make test`); here is what they carry along.
"""

import base64
import importlib.util
import json
import re
from io import BytesIO
from pathlib import Path

import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from models.charts import show
from models.widgets import explore
from real_case import network
from routes.errors import UnknownNameError
from routes.maps import inspect_map
from routes.maps.style import CORRIDORS

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "notebooks"
NAMES = [
    "1-quick-start", "2-comparing-corridors", "3-closing-russia", "4-likely-and-backcast",
    "5-own-data-and-scenario", "6-uncertainty",
]  # fmt: skip
MOST_PICTURE = 150_000
MOST_NOTEBOOK = 600_000


def read(name):
    return json.loads((FOLDER / f"{name}.ipynb").read_text(encoding="utf-8"))


def code_of(notebook):
    return [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]


def outputs_of(notebook):
    return [output for cell in code_of(notebook) for output in cell["outputs"]]


def texts_of(output):
    """Every text of an output."""
    parts = [output.get("text", ""), *output.get("data", {}).values()]
    return ["".join(part) if isinstance(part, list) else str(part) for part in parts]


def test_there_are_six():
    assert sorted(path.stem for path in FOLDER.glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_it_was_run_once_from_top_to_bottom(name):
    notebook = read(name)
    cells = code_of(notebook)
    assert [cell["execution_count"] for cell in cells] == list(range(1, len(cells) + 1))
    assert cells
    assert any(output["output_type"] != "stream" for output in outputs_of(notebook))
    assert not [o for o in outputs_of(notebook) if o["output_type"] == "error"]
    assert not [o for o in outputs_of(notebook) if o.get("name") == "stderr"]


@pytest.mark.parametrize("name", NAMES)
def test_it_holds_no_trace_of_a_machine(name):
    notebook = read(name)
    said = "\n".join(text for output in outputs_of(notebook) for text in texts_of(output))
    assert not re.search(r"(?<![A-Za-z0-9_.~:/<])/(?:root|home|Users|tmp|work|usr|var)/\w", said)
    assert not re.search(r"[A-Z]:\\\\", said)
    assert not re.search(r" at 0x[0-9a-f]{6,}", said)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert notebook["metadata"]["language_info"] == {"name": "python"}
    assert not [cell for cell in notebook["cells"] if cell["metadata"]]


@pytest.mark.parametrize("name", NAMES)
def test_it_is_small(name):
    assert (FOLDER / f"{name}.ipynb").stat().st_size < MOST_NOTEBOOK
    for output in outputs_of(read(name)):
        picture = output.get("data", {}).get("image/png")
        if picture:
            assert len(base64.b64decode("".join(picture))) < MOST_PICTURE


@pytest.mark.parametrize("name", NAMES)
def test_its_last_lines_lead_on(name):
    notebook = read(name)
    links = re.findall(r"\]\(([\w-]+\.ipynb)\)", json.dumps(notebook["cells"]))
    assert all((FOLDER / link).exists() for link in links)
    assert links or name == NAMES[-1]
    assert "kazroutes " in "".join(notebook["cells"][-1]["source"])


def test_a_notebook_is_written_without_times_and_names():
    spec = importlib.util.spec_from_file_location("renew", FOLDER / "renew.py")
    renew = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(renew)
    nbformat = pytest.importorskip("nbformat")
    book = nbformat.v4.new_notebook()
    book.cells.append(nbformat.v4.new_code_cell("1 + 1"))
    book.cells[0].metadata["execution"] = {"iopub.execute_input": "2026-01-01T00:00:00Z"}
    book.metadata["language_info"] = {"name": "python", "version": "3.99.1"}
    text = renew.write_clean(book)
    assert "3.99.1" not in text
    assert "2026" not in text
    assert renew.write_clean(nbformat.reads(text, as_version=4)) == text


# What notebooks show


@pytest.fixture(scope="module")
def explorer():
    return explore(["baseline-2023", "russia-closed"], network=network())


def test_explore_draws_what_is_chosen(explorer):
    assert repr(explorer).startswith("<Explorer of 2 scenarios")
    whole = explorer.draw("russia-closed")
    change = explorer.draw("russia-closed", change=True)
    assert set(inspect_map(whole).totals) != set()
    assert inspect_map(change).unit == "Mt"
    uranium = explorer.draw("baseline-2023", commodity="uranium", measure="scaled")
    assert inspect_map(uranium).unit == "%"
    with pytest.raises(UnknownNameError, match="russia-close"):
        explorer.draw("russia-close")


def test_the_lists_of_explore_change_its_picture(explorer):
    pytest.importorskip("ipywidgets")
    lists, more, picture = explorer.widget.children
    scenario, commodity = lists.children
    measure, change = more.children
    seen = [bytes(picture.value)]
    for part, value in (
        (scenario, "russia-closed"), (measure, "value"), (commodity, "grain"), (change, True),
    ):  # fmt: skip
        part.value = value
        seen.append(bytes(picture.value))
    assert len(set(seen)) == len(seen)
    assert all(png.startswith(b"\x89PNG") for png in seen)
    assert "application/vnd.jupyter.widget-view+json" in explorer._repr_mimebundle_()


def test_a_picture_is_small_and_keeps_the_colours_of_thin_lines(explorer):
    ax = explorer.draw("baseline-2023")
    picture = show(ax)
    assert len(picture.png) < MOST_PICTURE
    assert picture._repr_png_() == picture.png == show(ax).png
    drawn = Image.open(BytesIO(picture.png)).convert("RGB")
    colours = {colour for _, colour in drawn.getcolors(1 << 20)}
    for name, look in CORRIDORS.items():
        if name not in inspect_map(ax).totals:
            continue
        wanted = [round(255 * part) for part in to_rgb(look.colour)]
        nearest = min(sum(abs(a - b) for a, b in zip(c, wanted, strict=True)) for c in colours)
        assert nearest < 40, name
