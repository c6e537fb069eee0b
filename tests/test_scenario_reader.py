"""Scenario files are untrusted: what is refused, with which words, where, and how fast."""

import json
import os
import subprocess
import sys
import time

import pytest

from models.scenario import load_scenario, read_scenario
from models.scenario.library import load_shipped
from routes.errors import ScenarioError, UnknownNameError, UsageError

HEAD = "name: a\ntitle: t\n"
CHANGE = "changes:\n  - {type: days, where: {link: x}, add: 1, why: w}\n"

# id, text after HEAD (or the whole text), words that must stand in the message, line
YAML_FAULTS = [
    ("anchor", HEAD + "description: &x text\n", "anchors are not allowed", 3),
    ("anchor-on-key", "&x name: a\ntitle: t\n", "anchors are not allowed", 1),
    ("alias", HEAD + "description: *x\n", "aliases are not allowed", 3),
    ("alias-as-key", HEAD + "*x : 1\n", "aliases are not allowed", 3),
    ("tag", HEAD + "year: !!int 2023\n", "tags are not allowed", 3),
    (
        "python-tag",
        HEAD + "year: !!python/object/apply:os.system [ls]\n",
        "tags are not allowed",
        3,
    ),
    ("local-tag", HEAD + "description: !secret x\n", "tags are not allowed", 3),
    ("yaml-1.1", "%YAML 1.1\n---\n" + HEAD, "directives are not allowed", 1),
    ("tag-directive", "%TAG ! tag:x,2000:\n---\n" + HEAD, "directives are not allowed", 1),
    ("unknown-directive", "# c\n%FOO bar\n---\n" + HEAD, "directives are not allowed", 2),
    ("two-documents", HEAD + "---\nname: b\n", "holds one scenario", 3),
    ("repeated-key", HEAD + "year: 2023\nyear: 2024\n", "'year' stands twice", 4),
    ("merge-key", HEAD + "<<: {year: 2023}\n", "no key of a scenario is called '<<'", 3),
    ("list-as-key", HEAD + "? [a, b]\n: 1\n", "a key must be a text", 3),
    ("empty-key", HEAD + "'': 1\n", "a key must be a text", 3),
    ("null", HEAD + "extends:\n", "has no value", 3),
    ("tilde", HEAD + "extends: ~\n", "has no value", 3),
    ("deep", HEAD + "changes: " + "[" * 40 + "]" * 40, "nested deeper than 20", 3),
    ("deep-maps", HEAD + "changes: " + "{a: " * 40 + "1" + "}" * 40, "nested deeper than 20", 3),
    ("bracket-bomb", "[" * 60_000, "nested deeper than 20", 1),
    ("map-bomb", "{a: " * 15_000, "nested deeper than 20", 1),
    ("hyphen-bomb", "- " * 30_000, "nested deeper than 20", 1),
    ("question-bomb", "? " * 30_000, "nested deeper than 20", 1),
    ("many-nodes", HEAD + "source: [" + "a," * 12_000 + "b]\n", "at most 5,000", 3),
    ("grammar", HEAD + "year: 2023: 4\n", "this is not YAML", 3),
    ("open-quote", HEAD + 'description: "x\n', "this is not YAML", 4),
    ("tab", HEAD + "changes:\n\t- a\n", "this is not YAML", 4),
    ("zero-byte", HEAD + "description: a\x00b\n", "U+0000 does not belong", 3),
    ("escape-code", HEAD + 'description: "\\e[31mred"\n', "U+001B does not belong", 3),
    ("turned-text", HEAD + 'description: "a\\u202eb"\n', "U+202E does not belong", 3),
    ("half-character", HEAD + 'description: "a\\ud800b"\n', "U+D800 does not belong", 3),
    ("empty", "", "the file is empty", None),
    ("comment-only", "# nothing\n", "the file is empty", None),
    ("list", "- a\n", "a scenario is keys and values", 1),
    ("text", "hello\n", "a scenario is keys and values", 1),
    ("unknown-key", HEAD + "yaer: 2023\n", "Did you mean 'year'?", 3),
    ("unknown-type", HEAD + "changes:\n  - {type: clsoe, why: w}\n", "Did you mean 'close'", 4),
    ("no-type", HEAD + "changes:\n  - {why: w}\n", "`type` is missing", 4),
    ("no-why", HEAD + "changes:\n  - {type: close, where: {link: x}}\n", "`why` is missing", 4),
    ("no-title", "name: a\n", "`title` is missing", 1),
    (
        "empty-where",
        HEAD + "changes:\n  - {type: close, where: {}, why: w}\n",
        "selects nothing",
        4,
    ),
    ("bad-name", "name: A b\ntitle: t\n", "cannot be 'A b'", 1),
    ("quoted-number", HEAD + 'year: "2023"\n', "must be a whole number. Got '2023'", 3),
    ("float-year", HEAD + "year: 2023.0\n", "must be a whole number", 3),
    ("early-year", HEAD + "year: 1066\n", "must be at least 1990", 3),
    ("change-no-list", HEAD + "changes: {type: close}\n", "must be a list", 3),
    ("yes-is-text", HEAD + CHANGE.replace("why", "override: yes, why"), "must be true or false", 4),
]
NUMBERS = [
    ("quoted", '"0.5"', "which is a text. Take the quotes away"),
    ("nan", ".nan", "is not a finite number"),
    ("infinite", ".inf", "is not a finite number"),
    ("too-large", "1e999", "is not a finite number"),
    ("digits", "9" * 5000, "is not a finite number"),
    ("bool", "true", "must be a number. Got true"),
    ("word", "half", "must be a number. Got 'half'"),
    ("clock", "12:30", "must be a number. Got '12:30'"),
    ("list", "[1]", "must be a number. Got a list"),
    ("underscore", "1_000", "must be a number. Got '1_000'"),
    ("range-turned", "{value: 1, low: 2, high: 3}", "must stand in this order"),
    ("range-short", "{value: 1, low: 0}", "`high` is missing"),
    ("range-key", "{value: 1, low: 0, hihg: 2}", "Did you mean 'high'?"),
    ("negative", "-1", "must not be below 0"),
]


