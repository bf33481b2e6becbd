"""A provider is asked over https no more than it must be, and believed in nothing that it does not say of itself."""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs

import pytest

from ringfence.console.tenant.sso.provider import (
    ASKED_AGAIN_MS,
    BODY_MAX_BYTES,
    FAILED_MS,
    KEPT_MS,
    PROVIDERS_MAX,
    TOTAL_MS,
    URL_MAX,
    Metadata,
    ProviderFailedError,
    Providers,
    check_address,
)
from ringfence.drills.openid_provider import OpenIdProvider, answered, public_jwk
from ringfence.ports.http import HttpRequest, HttpResponse

ISSUER = "https://idp.example/acme"
OWNER = "AC1"


class Heard(OpenIdProvider):
    """A provider below a path, and each request to it; `answer` is said in the place of its own answer.

    With `answers` it answers as often as that is released.
    """

    def __init__(self, now_ms: Callable[[], int], issuer: str = ISSUER) -> None:
        super().__init__(issuer, now_ms)
        self.heard: list[HttpRequest] = []
        self.answer: HttpResponse | None = None
        self.answers: asyncio.Semaphore | None = None

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.heard.append(request)
        if self.answers is not None:
            await self.answers.acquire()
        if self.answer is not None:
            return self.answer
        if request.url.endswith("/.well-known/openid-configuration"):
            return answered(self.metadata() | {"issuer": request.url.rpartition("/.well-known")[0]} | self.changed)
        if request.url == f"{ISSUER}/keys":
            return answered({"keys": self.keys})
        return await super().send(request)


@pytest.fixture
def heard(clock: Any) -> Heard:
    return Heard(clock.now_ms)


@pytest.mark.parametrize(
    ("url", "dev"),
    [
        ("https://idp.example", False),
        ("https://idp.example:8443/acme?tenant=1", False),
        ("https://idp.example/" + "a" * (URL_MAX - 20), False),
        ("http://127.0.0.1:9000", True),
        ("http://[::1]:9000", True),
        ("http://localhost", True),
        ("http://idp.localhost", True),
    ],
)
def test_a_provider_has_an_https_address_or_in_development_one_of_this_machine(url: str, dev: bool) -> None:
    assert check_address(url, dev=dev) == url
    if url.startswith("http:"):
        with pytest.raises(ValueError, match="begins with https://"):
            check_address(url, dev=False)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://idp.example", "an address of a provider begins with https://"),
        ("http://localhost.example", "an address of a provider begins with https://"),
        ("ftp://localhost", "an address of a provider begins with https://"),
        ("https://", "an address of a provider begins with https://"),
        ("", "an address of a provider begins with https://"),
        ("https://idp.example/" + "a" * (URL_MAX - 19), "that is no address"),
        ("https://idp.example/é", "that is no address"),
        ("https://idp.example/a b", "that is no address"),
        ("https://idp.example/\x7f", "that is no address"),
        ("https://ada@idp.example", "an address of a provider names nobody, and no fragment"),
        ("https://:secret@idp.example", "an address of a provider names nobody, and no fragment"),
        ("https://idp.example/#a", "an address of a provider names nobody, and no fragment"),
    ],
)
def test_any_other_address_is_none_of_a_provider(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=rf"^{why}$"):
        check_address(url, dev=True)


def test_what_it_says_of_itself_is_asked_once_in_ten_minutes(run: Any, clock: Any, heard: Heard) -> None:
    async def story() -> None:
        providers = Providers(heard, clock, dev=False)
        found = await providers.metadata(ISSUER, OWNER)
        assert found == Metadata(
            issuer=ISSUER,
            authorization_endpoint=f"{ISSUER}/authorize",
            token_endpoint=f"{ISSUER}/token",
            jwks_uri=f"{ISSUER}/keys",
            end_session_endpoint=f"{ISSUER}/leave",
        )
        assert heard.heard == [
            HttpRequest(
                method="GET",
                url=f"{ISSUER}/.well-known/openid-configuration",
                headers=(("Accept", "application/json"),),
                body=b"",
                total_ms=TOTAL_MS,
                max_body_bytes=BODY_MAX_BYTES,
                owner=OWNER,
            )
        ]
        clock.advance(KEPT_MS)
        assert await providers.metadata(ISSUER, OWNER) == found
        assert len(heard.heard) == 1
        clock.advance(1)
        assert await providers.metadata(ISSUER, OWNER) == found
        assert len(heard.heard) == 2

    run(story())


