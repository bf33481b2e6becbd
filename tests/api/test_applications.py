"""Applications, through the official SDK: made, changed, listed, deleted, and referred to by numbers and calls."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException

from ringfence.domain.sealing.call import open_call_with

URL = "https://shop.example/voice"


def test_an_application_reads_back_as_it_was_made(tenant: Any) -> None:
    made = tenant.client().applications.create(
        friendly_name="Shop",
        voice_url=URL,
        voice_method="GET",
        voice_fallback_url="https://shop.example/fallback",
        status_callback="https://shop.example/status",
        status_callback_method="GET",
        sms_url="https://shop.example/sms",
        sms_method="GET",
        message_status_callback="https://shop.example/texts",
        voice_caller_id_lookup=True,
        public_application_connect_enabled=True,
    )
    assert made.sid.startswith("AP")
    for shown in (made, tenant.client().applications(made.sid).fetch()):
        assert (shown.friendly_name, shown.voice_url, shown.voice_method) == ("Shop", URL, "GET")
        assert (shown.voice_fallback_url, shown.voice_fallback_method) == ("https://shop.example/fallback", "POST")
        assert (shown.status_callback, shown.status_callback_method) == ("https://shop.example/status", "GET")
        assert (shown.sms_url, shown.sms_method, shown.sms_fallback_url) == ("https://shop.example/sms", "GET", None)
        assert shown.message_status_callback == "https://shop.example/texts"
        assert shown.voice_caller_id_lookup is shown.public_application_connect_enabled is True
        assert shown.account_sid == tenant.sid


def test_what_is_given_changes_and_what_is_empty_is_cleared(tenant: Any) -> None:
    client = tenant.client()
    made = client.applications.create(friendly_name="Shop", voice_url=URL, sms_url="https://shop.example/sms")
    changed = client.applications(made.sid).update(voice_url="", friendly_name="New")
    assert (changed.friendly_name, changed.voice_url, changed.sms_url) == ("New", None, "https://shop.example/sms")
    assert client.applications(made.sid).fetch().voice_url is None


def test_applications_are_listed_newest_first_and_by_name(tenant: Any) -> None:
    client = tenant.client()
    sids = [client.applications.create(friendly_name=f"n{n % 2}").sid for n in range(5)]
    listed = [shown.sid for shown in client.applications.list(page_size=2)]
    assert sorted(listed) == sorted(sids)
    odd = [shown.sid for shown in client.applications.list(friendly_name="n1")]
    assert sorted(odd) == sorted([sids[1], sids[3]])


def test_a_deleted_application_is_not_there(tenant: Any) -> None:
    client = tenant.client()
    made = client.applications.create()
    assert client.applications(made.sid).delete() is True
    for ask in (client.applications(made.sid).fetch, lambda: client.applications(made.sid).update(friendly_name="x")):
        with pytest.raises(TwilioRestException) as refused:
            ask()
        assert (refused.value.status, refused.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("fields", "code"),
    [({"voice_url": "ftp://x"}, 21402), ({"sms_method": "PUT"}, 21403), ({"api_version": "2008-08-01"}, 20001)],
)
def test_what_cannot_be_is_refused(tenant: Any, fields: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        tenant.client().applications.create(**fields)
    assert refused.value.code == code


def test_a_call_may_be_made_for_an_application(tenant: Any) -> None:
    client, parts = tenant.client(), tenant.installation
    fallback, status = "https://shop.example/f", "https://a.example"
    application = client.applications.create(
        voice_url=URL, voice_method="GET", voice_fallback_url=fallback, status_callback=status
    )

    def content(**fields: Any) -> Any:
        call = client.calls.create(to="+12025550177", from_=tenant.number(), application_sid=application.sid, **fields)
        row = parts.run(parts.store.call(tenant.sid, call.sid))
        (key,) = parts.run(parts.keys.open_records(tenant.sid, [(row.epoch, call.sid)]))
        return open_call_with(key, tenant.sid, call.sid, row.content)

    made = content()
    assert (made.url, made.method, made.fallback_url) == (URL, "GET", fallback)
    assert (made.status_callback, made.application_sid) == (status, application.sid)
    own = content(url="https://other.example/voice")
    assert (own.url, own.method, own.application_sid) == ("https://other.example/voice", "POST", "")
    # As at Twilio, a request that names an application leaves the callbacks to it.
    left = content(status_callback="https://b.example", status_callback_event=["initiated"], method="POST")
    assert (left.status_callback, left.status_events, left.method) == (status, (), "GET")
    without = client.applications.create()
    with pytest.raises(TwilioRestException) as refused:
        client.calls.create(to="+12025550177", from_=tenant.number(), application_sid=without.sid)
    assert refused.value.code == 21205
