"""Which tests keep together when several processes share them (pytest -n)."""

import gc
import re

import pytest

# What a file prepares is prepared once where the file stays with one process; these have nothing
# to share, or take too long to be done in one go.
SPREAD = {
    "test_documents.py", "test_flow.py", "test_flow_shipped.py", "test_laws.py",
    "test_maps_flows.py", "test_maps_ground.py", "test_maps_kinds.py", "test_maps_labels.py",
    "test_maps_saving.py", "test_maps_shipped.py",
}  # fmt: skip
# The run of a shipped scenario is solved once, for its map and for its second opinion.
SHIPPED = re.compile(r"test_(?:flow|maps)_shipped\.py::.*\[([a-z][a-z0-9-]+)\]$")


def group_of(nodeid):
    """Tests of one group are done by one process, one after the other."""
    if found := SHIPPED.search(nodeid):
        return found[1]
    file = nodeid.partition("::")[0]
    return nodeid if file.rpartition("/")[2] in SPREAD else file


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config, log):
    """The largest groups first, as xdist orders them, and single tests at the end.

    The mark xdist_group would do, but pytest 9.2 drops what xdist 3.8 adds to a test's name for it.
    """
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid):
            return group_of(nodeid)

    return Scheduling(config, log)


def pytest_collection_finish(session):
    """What is loaded by now stays: the collector need not look through it again and again."""
    gc.freeze()
