"""Run the notebooks from top to bottom and keep what they show.

    python notebooks/renew.py [NAME.ipynb ...]

Outputs are written without times, machine names and kernel versions, so that a second run changes
nothing unless a result changed.
"""

from __future__ import annotations

import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent


def renew(path: Path) -> float:
    """Run one notebook in its own folder, write its outputs, return the seconds it took."""
    start = time.monotonic()
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=120, kernel_name="python3", record_timing=False,
        extra_arguments=["--IPKernelApp.log_level=ERROR"],
        resources={"metadata": {"path": str(path.parent)}},
    )  # fmt: skip
    client.execute()
    path.write_text(write_clean(notebook), encoding="utf-8")
    return time.monotonic() - start


def write_clean(notebook: Any) -> str:
    """The text of a notebook without what differs from machine to machine."""
    notebook.metadata = nbformat.from_dict({
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        "language_info": {"name": "python"},
    })  # fmt: skip
    for number, cell in enumerate(notebook.cells, 1):
        cell.id = f"cell-{number:02d}"
        cell.metadata = nbformat.from_dict({})
    return str(nbformat.writes(notebook)) + "\n"


def main() -> None:
    """Renew the notebooks named, or all of them."""
    paths = [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb"))
    with ThreadPoolExecutor(max_workers=2) as pool:
        for path, seconds in zip(paths, pool.map(renew, paths), strict=True):
            print(f"{path.name}: {seconds:.1f} s", flush=True)


if __name__ == "__main__":
    main()
