"""Which tests keep together when several processes share them (pytest --dist loadgroup)."""

import pytest

# What a file prepares is prepared once where the file stays with one process; these have nothing
# to share, or take too long to be done in one go.
SPREAD = {
    "test_documents.py", "test_flow.py", "test_flow_shipped.py", "test_maps_shipped.py",
    "test_maps.py", "test_laws.py",
}  # fmt: skip


def pytest_itemcollected(item):
    if item.path.name not in SPREAD and item.path.suffix == ".py":
        item.add_marker(pytest.mark.xdist_group(item.path.stem))
