"""Whom a text of a Messaging Service is told to: the service's webhooks, or those of the number or the text."""

import asyncio
from typing import Any

import pytest

from ringfence.domain.standing import ServiceConfig, encode_service_config, service_record
from ringfence.ports.messaging_services import ServiceRow

ACCOUNT = "AC" + "a" * 32
NUMBER = "+12025550123"
SERVICE = "MG" + "5" * 32
REPLY = "<Response><Message>“See you”</Message></Response>"


async def serve(installation: Any, *, on_number: bool = False, **config: str) -> None:
    """A service with the account's number in its pool."""
    sealed = installation.keys.seal_standing(
        ACCOUNT, service_record(SERVICE), encode_service_config(ServiceConfig(**config))
    )
    row = ServiceRow(
        account=ACCOUNT,
        sid=SERVICE,
        friendly_name="Reminders",
        use_inbound_webhook_on_number=on_number,
        has_status_callback="status_callback" in config,
        standing=sealed,
        created_ms=0,
        updated_ms=0,
    )
    await installation.store.create_service(row)
    number = await installation.store.number_by_e164(NUMBER)
    assert await installation.store.add_to_pool(ACCOUNT, SERVICE, number.sid, 0, 400)


def run(story: Any) -> None:
    asyncio.run(asyncio.wait_for(story(), 20))


@pytest.mark.parametrize("own", [True, False])
def test_a_status_goes_to_the_texts_own_callback_and_else_to_the_services(installation, program, own) -> None:
    async def story() -> None:
        await installation.open()
        await serve(installation, status_callback=program.url("service"))
        callback = program.url("text") if own else None
        await installation.outbound(callback, "sent", messaging_service_sid=SERVICE, has_callback=True)
        assert (await installation.attempt()).state == "done"
        (seen,) = program.seen
        assert (seen.path, seen.valid) == ("text" if own else "service", True)
        assert seen.params["MessagingServiceSid"] == SERVICE

    run(story)


def test_without_a_callback_or_a_service_nobody_is_called(installation, program) -> None:
    async def story() -> None:
        await installation.open()
        await serve(installation)
        await installation.outbound(None, "sent", messaging_service_sid=SERVICE)
        assert (await installation.attempt()).state == "done"
        await installation.outbound(None, "sent", messaging_service_sid="MG" + "6" * 32)
        assert (await installation.attempt()).state == "done"
        assert program.seen == []

    run(story)


@pytest.mark.parametrize("on_number", [True, False])
def test_a_text_to_the_pool_goes_to_the_service_or_to_the_number(installation, program, on_number) -> None:
    async def story() -> None:
        await installation.open(sms_url=program.url("number"))
        await serve(installation, on_number=on_number, inbound_request_url=program.url("service"), inbound_method="GET")
        await installation.inbound("Hi", messaging_service_sid=SERVICE)
        assert (await installation.attempt()).state == "done"
        (seen,) = program.seen
        assert (seen.method, seen.path) == (("POST", "number") if on_number else ("GET", "service"))
        assert seen.params["MessagingServiceSid"] == SERVICE

    run(story)


def test_the_services_fallback_takes_over(installation, program) -> None:
    async def story() -> None:
        await installation.open(sms_fallback_url=program.url("number"))
        urls = {"inbound_request_url": program.answer("service", "x", 400), "fallback_url": program.url("fallback")}
        await serve(installation, **urls)
        await installation.inbound("Hi", messaging_service_sid=SERVICE)
        assert (await installation.attempt()).state == "done"
        assert program.paths() == ["service", "fallback"]

    run(story)


def test_a_service_without_a_webhook_tells_nobody(installation, program) -> None:
    async def story() -> None:
        await installation.open(sms_url=program.url("number"))
        await serve(installation)
        await installation.inbound("Hi", messaging_service_sid=SERVICE)
        assert (await installation.attempt()).state == "done"
        assert program.seen == []

    run(story)


def test_a_deleted_services_texts_are_the_numbers(installation, program) -> None:
    async def story() -> None:
        await installation.open(sms_url=program.url("number"))
        await serve(installation, inbound_request_url=program.url("service"))
        await installation.inbound("Hi", messaging_service_sid=SERVICE)
        await installation.store.delete_service(ACCOUNT, SERVICE)
        assert (await installation.attempt()).state == "done"
        assert program.paths() == ["number"]

    run(story)


def test_a_reply_is_the_services_too(installation, program) -> None:
    async def story() -> None:
        await installation.open()
        urls = {"inbound_request_url": program.answer("service", REPLY), "status_callback": program.url("status")}
        await serve(installation, **urls)
        await installation.inbound("Hi", messaging_service_sid=SERVICE)
        await installation.attempt()
        ((sid, content),) = await installation.replies()
        assert content.body == '"See you"'
        row = await installation.store.message(ACCOUNT, sid)
        assert (row.messaging_service_sid, row.has_callback) == (SERVICE, True)

    run(story)