def problems_of(text, form="yaml"):
    with pytest.raises(ScenarioError) as caught:
        read_scenario(text, file=f"x.{form}", form=form)
    return caught.value.problems


@pytest.mark.parametrize(("text", "words", "line"), [f[1:] for f in YAML_FAULTS],
                         ids=[f[0] for f in YAML_FAULTS])  # fmt: skip
def test_yaml_faults_are_refused_with_place_and_remedy(text, words, line):
    start = time.process_time()
    problems = problems_of(text)
    assert time.process_time() - start < 1.0
    said = [problem for problem in problems if words in str(problem)]
    assert said, [str(problem) for problem in problems]
    assert said[0].line == line
    assert said[0].file == "x.yaml"
    assert said[0].remedy or words in said[0].rule


@pytest.mark.parametrize(("number", "words"), [n[1:] for n in NUMBERS], ids=[n[0] for n in NUMBERS])
def test_numbers_are_plain_finite_numbers(number, words):
    start = f"{HEAD}changes:\n  - type: capacity\n    where: {{link: x}}\n"
    text = f"{start}    factor: {number}\n    why: w\n"
    problems = problems_of(text)
    assert any(words in str(p) for p in problems), [str(p) for p in problems]
    assert all(problem.line == 6 for problem in problems)
    assert all("column" in problem.column for problem in problems)


@pytest.mark.parametrize(
    ("number", "value"),
    [("1e6", 1e6), ("1E-3", 1e-3), (".5", 0.5), ("5.", 5.0), ("012", 12.0), ("+3", 3.0)],
)
def test_yaml_1_2_numbers(number, value):
    text = f"{HEAD}changes:\n  - {{type: capacity, where: {{link: x}}, factor: {number}, why: w}}\n"
    assert read_scenario(text).changes[0].amount.value == value


def test_no_is_text_and_norway_a_country():
    text = HEAD + "changes:\n  - {type: close, where: {country: NO}, why: no}\n"
    change = read_scenario(text).changes[0]
    assert change.where.country == ("NO",)
    assert change.why == "no"


def test_all_problems_are_told_at_once():
    text = (
        HEAD + "yaer: 1\nyear: 'x'\nchanges:\n  - {type: capacty, why: w}\n"
        "  - {type: days, where: {lnk: x}, add: 1, set: 2, add: 3}\n"
        "  - {type: days, where: {link: *x}, add: 1, why: w}\n"
    )
    said = "\n".join(map(str, problems_of(text)))
    for words in ("'yaer'", "`year` must be", "'capacty'", "'lnk'", "'add' stands twice",
                  "`why` is missing", "has add and set", "aliases"):  # fmt: skip
        assert words in said
    lines = [problem.line for problem in problems_of(text)]
    assert lines == sorted(lines)


