"""N-1 and N-k: by hand, by changing the tables, and against brute force."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pytest

from cases import make_case, random_case
from models.demand import Limit
from models.dependency.criticality import rank_criticality
from models.dependency.interdiction import find_worst_removals
from models.dependency.subjects import Incidence, close_subjects, list_subjects
from models.flow.programme import build_problem
from models.flow.solve import base_solver, frozen_solver, solve_optimal
from oracle import optimum_by_links
from real_case import real_run
from routes.corridors import close_transit
from routes.errors import UnknownNameError, UsageError


def twin_ways():
    """Mine -> border -> port RU (cap 4, a berth of 3) or -> port CN (dearer, slower); 5 Mt.

    mine --10--> border --5--> port-ru --berth 3--> sea (100 USD/t)
    mine --40, 6 days--------> port-cn -----------> sea
    """
    return make_case(
        places={"mine": "KZ", "border": "KZ", "port-ru": "RU", "port-cn": "CN", "sea": "DE"},
        links=[
            {"id": "load", "a": "mine.site", "b": "mine", "kind": "load"},
            {"id": "to-border", "a": "mine", "b": "border", "cost": 10, "days": 1},
            {"id": "to-ru", "a": "border", "b": "port-ru", "cost": 5, "cap": 4, "days": 2},
            {"id": "ru-sea", "a": "port-ru", "b": "sea", "days": 1},
            {"id": "to-cn", "a": "mine", "b": "port-cn", "cost": 40, "days": 6},
            {"id": "cn-sea", "a": "port-cn", "b": "sea", "days": 2},
            {"id": "out", "a": "sea", "b": "sea.site", "kind": "unload"},
        ],
        supplies=[("coal", "mine", 5, 0)],
        markets=[{"commodity": "coal", "place": "sea", "max": 9, "price": 100}],
        shared=[("berth", "ru-sea", 1.0)],
        capacities={"berth": {"practical": 3}},
    )  # fmt: skip


def table_of(result):
    return result.table.set_index("subject_id")


def test_one_way_falls_out():
    """Now 3 Mt at 85 and 2 Mt at 60. Without Russia all 5 Mt earn 60: 75 million less."""
    case = twin_ways()
    result = rank_criticality(case, solver=frozen_solver(case))
    table = table_of(result)
    assert result.surplus_musd == pytest.approx(3 * 85 + 2 * 60)
    for name in ("to-border", "to-ru", "ru-sea", "berth", "RU"):
        row = table.loc[name]
        assert row["lost_musd"] == pytest.approx(75)
        assert row["lost_share"] == pytest.approx(75 / 375)
        assert row["lost_mt"] == 0
        assert row["added_cost_usd_per_t"] == pytest.approx(40 - (3 * 15 + 2 * 40) / 5)
        assert row["added_days"] == pytest.approx(8 - (3 * 4 + 2 * 8) / 5)
        assert row["export_share"] == pytest.approx(0.6)
        assert row["commodity"] == "coal" and row["commodity_lost_musd"] == pytest.approx(75)
    assert set(table.loc[["to-border", "to-ru", "ru-sea", "berth"], "same_as"]) == {"RU"}
    assert table.loc["to-cn", "lost_musd"] == pytest.approx(120)
    assert table.loc["to-cn", "lost_mt"] == pytest.approx(2)
    assert table.loc["load", "lost_musd"] == pytest.approx(375)
    assert table["lost_musd"].is_monotonic_decreasing
    leaders = result.leaders()
    others = dict(zip(leaders["subject_id"], leaders["same_as"], strict=True))
    assert set(others["RU"]) == {"to-border", "to-ru", "ru-sea", "berth"}


def test_a_port_that_nothing_leaves_is_a_market():
    """Goods go on from Aktau and Novorossiysk; Augusta and Yokohama are where they are sold."""
    case = real_run("baseline-2023").result.case
    solver = base_solver(case.network, case.year)
    kind = {s.subject_id: s.kind for s in list_subjects(case, solver, ["port", "market"])}
    assert kind["aktau"] == kind["novorossiysk"] == kind["cpc-terminal"] == "port"
    assert kind["augusta"] == kind["yokohama"] == "market"
    table = rank_criticality(case, kinds=["market"]).table
    assert set(table["kind"]) == {"market"}
    assert "augusta" in set(table["subject_id"])


def test_half_of_a_capacity():
    """Half of the berth: 1.5 Mt go the other way and earn 25 less."""
    case = twin_ways()
    table = table_of(rank_criticality(case, lost=0.5, solver=frozen_solver(case)))
    assert table.loc["berth", "lost_musd"] == pytest.approx(1.5 * 25)
    assert table.loc["to-ru", "lost_musd"] == pytest.approx(25)  # 2 of 4 left, 3 in use
    assert table.loc["to-border", "lost_musd"] == pytest.approx(37.5)  # no capacity: half of use
    assert table.loc["to-cn", "lost_musd"] == pytest.approx(60)
    quarter = table_of(rank_criticality(case, lost=0.25, solver=frozen_solver(case)))
    assert quarter.loc["to-ru", "lost_musd"] == 0  # 3 of 4 are enough


def test_background_goes_pro_rata_unless_it_is_firm():
    case = twin_ways()
    cap = case.capacities
    for firm, left in ((False, 1.5), (True, 0.0)):
        # 6 in all, 3 of others
        rows = cap.assign(practical=6.0, background=3.0, firm=firm).loc[["berth"]]
        changed = replace(case, capacities=cap.assign(**{
            name: cap[name].where(cap.index != "berth", rows.loc["berth", name])
            for name in ("practical", "background", "firm")
        }))  # fmt: skip
        table = table_of(
            rank_criticality(changed, lost=0.5, kinds=["shared"], solver=frozen_solver(changed))
        )
        assert table.loc["berth", "lost_musd"] == pytest.approx((3 - left) * 25)


def test_measures_rank_differently():
    case = twin_ways()
    solver = frozen_solver(case)
    by_share = rank_criticality(case, measure="share", kinds=["link"], solver=solver)
    assert by_share.table["export_share"].is_monotonic_decreasing
    priced = rank_criticality(case, measure="shadow-price", kinds=["link", "shared"], solver=solver)
    first = priced.table.iloc[0]
    assert first["subject_id"] == "berth"
    assert first["loss_usd_per_unit"] == pytest.approx(25e6)
    assert first["at_stake_musd"] == pytest.approx(75)
    assert list(by_share.scores().index[:2]) == ["load", "out"]


def remove(case, subject):
    """The case without a subject, written from the tables."""
    links = case.links
    if subject.kind == "country":
        return replace(case, links=close_transit(links, subject.subject_id))
    if subject.kind == "shared":
        gone = set(case.shared.loc[case.shared["shared_id"] == subject.subject_id, "link_id"])
    elif subject.kind == "link":
        gone = {subject.subject_id}
    else:
        ends = (links["from_place_id"] == subject.subject_id) | (
            links["to_place_id"] == subject.subject_id
        )
        gone = set(links.index[ends])
    return replace(case, links=links.assign(open=links["open"] & ~links.index.isin(gone)))


@pytest.mark.parametrize("seed", [2, 5, 9])
def test_every_loss_equals_a_solve_of_changed_tables(seed):
    case = random_case(seed)
    kinds = ("link", "place", "shared", "country")
    solver = frozen_solver(case)
    table = table_of(rank_criticality(case, kinds=kinds, solver=solver))
    before = optimum_by_links(case)
    for subject in list_subjects(case, solver, kinds):
        lost = before - optimum_by_links(remove(case, subject))
        got = float(table["lost_musd"].get(subject.subject_id, 0.0))
        assert got == pytest.approx(lost, abs=1e-6 * max(1.0, abs(before)))
        assert got >= 0


@pytest.mark.parametrize("seed", [3, 6])
def test_degrading_equals_a_solve_of_changed_tables(seed):
    case = random_case(seed)
    solver = frozen_solver(case)
    table = table_of(rank_criticality(case, kinds=["link", "shared"], lost=0.4, solver=solver))
    before = optimum_by_links(case)
    for name in case.capacities.index:
        scaled = case.capacities["practical"].where(
            case.capacities.index != name, case.capacities["practical"] * 0.6
        )
        changed = replace(case, capacities=case.capacities.assign(practical=scaled))
        lost = before - optimum_by_links(changed)
        got = float(table["lost_musd"].get(name, 0.0))
        assert got == pytest.approx(lost, abs=1e-6 * max(1.0, abs(before)))


def test_results_do_not_depend_on_what_else_is_ranked():
    case = random_case(5)
    solver = frozen_solver(case)
    links = rank_criticality(case, kinds=["link"], solver=solver).table
    both = rank_criticality(case, kinds=["country", "link"], solver=solver).table
    alone = both[both["kind"] == "link"].reset_index(drop=True)
    columns = [name for name in links.columns if name != "same_as"]
    assert links[columns].equals(alone[columns])


def test_twins_close_the_same_ways():
    case = twin_ways()
    solver = frozen_solver(case)
    subjects = list_subjects(case, solver, ["link"])
    groups = Incidence(subjects, solver).twins()
    names = {frozenset(subjects[i].subject_id for i in group) for group in groups}
    # ways beside each other keep a node of their own, so a run may be cut once
    assert frozenset({"to-ru", "ru-sea"}) in names
    assert frozenset({"load"}) in names


def test_wrong_requests():
    case = twin_ways()
    solver = frozen_solver(case)
    with pytest.raises(UsageError, match=r"above 0 and at most 1\. Got 0"):
        rank_criticality(case, lost=0.0, solver=solver)
    with pytest.raises(UnknownNameError, match="measure"):
        rank_criticality(case, measure="beauty", solver=solver)
    with pytest.raises(UnknownNameError, match="kind"):
        rank_criticality(case, kinds=["bridge"], solver=solver)
    with pytest.raises(UsageError, match=r"1 to 4\. Got 5"):
        find_worst_removals(case, 5, solver=solver)


# interdiction


def brute_force(case, solver, k, kinds):
    """Least Z over all sets of k, each solved."""
    problem = build_problem(case, solver.structure)
    subjects = list_subjects(case, solver, kinds)
    with solver.sweep():
        return min(
            solver.solve(close_subjects(problem, chosen)).primal / 1000
            for chosen in itertools.combinations(subjects, min(k, len(subjects)))
        )


@pytest.mark.parametrize(
    ("seed", "k"), [(s, 2) for s in (0, 1, 4, 7, 12, 13, 18, 21)] + [(s, 3) for s in (1, 12)]
)
def test_interdiction_equals_brute_force(seed, k):
    case = random_case(seed)
    solver = frozen_solver(case)
    found = find_worst_removals(case, k, solver=solver)
    worst = brute_force(case, solver, k, ["link"])
    assert found.after_musd == pytest.approx(worst, abs=1e-6 * max(1.0, abs(worst)))
    assert len(found.removed) <= k
    gone = {subject.subject_id for subject in found.removed}
    closed = replace(
        case, links=case.links.assign(open=case.links["open"] & ~case.links.index.isin(gone))
    )
    assert optimum_by_links(closed) == pytest.approx(
        found.after_musd, abs=1e-6 * max(1.0, abs(worst))
    )


@pytest.mark.parametrize("seed", [2, 10])
def test_interdiction_of_mixed_kinds_equals_brute_force(seed):
    case = random_case(seed)
    solver = frozen_solver(case)
    kinds = ["place", "shared", "country"]
    found = find_worst_removals(case, 2, kinds=kinds, solver=solver)
    assert found.after_musd == pytest.approx(brute_force(case, solver, 2, kinds), abs=1e-6)


@pytest.mark.parametrize("seed", [0, 4])
def test_interdiction_with_a_share_limit_equals_brute_force(seed):
    """Dropping a route can break a share limit, so nothing may be cut."""
    case = replace(random_case(seed), limits=(Limit("RU", share=0.4),))
    solver = frozen_solver(case)
    found = find_worst_removals(case, 2, solver=solver)
    assert found.cut == 0
    assert found.after_musd == pytest.approx(brute_force(case, solver, 2, ["link"]), abs=1e-6)


def test_interdiction_tells_its_proof():
    case = twin_ways()
    found = find_worst_removals(case, 2, solver=frozen_solver(case))
    assert found.lost_musd == pytest.approx(375)
    assert len(found.removed) == 1  # the mine's door alone takes everything
    assert found.removed[0].subject_id in ("load", "out")
    assert "Exact" in found.proof and str(found.solved) in found.proof


@pytest.mark.parametrize("seed", range(30, 36))
def test_more_removals_never_cost_less(seed):
    case = random_case(seed)
    solver = frozen_solver(case)
    lost = [find_worst_removals(case, k, solver=solver).lost_musd for k in (1, 2, 3)]
    assert lost == sorted(lost)
    worst = rank_criticality(case, kinds=["link"], solver=solver).table["lost_musd"]
    assert lost[0] == pytest.approx(worst.max() if len(worst) else 0.0, abs=1e-6)


def test_nothing_to_remove_when_nothing_flows():
    case = twin_ways()
    dead = replace(case, links=case.links.assign(open=False))
    solver = frozen_solver(dead)
    assert rank_criticality(dead, solver=solver).table.empty
    found = find_worst_removals(dead, 2, solver=solver)
    assert found.removed == () and found.lost_musd == 0
    assert np.isclose(solve_optimal(dead, solver=solver).surplus_musd, 0)
