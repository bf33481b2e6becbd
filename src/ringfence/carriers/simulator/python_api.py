"""Steer the simulator from Python: handsets that read, write and fail, over its HTTP interface.

    simulator = Simulator("http://localhost:8420")
    phone = simulator.add_handset("+12025550177", "Sam")
    text = phone.wait_for_text("Reply C")
    phone.reply("C")

`AsyncSimulator` is the same with awaitable methods. Reference: docs/reference/simulator.md.
"""

import asyncio
import http.client
import time
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec

POLL_S = 0.05
TIMEOUT_S = 10.0


class SimulatorRefusedError(Exception):
    """The simulator said no: `status` is HTTP's, `message` its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class Suggestion(msgspec.Struct, frozen=True):
    """A reply button: `send` is texted, `label` is shown."""

    send: str
    label: str


class HandsetText(msgspec.Struct, frozen=True, kw_only=True, rename={"sender": "from"}):
    """A text on a handset. `direction` is inbound for one the handset wrote, outbound for one it was sent."""

    id: str
    sid: str | None
    sender: str
    to: str
    body: str
    direction: str
    status: str
    error_code: int | None
    at: str
    encoding: str
    segments: int
    media_urls: tuple[str, ...]
    suggestions: tuple[Suggestion, ...]

    def __repr__(self) -> str:
        return f"HandsetText({self.id})"


class Simulator:
    """The simulator behind `base_url`. ConnectionError: nothing answers there."""

    def __init__(self, base_url: str = "http://localhost:8420", *, timeout_s: float = TIMEOUT_S) -> None:
        url = urlsplit(base_url)
        kind = http.client.HTTPSConnection if url.scheme == "https" else http.client.HTTPConnection
        self._connect: Callable[[], http.client.HTTPConnection] = lambda: kind(url.netloc, timeout=timeout_s)

    def add_handset(self, number: str, name: str = "") -> "Phone":
        """The handset of `number` (E.164), made if need be."""
        self.call("POST", "/handsets", {"number": number, "name": name})
        return Phone(self, number)

    def phone(self, number: str) -> "Phone":
        """The handset of `number`, which a text to it or from it makes."""
        return Phone(self, number)

    def numbers(self) -> list[str]:
        """The numbers of all handsets, oldest first."""
        return [handset["number"] for handset in self.call("GET", "/handsets")["handsets"]]

    def add_fault(self, kind: str, **details: Any) -> str:
        """Put a fault in force (number, code, delay_ms, probability, remaining); the answer is its id."""
        return str(self.call("POST", "/faults", {"kind": kind, **details})["id"])

    def remove_fault(self, fault_id: str) -> None:
        """Lift one fault."""
        self.call("DELETE", f"/faults/{quote(fault_id)}")

    def clear_faults(self) -> None:
        """Lift all faults."""
        self.call("DELETE", "/faults")

    def reset(self) -> None:
        """Remove all handsets, texts and faults."""
        self.call("POST", "/reset", {})

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request under /simulator; its answer decoded, None where there is none."""
        connection = self._connect()
        try:
            headers = {} if body is None else {"Content-Type": "application/json"}
            data = None if body is None else msgspec.json.encode(body)
            connection.request(method, f"/simulator{path}", data, headers)
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise ConnectionError("the simulator does not answer") from error
        finally:
            connection.close()
        if response.status >= 400:
            raise SimulatorRefusedError(response.status, _words(answer))
        return msgspec.json.decode(answer) if answer else None


