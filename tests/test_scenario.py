"""Scenarios applied: what each change does, and composition without order."""

import dataclasses
import itertools
import math

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.demand import Case, Limit, available_capacity
from models.scenario import apply, fix_numbers, list_ranges, pick_year, read_scenario
from models.scenario.changes import (
    CapacityChange,
    CloseChange,
    DaysChange,
    PremiumChange,
    TariffChange,
)
from models.scenario.document import Scenario
from models.scenario.edits import AppliedChange
from routes.errors import ScenarioError
from scenario_case import tiny_case

FRAMES = [
    "links", "capacities", "shared", "charges", "streams", "supplies", "markets", "commodities",
]  # fmt: skip
CASE = tiny_case()


def scenario(*changes, name="a", **more):
    """A scenario of changes in YAML flow style, `why` added."""
    lines = [f"name: {name}", "title: t", *(f"{k}: {v}" for k, v in more.items()), "changes:"]
    lines += [f"  - {{{change}, why: because}}" for change in changes]
    return read_scenario("\n".join(lines) + ("" if changes else " []"))


def changed(*changes):
    return apply(CASE, scenario(*changes))[0]


def assert_same(one, two):
    for frame in FRAMES:
        pd.testing.assert_frame_equal(getattr(one, frame), getattr(two, frame), check_exact=True)
    for field in dataclasses.fields(Case):
        if field.name not in (*FRAMES, "network"):
            assert getattr(one, field.name) == getattr(two, field.name), field.name


def refusal(*changes, case=CASE):
    with pytest.raises(ScenarioError) as caught:
        apply(case, scenario(*changes))
    return str(caught.value)


def capacity(case, subject):
    return case.capacities.loc[subject]


# ------------------------------------------------------------------------------ nothing changes


def test_an_empty_scenario_gives_the_case_itself():
    case, log = apply(CASE, scenario())
    assert case is CASE
    assert log == ()
    assert apply(CASE, [])[0] is CASE


IDENTITIES = [
    "type: capacity, where: {mode: pipeline}, factor: 1",
    "type: capacity, where: {shared: '*'}, factor: 1",
    "type: capacity, where: {link: hub-rport-pipe}, set: 20",
    "type: capacity, where: {link: hub-rport-pipe}, add: 0",
    "type: capacity, where: {link: abay-market-tanker}, set: 2",
    "type: capacity, where: {link: hub-port-pipe}, set: unlimited",
    "type: quota, where: {link: hub-rport-pipe}, set: 15",
    "type: quota, where: {link: hub-cn-pipe}, set: unlimited",
    "type: fleet, where: {shared: fleet}, factor: 1",
    "type: fleet, where: {shared: fleet}, measure: per-tonne, factor: 1",
    "type: fleet, where: {shared: fleet}, measure: per-tonne, set: 0.0005",
    "type: days, where: {country: RU}, factor: 1",
    "type: days, where: {country: RU}, set: 1",
    "type: days, where: {country: RU}, measure: spread, set: 0.5",
    "type: tariff, where: {country: RU}, factor: 1",
    "type: tariff, where: {link: farm-rport-rail}, charge: carriage, set: 25",
    "type: tariff, where: {link: farm-load}, charge: port_fee, add: 0",
    "type: premium, where: {flag: war_risk}, add: 0",
    "type: premium, where: {link: rport-market-tanker}, set: 4",
    "type: price, where: {place: cn}, set: 580",
    "type: supply, where: {place: field}, factor: 1",
    "type: supply, where: {place: field}, measure: lifting-cost, set: 50",
    "type: market, where: {place: cn}, set: 20",
    "type: stream, where: {stream: rport-load-blend}, set: -10",
    "type: open, where: {link: hub-cn-pipe}",
    "type: close, where: {link: abay-market-idle}",
    "type: horizon, horizon: short",
]


@pytest.mark.parametrize("change", IDENTITIES)
def test_a_change_to_what_is_leaves_every_frame_equal(change):
    case, log = apply(CASE, scenario(change))
    assert_same(case, CASE)
    assert log
    assert not any(entry.changed for entry in log)


