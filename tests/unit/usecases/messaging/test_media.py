"""Media are fetched through the guard, kept sealed, read by their tenant, and linked to for a day."""

import asyncio
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from ringfence.ports.http import HttpFailedError, HttpRequest, HttpResponse, Phases
from ringfence.usecases.messaging import fetch_media
from ringfence.usecases.messaging.fetch_media import AT_ONCE_OF_ACCOUNT, LIMIT_BYTES

CUSTOMER = "+12025550177"
SHOP = "+12025550123"
PICTURE = b"\x89PNG a picture of a swordfish"


class Pictures:
    """The edge of the world: web servers, by URL."""

    def __init__(self, answers: dict[str, Callable[[], HttpResponse]]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def send(self, request: HttpRequest) -> HttpResponse:
        self.asked.append(request.url)
        assert request.owner.startswith("AC")
        answer = self.answers[request.url]()
        if len(answer.body) > request.max_body_bytes:
            raise HttpFailedError(11750, "too large")
        return answer


def ok(body: bytes = PICTURE, content_type: str = "image/png", status: int = 200, **more: str) -> HttpResponse:
    headers = (("content-type", content_type), *more.items())
    return HttpResponse(status=status, headers=headers, body=body, phases=Phases())


def serve(w, **answers: Callable[[], HttpResponse]) -> Pictures:
    pictures = Pictures({f"https://pictures.example/{name}.png": answer for name, answer in answers.items()})
    w.fetcher._http = pictures
    return pictures


def test_media_are_kept_sealed_and_read_by_their_tenant(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            serve(w, a=ok, b=lambda: ok(b"second", "application/pdf"))
            urls = ("https://pictures.example/a.png", "https://pictures.example/b.png")
            row = (await w.send("Look", media_urls=urls)).row
            assert row.sid.startswith("MM")
            await w.until_status(row.sid, "delivered")
            media = await w.messaging.media.list(w.account.sid, row.sid)
            assert [medium.content_type for medium in media] == ["image/png", "application/pdf"]
            assert b"swordfish" not in msgspec.msgpack.encode(media)
            opened = [await w.messaging.media.open(w.caller, medium) for medium in media]
            assert opened == [PICTURE, b"second"]

    run(story())


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (lambda: ok(content_type="text/html"), 12300),
        (lambda: ok(content_type=""), 12300),
        (lambda: ok(status=404), 11200),
        (lambda: ok(b"x" * (LIMIT_BYTES + 1)), 11751),
        (lambda: ok(status=302, location="https://pictures.example/a.png"), 11200),
        (lambda: ok(status=302, location="http://["), 11200),
        (lambda: ok(status=302, location="file:///etc/passwd"), 11200),
        (lambda: ok(content_type="image/" + "x" * 65), 12300),
    ],
)
def test_a_text_whose_media_cannot_be_had_fails_with_twilios_code(run, world, answer, code) -> None:
    async def story() -> None:
        async with world() as w:
            serve(w, a=answer)
            sid = (await w.send("Look", media_urls=("https://pictures.example/a.png",))).row.sid
            row = await w.until_status(sid, "failed")
            assert row.error_code == code
            assert w.bodies_at(CUSTOMER) == []
            assert await w.messaging.media.list(w.account.sid, sid) == []

    run(story())


def test_a_redirect_is_followed(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            serve(w, a=lambda: ok(status=302, location="/b.png"), b=ok)
            sid = (await w.send("Look", media_urls=("https://pictures.example/a.png",))).row.sid
            await w.until_status(sid, "delivered")

    run(story())


def test_a_slow_picture_does_not_lose_the_lease_or_the_text(run, world) -> None:
    async def story() -> None:
        async with world() as w:

            class Slow(Pictures):
                async def send(self, request: HttpRequest) -> HttpResponse:
                    await asyncio.sleep(2.0)
                    return await super().send(request)

            slow = Slow({"https://pictures.example/a.png": ok})
            w.fetcher._http = slow
            sid = (await w.send("Look", media_urls=("https://pictures.example/a.png",))).row.sid
            await w.until_status(sid, "delivered")
            assert len(slow.asked) == 1

    run(story())


def test_media_of_one_message_are_in_its_order(run, world) -> None:
    async def story() -> None:
        async with world() as w:
            names = [f"p{place}" for place in range(10)]
            serve(w, **{name: (lambda name=name: ok(name.encode())) for name in names})
            urls = tuple(f"https://pictures.example/{name}.png" for name in names)
            sid = (await w.send("Look", media_urls=urls)).row.sid
            await w.until_status(sid, "delivered")
            media = await w.messaging.media.list(w.account.sid, sid)
            assert [await w.messaging.media.open(w.caller, medium) for medium in media] == [n.encode() for n in names]

    run(story())


def test_one_accounts_pictures_do_not_fill_the_memory(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            running = most = 0

            class Counting(Pictures):
                async def send(self, request: HttpRequest) -> HttpResponse:
                    nonlocal running, most
                    running += 1
                    most = max(most, running)
                    await asyncio.sleep(0.01)
                    running -= 1
                    return await super().send(request)

            w.fetcher._http = Counting({"https://pictures.example/a.png": ok})
            for place in range(3 * AT_ONCE_OF_ACCOUNT):
                await w.send("Look", to=f"+120255501{place:02}", media_urls=("https://pictures.example/a.png",))
            # All wait when it begins, however slow the machine is.
            loops = asyncio.create_task(w.dispatching.run())
            await w.until(lambda: w.bodies_at(f"+120255501{3 * AT_ONCE_OF_ACCOUNT - 1:02}"))
            assert most == AT_ONCE_OF_ACCOUNT
            loops.cancel()
            await asyncio.gather(loops, return_exceptions=True)

    run(story())


def test_a_message_whose_media_drip_fails_as_a_whole(run, world, monkeypatch) -> None:
    monkeypatch.setattr(fetch_media, "MESSAGE_WITHIN_S", 0.1)

    async def story() -> None:
        async with world() as w:

            class Never(Pictures):
                async def send(self, request: HttpRequest) -> HttpResponse:
                    await asyncio.sleep(60)
                    raise AssertionError

            w.fetcher._http = Never({})
            sid = (await w.send("Look", media_urls=("https://pictures.example/a.png",))).row.sid
            assert (await w.until_status(sid, "failed")).error_code == 11200

    run(story())


def test_a_link_opens_one_medium_for_a_day_and_nothing_else(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            serve(w, a=ok, b=ok)
            urls = ("https://pictures.example/a.png", "https://pictures.example/b.png")
            row = (await w.send("Look", media_urls=urls)).row
            (key,) = await w.keys.open_records(w.account.sid, [(row.epoch, row.sid)])
            (kind, link), (_, other) = await w.links.links(row, key, urls)
            assert kind == "image/png"
            account, message, sid, token = parts(link)
            read = w.messaging.media.open_with
            assert (await read(account, message, sid, token))[1] == PICTURE
            assert await read(account, message, parts(other)[2], token) is None
            assert await read("AC" + "0" * 32, message, sid, token) is None
            assert await read(account, message, sid, token[:-2] + "AA") is None
            assert await read(account, message, sid, "nonsense") is None
            w.clock.advance(24 * 3_600_000)
            assert await read(account, message, sid, token) is None

    run(story())


def parts(link: str) -> tuple[str, str, str, str]:
    split = urlsplit(link)
    _, _, _, account, _, message, _, sid = split.path.split("/")
    return account, message, sid, parse_qs(split.query)["Capability"][0]