class Phone:
    """One handset."""

    def __init__(self, simulator: Simulator, number: str) -> None:
        self.number = number
        self._simulator = simulator
        self._path = f"/handsets/{quote(number)}"

    def texts(self) -> list[HandsetText]:
        """All texts it keeps, oldest first; none while there is no such handset."""
        try:
            answer = self._simulator.call("GET", f"{self._path}/messages")
        except SimulatorRefusedError as refused:
            if refused.status != 404:
                raise
            return []
        return msgspec.convert(answer["messages"], list[HandsetText])

    def wait_for_text(self, containing: str = "", *, timeout_s: float = TIMEOUT_S) -> HandsetText:
        """The latest delivered text whose body holds `containing`; TimeoutError when none comes in time."""
        deadline_s = time.monotonic() + timeout_s
        while True:
            for text in reversed(self.texts()):
                if text.direction == "outbound" and text.status == "delivered" and containing in text.body:
                    return text
            if time.monotonic() >= deadline_s:
                raise TimeoutError("no such text came")
            time.sleep(POLL_S)

    def text(self, to: str, body: str, media_urls: Sequence[str] = ()) -> HandsetText:
        """Text `to` (E.164 or a short code)."""
        form = {"to": to, "body": body, "media_urls": list(media_urls)}
        return msgspec.convert(self._simulator.call("POST", f"{self._path}/messages", form), HandsetText)

    def reply(self, body: str) -> HandsetText:
        """Answer whoever texted last. LookupError when nobody has."""
        for text in reversed(self.texts()):
            if text.direction == "outbound" and text.status == "delivered":
                return self.text(text.sender, body)
        raise LookupError("there is no text to reply to")

    def fail(self, code: int) -> str:
        """From now on texts to it fail with `code`; the answer is the fault's id."""
        return self._simulator.add_fault("fail", number=self.number, code=code)

    def subscriber(self, **facts: Any) -> None:
        """What lookups tell of its owner; what is not given is as with any mobile."""
        self._simulator.call("PUT", f"{self._path}/subscriber", facts)

    def clear(self) -> None:
        """Take its texts away."""
        self._simulator.call("DELETE", f"{self._path}/messages")

    def remove(self) -> None:
        """Take it away, texts and all."""
        self._simulator.call("DELETE", self._path)


class AsyncSimulator:
    """`Simulator` for programs on asyncio; each call runs in a thread."""

    def __init__(self, base_url: str = "http://localhost:8420", *, timeout_s: float = TIMEOUT_S) -> None:
        self._simulator = Simulator(base_url, timeout_s=timeout_s)

    async def add_handset(self, number: str, name: str = "") -> "AsyncPhone":
        return AsyncPhone(await asyncio.to_thread(self._simulator.add_handset, number, name))

    def phone(self, number: str) -> "AsyncPhone":
        return AsyncPhone(self._simulator.phone(number))

    async def numbers(self) -> list[str]:
        return await asyncio.to_thread(self._simulator.numbers)

    async def add_fault(self, kind: str, **details: Any) -> str:
        return await asyncio.to_thread(self._simulator.add_fault, kind, **details)

    async def remove_fault(self, fault_id: str) -> None:
        await asyncio.to_thread(self._simulator.remove_fault, fault_id)

    async def clear_faults(self) -> None:
        await asyncio.to_thread(self._simulator.clear_faults)

    async def reset(self) -> None:
        await asyncio.to_thread(self._simulator.reset)


class AsyncPhone:
    """`Phone` for programs on asyncio."""

    def __init__(self, phone: Phone) -> None:
        self.number = phone.number
        self._phone = phone

    async def texts(self) -> list[HandsetText]:
        return await asyncio.to_thread(self._phone.texts)

    async def wait_for_text(self, containing: str = "", *, timeout_s: float = TIMEOUT_S) -> HandsetText:
        return await asyncio.to_thread(lambda: self._phone.wait_for_text(containing, timeout_s=timeout_s))

    async def text(self, to: str, body: str, media_urls: Sequence[str] = ()) -> HandsetText:
        return await asyncio.to_thread(self._phone.text, to, body, media_urls)

    async def reply(self, body: str) -> HandsetText:
        return await asyncio.to_thread(self._phone.reply, body)

    async def fail(self, code: int) -> str:
        return await asyncio.to_thread(self._phone.fail, code)

    async def subscriber(self, **facts: Any) -> None:
        await asyncio.to_thread(lambda: self._phone.subscriber(**facts))

    async def clear(self) -> None:
        await asyncio.to_thread(self._phone.clear)

    async def remove(self) -> None:
        await asyncio.to_thread(self._phone.remove)


class _Refusal(msgspec.Struct):
    message: str


class _Refused(msgspec.Struct):
    error: _Refusal


def _words(answer: bytes) -> str:
    """What a refusal says; a proxy in front may answer in something else than JSON."""
    try:
        return msgspec.json.decode(answer, type=_Refused).error.message
    except msgspec.DecodeError:
        return "refused"