def test_the_given_case_is_never_changed():
    before = tiny_case()
    copies = {name: getattr(CASE, name).copy(deep=True) for name in FRAMES}
    changed(
        "type: close, where: {country: RU}", "type: capacity, where: {shared: fleet}, factor: 2",
        "type: tariff, where: {country: RU}, factor: 3", "type: price, where: {place: cn}, add: 9",
        "type: premium, where: {flag: war_risk}, add: 2", "type: project, built: '*'",
    )  # fmt: skip
    for name, frame in copies.items():
        pd.testing.assert_frame_equal(getattr(CASE, name), frame, check_exact=True)
    assert_same(before, CASE)


# -------------------------------------------------------------------------------- each change


def test_close_and_open_links():
    case = changed(
        "type: close, where: {place: port}", "type: open, where: {link: abay-market-idle}"
    )
    shut = set(CASE.links.index[CASE.links["open"]]) - set(case.links.index[case.links["open"]])
    assert shut == {"hub-port-pipe", "port-load", "port-abay-tanker"}
    assert case.links["open"]["abay-market-idle"]
    assert case.links["open"].dtype == CASE.links["open"].dtype


def test_closing_a_shared_capacity_leaves_its_links_to_other_classes():
    case = changed("type: close, where: {shared: fleet}")
    assert available_capacity(case.capacities)["fleet"] == 0
    assert case.links["open"]["port-abay-tanker"]


def test_closing_for_a_commodity_bans_it_alone():
    case = changed("type: close, where: {corridor: via-russia, commodity: wheat}")
    assert case.bans == {("rport-market-dry", "wheat")}
    assert case.links["open"]["rport-market-dry"]
    both = changed("type: close, where: {corridor: via-russia, commodity: cereals}")
    assert both.bans == {("rport-market-dry", "wheat"), ("rport-market-dry", "flour")}


def test_close_transit_shuts_the_exits_and_ends_swaps_when_told():
    exits = {"rport-market-tanker", "rport-market-dry"}
    case = changed("type: close-transit, country: RU")
    assert set(case.links.index[CASE.links["open"] & ~case.links["open"]]) == exits
    case = changed("type: close-transit, country: RU, end_swaps: true")
    assert set(case.links.index[CASE.links["open"] & ~case.links["open"]]) == exits | {"hub-swap"}


def test_capacity_factor_cuts_background_unless_firm():
    case = changed("type: capacity, where: {link: [hub-rport-pipe, rport-load]}, factor: 0.5")
    assert tuple(capacity(case, "hub-rport-pipe")[["practical", "background"]]) == (10, 2)
    assert tuple(capacity(case, "rport-load")[["practical", "background"]]) == (9, 3)


def test_capacity_of_a_contract_acts_on_the_contract():
    case = changed("type: capacity, where: {link: abay-market-tanker}, factor: 3")
    row = capacity(case, "abay-market-tanker")
    assert (row["practical"], row["legal"], row["low"], row["high"]) == (math.inf, 6, 6, 6)


def test_capacity_ranges_move_with_the_value():
    change = "type: capacity, where: {shared: fleet}, factor: {value: 0.5, low: 0.25, high: 1}"
    row = capacity(changed(change), "fleet")
    assert (row["practical"], row["low"], row["high"]) == (500, 225, 1100)


def test_set_gives_a_limit_to_what_had_none():
    case = changed("type: capacity, where: {link: hub-port-pipe}, set: {value: 3, low: 2, high: 4}")
    row = capacity(case, "hub-port-pipe")
    assert (row["practical"], row["low"], row["high"], row["unit"]) == (3, 2, 4, "Mt/yr")
    assert list(case.capacities.index[:-1]) == list(CASE.capacities.index)
    assert (case.capacities.dtypes == CASE.capacities.dtypes).all()
    case = changed("type: quota, where: {link: hub-cn-pipe}, set: 2")
    assert available_capacity(case.capacities)["hub-cn-pipe"] == 2


def test_quota_can_be_ended():
    case = changed("type: contract, where: {link: hub-rport-pipe}, set: unlimited")
    assert available_capacity(case.capacities)["hub-rport-pipe"] == 16


