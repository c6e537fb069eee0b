"""The shipped scenarios, the format's own description, settings, words."""

import json
import re
from pathlib import Path
from typing import get_args

import pytest

import models.scenario
from models.demand import select_case
from models.scenario import (
    CHANGE_TYPES,
    apply,
    describe_scenario,
    list_scenarios,
    load_composed,
    load_scenario,
    load_scenarios,
    load_shipped,
    parse_setting,
    read_scenario,
    read_settings,
    scenario_schema,
    scenario_template,
    shipped_names,
)
from models.scenario.where import Mode
from routes.corridors import CORRIDORS
from routes.errors import ScenarioError, UnknownNameError, UsageError
from routes.network import load_network
from routes.schema import MODES
from scenario_case import tiny_case

NAMES = shipped_names()
FOLDER = Path(models.scenario.__file__).parents[1] / "scenarios"
BINDING = {
    "baseline-2023", "russia-closed", "cpc-shutdown", "russian-ports-closed-to-rail",
    "caspian-low-water", "middle-corridor-2030",
}  # fmt: skip


@pytest.fixture(scope="module")
def network():
    return load_network()


@pytest.fixture(scope="module")
def case(network):
    return select_case(network, 2023)


# -------------------------------------------------------------------------------------- shipped


def test_the_library_is_large_enough():
    assert len(NAMES) >= 22
    assert set(NAMES) >= BINDING


def test_listing():
    listed = list_scenarios()
    assert listed[0].name == "baseline-2023"
    assert sorted(entry.name for entry in listed) == list(NAMES)
    assert all(entry.title == load_shipped(entry.name).title for entry in listed)
    assert len({entry.title for entry in listed}) == len(listed)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_is_named_like_its_file_and_tells_its_story(name):
    scenario = load_shipped(name)
    assert scenario.name == name
    assert len(scenario.description) > 60
    assert all(len(change.why) > 10 for change in scenario.changes)
    text = (FOLDER / f"{name}.yaml").read_text(encoding="utf-8")
    assert max(len(line) for line in text.splitlines() if "http" not in line) <= 100


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_applies_to_the_shipped_data(name, case):
    changed, log = apply(case, load_shipped(name))
    assert bool(log) == (name != "baseline-2023")
    assert (changed is case) == (name == "baseline-2023")
    authors = {change for entry in log for change in (*entry.changes, *entry.outranked)}
    assert len(authors) == sum(len(member.changes) for member in load_shipped(name).lineage)


@pytest.mark.parametrize("name", NAMES)
def test_a_shipped_scenario_has_sources(name, network):
    known = set(network["sources"]["source_id"])
    scenario = load_shipped(name)
    said = [*scenario.source, *(s for change in scenario.changes for s in change.source)]
    assert said or name == "baseline-2023"
    assert [s for s in said if s not in known and not s.startswith(("http://", "https://"))] == []


@pytest.mark.parametrize("year", [2024, 2025])
def test_shipped_scenarios_apply_to_other_years(network, year):
    other = select_case(network, year)
    failed = {}
    for name in NAMES:
        try:
            apply(other, load_shipped(name))
        except ScenarioError as error:
            if faults := [p.rule for p in error.problems if "not traded in" not in p.rule]:
                failed[name] = faults
    assert failed == {}


def test_russia_closed_leaves_no_open_exit(case):
    links = apply(case, load_shipped("russia-closed"))[0].links
    exits = (links["from_country"] == "RU") & (links["to_country"] != "RU")
    assert exits.any()
    assert not links["open"][exits].any()
    assert links["open"][links["flags"].str.contains("depends:RU") & ~exits].all()
    links = apply(case, load_shipped("russia-closed-no-swaps"))[0].links
    assert not links["open"][links["flags"].str.contains("depends:RU")].any()


def test_all_closures_compose(case):
    names = [name for name in NAMES if name.endswith("-closed") or name == "cpc-shutdown"]
    together = apply(case, load_scenarios(names))[0]
    backwards = apply(case, load_scenarios(names[::-1]))[0]
    assert together.links["open"].equals(backwards.links["open"])
    for name in names:
        alone = apply(case, load_shipped(name))[0].links["open"]
        assert not (together.links["open"] & ~alone).any()


def test_unknown_names_have_suggestions():
    with pytest.raises(UnknownNameError) as caught:
        load_shipped("caspian-low-watr")
    assert caught.value.suggestions[0] == "caspian-low-water"


def test_a_plus_joins_names_unless_a_file_is_called_so(tmp_path):
    both = load_composed("baseline-2023+russia-closed", "cpc-shutdown")
    assert [one.name for one in both] == ["baseline-2023", "russia-closed", "cpc-shutdown"]
    path = tmp_path / "x+y.yaml"
    path.write_text("name: whole\ntitle: One file\n")
    for name in (str(path), path):
        assert [one.name for one in load_composed(name)] == ["whole"]
    with pytest.raises(UnknownNameError, match="nowhere"):
        load_composed("baseline-2023+nowhere")


