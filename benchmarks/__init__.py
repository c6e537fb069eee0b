"""Benchmarks. Linear algebra gets one thread: a second one that waits would count as work."""

import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