def test_problems_are_capped():
    text = HEAD + "changes:\n" + "  - {type: nonsense}\n" * 900
    problems = problems_of(text)
    assert len(problems) == 101
    assert "800 more problems" in str(problems[-1])


def test_a_refused_value_is_not_complained_about_twice():
    assert len(problems_of(HEAD + "year: &a 2023\n")) == 1
    assert len(problems_of(HEAD + "year: !!str 2023\n")) == 1


# ------------------------------------------------------------------------------- JSON and TOML


def test_json_goes_through_the_same_reader():
    data = {"name": "a", "title": "t \U0001f6a2", "changes": [
        {"type": "days", "where": {"link": ["x", "y"]}, "add": -1.5, "why": "w"}]}  # fmt: skip
    for text in (json.dumps(data), json.dumps(data, indent="\t"), json.dumps(data, indent=2)):
        scenario = read_scenario(text, form="json")
        assert scenario.title == "t \U0001f6a2"
        assert scenario.changes[0].amount.value == -1.5


@pytest.mark.parametrize(
    ("text", "words", "line"),
    [
        ('{"name": "a", "title": "t",\n "name": "b"}', "'name' stands twice", 2),
        ('{"name": "a", "title": "t",\n "year": NaN}', "must be a whole number", 2),
        ('{"name": "a", "title": "t",\n "year": "2023"}', "must be a whole number", 2),
        ('{"name": "a", "title": "t",\n "year": null}', "has no value", 2),
        ('{"name": "a", "title": "t"', "this is not YAML", 1),
        ("[" * 60_000, "nested deeper", 1),
        ('{"name": "a", "title": "t",\n "why": 1}', "no key of a scenario is called 'why'", 2),
    ],
)
def test_json_faults(text, words, line):
    problems = problems_of(text, "json")
    said = [problem for problem in problems if words in str(problem)]
    assert said, [str(problem) for problem in problems]
    assert said[0].line == line


def test_toml_scenarios():
    text = (
        'name = "a"\ntitle = "t"\nyear = 2023\n[[changes]]\ntype = "capacity"\n'
        'where = { link = "x" }\nfactor = { value = 0.5, low = 0.4, high = 0.6 }\nwhy = "w"\n'
    )
    assert str(read_scenario(text, form="toml").changes[0].amount) == "*0.5 (0.4 to 0.6)"


TOML_HEAD = 'name = "a"\ntitle = "t"\n'
TOML_FAULTS = [
    ("syntax", TOML_HEAD + "year = = 3\n", "this is not TOML", "column 8", 3),
    ("repeated", TOML_HEAD + 'name = "b"\n', "this is not TOML: cannot overwrite", None, 3),
    ("deep", TOML_HEAD + "a = " + "[" * 30_000, "this is not TOML: nested too deep", None, None),
    ("deep-but-read", TOML_HEAD + "a=" + "[" * 40 + "]" * 40, "nested deeper than 20", "key", None),
    ("dotted", TOML_HEAD + "a" + ".a" * 20_000 + " = 1\n", "nested deeper than 20", "dots", 3),
    ("nan", TOML_HEAD + "[[changes]]\ntype='days'\nwhere={link='x'}\nadd=nan\nwhy='w'\n",
     "is not a finite number", "key changes[0].add", None),
    ("quoted", TOML_HEAD + "[[changes]]\ntype='days'\nwhere={link='x'}\nadd='1'\nwhy='w'\n",
     "Take the quotes away", "key changes[0].add", None),
    ("date", TOML_HEAD + "description = 2023-01-01\n", "must be a text", "key description", None),
    ("digits", TOML_HEAD + "year = " + "9" * 5000 + "\n", "this is not TOML", None, None),
    ("hexadecimal digits", TOML_HEAD + "year = 0x" + "f" * 60_000 + "\n",
     "Got a number of thousands of digits", "key year", None),
    ("a huge type", TOML_HEAD + "[[changes]]\ntype=0x" + "f" * 60_000,
     "no change has the type a number of thousands of digits", "key changes[0]", None),
    ("a huge amount", TOML_HEAD + "[[changes]]\ntype='days'\nwhere={link='x'}\nwhy='w'\nadd=0x"
     + "f" * 60_000, "must be a number. Got a number of thousands of digits", "key changes[0].add",
     None),
    ("escape-code", TOML_HEAD + 'description = "\\u001b[31m"\n', "U+001B", "key description", None),
    ("unknown", TOML_HEAD + "yaer = 1\n", "Did you mean 'year'?", "key yaer", None),
]  # fmt: skip