def test_the_problems_of_several_files_come_together(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.yaml").write_text(f"name: {name}\n")
    with pytest.raises(ScenarioError) as caught:
        load_scenarios(["russia-closed", tmp_path / "a.yaml", tmp_path / "b.yaml"])
    assert [Path(problem.file).name for problem in caught.value.problems] == ["a.yaml", "b.yaml"]


# ---------------------------------------------------------------------------------- the format


def test_modes_and_corridors_are_those_of_the_data():
    assert get_args(Mode) == MODES
    schema = scenario_schema()
    corridors = schema["$defs"]["LinkWhere"]["properties"]["corridor"]["anyOf"][0]["enum"]
    assert set(corridors) == set(CORRIDORS) - {"other"}


def test_the_template_is_valid_and_shows_every_type():
    scenario = read_scenario(scenario_template("a-name"))
    assert scenario.name == "a-name"
    text = scenario_template()
    for kind in set(CHANGE_TYPES) - {"wagons", "contract"}:
        assert re.search(rf"type: {kind}\b", text), kind


def test_what_the_template_shows_in_comments_is_valid_too():
    lines = [line.removeprefix("#").strip() for line in scenario_template().splitlines()]
    shown = [line[2:].split("  #")[0].strip() for line in lines if line.startswith("- {type")]
    assert len(shown) > 12
    for line in shown:
        text = line.removesuffix("}") + ", why: w}"
        read_scenario(f"name: a\ntitle: t\nchanges:\n  - {text}\n")


def test_the_template_applies_to_the_shipped_data(case):
    _, log = apply(case, read_scenario(scenario_template()))
    assert all(entry.changed for entry in log)


def test_the_schema_describes_every_type_and_key():
    schema = scenario_schema()
    text = json.dumps(schema)
    assert json.loads(text) == schema
    assert '"null"' not in text
    assert schema["additionalProperties"] is False
    assert schema["required"] == ["name", "title"]
    mapping = schema["properties"]["changes"]["items"]["discriminator"]["mapping"]
    assert set(mapping) == set(CHANGE_TYPES)
    for name, definition in schema["$defs"].items():
        assert definition["additionalProperties"] is False, name
        assert definition.get("description"), name
    capacity = schema["$defs"]["CapacityChange"]
    assert capacity["required"] == ["type", "why", "where"]
    assert capacity["oneOf"] == [{"required": [key]} for key in ("factor", "add", "set")]
    assert capacity["properties"]["factor"]["description"].startswith("Multiply by this")


# ------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("text", "kind", "amount"),
    [
        ("x.capacity=*0.5", "capacity", "*0.5"),
        ("x.capacity=+3", "capacity", "+3"),
        ("x.capacity=-3", "capacity", "-3"),
        ("x.capacity==3", "capacity", "=3"),
        ("x.capacity=3", "capacity", "=3"),
        ("x.capacity=unlimited", "capacity", "=unlimited"),
        ("x.capacity=1e1", "capacity", "=10"),
        ("x.quota=unlimited", "quota", "=unlimited"),
        ("x-y.days=+2", "days", "+2"),
        ("x.days_sd=*2", "days", "*2"),
        ("x.tariff=*1.3", "tariff", "*1.3"),
        ("x.border_fee=+5", "tariff", "+5"),
        ("x.premium=+5", "premium", "+5"),
        ("x.use_per_tonne=*1.1", "fleet", "*1.1"),
        ("x.price=-10", "price", "-10"),
        ("x/crude.supply=+12", "supply", "+12"),
        ("x.market=unlimited", "market", "=unlimited"),
        ("kebco.differential=-20", "stream", "-20"),
        ("RU.share=0.5", "limit", "=0.5"),
        ("RU/crude.mt=10", "limit", "=10"),
    ],
)
def test_settings(text, kind, amount):
    change = parse_setting(text)
    assert change.type == kind
    assert str(change.amount) == amount
    assert change.why == f"--set {text}"


