"""Devices are woken through Firebase by its published protocol, over real sockets; nothing of a question is sent."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import parse_qs

import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from msgspec.structs import replace
from tests.unit.carriers.push.signings import APPLES, GOOGLES, GOOGLES_KEY, NOW_S, push

from ringfence.carriers.push.fcm import SCOPE, TOKEN_URL, FcmSender
from ringfence.domain.jws import read_jws
from ringfence.domain.push_credential import PushSecret
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, development
from ringfence.ports.push_sender import PushEnd

UNREGISTERED = {"error": {"code": 404, "details": [{"@type": "x"}, {"errorCode": "UNREGISTERED"}]}}


class Google:
    """Answers tokens, and messages by `answers`, (status, JSON) or (status, JSON, Retry-After) one after the other."""

    def __init__(self, *answers: Any, token_status: int = 200) -> None:
        self.answers = list(answers)
        self.token_status = token_status
        self.tokens: list[dict[str, list[str]]] = []
        self.messages: list[tuple[str, str, Any]] = []
        self.slept: list[float] = []
        self.now_s = float(NOW_S)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode() if not reader.at_eof() else "":
            lines = head.split("\r\n")
            fields = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            body = await reader.readexactly(int(fields["content-length"]))
            path = lines[0].split()[1]
            if path == "/token":
                self.tokens.append(parse_qs(body.decode()))
                status, answer, more = (
                    self.token_status,
                    {"access_token": f"t{len(self.tokens)}", "expires_in": 3_600},
                    "",
                )
            else:
                self.messages.append((path, fields["authorization"], json.loads(body)))
                status, answer, *wait = self.answers.pop(0)
                more = f"Retry-After: {wait[0]}\r\n" if wait else ""
            said = json.dumps(answer).encode()
            writer.write(f"HTTP/1.1 {status} X\r\n{more}Content-Length: {len(said)}\r\n\r\n".encode() + said)

    async def _sleep(self, wait_s: float) -> None:
        self.slept.append(wait_s)

    def play(self, story: Callable[[FcmSender], Awaitable[Any]]) -> Any:
        async def played() -> Any:
            server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
            url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            http = PooledClient(EgressGuard(development()))
            sender = FcmSender(
                http, send_url=url, token_url=f"{url}/token", now_s=lambda: self.now_s, sleep=self._sleep
            )
            try:
                return await asyncio.wait_for(story(sender), 30)
            finally:
                await http.close()
                server.close()

        return asyncio.run(played())

    def send(self, **changes: Any) -> PushEnd:
        end: PushEnd = self.play(lambda sender: sender.send(replace(push("fcm", GOOGLES), **changes)))
        return end


def test_a_device_is_woken_with_a_token_that_the_service_account_signed() -> None:
    google = Google((200, {"name": "projects/owl-app/messages/1"}))
    assert google.send() is PushEnd.TAKEN
    (asked,) = google.tokens
    assert asked["grant_type"] == ["urn:ietf:params:oauth:grant-type:jwt-bearer"]
    assertion = read_jws(asked["assertion"][0])
    GOOGLES_KEY.public_key().verify(assertion.signature, assertion.signed, padding.PKCS1v15(), SHA256())
    assert assertion.header == {"alg": "RS256", "typ": "JWT"}
    assert assertion.claims == {
        "iss": "push@owl.example",
        "scope": SCOPE,
        "aud": TOKEN_URL,
        "iat": NOW_S,
        "exp": NOW_S + 3_600,
    }
    ((path, authorization, message),) = google.messages
    assert (path, authorization) == ("/v1/projects/owl-app/messages:send", "Bearer t1")
    assert message == {
        "message": {
            "token": "a" * 64,
            "data": {"type": "verify_push_challenge", "factor_sid": "YF1", "challenge_sid": "YC1"},
            "android": {"priority": "HIGH", "ttl": "300s"},
        }
    }


def test_a_token_is_kept_while_it_is_good_and_its_credential_the_same() -> None:
    google = Google(*[(200, {})] * 4)

    async def story(sender: FcmSender) -> None:
        await sender.send(push("fcm", GOOGLES))
        await sender.send(push("fcm", GOOGLES))
        google.now_s += 3_541
        await sender.send(push("fcm", GOOGLES))
        await sender.send(push("fcm", replace(GOOGLES, changed_ms=2)))

    google.play(story)
    assert [authorization for _, authorization, _ in google.messages] == [f"Bearer t{n}" for n in (1, 1, 2, 3)]


def test_one_that_was_taken_back_is_asked_for_anew_once() -> None:
    google = Google((401, {}), (200, {}))
    assert google.send() is PushEnd.TAKEN
    assert len(google.tokens) == 2
    google = Google((401, {}), (401, {}))
    assert google.send() is PushEnd.REFUSED


@pytest.mark.parametrize(
    ("status", "answer", "end"),
    [
        (404, UNREGISTERED, PushEnd.GONE),
        (404, {}, PushEnd.REFUSED),
        (403, {"error": {"details": [{"errorCode": "SENDER_ID_MISMATCH"}]}}, PushEnd.REFUSED),
        (400, {"error": "x"}, PushEnd.REFUSED),
        (400, [], PushEnd.REFUSED),
    ],
)
def test_what_it_says_of_a_device(status: int, answer: Any, end: PushEnd) -> None:
    google = Google((status, answer))
    assert google.send() is end
    assert google.slept == []


def test_it_is_tried_three_times_where_google_has_no_time() -> None:
    google = Google((429, {}, 1), (503, {}), (200, {}))
    assert google.send() is PushEnd.TAKEN
    assert google.slept == [1.0, 1.0]
    busy = Google(*[(503, {}, 3_600)] * 3)
    with pytest.raises(ConnectionError, match="no time"):
        busy.send()
    assert busy.slept == [2.0, 2.0]


def test_nobody_there_is_an_error_that_says_nothing_of_the_push() -> None:
    google = Google()

    async def story(sender: FcmSender) -> None:
        sender._token_url = "http://127.0.0.1:9/"
        with pytest.raises(ConnectionError) as away:
            await sender.send(push("fcm", GOOGLES))
        assert "a" * 64 not in str(away.value)

    google.play(story)


def test_without_a_credential_that_is_one_nothing_is_sent() -> None:
    google = Google(token_status=400)
    assert google.send() is PushEnd.REFUSED
    for signing in (None, APPLES, replace(GOOGLES, secret=PushSecret(account="AAAAserverkey"))):
        assert google.send(signing=signing) is PushEnd.REFUSED
    assert google.messages == []
