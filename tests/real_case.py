"""Runs on the shipped data, made once in a test process."""

from functools import lru_cache

from models.run import run_scenario
from routes.network import load_network


@lru_cache(maxsize=1)
def network():
    return load_network()


@lru_cache(maxsize=16)
def real_run(name, *, prices=False, commodity=None):
    return run_scenario(name.split("+"), network=network(), prices=prices, commodity=commodity)