def test_a_slash_at_the_end_of_an_issuer_is_part_of_its_name_and_doubled_in_no_address(
    run: Any, clock: Any, heard: Heard
) -> None:
    async def story() -> None:
        heard.changed = {"issuer": f"{ISSUER}/"}
        assert (await Providers(heard, clock, dev=False).metadata(f"{ISSUER}/", OWNER)).issuer == f"{ISSUER}/"
        assert heard.heard[0].url == f"{ISSUER}/.well-known/openid-configuration"
        with pytest.raises(ProviderFailedError, match=r"^issuer$"):
            await Providers(heard, clock, dev=False).metadata(ISSUER, OWNER)

    run(story())


@pytest.mark.parametrize("name", ["authorization_endpoint", "token_endpoint", "jwks_uri", "end_session_endpoint"])
def test_each_address_that_it_names_is_one_of_a_provider(run: Any, clock: Any, heard: Heard, name: str) -> None:
    async def story() -> None:
        heard.changed = {name: "http://idp.localhost/x"}
        with pytest.raises(ProviderFailedError, match=r"^endpoint$"):
            await Providers(heard, clock, dev=False).metadata(ISSUER, OWNER)
        found = await Providers(heard, clock, dev=True).metadata(ISSUER, OWNER)
        assert getattr(found, name) == "http://idp.localhost/x"

    run(story())


def test_it_may_have_no_page_to_sign_out_at(run: Any, clock: Any, heard: Heard) -> None:
    async def story() -> None:
        heard.changed = {"end_session_endpoint": ""}
        assert (await Providers(heard, clock, dev=False).metadata(ISSUER, OWNER)).end_session_endpoint == ""

    run(story())


def test_one_that_failed_is_asked_again_after_ten_seconds_and_no_other_waits_for_it(
    run: Any, clock: Any, heard: Heard
) -> None:
    async def failing(providers: Providers) -> str:
        with pytest.raises(ProviderFailedError) as failed:
            await providers.metadata(ISSUER, OWNER)
        return str(failed.value)

    async def story() -> None:
        providers = Providers(heard, clock, dev=False)
        heard.answer = answered({}, 503)
        assert await failing(providers) == "status 503"
        clock.advance(FAILED_MS - 1)
        assert await failing(providers) == "it failed just now"
        assert len(heard.heard) == 1
        heard.answer = None
        assert (await providers.metadata(f"{ISSUER}/2", OWNER)).issuer == f"{ISSUER}/2"
        clock.advance(1)
        assert (await providers.metadata(ISSUER, OWNER)).issuer == ISSUER

    run(story())


@pytest.mark.parametrize("body", [b"", b"\xff", b"[]", b"[" * 100_000, b'{"a":1}'])
def test_an_answer_is_of_its_form(run: Any, clock: Any, heard: Heard, body: bytes) -> None:
    async def story() -> None:
        heard.answer = HttpResponse(status=200, headers=(), body=body, phases=answered({}).phases)
        with pytest.raises(ProviderFailedError, match=r"^form$"):
            await Providers(heard, clock, dev=False).metadata(ISSUER, OWNER)

    run(story())


def test_where_nobody_is_nothing_is_answered(run: Any, clock: Any, heard: Heard) -> None:
    async def story() -> None:
        heard.changed = {"jwks_uri": "https://idp.example/nowhere"}
        with pytest.raises(ProviderFailedError, match=r"^http 11205$"):
            await Providers(heard, clock, dev=False).keys(ISSUER, OWNER, "es")

    run(story())


