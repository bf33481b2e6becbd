"""A row is made of what a standing duty names, and none where none stands."""

from ringfence.domain.retention.facts import Facts
from ringfence.domain.sealing.retained import END, START, EpochRetention, open_retained
from ringfence.usecases.retention.retain import retained_row

ACCOUNT, SID = "AC" + "a" * 32, "SM" + "1" * 32
FACTS = Facts(kind="text", remote="+15550199")


def test_nothing_is_kept_without_a_duty() -> None:
    assert retained_row(None, ACCOUNT, SID, FACTS) is None


def test_a_row_says_which_duty_which_epoch_and_until_when() -> None:
    retention = EpochRetention(duty=2, fields=("remote",), days=1, epoch=0, key=bytes(32)).of(SID)
    row = retained_row(retention, ACCOUNT, SID, FACTS)
    assert row is not None
    assert (row.account, row.sid, row.part, row.duty, row.epoch) == (ACCOUNT, SID, START, 2, 0)
    assert row.until_ms == 2 * 86_400_000
    assert open_retained(retention.key, ACCOUNT, SID, START, row.sealed) == Facts(remote="+15550199")


def test_a_part_of_which_the_duty_names_nothing_makes_no_row() -> None:
    retention = EpochRetention(duty=2, fields=("remote",), days=1, epoch=0, key=bytes(32)).of(SID, END)
    assert retained_row(retention, ACCOUNT, SID, FACTS) is None