def test_settings_without_amount():
    assert parse_setting("x.capacity=closed").type == "close"
    assert parse_setting("x.capacity=open").type == "open"
    assert parse_setting("RU.transit=closed").country == "RU"
    assert parse_setting("btk-rebuild.project=built").built == ("btk-rebuild",)
    assert parse_setting("x/crude.price=*2").where.commodity == ("crude",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x", "is no setting"),
        ("x.capacity", "is no setting"),
        ("=3", "is no setting"),
        (".capacity=3", "is no setting"),
        ("x.capacity=", "is no setting"),
        ("x.capactiy=3", "Did you mean 'capacity'?"),
        ("x.capacity=half", "is no amount"),
        ("x.capacity=*", "is no amount"),
        ("x.capacity=nan", "is no amount"),
        ("x.capacity=inf", "is no amount"),
        ("x.capacity=--3", "is no amount"),
        ("x.capacity==-3", "is not below 0"),
        ("x.capacity=built", "it can be closed or open or unlimited"),
        ("x.days=closed", "must be a number"),
        ("x.days=unlimited", "must be a number"),
        ("x.tariff=+5", "need one kind in charge"),
        ("X_1.capacity=3", "is no id"),
        ("ru.share=0.5", "is no country"),
        ("RU.share=1.5", "must not be above 1"),
        ("RU.share=*0.5", "a limit is a plain number"),
        ("RU.transit=3", "write transit=closed"),
        ("x/crude.capacity=3", "'/' has no meaning"),
    ],
)
def test_settings_that_cannot_be_read(text, words):
    with pytest.raises(UsageError, match=re.escape(words)):
        parse_setting(text)


def test_settings_are_applied_and_logged_like_other_changes():
    tiny = tiny_case()
    case, log = apply(tiny, read_settings(["fleet.capacity=*0.5", "market/crude.price=+3"]))
    assert case.capacities["practical"]["fleet"] == 500
    assert log[0].why == "--set fleet.capacity=*0.5"
    text = (
        "name: a\ntitle: t\nchanges:\n"
        "- {type: capacity, where: {shared: fleet}, factor: 0.5, why: w}"
    )
    both, log = apply(tiny, [read_scenario(text), read_settings(["fleet.capacity=*0.5"])])
    assert both.capacities["practical"]["fleet"] == 500
    assert log[0].scenarios == ("a", "command-line")
    for name in ("a", "z"):
        other = read_scenario(text.replace("name: a", f"name: {name}"))
        with pytest.raises(UsageError, match=r"--set fleet\.capacity=2: two changes touch"):
            apply(tiny, [other, read_settings(["fleet.capacity=2"])])


def test_unknown_subjects_of_settings_are_wrong_usage():
    with pytest.raises(UsageError, match=r"--set flet\.capacity=2: .* Did you mean 'fleet'"):
        apply(tiny_case(), read_settings(["flet.capacity=2"]))


def test_all_bad_settings_are_told():
    with pytest.raises(UsageError) as caught:
        read_settings(["x", "y.z=1"])
    assert len(str(caught.value).splitlines()) == 2


# ---------------------------------------------------------------------------------------- words


def test_a_scenario_in_words():
    text = (
        "name: a\ntitle: Bad year\nchanges:\n"
        "- {type: close, where: {place: port, mode: tanker}, why: Storm.}\n"
        "- {type: capacity, where: {shared: fleet}, factor: {value: 0.5, low: 0.4, "
        "high: 0.6}, why: Low.}\n"
        "- {type: price, where: {country: CN, commodity: crude}, add: -30, why: Glut.}\n"
        "- {type: limit, country: RU, commodities: crude, share: 0.5, why: Policy.}\n"
    )
    told = describe_scenario(read_scenario(text), tiny_case())
    assert str(told) == (
        "a: Bad year (2023)\n"
        "- Close place port, mode tanker (1 link). Storm.\n"
        "- Multiply by 0.5 (0.4 to 0.6) the capacity of shared fleet (1 capacity). Low.\n"
        "- Take 30 USD a tonne from the price of country CN, commodity crude (1 market). Glut.\n"
        "- At most 50 % of third-country exports of crude may use an exit of RU. Policy."
    )
    assert told.changes[0].links == ("port-abay-tanker",)
    assert told.changes[1].links == ("port-abay-tanker",)
    assert told.changes[1].subjects == ("fleet",)
    assert told.links == ("port-abay-tanker",)


def test_every_type_of_change_has_words(case):
    said = {
        change.type: change.sentence
        for name in NAMES
        for change in describe_scenario(load_shipped(name), case).changes
    }
    assert set(said) >= {"close", "close-transit", "capacity", "fleet", "days", "tariff", "supply",
                         "market", "project", "limit", "horizon"}  # fmt: skip
    assert all(sentence[0].isupper() and sentence.endswith(".") for sentence in said.values())


def test_a_path_of_a_scenario_file(tmp_path, case):
    path = tmp_path / "mine.json"
    path.write_text(json.dumps({"name": "mine", "title": "t", "extends": "cpc-shutdown"}))
    told = describe_scenario(load_scenario(str(path)), case)
    assert told.extends == "cpc-shutdown"
    assert "cpc-terminal-load" in told.links


def test_the_package_offers_its_names():
    assert set(dir(models.scenario)) == set(models.scenario.__all__)
    for name in models.scenario.__all__:
        assert getattr(models.scenario, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = models.scenario.nothing