def test_fleet_and_wagons():
    case = changed("type: fleet, where: {place: port}, add: 500")
    assert capacity(case, "fleet")["practical"] == 1500
    case = changed("type: wagons, where: {country: RU}, factor: 0.5")
    assert capacity(case, "wagons")["practical"] == 250_000
    case = changed("type: fleet, where: {shared: fleet}, measure: per-tonne, factor: 1.2")
    row = case.shared[case.shared["shared_id"] == "fleet"].iloc[0]
    assert (row["coefficient"], row["low"], row["high"]) == pytest.approx((6e-4, 4.8e-4, 7.2e-4))


def test_days_and_their_spread():
    case = changed("type: days, where: {flag: storm}, add: {value: 2, low: 1, high: 4}",
                   "type: days, where: {flag: storm}, measure: spread, factor: 3")  # fmt: skip
    row = case.links.loc["port-abay-tanker"]
    assert tuple(row[["days", "days_low", "days_high", "days_sd"]]) == (3, 1.5, 6, 1.5)


def charge(case, link, kind):
    rows = case.charges[(case.charges["link_id"] == link) & (case.charges["kind"] == kind)]
    return rows["usd_per_t"].tolist()


def test_tariff_factor_leaves_the_risk_premium():
    case = changed("type: tariff, where: {flag: war_risk}, factor: 2")
    assert charge(case, "rport-market-tanker", "freight") == [20]
    assert charge(case, "rport-market-tanker", "insurance") == [6]
    assert charge(case, "rport-market-tanker", "risk_premium") == [4]


def test_a_new_fee_and_a_rate_by_distance():
    case = changed("type: tariff, where: {link: hub-cn-pipe}, charge: border_fee, add: 7",
                   "type: tariff, where: {link: hub-rport-pipe}, charge: carriage, per: t-km, "
                   "add: 0.005")  # fmt: skip
    assert charge(case, "hub-cn-pipe", "border_fee") == [7]
    assert charge(case, "hub-cn-pipe", "carriage") == [9]
    assert charge(case, "hub-rport-pipe", "carriage") == [25]
    added = case.charges.iloc[-1]
    assert (added["use"], added["tariff"], added["commodity_class"]) == ("any", -1, "crude")
    assert (case.charges.dtypes == CASE.charges.dtypes).all()


def test_a_tariff_for_a_commodity_is_that_of_its_class():
    case = changed("type: tariff, where: {country: [KZ, RU], commodity: wheat}, factor: 2")
    assert charge(case, "farm-rport-rail", "carriage") == [50]
    assert charge(case, "hub-rport-pipe", "carriage") == [20]


def test_premium_adds_to_links_with_and_without_one():
    case = changed("type: premium, where: {flag: war_risk}, add: 2")
    assert charge(case, "rport-market-tanker", "risk_premium") == [6]
    assert charge(case, "rport-market-dry", "risk_premium") == [2]


def test_trade():
    case = changed(
        "type: price, where: {country: CN}, add: -30",
        "type: supply, where: {commodity: crude}, add: {value: 12, low: 9, high: 13}",
        "type: supply, where: {place: farm}, measure: lifting-cost, factor: 2",
        "type: market, where: {commodity: cereals}, set: unlimited",
        "type: market, where: {place: hub}, measure: min, set: 4",
        "type: market, where: {place: hub}, measure: shortfall-price, add: 50",
    )
    market = case.markets.set_index(["commodity_id", "place_id"])
    assert tuple(market.loc[("crude", "cn"), ["price_usd_per_t", "price_low"]]) == (550, 500)
    assert market.loc[("wheat", "market"), "max_mt_per_year"] == math.inf
    home = market.loc[("crude", "hub")]
    assert (home["min_mt_per_year"], home["shortfall_price_usd_per_t"]) == (4, 700)
    supply = case.supplies.set_index("commodity_id")
    assert tuple(supply.loc["crude", ["mt_per_year", "low", "high"]]) == (42, 33, 49)
    assert supply.loc["flour", "lifting_cost_usd_per_t"] == 100


def test_streams_move_their_range_along():
    case = changed("type: stream, where: {stream: rport-*}, add: -20")
    row = case.streams[case.streams["outlet_link_id"] == "rport-load"].iloc[0]
    assert tuple(row[["differential_usd_per_t", "low", "high"]]) == (-30, -35, -25)


