"""Scenario discovery: the ranges of inputs under which an outcome is as wanted.

A tree of decisions (CART, scikit-learn) splits two thirds of the samples by inputs that stand out
from chance; its leaves are boxes. The third that the tree has not seen says of each box which part
of its samples are as wanted (density), and which part of all such samples it holds (coverage).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.ensemble.drivers import rank_drivers
from routes.errors import UsageError

HELD_OUT = 1 / 3  # part of the samples that boxes are measured on
_FEWEST = 8  # samples that make a box
_WANTED = "as wanted"
_BY_CHANCE = "none that stand out from chance"
_COMPARE: dict[str, Callable[[pd.Series, float], pd.Series]] = {
    ">=": lambda values, level: values >= level,
    "<=": lambda values, level: values <= level,
    ">": lambda values, level: values > level,
    "<": lambda values, level: values < level,
}


@dataclass(frozen=True)
class Goal:
    """What is wanted of an outcome: `middle-corridor_share > 0.2`."""

    outcome: str
    sign: str
    level: float

    def holds(self, values: pd.Series) -> pd.Series:
        """Where values are as wanted; never where there is none."""
        return _COMPARE[self.sign](values, self.level) & values.notna()

    def __str__(self) -> str:
        return f"{self.outcome} {self.sign} {self.level:g}"


def read_goal(text: str) -> Goal:
    """A goal as it is written: `exported_mt<100`. Raises UsageError."""
    for sign in _COMPARE:
        name, found, level = text.partition(sign)
        if found:
            try:
                return Goal(name.strip(), sign, float(level))
            except ValueError:
                break
    msg = f"A goal reads OUTCOME>LEVEL (or <, >=, <=), such as exported_mt<100. Got '{text}'."
    raise UsageError(msg)


def find_conditions(
    frame: pd.DataFrame,
    inputs: Sequence[str],
    goal: Goal | str,
    *,
    depth: int = 3,
    smallest: float = 0.02,
) -> pd.DataFrame:
    """Boxes of inputs in which samples are as wanted, densest first where they were sought.

    Boxes are sought in two thirds of the samples, by inputs whose rank correlation with the goal is
    above the noise there, and measured on the others.

    Parameters
    ----------
    frame
        Columns `scenario`, inputs, and the outcome of the goal.
    goal
        Such as "middle-corridor_share>0.2".
    depth
        Conditions that a box may have at most.
    smallest
        Part of the samples that a box must hold where it is sought; never fewer than 8 samples.

    Returns
    -------
    pandas.DataFrame
        A row a scenario and box: scenario, goal, box (1 is the densest), conditions in words,
        density and coverage (0..1), samples, share_of_samples (all of samples that the search has
        not seen), base_rate (part of all samples that are as wanted). Where goals hold in all
        samples or none, or no input stands out from chance, one row that says so.
    """
    from sklearn.model_selection import train_test_split
    from sklearn.tree import DecisionTreeClassifier

    goal = read_goal(goal) if isinstance(goal, str) else goal
    parts = []
    for scenario, mine in frame.groupby("scenario", sort=False):
        wanted = goal.holds(mine[goal.outcome]).to_numpy()
        rate = wanted.mean()
        if rate in (0.0, 1.0):
            words = "always" if rate else "never"
            parts.append(pd.DataFrame([_describe_whole(str(scenario), goal, wanted, words)]))
            continue
        kinds = wanted if min(wanted.sum(), (~wanted).sum()) > 1 else None
        seek, check = train_test_split(
            np.arange(len(wanted)), test_size=HELD_OUT, stratify=kinds, random_state=0
        )
        ranked = rank_drivers(
            mine.iloc[seek].assign(**{_WANTED: wanted[seek].astype(float)}), inputs, [_WANTED]
        )
        names = list(ranked.loc[ranked["above_noise"].astype(bool), "driver"])
        if not names or kinds is None:
            parts.append(pd.DataFrame([_describe_whole(str(scenario), goal, wanted, _BY_CHANCE)]))
            continue
        points = mine[names].to_numpy(dtype=float)
        tree = DecisionTreeClassifier(
            max_depth=depth, min_samples_leaf=max(_FEWEST, int(smallest * len(seek))),
            min_impurity_decrease=1e-4, random_state=0,
        ).fit(points[seek], wanted[seek])  # fmt: skip
        leaf, there = tree.apply(points), wanted[check]
        rows = []
        for number, words in _read_leaves(tree.tree_, names).items():
            inside = leaf[check] == number
            hits = there[inside].sum()
            rows.append({
                "scenario": scenario, "goal": str(goal), "conditions": words,
                "density": hits / inside.sum() if inside.any() else np.nan,
                "coverage": hits / there.sum(), "samples": int(inside.sum()),
                "share_of_samples": inside.mean(), "base_rate": rate,
                "sought": wanted[seek][leaf[seek] == number].mean(),
            })  # fmt: skip
        table = pd.DataFrame(rows).sort_values(
            ["sought", "coverage", "conditions"], ascending=[False, False, True]
        )
        table.insert(2, "box", np.arange(1, len(table) + 1))
        parts.append(table.drop(columns="sought"))
    return pd.concat(parts, ignore_index=True)


def _describe_whole(scenario: str, goal: Goal, wanted: np.ndarray, words: str) -> dict[str, object]:
    rate = float(wanted.mean())
    return {
        "scenario": scenario, "goal": str(goal), "box": 1, "conditions": words, "density": rate,
        "coverage": float(rate > 0), "samples": len(wanted), "share_of_samples": 1.0,
        "base_rate": rate,
    }  # fmt: skip


def _read_leaves(tree: object, inputs: Sequence[str]) -> dict[int, str]:
    """Conditions of each leaf, tightest of each input only."""
    left, right = tree.children_left, tree.children_right  # type: ignore[attr-defined]
    feature, threshold = tree.feature, tree.threshold  # type: ignore[attr-defined]
    leaves: dict[int, str] = {}
    waiting: list[tuple[int, dict[tuple[int, str], float]]] = [(0, {})]
    while waiting:
        node, limits = waiting.pop()
        if left[node] < 0:
            parts = [
                f"{inputs[f]} {sign} {value:.4g}" for (f, sign), value in sorted(limits.items())
            ]
            leaves[node] = " and ".join(parts) or _BY_CHANCE
            continue
        at, level = int(feature[node]), float(threshold[node])
        above, below = (at, ">"), (at, "<=")
        waiting.append((right[node], limits | {above: max(level, limits.get(above, -np.inf))}))
        waiting.append((left[node], limits | {below: min(level, limits.get(below, np.inf))}))
    return leaves
