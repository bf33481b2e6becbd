"""How replies are named."""

from msgspec.structs import replace

from ringfence.domain.sid import is_sid, made_ms
from ringfence.ports.store import EventRow
from ringfence.usecases.webhooks.reply_port import reply_sid

EVENT = EventRow(
    id=1,
    account="AC" + "a" * 32,
    message_sid="SM" + "1" * 32,
    kind="message.received",
    sequence=0,
    at_ms=1_700_000_000_123,
    due_ms=0,
)


def test_the_same_reply_has_the_same_sid_whatever_the_attempt() -> None:
    sid = reply_sid(EVENT, 0, media=False)
    assert sid == reply_sid(replace(EVENT, id=9, attempts=3, due_ms=5), 0, media=False)
    assert is_sid(sid, "SM")
    assert made_ms(sid) == EVENT.at_ms + 1


def test_replies_sort_behind_their_text_in_the_order_of_the_answer() -> None:
    sids = [reply_sid(EVENT, place, media=False) for place in range(20)]
    assert sids == sorted(sids)
    assert sids[0] > f"SM{EVENT.at_ms:012x}" + "f" * 20


def test_other_replies_have_other_sids() -> None:
    sids = {
        reply_sid(EVENT, 0, media=False),
        reply_sid(EVENT, 1, media=False),
        reply_sid(replace(EVENT, account="AC" + "b" * 32), 0, media=False),
        reply_sid(replace(EVENT, message_sid="SM" + "2" * 32), 0, media=False),
        reply_sid(replace(EVENT, sequence=1), 0, media=False),
    }
    assert len(sids) == 5
    assert is_sid(reply_sid(EVENT, 0, media=True), "MM")