def test_its_keys_are_kept_as_long_and_asked_for_anew_for_one_that_is_not_among_them_once_a_minute(
    run: Any, clock: Any, heard: Heard
) -> None:
    async def story() -> None:
        providers = Providers(heard, clock, dev=False)

        async def asked(kid: str) -> int:
            """How many requests for keys that took."""
            before = sum(each.url.endswith("/keys") for each in heard.heard)
            assert await providers.keys(ISSUER, OWNER, kid) == heard.keys
            return sum(each.url.endswith("/keys") for each in heard.heard) - before

        assert [await asked("es"), await asked("es"), await asked("new")] == [1, 0, 0]
        assert {each.owner for each in heard.heard} == {OWNER}
        (request,) = (each for each in heard.heard if each.url.endswith("/keys"))
        assert (request.method, request.url, request.owner) == ("GET", f"{ISSUER}/keys", OWNER)
        clock.advance(ASKED_AGAIN_MS)
        assert await asked("new") == 0
        clock.advance(1)
        heard.keys = [public_jwk(heard.key, "new")]
        assert [await asked("new"), await asked("new"), await asked("es")] == [1, 0, 0]
        clock.advance(KEPT_MS)
        assert [await asked("new"), await asked("new")] == [1, 0]

    run(story())


def test_keys_that_could_not_be_had_just_now_are_not_said_to_be_none(run: Any, clock: Any, heard: Heard) -> None:
    async def failing(providers: Providers, kid: str) -> str:
        with pytest.raises(ProviderFailedError) as failed:
            await providers.keys(ISSUER, OWNER, kid)
        return str(failed.value)

    async def story() -> None:
        for known in (False, True):
            providers = Providers(heard, clock, dev=False)
            if known:
                await providers.keys(ISSUER, OWNER, "es")
                clock.advance(ASKED_AGAIN_MS + 1)
            await providers.metadata(ISSUER, OWNER)
            heard.answer = answered({}, 503)
            assert await failing(providers, "new") == "status 503"
            heard.answer = None
            assert await failing(providers, "new") == "it failed just now"
            if known:
                assert await providers.keys(ISSUER, OWNER, "es") == heard.keys
            clock.advance(ASKED_AGAIN_MS + 1)
            assert await providers.keys(ISSUER, OWNER, "new") == heard.keys
            assert await providers.keys(ISSUER, OWNER, "new") == heard.keys

    run(story())


def test_whoever_comes_while_its_keys_are_asked_for_waits_for_them(run: Any, clock: Any, heard: Heard) -> None:
    async def story() -> None:
        providers = Providers(heard, clock, dev=False)
        heard.answers = asyncio.Semaphore(1)
        both = [asyncio.create_task(providers.keys(ISSUER, OWNER, "es")) for _ in range(2)]
        while len(heard.heard) < 2:
            await asyncio.sleep(0)
        await asyncio.wait(both, timeout=0.01)
        heard.answers.release()
        assert await asyncio.gather(*both) == [heard.keys] * 2
        assert [each.url.rpartition("/")[2] for each in heard.heard] == ["openid-configuration", "keys"]

    run(story())


def test_a_code_is_sent_with_the_verifier_that_shows_who_asked(run: Any, clock: Any, heard: Heard) -> None:
    async def story() -> None:
        providers = Providers(heard, clock, dev=False)
        metadata = await providers.metadata(ISSUER, OWNER)
        heard.answer = answered({"id_token": "a.b.c", "access_token": "x"})
        given = {"code": "c 1", "client_id": "us", "redirect_uri": "https://us.example/back", "verifier": "v&1"}
        assert await providers.id_token(metadata, OWNER, **given) == "a.b.c"
        request = heard.heard[-1]
        assert (request.method, request.url, request.owner) == ("POST", f"{ISSUER}/token", OWNER)
        assert dict(request.headers) == {
            "Accept": "application/json",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        assert parse_qs(request.body.decode()) == {
            "grant_type": ["authorization_code"],
            "code": ["c 1"],
            "client_id": ["us"],
            "redirect_uri": ["https://us.example/back"],
            "code_verifier": ["v&1"],
        }

    run(story())


def test_of_a_thousand_providers_each_is_kept_and_one_more_begins_anew(run: Any, clock: Any, heard: Heard) -> None:
    async def story() -> None:
        providers = Providers(heard, clock, dev=False)
        for n in range(PROVIDERS_MAX):
            await providers.metadata(f"{ISSUER}/{n}", OWNER)
        await providers.metadata(f"{ISSUER}/0", OWNER)
        assert len(heard.heard) == PROVIDERS_MAX
        await providers.metadata(f"{ISSUER}/more", OWNER)
        await providers.metadata(f"{ISSUER}/0", OWNER)
        assert len(heard.heard) == PROVIDERS_MAX + 2

    run(story())