def test_projects_open_links_and_add_up():
    case = changed("type: project, built: [sea-pipe, pump, second-pump]")
    assert case.links["open"]["port-abay-pipe"]
    assert capacity(case, "hub-cn-pipe")["practical"] == 20
    assert case.links["days"]["hub-cn-pipe"] == 0.75
    assert charge(case, "hub-cn-pipe", "carriage") == pytest.approx([9.9])
    one = scenario("type: project, built: pump", name="one")
    two = scenario("type: project, built: [pump, second-pump]", name="two")
    case, log = apply(CASE, [one, two])
    assert capacity(case, "hub-cn-pipe")["practical"] == 20
    entry = next(e for e in log if e.field == "capacity")
    assert (entry.old, entry.new, entry.step) == (10, 20, "+4 +6")


def test_limits():
    case = changed("type: limit, country: RU, commodities: cereals, share: 0.5",
                   "type: limit, country: RU, mt: 7")  # fmt: skip
    assert case.limits == (
        Limit(country="RU", mt=7.0),
        Limit(country="RU", share=0.5, commodity_ids=("flour", "wheat")),
    )


def test_a_limit_of_the_case_is_replaced_and_others_stay():
    first = changed("type: limit, country: RU, mt: 7", "type: limit, country: AZ, mt: 1")
    case, log = apply(first, scenario("type: limit, country: RU, mt: 5"))
    assert [(limit.country, limit.mt) for limit in case.limits] == [("AZ", 1), ("RU", 5)]
    assert (log[0].old, log[0].new) == (7, 5)


def test_a_long_horizon_marks_growth():
    case, log = apply(CASE, read_scenario(
        "name: a\ntitle: t\nchanges:\n- type: horizon\n  horizon: long\n  why: w\n  growth:\n"
        "  - {where: {shared: fleet}, factor: 1.5, usd_per_unit: 9000}\n"
        "  - {where: {link: hub-rport-pipe}, add: 3, usd_per_unit: 1.0e6}\n"))  # fmt: skip
    assert (case.growth["fleet"].max_extra, case.growth["fleet"].usd_per_unit) == (500, 9000)
    assert case.growth["hub-rport-pipe"].max_extra == 3
    assert any(entry.new == "long" for entry in log)
    assert available_capacity(case.capacities).equals(available_capacity(CASE.capacities))


# --------------------------------------------------------------------------------- composition

SHOCKS = [
    scenario("type: close-transit, country: RU", name="transit"),
    scenario("type: close, where: {corridor: via-russia}", name="exits"),
    scenario("type: capacity, where: {shared: fleet}, factor: 0.8", name="fewer-ships"),
    scenario("type: fleet, where: {place: port}, measure: per-tonne, factor: 1.2", name="low"),
    scenario("type: tariff, where: {country: RU}, factor: 1.5", name="dearer"),
    scenario("type: premium, where: {flag: war_risk}, add: 3", name="risk"),
    scenario("type: price, where: {place: cn}, add: -10", "type: supply, where: {place: field}, "
             "add: 5", name="trade"),
    scenario("type: project, built: [pump]", name="pump"),
    scenario("type: project, built: [pump, second-pump, sea-pipe]", name="pumps"),
    scenario("type: limit, country: RU, share: 0.5", name="limit"),
    scenario("type: open, where: {link: '*-market-*'}", name="opened"),
    scenario("type: close, where: {country: RU, commodity: wheat}", name="wheat"),
    scenario("type: capacity, where: {link: hub-rport-pipe}, factor: 0.5", name="half"),
]  # fmt: skip


@settings(max_examples=40, deadline=None)
@given(st.permutations(SHOCKS), st.integers(0, len(SHOCKS)))
def test_the_order_of_scenarios_does_not_matter(order, count):
    chosen = order[:count]
    case, log = apply(CASE, chosen)
    again, same_log = apply(CASE, sorted(chosen, key=lambda s: s.name))
    assert_same(case, again)
    assert log == same_log


@settings(max_examples=20, deadline=None)
@given(st.permutations([change for shock in SHOCKS for change in shock.changes]))
def test_the_order_of_changes_in_a_scenario_does_not_matter(order):
    case, log = apply(CASE, Scenario(name="all", title="t", changes=tuple(order)))
    again, same = apply(
        CASE,
        Scenario(name="all", title="t", changes=tuple(c for s in SHOCKS for c in s.changes)),
    )
    assert_same(case, again)
    assert [(e.subject, e.field, e.new) for e in log] == [(e.subject, e.field, e.new) for e in same]


