"""What the tutorial writes is run here, and what the reference lists is there."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import flask  # noqa: F401 - pytester forgets after each run what was not loaded before
import pytest
import twilio.rest  # noqa: F401

import ringfence.testing.start  # noqa: F401
from ringfence.testing import Number, Phone, PhoneCall, Recording, Ringfence, Text, Webhook

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"^```python title=(\S+)(?: append)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


# Tutorial, program, tests, and the change to the program that it shows the failure of.
TUTORIALS = [
    ("test-your-texts", "barber.py", "test_barber.py", ('== "C"', '== "Y"')),
    ("test-your-calls", "shop.py", "test_shop.py", ('== "1"', '== "2"')),
]
IDS = [tutorial[0] for tutorial in TUTORIALS]


def written(tutorial: str) -> dict[str, str]:
    files: dict[str, str] = defaultdict(str)
    for name, text in BLOCK.findall((DOCS / f"tutorials/{tutorial}.md").read_text()):
        files[name] += text + "\n\n"
    return files


@pytest.mark.parametrize(("tutorial", "program", "tests", "broken"), TUTORIALS, ids=IDS)
def test_the_tutorials_tests_pass(
    pytester: pytest.Pytester, tutorial: str, program: str, tests: str, broken: tuple[str, str]
) -> None:
    files = written(tutorial)
    assert files.keys() == {program, tests}
    for name, text in files.items():
        (pytester.path / name).write_text(text)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    passed = len(re.findall(r"^def test_", files[tests], re.MULTILINE))
    # Each of the ways not to answer is a test of its own.
    passed += 2 * files[tests].count("parametrize")
    result.assert_outcomes(passed=passed)


@pytest.mark.parametrize(("tutorial", "program", "tests", "broken"), TUTORIALS, ids=IDS)
def test_the_tutorials_failure_looks_as_shown(
    pytester: pytest.Pytester, tutorial: str, program: str, tests: str, broken: tuple[str, str]
) -> None:
    files = written(tutorial)
    assert broken[0] in files[program]
    (pytester.path / program).write_text(files[program].replace(*broken))
    (pytester.path / tests).write_text(files[tests])
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "confirms")
    result.assert_outcomes(failed=1)
    page = (DOCS / f"tutorials/{tutorial}.md").read_text()
    (shown,) = re.findall(r"^```text\n-+ ringfence.*?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for line in shown.splitlines():
        pattern = re.sub(r"(SM|CA)\w{32}", r"\1*", line[20:]).replace("[", "[[]").replace("?", "[?]")
        result.stdout.fnmatch_lines(["*" + pattern])


def test_the_reference_lists_every_public_member(ringfence: Any) -> None:
    page = (DOCS / "reference/pytest-plugin.md").read_text()
    not_for_tests = {"api", "close", "configure", "subscribe", "text_from", "texts_of"}
    not_for_tests |= {"exchange", "hear", "open"}
    members = {name for name in {*dir(Ringfence), *vars(ringfence)} if not name.startswith("_")}
    members |= {name for kind in (Phone, PhoneCall, Number) for name in dir(kind) if not name.startswith("_")}
    members |= {*Text.__struct_fields__, *Webhook.__struct_fields__, *Recording.__struct_fields__}
    members -= not_for_tests
    assert [name for name in sorted(members) if not re.search(rf"`[^`]*\b{name}\b", page)] == []


def test_the_readmes_test_passes(pytester: pytest.Pytester) -> None:
    (name, text), *others = BLOCK.findall((DOCS.parent / "README.md").read_text())
    assert not others
    (pytester.path / name).write_text(text)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
