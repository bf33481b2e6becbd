"""D25: a tenant gives webhook URLs that lead inward: to the machine, its network, and what clouds tell of themselves.

The dispatcher calls them as it does in production. What counts is each URL for which a connection inward was tried,
as the interpreter reports it, whatever came of it.

Beside them are tenants of good will, whose programs are outside. Each must be called meanwhile: a platform that calls
nobody is not safe but broken.
"""

import asyncio
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec

from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import seeded_copy

DRILL = "D25"
TITLE = "webhook URLs that lead inward"
# The tenant's own program: the one address of this machine that stands for the public Internet.
OUTSIDE = "127.0.0.2"
FIRST_PORT = 20_001
_ANSWER = b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s"


class Vector(msgspec.Struct, frozen=True, kw_only=True):
    """A way inward. In `url`, `{port}` is where the attacker aims at, and `{outside}` his own program.

    `answers` are those of the name server to the names in it, one after the other, the last for good.
    """

    url: str
    answers: tuple[tuple[str, ...], ...] = ()
    leads: str = ""


_IN = "http://127.0.0.1:{port}/"
VECTORS = (
    *(
        Vector(url=f"http://{host}:{{port}}/")
        for host in (
            *("127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "017700000001", "0177.0.0.1", "0", "0.0.0.0"),  # noqa: S104
            *("127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "a.localhost", "127%2e0%2e0%2e1"),
            *("\u2460\u2461\u2466.0.0.1", "\uff11\uff12\uff17.0.0.1", "127\u30020\u30020\u30021", "user@127.0.0.1"),
            *("8.8.8.8\\@127.0.0.1", "user:8.8.8.8@127.0.0.1"),
            *("[::1]", "[::]", "[0:0:0:0:0:0:0:1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::127.0.0.1]"),
            *("[64:ff9b::7f00:1]", "[2002:7f00:1::]", "[fec0::1]", "[fd00:ec2::254]", "[fe80::1%25eth0]"),
            *("169.254.169.254", "100.100.100.200", "192.0.0.192", "10.0.0.1", "172.16.0.1", "192.168.1.1"),
            *("224.0.0.1", "255.255.255.255", "198.18.0.1"),
        )
    ),
    Vector(url="gopher://127.0.0.1:{port}/_GET"),
    Vector(url="ftp://127.0.0.1:{port}/"),
    Vector(url="http:127.0.0.1:{port}/"),
    Vector(url="http://metadata.example:{port}/", answers=(("169.254.169.254",),)),
    Vector(url="http://inside.example:{port}/", answers=(("10.0.0.1",),)),
    Vector(url="http://inside.example:{port}/", answers=(("::1",),)),
    Vector(url="http://inside.example:{port}/", answers=(("::ffff:127.0.0.1",),)),
    Vector(url="http://inside.example:{port}/", answers=(("127.0.0.1", OUTSIDE),)),
    Vector(url="http://turning.example:{port}/", answers=((OUTSIDE,), ("127.0.0.1",))),
    Vector(url="http://turning.example.:{port}/", answers=((OUTSIDE,), ("127.0.0.1",))),
    *(
        Vector(url=f"http://{OUTSIDE}:{{outside}}/{way}?to=", leads=leads, answers=answers)
        for way in ("301", "302", "303", "307", "Redirect")
        for leads, answers in (
            (_IN, ()),
            ("//127.0.0.1:{port}/", ()),
            ("http://turning.example:{port}/", ((OUTSIDE,), ("127.0.0.1",))),
        )
    ),
)


# Webhooks of tenants of good will, `{outside}` their program, which notes that it was asked for `{end}`.
OUTWARD = (
    Vector(url=f"http://{OUTSIDE}:{{outside}}{{end}}"),
    Vector(url="http://outside.example:{outside}{end}", answers=((OUTSIDE,),)),
    *(
        Vector(url=f"http://{OUTSIDE}:{{outside}}/{way}?to=", leads=leads, answers=((OUTSIDE,),))
        for way in ("302", "307", "Redirect")
        for leads in ("{end}", "http://outside.example:{outside}{end}")
    ),
)
_END = "/end/"


class _Names:
    """A name server of the attacker's: what it answers depends on how often it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[tuple[str, ...], ...]] = {}
        self._asked: Counter[str] = Counter()

    async def resolve(self, host: str) -> list[str]:
        answers = self.answers.get(host.removesuffix("."))
        if answers is None:
            raise OSError("no such name")
        found = answers[min(self._asked[host], len(answers) - 1)]
        self._asked[host] += 1
        return list(found)


def inward_webhooks(design: Design, tenants: int, database: str = "") -> Finding:
    """`tenants` is how many URLs, the first of `VECTORS`: each is the webhook of a tenant that gets a text."""
    started = time.monotonic()
    vectors = VECTORS[:tenants]
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder, _connections() as tried:
        program = asyncio.run(_attack(Path(folder), design, vectors))
    inward = {port for address, port in tried if _is_inward(address)}
    reached = [vector for n, vector in enumerate(vectors) if FIRST_PORT + n in inward]
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=len(vectors),
        reached=len(reached),
        seconds=time.monotonic() - started,
        proves=len(program.ended) == len(OUTWARD),
        rows=(
            *(
                (("not reached", " ".join(vector.url for vector in vectors if vector not in reached)),)
                if 0 < len(reached) < len(vectors)
                else ()
            ),
            ("ways to a program outside, taken to their end", f"{len(program.ended)} of {len(OUTWARD)}"),
            ("asked of a program outside on a way inward", f"{program.asked}"),
        ),
    )


async def _attack(folder: Path, design: Design, vectors: Sequence[Vector]) -> "_Program":
    names, program = _Names(), _Program()
    async with await asyncio.start_server(program.answer, OUTSIDE, 0) as server:
        outside = server.sockets[0].getsockname()[1]
        urls = {f"AC{n:032x}": _url(n, vector, outside, names) for n, vector in enumerate((*vectors, *OUTWARD))}
        async with (
            design.egress([f"{OUTSIDE}/32"], names.resolve) as programs,
            seeded_copy(folder, design, programs=programs, webhook_of=urls.__getitem__) as copy,
        ):
            await copy.add_tenants(len(urls))
            await copy.text_in()
    return program


def _url(n: int, vector: Vector, outside: int, names: _Names) -> str:
    """The vector's URL with a port of its own, by which its connections are known, and names of its own."""

    def filled(text: str) -> str:
        numbered = text.replace(".example", f"-{n}.example").replace("{port}", str(FIRST_PORT + n))
        return numbered.replace("{outside}", str(outside)).replace("{end}", f"{_END}{n}")

    url, leads = filled(vector.url), filled(vector.leads)
    for name in ("metadata", "inside", "turning", "outside"):
        names.answers[f"{name}-{n}.example"] = vector.answers
    return url + leads


class _Program:
    """The program outside: it answers `/302?to=URL` by that status, and `/Redirect?to=URL` by TwiML.

    `ended` are the paths below `/end/` that it was asked for, `asked` counts those requests that lead elsewhere.
    """

    def __init__(self) -> None:
        self.asked = 0
        self.ended: set[str] = set()

    async def answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
        await reader.readexactly(int(length[1]) if length else 0)
        path = head.split(" ")[1]
        way, _, to = path.removeprefix("/").partition("?to=")
        if path.startswith(_END):
            self.ended.add(path)
            status, field, body = "200 OK", "Content-Type: text/xml\r\n", b"<Response/>"
        elif way.isdigit():
            status, field, body = f"{way} On", f"Location: {to}\r\n", b""
        else:
            body = f"<Response><Redirect>{to}</Redirect></Response>".encode()
            status, field = "200 OK", "Content-Type: text/xml\r\n"
        self.asked += not path.startswith(_END) and _END not in to
        writer.write(_ANSWER % (status.encode(), field.encode(), len(body), body))
        await writer.drain()
        writer.close()


_TRIED: list[tuple[str, int]] = []
_watching: list[bool] = []


@contextmanager
def _connections() -> Iterator[list[tuple[str, int]]]:
    """Address and port of each connection that this process tries, whatever library does."""
    if not _watching:
        sys.addaudithook(_note)
        _watching.append(True)
    _TRIED.clear()
    yield _TRIED


def _note(event: str, arguments: tuple[object, ...]) -> None:
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        _TRIED.append((str(arguments[1][0]), int(arguments[1][1])))


def _is_inward(text: str) -> bool:
    return text != OUTSIDE


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=inward_webhooks,
        tenants=len(VECTORS),
        each="URLs",
    ),
)