def test_a_scenario_twice_is_the_scenario():
    assert_same(apply(CASE, [SHOCKS[2], SHOCKS[2]])[0], apply(CASE, SHOCKS[2])[0])


def test_two_changes_of_one_quantity_are_an_error_that_names_both():
    one = scenario("type: capacity, where: {shared: fleet}, factor: 0.8", name="one")
    two = scenario("type: fleet, where: {shared: fleet}, add: 3", name="two")
    for pair in itertools.permutations([one, two]):
        with pytest.raises(ScenarioError) as caught:
            apply(CASE, pair)
        said = str(caught.value)
        assert "capacity of fleet" in said
        assert "capacity (change 1 of one) says *0.8" in said
        assert "fleet (change 1 of two) says +3" in said
        assert "override: true" in said


def test_one_message_for_a_clash_over_many_quantities():
    one = scenario("type: tariff, where: {country: RU}, factor: 2", name="one")
    two = scenario("type: tariff, where: {country: RU}, factor: 3", name="two")
    with pytest.raises(ScenarioError, match=r"and \d+ more quantities") as caught:
        apply(CASE, [one, two])
    assert len(caught.value.problems) == 1


def test_identical_changes_are_one():
    one = scenario("type: capacity, where: {shared: fleet}, factor: 0.8", name="one")
    two = scenario("type: capacity, where: {shared: flee*}, factor: 0.8", name="two")
    case, log = apply(CASE, [one, two])
    assert capacity(case, "fleet")["practical"] == 800
    assert log[0].scenarios == ("one", "two")


def test_two_identical_closures_are_no_conflict():
    case, log = apply(CASE, [SHOCKS[0], SHOCKS[1]])
    assert_same(case, apply(CASE, SHOCKS[0])[0])
    assert {entry.scenarios for entry in log} == {("exits", "transit")}


def test_a_closure_outranks_an_opening_and_a_factor():
    shut = scenario("type: close, where: {link: hub-cn-pipe}", name="shut")
    held = scenario("type: open, where: {link: hub-cn-pipe}", name="held")
    case, log = apply(CASE, [shut, held])
    assert not case.links["open"]["hub-cn-pipe"]
    assert log[0].outranked == ("open (change 1 of held)",)
    gone = scenario("type: close, where: {shared: fleet}", name="gone")
    case, log = apply(CASE, [SHOCKS[2], gone])
    assert capacity(case, "fleet")["practical"] == 0
    assert log[0].outranked == ("capacity (change 1 of fewer-ships)",)


def test_two_contradicting_changes_stay_an_error_beside_a_closure():
    one = scenario("type: capacity, where: {shared: fleet}, factor: 0.8", name="one")
    two = scenario("type: capacity, where: {shared: fleet}, factor: 0.9", name="two")
    shut = scenario("type: close, where: {shared: fleet}", name="shut")
    with pytest.raises(ScenarioError, match="two changes touch"):
        apply(CASE, [one, two, shut])


def test_projects_and_other_changes_of_one_quantity_clash():
    pump = scenario("type: project, built: pump", name="one")
    wide = scenario("type: capacity, where: {link: hub-cn-pipe}, factor: 2", name="two")
    with pytest.raises(ScenarioError, match="capacity of hub-cn-pipe"):
        apply(CASE, [pump, wide])


def test_an_obligation_above_the_maximum_is_told_with_every_market_of_a_change():
    less = scenario("type: market, where: {place: '*'}, factor: 0", name="less")
    more = scenario("type: market, where: {place: cn}, measure: min, set: 25", name="more")
    seen = set()
    for both in itertools.permutations([less, more]):
        with pytest.raises(ScenarioError) as caught:
            apply(CASE, both)
        seen.add(str(caught.value))
        assert len(caught.value.problems) == 1
    (told,) = seen
    assert "obligation would be above the maximum (Mt/yr)" in told
    assert "hub crude 5 above 0" in told and "cn crude 25 above 0" in told
    assert "--set 'cn/crude.obligation=0'" in told and "measure: min" in told
    assert "cn crude 25 above 20" in refusal(
        "type: market, where: {place: cn}, measure: min, set: 25"
    )


