"""The report on sign-ins: each is counted once, and a passkey's alone could not have been taken."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.domain.phishing_report import PASSKEYS, SignIns, phishing_report

CHANNELS = ["sms", "call", "whatsapp", "email", "totp", "push", "push_matched", "sna", "auto", PASSKEYS]
COUNTS = st.lists(
    st.builds(
        SignIns,
        service=st.sampled_from(["VA1", "VA2"]),
        channel=st.sampled_from(CHANNELS),
        count=st.integers(0, 1_000_000),
        stepped_down=st.integers(0, 1_000),
    ).filter(lambda one: one.stepped_down <= one.count)
)


@given(COUNTS)
def test_every_sign_in_is_in_one_line_and_counted_once(counts: list[SignIns]) -> None:
    report = phishing_report(counts)
    assert report.sign_ins == sum(one.count for one in counts)
    assert report.phishable == sum(one.count for one in counts if one.channel != PASSKEYS)
    assert report.stepped_down == sum(one.stepped_down for one in counts)
    keys = [(line.service, line.channel) for line in report.lines]
    assert len(keys) == len(set(keys))
    assert report.sign_ins == sum(line.sign_ins for line in report.lines)
    assert report.phishable == sum(line.phishable for line in report.lines)
    for line in report.lines:
        assert line.sign_ins > 0
        assert (line.phishable, bool(line.advice)) == (
            (0, False) if line.channel == PASSKEYS else (line.sign_ins, True)
        )


@given(COUNTS, st.randoms())
def test_the_most_that_could_have_been_taken_comes_first_in_whatever_order_it_was_counted(counts, random) -> None:
    report = phishing_report(counts)
    shuffled = list(counts)
    random.shuffle(shuffled)
    assert phishing_report(shuffled) == report
    taken = [line.phishable for line in report.lines]
    assert taken == sorted(taken, reverse=True)


@pytest.mark.parametrize("channel", [channel for channel in CHANNELS if channel != PASSKEYS])
def test_whatever_is_not_a_passkey_could_have_been_phished_and_passkeys_are_the_advice(channel: str) -> None:
    (line,) = phishing_report([SignIns(service="VA1", channel=channel, count=3)]).lines
    assert line.phishable == 3
    assert "passkeys" in line.advice


def test_nothing_is_reported_of_nothing() -> None:
    report = phishing_report([])
    assert (report.sign_ins, report.phishable, report.lines) == (0, 0, ())