@pytest.mark.parametrize(("text", "words", "place", "line"), [f[1:] for f in TOML_FAULTS],
                         ids=[f[0] for f in TOML_FAULTS])  # fmt: skip
def test_toml_faults_name_the_key_path(text, words, place, line):
    start = time.process_time()
    problems = problems_of(text, "toml")
    assert time.process_time() - start < 1.0
    said = [problem for problem in problems if words in str(problem)]
    assert said, [str(problem) for problem in problems]
    if place is not None:
        assert place in said[0].column
    if line is not None:
        assert said[0].line == line


# ---------------------------------------------------------------------------------------- files


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(path):
    with pytest.raises(ScenarioError) as caught:
        load_scenario(path)
    return str(caught.value)


def test_bad_utf8_is_refused_with_its_place(folder):
    (folder / "x.yaml").write_bytes(b"name: a\ntitle: caf\xe9\n")
    said = refused("x.yaml")
    assert "x.yaml:2, column 11" in said
    assert "byte 0xe9 is not UTF-8" in said
    assert "Save the file as UTF-8" in said


def test_utf16_is_refused(folder):
    (folder / "x.yaml").write_bytes((HEAD).encode("utf-16"))
    assert "is not UTF-8" in refused("x.yaml")


def test_a_byte_order_mark_does_no_harm(folder):
    (folder / "x.yaml").write_bytes(HEAD.encode("utf-8-sig"))
    assert load_scenario("x.yaml").name == "a"


def test_windows_line_ends(folder):
    (folder / "x.yaml").write_bytes(HEAD.replace("\n", "\r\n").encode())
    assert load_scenario("./x.yaml").title == "t"


@pytest.mark.parametrize("size", [65_537, 100_000_000])
def test_large_files_are_refused_unread(folder, size):
    with (folder / "x.yaml").open("wb") as stream:
        stream.truncate(size)
    start = time.process_time()
    assert f"at most 65,536 bytes; it has {size:,}" in refused("x.yaml")
    assert time.process_time() - start < 0.5


def test_a_large_text_is_refused():
    with pytest.raises(ScenarioError, match="at most 65,536 bytes"):
        read_scenario("a" * 70_000)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(folder):
    os.mkfifo("x.yaml")
    assert "is not a plain file" in refused("x.yaml")


def test_a_folder_is_refused(folder):
    (folder / "x.yaml").mkdir()
    assert "is not a plain file" in refused("x.yaml")


def test_unknown_endings_are_refused(folder):
    (folder / "x.txt").write_text(HEAD)
    assert "no scenario ends in '.txt'" in refused("./x.txt")


@pytest.mark.parametrize("name", ["nowhere.yaml", "a" * 5000 + ".yaml", "a\x00.yaml", "./x"])
def test_missing_files_are_unknown_names(folder, name):
    with pytest.raises(UnknownNameError, match="No scenario file is called"):
        load_scenario(name)


def test_unknown_names_are_suggested():
    with pytest.raises(UnknownNameError, match="Did you mean 'russia-closed'"):
        load_scenario("rusia-closed")


def test_a_file_beside_an_unknown_name_is_suggested(folder):
    (folder / "mine.yaml").write_text(HEAD)
    with pytest.raises(UnknownNameError, match=r"Did you mean 'mine\.yaml'"):
        load_scenario("mine")


def test_unreadable_form():
    with pytest.raises(UsageError, match="form must be"):
        read_scenario(HEAD, form="xml")


# -------------------------------------------------------------------------------------- extends