def test_an_obligation_that_another_change_lowers_is_no_error():
    less = scenario("type: market, where: {place: hub}, set: 2", name="less")
    owed = scenario("type: market, where: {place: hub}, measure: min, set: 2", name="owed")
    assert "hub crude 5 above 2" in refusal("type: market, where: {place: hub}, set: 2")
    for both in itertools.permutations([less, owed]):
        hub = apply(CASE, both)[0].markets.set_index("place_id").loc["hub"]
        assert (hub["max_mt_per_year"], hub["min_mt_per_year"]) == (2, 2)


def _extend(young, old):
    return young.with_origin(young.origin, old)


HALF = scenario("type: capacity, where: {shared: fleet}, factor: 0.5", name="half-fleet")


def make(*changes, name="child", base=HALF):
    lines = [f"name: {name}", "title: t", "extends: baseline-2023", "changes:"]
    lines += [f"  - {{{change}, why: because}}" for change in changes]
    return _extend(read_scenario("\n".join(lines)), base)


def test_what_is_extended_holds_too():
    case = apply(CASE, make("type: close, where: {place: cn}"))[0]
    assert capacity(case, "fleet")["practical"] == 500
    assert not case.links["open"]["cn-delivery"]


def test_extending_without_override_is_an_error():
    with pytest.raises(ScenarioError, match="two changes touch"):
        apply(CASE, make("type: capacity, where: {shared: fleet}, factor: 0.7"))


def test_override_replaces_and_can_restore():
    case = apply(CASE, make("type: capacity, where: {shared: fleet}, factor: 0.7, override: true"))[
        0
    ]
    assert capacity(case, "fleet")["practical"] == 700
    case, log = apply(
        CASE, make("type: capacity, where: {shared: fleet}, set: 1000, override: true")
    )
    assert_same(case, CASE)
    assert log[0].outranked == ("capacity (change 1 of half-fleet)",)


def test_override_reopens_what_was_closed():
    base = scenario("type: close-transit, country: RU", name="transit")
    young = make("type: open, where: {link: rport-market-dry}, override: true", base=base)
    case = apply(CASE, young)[0]
    assert case.links["open"]["rport-market-dry"]
    assert not case.links["open"]["rport-market-tanker"]


def test_override_holds_when_the_forebear_is_named_too_and_through_generations():
    young = make("type: capacity, where: {shared: fleet}, factor: 0.7, override: true")
    for order in itertools.permutations([HALF, young]):
        assert capacity(apply(CASE, order)[0], "fleet")["practical"] == 700
    grandchild = make(
        "type: capacity, where: {shared: fleet}, factor: 0.9, override: true",
        name="grandchild",
        base=young,
    )
    assert capacity(apply(CASE, [young, grandchild, HALF])[0], "fleet")["practical"] == 900


def test_override_does_not_reach_strangers():
    young = make("type: capacity, where: {shared: fleet}, factor: 0.7, override: true")
    stranger = scenario("type: capacity, where: {shared: fleet}, factor: 0.9", name="stranger")
    with pytest.raises(ScenarioError, match="stranger"):
        apply(CASE, [young, stranger])


def test_two_scenarios_of_one_name_must_be_one():
    other = scenario("type: close, where: {place: cn}", name="half-fleet")
    with pytest.raises(ScenarioError, match="two different scenarios are called 'half-fleet'"):
        apply(CASE, [HALF, other])


def test_years_agree():
    early = scenario(name="early", year=2021)
    late = scenario(name="late", year=2024)
    assert pick_year([scenario()]) == 2023
    assert pick_year([]) == 2023
    assert pick_year([early, scenario()]) == 2021
    assert pick_year([_extend(scenario(name="young"), late)]) == 2024
    with pytest.raises(ScenarioError, match="early: 2021, late: 2024"):
        pick_year([early, late])


# ------------------------------------------------------------------------------------ refusals

