"""Client and server together, over a real socket."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec
import pytest

from ringfence.domain.errors import ApiError
from ringfence.ipc import frames
from ringfence.ipc.client import Client
from ringfence.ipc.faults import RemoteError
from ringfence.ipc.server import serve
from ringfence.ports.keys import KeyRefusedError, Slot


async def echo(text: str) -> str:
    return text


async def public_of(slots: list[Slot], default: bytes = b"none") -> list[bytes]:
    return [slot.public for slot in slots] or [default]


async def fail(kind: str) -> None:
    errors = {"key": KeyRefusedError("closed"), "api": ApiError(20404, path="/x"), "odd": RuntimeError("+12025550177")}
    raise errors[kind]


async def nap(seconds: float) -> str:
    await asyncio.sleep(seconds)
    return "slept"


async def big(count: int) -> bytes:
    return b"x" * count


HANDLERS = {"echo": echo, "public_of": public_of, "fail": fail, "nap": nap, "big": big}


def with_client(run_dir: Path, scene: Callable[[Client], Awaitable[None]], **options: int) -> None:
    async def run() -> None:
        server = await serve(run_dir / "a.sock", HANDLERS, **options)  # type: ignore[arg-type]
        client = Client(run_dir / "a.sock", timeout_s=5)
        try:
            await scene(client)
        finally:
            await client.close()
            await server.close()

    asyncio.run(run())


def test_arguments_and_answers_keep_their_types(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        assert await client.call("echo", "héllo") == "héllo"
        slots = [Slot(credential="SK1", public=b"\x00\xff")]
        assert await client.call("public_of", slots, returns=list[bytes]) == [b"\x00\xff"]
        assert await client.call("public_of", [], b"other", returns=list[bytes]) == [b"other"]
        assert await client.call("public_of", [], returns=tuple[bytes, ...]) == (b"none",)

    with_client(run_dir, scene)


@pytest.mark.parametrize("args", [(), (1,), ("a", "b"), (None,), (b"a",)])
def test_arguments_that_do_not_fit_are_refused_before_the_handler(run_dir: Path, args: tuple[object, ...]) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(ValueError, match="arguments refused"):
            await client.call("echo", *args)

    with_client(run_dir, scene)


def test_errors_arrive_typed_and_unknown_ones_by_name_only(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(KeyRefusedError, match="closed"):
            await client.call("fail", "key")
        with pytest.raises(ApiError) as refused:
            await client.call("fail", "api")
        assert refused.value.status == 404
        with pytest.raises(RemoteError) as odd:
            await client.call("fail", "odd")
        assert str(odd.value) == "RuntimeError"

    with_client(run_dir, scene)


def test_a_verb_this_socket_does_not_have_is_refused(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(PermissionError):
            await client.call("open_epochs")

    with_client(run_dir, scene)


def test_an_answer_of_another_type_is_a_broken_connection(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(ConnectionError, match="agreed"):
            await client.call("echo", "a", returns=int)

    with_client(run_dir, scene)


def test_slow_calls_do_not_hold_up_quick_ones(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        slow = asyncio.create_task(client.call("nap", 0.3))
        await asyncio.sleep(0.01)
        assert await client.call("echo", "quick") == "quick"
        assert not slow.done()
        assert await slow == "slept"

    with_client(run_dir, scene)


def test_many_calls_at_once_are_each_answered(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        texts = [str(n) for n in range(3_000)]
        assert await asyncio.gather(*(client.call("echo", text) for text in texts)) == texts

    with_client(run_dir, scene, max_in_flight=7)


def test_calls_of_one_tick_travel_in_one_frame_and_are_answered_in_one(run_dir: Path) -> None:
    seen: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (payload := await frames.read_frame(reader)) is not None:
            requests = frames.unpack_requests(payload)
            seen.append(len(requests))
            for frame in frames.pack([frames.Reply(r.id, True, frames.encode(None)) for r in requests]):
                writer.write(frame)
        writer.close()

    async def batches_answered() -> int:
        server = await serve(run_dir / "b.sock", HANDLERS)
        reader, writer = await asyncio.open_unix_connection(str(run_dir / "b.sock"))
        for frame in frames.pack([frames.Request(n, "echo", frames.encode(["a"])) for n in range(100)]):
            writer.write(frame)
        payload = await frames.read_frame(reader)
        writer.close()
        await server.close()
        return len(frames.unpack_replies(payload or b""))

    async def scene() -> None:
        listener = await asyncio.start_unix_server(answer, str(run_dir / "a.sock"))
        client = Client(run_dir / "a.sock")
        await client.ready(5)
        await asyncio.gather(*(client.call("anything") for _ in range(100)))
        await client.close()
        listener.close()
        assert seen == [100]
        assert await batches_answered() == 100

    asyncio.run(scene())


def test_too_large_a_call_or_answer_is_refused_and_harms_no_other(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(ValueError, match="call is larger"):
            await client.call("echo", "x" * (frames.MAX_FRAME_BYTES + 1))
        with pytest.raises(ValueError, match="answer is larger"):
            await client.call("big", 2_000)
        assert await client.call("big", 700) == b"x" * 700

    with_client(run_dir, scene, max_frame_bytes=1024)


def test_a_peer_that_sends_no_frames_is_dropped_and_the_others_stay(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        for garbage in (b"\xff\xff\xff\xff", b"\x00\x00\x00\x01\xc1", b"GET / HTTP/1.1\r\n\r\n"):
            reader, writer = await asyncio.open_unix_connection(str(run_dir / "a.sock"))
            writer.write(garbage)
            assert await asyncio.wait_for(reader.read(), 5) == b""
            writer.close()
        assert await client.call("echo", "a") == "a"

    with_client(run_dir, scene)


def test_a_peer_of_another_user_is_cut_off_unanswered(run_dir: Path) -> None:
    async def scene() -> None:
        server = await serve(run_dir / "a.sock", HANDLERS, allowed_uids={os.getuid() + 1})
        client = Client(run_dir / "a.sock", timeout_s=5)
        with pytest.raises(ConnectionError):
            await client.call("echo", "a")
        await client.close()
        await server.close()

    asyncio.run(scene())


def test_one_connection_too_many_is_cut_off(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        assert await client.call("echo", "a") == "a"
        second = Client(run_dir / "a.sock", timeout_s=5)
        with pytest.raises(ConnectionError):
            await second.call("echo", "a")
        await second.close()
        assert await client.call("echo", "a") == "a"

    with_client(run_dir, scene, max_connections=1)


def test_when_nobody_answers_the_call_says_so_in_time(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        with pytest.raises(ConnectionError, match="in time"):
            await client.call("nap", 5.0, timeout_s=0.05)
        assert await client.call("echo", "still here") == "still here"

    with_client(run_dir, scene)


def test_the_client_is_told_when_the_server_goes_and_finds_it_again(run_dir: Path) -> None:
    async def scene() -> None:
        client = Client(run_dir / "a.sock", timeout_s=5)
        with pytest.raises(ConnectionError, match="nothing answers"):
            await client.call("echo", "a")
        with pytest.raises(ConnectionError, match="nothing answers"):
            await client.ready(0.1)
        for _ in range(2):
            waking = asyncio.create_task(client.ready(5))
            await asyncio.sleep(0.02)
            server = await serve(run_dir / "a.sock", HANDLERS)
            await waking
            assert await client.call("echo", "a") == "a"
            in_flight = asyncio.create_task(client.call("nap", 5.0))
            await asyncio.sleep(0.02)
            await server.close()
            with pytest.raises(ConnectionError, match="went away"):
                await in_flight
        await client.close()

    asyncio.run(scene())


def test_a_cancelled_call_leaves_the_connection_whole(run_dir: Path) -> None:
    async def scene(client: Client) -> None:
        slow = asyncio.create_task(client.call("nap", 0.1))
        await asyncio.sleep(0.02)
        slow.cancel()
        with pytest.raises(asyncio.CancelledError):
            await slow
        await asyncio.sleep(0.15)
        assert await client.call("echo", "a") == "a"

    with_client(run_dir, scene)


def test_too_many_calls_in_flight_are_refused_by_the_client(run_dir: Path) -> None:
    async def scene() -> None:
        server = await serve(run_dir / "a.sock", HANDLERS)
        client = Client(run_dir / "a.sock", max_in_flight=2, timeout_s=5)
        slow = [asyncio.create_task(client.call("nap", 0.1)) for _ in range(2)]
        await asyncio.sleep(0.02)
        with pytest.raises(ConnectionError, match="too many"):
            await client.call("echo", "a")
        assert await asyncio.gather(*slow) == ["slept", "slept"]
        await client.close()
        await server.close()

    asyncio.run(scene())


def test_closing_twice_is_a_no_op_and_removes_the_socket(run_dir: Path) -> None:
    async def scene() -> None:
        server = await serve(run_dir / "a.sock", HANDLERS)
        await server.close()
        await server.close()
        assert not (run_dir / "a.sock").exists()

    asyncio.run(scene())


def test_handlers_in_flight_are_cancelled_when_their_peer_leaves(run_dir: Path) -> None:
    ended = []

    async def wait() -> None:
        try:
            await asyncio.sleep(30)
        finally:
            ended.append(True)

    async def scene() -> None:
        server = await serve(run_dir / "a.sock", {"wait": wait})
        client = Client(run_dir / "a.sock")
        call = asyncio.create_task(client.call("wait"))
        await asyncio.sleep(0.05)
        await client.close()
        with pytest.raises(ConnectionError):
            await call
        await asyncio.sleep(0.05)
        assert ended == [True]
        await server.close()

    asyncio.run(scene())


def test_decoded_arguments_hold_structs_not_dicts(run_dir: Path) -> None:
    class Point(msgspec.Struct):
        x: int

    async def take(point: Point) -> str:
        return type(point).__name__

    async def scene() -> None:
        server = await serve(run_dir / "a.sock", {"take": take})
        client = Client(run_dir / "a.sock")
        assert await client.call("take", Point(1)) == "Point"
        await client.close()
        await server.close()

    take.__annotations__["point"] = Point
    asyncio.run(scene())
