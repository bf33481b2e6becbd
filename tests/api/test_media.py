"""A message's media."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.sealing.medium import medium_key, seal_medium
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import new_sid
from ringfence.ports.keys import Caller
from ringfence.ports.store import MediaRow

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256))


@pytest.fixture
def message(tenant: Any) -> Any:
    return tenant.text("Look", media_url=["https://a.example/1.png"])


def add(tenant: Any, message_sid: str, content_type: str = "image/png") -> str:
    """A medium as whatever fetches media will write it."""
    parts = tenant.installation
    row = parts.run(parts.store.message(tenant.sid, message_sid))
    caller = Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))
    key = parts.run(parts.keys.open_epochs(caller, tenant.sid, [row.epoch]))[row.epoch]
    sid = new_sid("ME")
    record_key = RecordSealer(key, tenant.sid).key(message_sid)
    content = seal_medium(medium_key(record_key, sid), tenant.sid, sid, PICTURE)
    medium = MediaRow(
        account=tenant.sid,
        message_sid=message_sid,
        sid=sid,
        content_type=content_type,
        size=len(PICTURE),
        epoch=row.epoch,
        content=content,
        created_ms=parts.clock.now_ms(),
    )
    parts.run(parts.store.add_media([medium]))
    return sid

    return Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))


def test_media_are_listed_read_and_deleted(tenant: Any, message: Any) -> None:
    sids = [add(tenant, message.sid) for _ in range(3)]
    client = tenant.client()
    media = client.messages(message.sid).media
    assert {medium.sid for medium in media.list()} == set(sids)
    assert {medium.sid for medium in media.stream(page_size=2)} == set(sids)
    one = client.messages(message.sid).media(sids[0]).fetch()
    assert (one.content_type, one.parent_sid, one.account_sid) == ("image/png", message.sid, tenant.sid)
    assert client.messages(message.sid).media(sids[0]).delete() is True
    with pytest.raises(TwilioRestException) as refused:
        client.messages(message.sid).media(sids[0]).fetch()
    assert refused.value.code == 20404
    assert {medium.sid for medium in media.list()} == set(sids[1:])


def test_without_json_it_is_the_medium_itself(tenant: Any, message: Any) -> None:
    sid = add(tenant, message.sid)
    answer = tenant.ask("GET", f"/Messages/{message.sid}/Media/{sid}")
    assert answer.content == PICTURE
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


def test_a_type_that_could_break_the_head_is_not_sent(tenant: Any, message: Any) -> None:
    sid = add(tenant, message.sid, "image/png\r\nSet-Cookie: a=b")
    answer = tenant.ask("GET", f"/Messages/{message.sid}/Media/{sid}")
    assert answer.headers["content-type"] == "application/octet-stream"
    assert "set-cookie" not in answer.headers


def test_filters_by_date(tenant: Any, message: Any) -> None:
    sid = add(tenant, message.sid)
    day = message.date_created.strftime("%Y-%m-%d")
    for query, found in (
        (f"DateCreated={day}", True),
        (f"DateCreated<={day}", True),
        (f"DateCreated>={day}", True),
        ("DateCreated=2008-01-02", False),
        ("DateCreated<=2008-01-02", False),
        ("DateCreated>=2108-01-02", False),
    ):
        listed = tenant.ask("GET", f"/Messages/{message.sid}/Media.json?{query}").json()["media_list"]
        assert [medium["sid"] for medium in listed] == ([sid] if found else []), query


def test_what_is_not_there_is_not_found(tenant: Any, message: Any, unknown_sid: str) -> None:
    for method, path in (
        ("GET", f"/Messages/{unknown_sid}/Media.json"),
        ("GET", f"/Messages/{message.sid}/Media/ME1.json"),
        ("GET", f"/Messages/{message.sid}/Media/ME1"),
        ("DELETE", f"/Messages/{message.sid}/Media/ME1.json"),
    ):
        assert tenant.ask(method, path).status_code == 404, path