REFUSALS = [
    ("type: close, where: {link: hub-cn-pip}", "Did you mean 'hub-cn-pipe'"),
    ("type: close, where: {link: [hub-cn-pipe, nothing-at-all]}", "'nothing-at-all'"),
    ("type: close, where: {link: 'zzz-*'}", "no link fits 'zzz-*'"),
    ("type: close, where: {place: prot}", "Did you mean 'port'"),
    ("type: close, where: {country: XX}", "no country of any link is called 'XX'"),
    ("type: close, where: {flag: war_rsk}", "Did you mean 'war_risk'"),
    ("type: close, where: {shared: flet}", "Did you mean 'fleet'"),
    ("type: close, where: {link: hub-cn-pipe, country: RU}", "together (link: 1, country: 4)"),
    ("type: close, where: {commodity: weat, mode: dry}", "Did you mean 'wheat'"),
    ("type: close, where: {subject: flet}", "no link or shared capacity is called 'flet'"),
    ("type: open, where: {link: port-abay-pipe}", "do not exist yet"),
    ("type: capacity, where: {link: hub-port-pipe}, factor: 2", "no capacity is known"),
    ("type: capacity, where: {link: hub-cn-pipe}, add: -11", "would become -1"),
    ("type: capacity, where: {subject: [hub-cn-pipe, fleet]}, set: 5", "in different units"),
    ("type: quota, where: {link: hub-cn-pipe}, factor: 2", "no quota is known"),
    ("type: fleet, where: {shared: wagons}, factor: 2", "no fleet counted in ship-days/yr"),
    ("type: wagons, where: {place: port}, factor: 2", "nothing fits"),
    ("type: days, where: {link: hub-cn-pipe}, add: -2", "would become -1"),
    ("type: tariff, where: {link: farm-load}, charge: border_fee, factor: 2", "is charged"),
    ("type: tariff, where: {link: farm-load}, charge: handling, add: -4", "would become -1"),
    ("type: premium, where: {link: farm-load}, add: -4", "would become -4"),
    (
        "type: supply, where: {place: field}, set: 2.0e7",
        "would become 2e+07 Mt/yr, which is not plausible. At most 1,000 Mt/yr: millions of tonnes",
    ),
    ("type: supply, where: {place: field}, set: {value: 20, low: 20, high: 2.0e7}", "2e+07 Mt/yr"),
    ("type: supply, where: {country: KZ}, factor: 1.0e+6", "more numbers)"),
    ("type: supply, where: {place: field}, measure: lifting-cost, factor: 1.0e+12", "USD/t"),
    (
        "type: days, where: {link: hub-cn-pipe}, set: 1.0e+5",
        "days of hub-cn-pipe would become 100000 days, which is not plausible. At most 1,000 days",
    ),
    ("type: days, where: {link: hub-cn-pipe}, measure: spread, set: 1.0e+5", "1,000 days"),
    ("type: price, where: {country: CN}, set: 1.0e+10", "At most 1,000,000 USD/t"),
    ("type: price, where: {country: CN}, add: -1.0e+8", "At most 1,000,000 USD/t"),
    ("type: price, where: {country: CN}, factor: 1.0e+308", "become inf USD/t"),
    ("type: market, where: {country: CN}, factor: 1.0e+300", "At most 10,000 Mt/yr"),
    ("type: tariff, where: {link: farm-load}, factor: 1.0e+9", "At most 100,000 USD/t"),
    ("type: tariff, where: {link: farm-load}, charge: border_fee, set: 1.0e+9", "At most 100,000"),
    ("type: premium, where: {link: farm-load}, set: 1.0e+9", "At most 100,000 USD/t"),
    ("type: stream, where: {stream: '*'}, set: -1.0e+6", "At most 100,000 USD/t"),
    ("type: capacity, where: {link: hub-cn-pipe}, set: 2.0e+7", "At most 10,000 Mt/yr: millions"),
    ("type: capacity, where: {link: hub-port-pipe}, set: 2.0e+7", "At most 10,000 Mt/yr: mill"),
    ("type: capacity, where: {link: hub-cn-pipe}, factor: 1.0e+308", "At most 10,000 Mt/yr"),
    ("type: fleet, where: {shared: fleet}, factor: 1.0e+9", "At most 1,000,000 ship-days/yr"),
    ("type: fleet, where: {shared: fleet}, measure: per-tonne, set: 1.0e+9", "units per tonne"),
    ("type: limit, country: RU, mt: 1.0e+9", "At most 10,000 Mt/yr"),
    (
        "type: horizon, horizon: long, growth: [{where: {link: hub-cn-pipe}, add: 1.0e+9, "
        "usd_per_unit: 1}]",
        "growth of hub-cn-pipe would become 1e+09 Mt/yr",
    ),
    (
        "type: horizon, horizon: long, growth: [{where: {link: hub-cn-pipe}, add: 1, "
        "usd_per_unit: 1.0e+20}]",
        "USD/yr of a unit",
    ),
    ("type: price, where: {place: field}, add: 1", "no market fits"),
    ("type: supply, where: {country: RU}, factor: 2", "no supply fits"),
    ("type: stream, where: {stream: kebco}, add: 1", "no stream is called 'kebco'"),
    ("type: project, built: pmup", "Did you mean 'pump'"),
    ("type: close-transit, country: KZ", "where exports start"),
    ("type: close-transit, country: NO", "no link leaves the country 'NO'"),
    ("type: limit, country: NO, share: 0.5", "no link leaves the country 'NO'"),
    ("type: limit, country: RU, share: 0.5, commodities: gold", "'gold'"),
]


