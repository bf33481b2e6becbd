"""The life of a call: forward only, and one end."""

import pytest

from ringfence.domain.call import FINAL, LIVE, Content, Order, RecordingOptions, Status, final_status, may_become


@pytest.mark.parametrize("after", sorted(set(Status) - {Status.QUEUED}))
def test_a_queued_call_may_become_anything_else(after: Status) -> None:
    assert may_become(Status.QUEUED, after)


def test_an_answered_call_can_only_complete() -> None:
    assert {after for after in Status if may_become(Status.IN_PROGRESS, after)} == {Status.COMPLETED}


def test_a_ringing_call_does_not_go_back() -> None:
    assert {after for after in Status if not may_become(Status.RINGING, after)} == {Status.QUEUED, Status.RINGING}


@pytest.mark.parametrize("before", sorted(FINAL))
def test_a_call_that_is_over_stays_as_it_ended(before: Status) -> None:
    assert not any(may_become(before, after) for after in Status)


def test_every_status_is_either_live_or_final() -> None:
    assert frozenset({"queued", "ringing", "in-progress"}) == LIVE
    assert frozenset({"completed", "busy", "failed", "no-answer", "canceled"}) == FINAL


@pytest.mark.parametrize(
    ("sip_status", "status"),
    [(486, "busy"), (600, "busy"), (408, "no-answer"), (480, "no-answer"), (487, "canceled"), (404, "failed")],
)
def test_an_unanswered_call_ends_as_its_last_answer_says(sip_status: int, status: str) -> None:
    assert final_status(sip_status, answered=False) == status


@pytest.mark.parametrize("sip_status", [200, 408, 486])
def test_an_answered_call_completes_however_it_ends(sip_status: int) -> None:
    assert final_status(sip_status, answered=True) is Status.COMPLETED


def test_content_is_not_shown() -> None:
    assert "+1202" not in repr(Content(to="+12025550177", sender="+12025550100"))
    assert "secret" not in repr(Order(twiml="secret"))


@pytest.mark.parametrize(
    ("channels", "track", "made"),
    [(1, "both", 1), (2, "both", 2), (2, "inbound", 1), (2, "outbound", 1), (1, "inbound", 1), (0, "both", 1)],
)
def test_a_single_track_is_one_channel_whatever_was_asked_for(channels: int, track: str, made: int) -> None:
    assert RecordingOptions(channels=channels, track=track).made_channels == made
