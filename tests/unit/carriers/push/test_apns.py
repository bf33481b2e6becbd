"""Devices are woken through Apple's network by its published protocol, over HTTP/2; nothing of a question is sent."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from msgspec.structs import replace
from tests.unit.carriers.push.signings import APPLES, APPLES_KEY, NOW_S, push
from tests.unit.http.h2_server import Asked, H2Server, Reply, pair

from ringfence.carriers.push.apns import ApnsSender
from ringfence.domain.jws import is_es256, read_jws
from ringfence.domain.push_credential import PushSecret
from ringfence.http.egress_guard import EgressGuard, development
from ringfence.ports.http import HttpFailedError
from ringfence.ports.push_sender import PushEnd
from ringfence.roles.apple_clients import AppleClients

DEVICE = "AB" * 32


class Apple:
    """Answers by `replies`, one after the other; the last for ever."""

    def __init__(self, *replies: Reply, client: str = "") -> None:
        self.replies = list(replies) or [Reply()]
        self.server = H2Server(self._answer, client=client)
        self.slept: list[float] = []
        self.now_s = float(NOW_S)

    def _answer(self, _: Asked) -> Reply:
        return self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]

    async def _sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)

    def play(self, story: Callable[[ApnsSender], Awaitable[Any]]) -> Any:
        async def played() -> Any:
            async with self.server.serving():
                clients = AppleClients(EgressGuard(development()), roots=self.server.roots)
                url = self.server.url
                sender = ApnsSender(
                    clients.of, url=url, sandbox_url=f"{url}/sandbox", now_s=lambda: self.now_s, sleep=self._sleep
                )
                try:
                    return await asyncio.wait_for(story(sender), 30)
                finally:
                    clients.end()

        return asyncio.run(played())

    def send(self, **changes: Any) -> PushEnd:
        wanted = replace(push("apn", APPLES, token=DEVICE), **changes)
        end: PushEnd = self.play(lambda sender: sender.send(wanted))
        return end


def reason(status: int, why: str) -> Reply:
    return Reply(status=status, body=json.dumps({"reason": why}).encode())


def test_a_device_is_woken_with_a_token_that_the_tenants_key_signed() -> None:
    apple = Apple()
    assert apple.send() is PushEnd.TAKEN
    (asked,) = apple.server.asked
    assert asked.headers[":path"] == f"/3/device/{DEVICE.lower()}"
    expected = {"apns-topic": "example.owl", "apns-push-type": "alert", "apns-priority": "10"}
    assert {name: asked.headers[name] for name in expected} == expected
    assert asked.headers["apns-expiration"] == str(NOW_S + 300)
    scheme, _, text = asked.headers["authorization"].partition(" ")
    token = read_jws(text)
    public = APPLES_KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert scheme == "bearer"
    assert is_es256(public, token)
    assert (token.header["kid"], token.claims) == ("ABCDE12345", {"iss": "TEAM123456", "iat": NOW_S})
    body = json.loads(asked.body)
    assert body.pop("aps")["alert"] == {"body": "Something waits for your answer. Open the app."}
    assert body == {"type": "verify_push_challenge", "factor_sid": "YF1", "challenge_sid": "YC1"}


def test_a_token_is_kept_for_forty_minutes() -> None:
    apple = Apple()

    async def story(sender: ApnsSender) -> None:
        for later_s in (0, 2_399, 1):
            apple.now_s += later_s
            await sender.send(push("apn", APPLES))
        await sender.send(push("apn", replace(APPLES, changed_ms=2)))

    apple.play(story)
    tokens = [asked.headers["authorization"] for asked in apple.server.asked]
    assert tokens[0] == tokens[1]
    assert len(set(tokens)) == 3
    assert apple.server.connections == 1


def test_the_sandbox_is_another_place() -> None:
    apple = Apple()
    credential = replace(APPLES.credential, sandbox=True)
    assert apple.send(signing=replace(APPLES, credential=credential)) is PushEnd.TAKEN
    assert apple.server.asked[0].headers[":path"].startswith("/sandbox/3/device/")


@pytest.mark.parametrize(
    ("reply", "end"),
    [
        (reason(410, "Unregistered"), PushEnd.GONE),
        (reason(400, "BadDeviceToken"), PushEnd.GONE),
        (reason(400, "DeviceTokenNotForTopic"), PushEnd.REFUSED),
        (reason(403, "InvalidProviderToken"), PushEnd.REFUSED),
        (Reply(status=403, body=b"[]"), PushEnd.REFUSED),
        (Reply(status=400, body=b'{"reason": 7}'), PushEnd.REFUSED),
    ],
)
def test_what_it_says_of_a_device(reply: Reply, end: PushEnd) -> None:
    apple = Apple(reply)
    assert apple.send() is end
    assert len(apple.server.asked) == 1


def test_a_token_that_was_too_old_is_signed_anew_once() -> None:
    apple = Apple(reason(403, "ExpiredProviderToken"), Reply())
    assert apple.send() is PushEnd.TAKEN
    stale = Apple(reason(403, "ExpiredProviderToken"))
    assert stale.send() is PushEnd.REFUSED
    assert len(stale.server.asked) == 2


def test_it_is_tried_three_times_where_apple_has_no_time() -> None:
    apple = Apple(Reply(status=429, headers=(("retry-after", "1"),)), Reply(status=500), Reply())
    assert apple.send() is PushEnd.TAKEN
    assert apple.slept == [1.0, 1.0]
    with pytest.raises(ConnectionError, match="no time"):
        Apple(Reply(status=503)).send()


def test_a_certificate_signs_in_as_the_connection_is_made() -> None:
    certificate, key = pair("owl.example")
    apple = Apple(client=certificate)
    signing = replace(APPLES, secret=PushSecret(certificate=certificate, private_key=key))
    assert apple.send(signing=signing) is PushEnd.TAKEN
    (asked,) = apple.server.asked
    assert "authorization" not in asked.headers
    assert (("commonName", "owl.example"),) in asked.certificate["subject"]
    with pytest.raises((ConnectionError, HttpFailedError)):
        # Whoever has none is not let in.
        Apple(client=certificate).send()


@pytest.mark.parametrize("token", ["../" + "a" * 40, "a" * 31, "g" * 64, "a" * 64 + "\r\nx: y"])
def test_what_can_be_no_device_of_apples_is_not_asked_for(token: str) -> None:
    apple = Apple()
    assert apple.send(token=token) is PushEnd.GONE
    assert apple.server.asked == []


def test_a_key_that_is_none_refuses_and_asks_nobody() -> None:
    for secret in (
        PushSecret(private_key="none", key_id="ABCDE12345", team_id="TEAM123456"),
        PushSecret(certificate="none", private_key="none"),
    ):
        apple = Apple()
        assert apple.send(signing=replace(APPLES, secret=secret)) is PushEnd.REFUSED
        assert apple.server.asked == []


def test_a_token_that_is_over_is_not_kept_beside_others() -> None:
    apple = Apple()

    async def story(sender: ApnsSender) -> int:
        for number in range(3):
            signing = replace(APPLES, sid=f"CR{number}")
            assert await sender.send(replace(push("apn", signing), token=DEVICE)) is PushEnd.TAKEN
            apple.now_s += 2_399
        return len(sender._tokens)

    assert apple.play(story) == 2


def test_without_credential_or_app_nothing_is_sent() -> None:
    apple = Apple()
    assert apple.send(signing=None) is PushEnd.REFUSED
    assert apple.send(app="") is PushEnd.REFUSED
    assert apple.send(app="a\r\nb: c") is PushEnd.REFUSED
    assert apple.server.asked == []
