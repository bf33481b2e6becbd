"""What the tutorial writes is run here, and what the reference lists is there."""

import re
from collections import defaultdict
from pathlib import Path
from typing import Any

import flask  # noqa: F401 - pytester forgets after each run what was not loaded before
import pytest
import twilio.rest  # noqa: F401

import ringfence.testing.start  # noqa: F401
from ringfence.testing import Number, Phone, Ringfence, Text, Webhook

pytest_plugins = ["pytester"]

DOCS = Path(__file__).parents[3] / "docs"
BLOCK = re.compile(r"^```python title=(\S+)(?: append)?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def written() -> dict[str, str]:
    files: dict[str, str] = defaultdict(str)
    for name, text in BLOCK.findall((DOCS / "tutorials/test-your-texts.md").read_text()):
        files[name] += text + "\n\n"
    return files


def test_the_tutorials_tests_pass(pytester: pytest.Pytester) -> None:
    files = written()
    for name, text in files.items():
        (pytester.path / name).write_text(text)
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=len(re.findall(r"^def test_", files["test_barber.py"], re.MULTILINE)))


def test_the_tutorials_failure_looks_as_shown(pytester: pytest.Pytester) -> None:
    files = written()
    (pytester.path / "barber.py").write_text(files["barber.py"].replace('== "C"', '== "Y"'))
    (pytester.path / "test_barber.py").write_text(files["test_barber.py"])
    result = pytester.runpytest_inprocess("-p", "no:cacheprovider", "-k", "confirms")
    result.assert_outcomes(failed=1)
    page = (DOCS / "tutorials/test-your-texts.md").read_text()
    (shown,) = re.findall(r"^```text\n-+ ringfence.*?\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    for line in shown.splitlines():
        result.stdout.fnmatch_lines(["*" + re.sub(r"SM\w{32}", "SM*", line[20:]).replace("[", "[[]")])


def test_the_reference_lists_every_public_member(ringfence: Any) -> None:
    page = (DOCS / "reference/pytest-plugin.md").read_text()
    not_for_tests = {"api", "close", "configure", "text_from", "texts_of"}
    not_for_tests |= {"act", "behave", "call_from", "call_status", "calls_of", "leg_of", "press"}
    members = {name for name in {*dir(Ringfence), *vars(ringfence)} if not name.startswith("_")} - not_for_tests
    members |= {name for kind in (Phone, Number) for name in dir(kind) if not name.startswith("_")}
    members |= {*Text.__struct_fields__, *Webhook.__struct_fields__}
    assert [name for name in sorted(members) if not re.search(rf"`[^`]*\b{name}\b", page)] == []


def test_the_readmes_test_passes(pytester: pytest.Pytester) -> None:
    (name, text), *others = BLOCK.findall((DOCS.parent / "README.md").read_text())
    assert not others
    (pytester.path / name).write_text(text)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=1)
