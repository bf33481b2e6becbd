"""The plugin as pytest sees it: what it adds to a run, and what it keeps out of one that does not use it."""

import subprocess
import sys
from collections.abc import Callable

import pytest
import twilio.rest  # noqa: F401 - pytester forgets after each run what was not loaded before

import ringfence.testing.start  # noqa: F401

pytest_plugins = ["pytester"]

FAILING = """
    def test_of_a_text(ringfence):
        shop, phone = ringfence.number("+12025550123"), ringfence.phone("+12025550177")
        ringfence.client().messages.create(from_=shop, to=phone, body="Haircut Tue 15:00.")
        assert phone.last_text().body == "Haircut Wed 15:00."
"""


@pytest.fixture
def run(pytester: pytest.Pytester) -> Callable[..., pytest.RunResult]:
    """Run a test file in this process."""

    def runner(text: str, *options: str) -> pytest.RunResult:
        pytester.makepyfile(text)
        return pytester.runpytest_inprocess("-p", "no:cacheprovider", "--strict-markers", *options)

    return runner


def test_a_failure_shows_what_was_said(run: Callable[..., pytest.RunResult]) -> None:
    result = run(FAILING)
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "*ringfence: what was said*",
            "*POST Messages.json → 201 SM*",
            '*+12025550123 → +12025550177  "Haircut Tue 15:00."',
        ]
    )


def test_a_success_shows_nothing(run: Callable[..., pytest.RunResult]) -> None:
    result = run(FAILING.replace("Wed", "Tue"), "-rA")
    result.assert_outcomes(passed=1)
    result.stdout.no_fnmatch_line("*what was said*")
    result.stdout.no_fnmatch_line("*warning*")


def test_the_marker_says_how_the_world_begins(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        import os, pytest

        pytestmark = pytest.mark.ringfence(at="2026-03-01T09:00:00+01:00", numbers=["+12025550123"])

        @pytest.mark.ringfence(account_sid="AC" + "1" * 32, auth_token="2" * 32)
        def test_begins(ringfence):
            assert ringfence.clock.now.isoformat().startswith("2026-03-01T08:00:00")
            assert os.environ["TWILIO_ACCOUNT_SID"] == ringfence.account_sid == "AC" + "1" * 32
            assert os.environ["TWILIO_AUTH_TOKEN"] == ringfence.auth_token == "2" * 32
            assert len(ringfence.client().incoming_phone_numbers.list()) == 1

        def test_after():
            assert os.environ.get("TWILIO_ACCOUNT_SID") != "AC" + "1" * 32
        """
    )
    result.assert_outcomes(passed=2)


def test_a_marker_without_names_is_refused(run: Callable[..., pytest.RunResult]) -> None:
    result = run("import pytest\n@pytest.mark.ringfence('2026')\ndef test(ringfence): ...")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*takes named arguments only*"])


def test_worlds_share_nothing(run: Callable[..., pytest.RunResult]) -> None:
    result = run(
        """
        import pytest

        @pytest.mark.parametrize("turn", range(3))
        def test_alone(ringfence, turn):
            shop, phone = ringfence.number("+12025550123"), ringfence.phone("+12025550177")
            assert phone.inbox == []
            ringfence.client().messages.create(from_=shop, to=phone, body=f"Turn {turn}")
            assert [text.body for text in phone.inbox] == [f"Turn {turn}"]
        """
    )
    result.assert_outcomes(passed=3)


@pytest.mark.slow
def test_it_runs_in_many_processes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("turn", range(4))
        def test_beside(ringfence, turn):
            phone = ringfence.phone("+12025550177")
            ringfence.client().messages.create(from_=ringfence.number("+12025550123"), to=phone, body="Hi")
            assert ringfence.serve().startswith("http://127.0.0.1:")
            assert len(phone.inbox) == 1
        """
    )
    result = pytester.runpytest_subprocess("-n", "2", "-p", "no:cacheprovider")
    result.assert_outcomes(passed=4)


def test_a_run_without_it_loads_nothing_of_it() -> None:
    looked = (
        "import sys, ringfence.testing.plugin, ringfence.testing;"
        "packages = ('ringfence', 'twilio', 'structlog', 'starlette');"
        "print(sorted(name for name in sys.modules if name.startswith(packages)))"
    )
    done = subprocess.run([sys.executable, "-c", looked], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['ringfence', 'ringfence.testing', 'ringfence.testing.plugin']"


def test_the_package_gives_its_types_when_asked() -> None:
    import ringfence.testing

    assert {name: getattr(ringfence.testing, name).__name__ for name in ringfence.testing.__all__} == {
        name: name
        for name in (
            "Mail",
            "Mailbox",
            "Medium",
            "Number",
            "Phone",
            "PhoneCall",
            "Recording",
            "Ringfence",
            "Text",
            "Webhook",
        )
    }
    with pytest.raises(AttributeError, match="no attribute 'Other'"):
        _ = ringfence.testing.Other