def test_extends_a_file_in_the_same_folder_and_a_shipped_one(folder):
    (folder / "base.toml").write_text('name="base"\ntitle="t"\nextends="cpc-shutdown"\n')
    (folder / "mine.yaml").write_text(HEAD + "extends: base.toml\n")
    scenario = load_scenario("mine.yaml")
    assert [member.name for member in scenario.lineage] == ["a", "base", "cpc-shutdown"]


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("../secret.yaml", "no folders"),
        ("/etc/passwd.yaml", "no folders"),
        ("sub/base.yaml", "no folders"),
        ("..\\secret.yaml", "no folders"),
        (".hidden.yaml", "no folders"),
        ("c:base.yaml", "no folders"),
        ("../secret", "extends cannot be"),
        ("nothing.yaml", "has no file 'nothing.yaml'"),
        ("bsae.yaml", "Did you mean 'base.yaml'"),
        ("rusia-closed", "Did you mean 'russia-closed'"),
        ("base", "named with its ending: my.yaml"),
        ("outside.yaml", "is a link to another folder"),
    ],
)
def test_extends_stays_in_the_folder(folder, name, words):
    (folder / "in").mkdir()
    (folder / "secret.yaml").write_text("top secret: &a [1\n")
    (folder / "in" / "base.yaml").write_text(HEAD)
    (folder / "in" / "outside.yaml").symlink_to(folder / "secret.yaml")
    (folder / "in" / "x.yaml").write_text(f"{HEAD}extends: '{name}'\n")
    said = refused("in/x.yaml")
    assert words in said
    assert "x.yaml:3, column 1 (extends)" in said
    assert "top secret" not in said


def test_circles_are_refused(folder):
    (folder / "x.yaml").write_text("name: x\ntitle: t\nextends: y.yaml\n")
    (folder / "y.yaml").write_text("name: y\ntitle: t\nextends: x.yaml\n")
    said = refused("x.yaml")
    assert "extends itself in a circle: x.yaml -> y.yaml -> x.yaml" in said
    (folder / "x.yaml").write_text("name: x\ntitle: t\nextends: x.yaml\n")
    assert "circle" in refused("x.yaml")


def test_long_chains_are_refused(folder):
    for number in range(40):
        (folder / f"s{number}.yaml").write_text(
            f"name: s{number}\ntitle: t\nextends: s{number + 1}.yaml\n"
        )
    assert "more than 20 deep" in refused("s0.yaml")


def test_a_fault_in_what_is_extended_names_its_file(folder):
    (folder / "base.yaml").write_text("name: base\ntitle: t\nyaer: 1\n")
    (folder / "x.yaml").write_text(HEAD + "extends: base.yaml\n")
    assert "base.yaml:3" in refused("x.yaml")


def test_a_text_extends_shipped_scenarios_only(folder):
    (folder / "base.yaml").write_text(HEAD)
    assert read_scenario(HEAD + "extends: cpc-shutdown\n").parent == load_shipped("cpc-shutdown")
    with pytest.raises(ScenarioError, match=r"extends cannot be 'base\.yaml'"):
        read_scenario(HEAD + "extends: base.yaml\n")


def test_override_needs_something_to_override():
    text = HEAD + CHANGE.replace("why", "override: true, why")
    with pytest.raises(ScenarioError, match="override means something only with `extends`"):
        read_scenario(text)


# ---------------------------------------------------------------------------------------- speed


def run_python(code, *, text=""):
    return subprocess.run(
        [sys.executable, "-c", code], input=text, capture_output=True, text=True, check=True
    )


REFUSE = """
import resource, sys
from models.scenario import load_scenario
from routes.errors import ScenarioError
try:
    load_scenario("-")
except ScenarioError as error:
    print(len(error.problems))
heavy = {"pandas", "numpy", "networkx", "matplotlib", "scipy", "highspy", "rich"} & set(sys.modules)
used = resource.getrusage(resource.RUSAGE_SELF)
status = open("/proc/self/status").read() if sys.platform == "linux" else "VmHWM: 0 kB"
memory = int(status.partition("VmHWM:")[2].split()[0])
print(sorted(heavy), used.ru_utime + used.ru_stime < 2, memory < 200_000)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no resource module")
@pytest.mark.parametrize("text", ["changes: {", "name: a\nchanges: 3\n", "a" * 10_000_000])
def test_a_refusal_loads_nothing_heavy(text):
    done = run_python(REFUSE, text=text).stdout.split("\n")
    assert int(done[0]) >= 1
    assert done[1] == "[] True True"


def test_names_are_listed_without_pandas():
    code = (
        "import sys; from models.scenario import list_scenarios;"
        "print(len(list_scenarios()) > 20, 'pandas' in sys.modules)"
    )
    assert run_python(code).stdout.split() == ["True", "False"]