@pytest.mark.parametrize(("change", "words"), REFUSALS)
def test_what_finds_nothing_is_refused_with_a_hint(change, words):
    said = refusal(change)
    assert words in said
    assert "text:4" in said


def test_every_selector_that_finds_nothing_is_told():
    said = refusal("type: close, where: {link: one}", "type: close, where: {place: two}")
    assert "'one'" in said
    assert "'two'" in said


# ----------------------------------------------------------------------------------------- log


def test_the_log_tells_old_and_new_with_units_and_reason():
    _, log = apply(CASE, scenario("type: capacity, where: {link: hub-rport-pipe}, factor: 0.5, "
                                  "source: [S1, S2]", name="half"))  # fmt: skip
    assert [str(entry) for entry in log] == [
        "hub-rport-pipe background: 4 -> 2 Mt/yr (capacity (change 1 of half))",
        "hub-rport-pipe capacity: 20 -> 10 Mt/yr (capacity (change 1 of half))",
    ]
    assert log[1].to_dict() == {
        "subject": "hub-rport-pipe", "field": "capacity", "old": 20.0, "new": 10.0,
        "unit": "Mt/yr", "step": "*0.5", "why": "because", "source": ["S1", "S2"],
        "scenarios": ["half"], "changes": ["capacity (change 1 of half)"], "outranked": [],
    }  # fmt: skip


def test_unlimited_is_null_in_json():
    _, log = apply(CASE, scenario("type: quota, where: {link: hub-rport-pipe}, set: unlimited"))
    assert log[0].to_dict()["new"] is None
    assert "15 -> unlimited" in str(log[0])
    assert isinstance(log[0], AppliedChange)


# -------------------------------------------------------------------------------------- Python


def test_changes_can_be_made_in_python():
    made = Scenario(
        name="python",
        title="t",
        changes=(
            CloseChange(where={"place": "cn"}, why="w"),
            CapacityChange(where={"shared": ["fleet"]}, factor=0.5, why="w"),
            DaysChange(where={"flag": "storm"}, add=1, why="w"),
            TariffChange(where={"country": "RU"}, factor=2, why="w"),
            PremiumChange(where={"flag": "war_risk"}, add=1, why="w"),
        ),
    )
    case, log = apply(CASE, made)
    assert capacity(case, "fleet")["practical"] == 500
    assert all(entry.scenarios == ("python",) for entry in log)


def test_ranged_numbers_can_be_listed_and_fixed():
    young = make("type: days, where: {flag: storm}, add: {value: 2, low: 1, high: 4}")
    numbers = list_ranges(young)
    assert [(n.name, n.low, n.value, n.high) for n in numbers] == [
        ("child:changes[0].add", 1, 2, 4)
    ]
    fixed = fix_numbers(young, {"child:changes[0].add": 3.5})
    assert list_ranges(fixed) == ()
    assert apply(CASE, fixed)[0].links["days"]["port-abay-tanker"] == 4.5
    assert fixed.parent == HALF
    assert young.digest != fixed.digest
