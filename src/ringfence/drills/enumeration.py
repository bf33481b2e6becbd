"""D23: which numbers are anybody's customers here? Asked of every route, with no credential and with a cheap one.

In 2024 an open endpoint of an authenticator told of 33 million numbers that they were registered. Asked here are a
number that a tenant has verified, and its neighbour that nobody knows, one after the other: a number is told where the
two answers differ in status, in a header, in their words or in their length, but for the number itself, SIDs and times.
"""

import asyncio
import re
import tempfile
import time
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import msgspec

from ringfence.drills.database import database_of
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.installation import add_account, installation
from ringfence.drills.kept_http import Answer, KeptHttp
from ringfence.drills.report import Finding

DRILL = "D23"
TITLE = "numbers enumerated over routes with no credential and with a cheap one"
# Without a credential an address is refused 300 times a minute, and then told so, whatever it asks.
SAMPLE = 5
AT_ONCE = 16
TRIES = 40
RETRY_S = 0.25
FAST_MPS = 100_000.0
AMPLE_SPEND = 1_000_000.0
FIRST_NUMBER = 12_022_000_000
_SID = re.compile(rb"\b[A-Z]{2}[0-9a-f]{32}\b")
_TIME = re.compile(rb"\d{4}-\d\d-\d\dT[0-9:.]+Z|[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} [0-9:]+ (?:GMT|\+0000)")
_OF_ONE_ANSWER = (b"twilio-request-duration:",)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A question. `path` and `form` have places: {number}; {own} and {theirs}, services; {me} and {victim}, accounts.

    A `sampled` one is asked about few numbers: it sends something, or is bounded for whoever has no credential.
    """

    name: str
    method: str = "GET"
    path: str
    form: dict[str, str] | None = None
    json: bool = False
    signed: bool = True
    sampled: bool = False


_CHECK = {"To": "{number}", "Code": "123456"}
_WHO = {"Identity": "{number}"}
_START = {"To": "{number}", "Channel": "sms"}
_SIGNED = (
    Route(name="my verification by number", path="/v2/Services/{own}/Verifications/{number}"),
    Route(name="their verification by number", path="/v2/Services/{theirs}/Verifications/{number}"),
    Route(name="a check at mine", method="POST", path="/v2/Services/{own}/VerificationCheck", form=_CHECK),
    Route(name="a check at theirs", method="POST", path="/v2/Services/{theirs}/VerificationCheck", form=_CHECK),
    Route(name="a start at mine", method="POST", path="/v2/Services/{own}/Verifications", form=_START, sampled=True),
    Route(name="a start at theirs", method="POST", path="/v2/Services/{theirs}/Verifications", form=_START),
    Route(name="a safe number", path="/v2/SafeList/Numbers/{number}"),
    Route(name="an entity of mine", path="/v2/Services/{own}/Entities/{number}"),
    Route(name="an entity of theirs", path="/v2/Services/{theirs}/Entities/{number}"),
    Route(name="my attempts to it", path="/v2/Attempts?ChannelData.To={number}"),
    Route(name="my attempts to it, counted", path="/v2/Attempts/Summary?DestinationPrefix={number}"),
    Route(name="a passkey of mine", method="POST", path="/v2/Services/{own}/Passkeys/Challenges", form=_WHO, json=True),
    Route(
        name="a passkey of theirs",
        method="POST",
        path="/v2/Services/{theirs}/Passkeys/Challenges",
        form=_WHO,
        json=True,
    ),
    Route(name="lookup", path="/v2/PhoneNumbers/{number}"),
    Route(name="lookup, v1", path="/v1/PhoneNumbers/{number}"),
    Route(name="my texts to it", path="/2010-04-01/Accounts/{me}/Messages.json?To={number}"),
    Route(name="their texts to it", path="/2010-04-01/Accounts/{victim}/Messages.json?To={number}"),
    Route(name="my calls to it", path="/2010-04-01/Accounts/{me}/Calls.json?To={number}"),
    Route(name="my numbers", path="/2010-04-01/Accounts/{me}/IncomingPhoneNumbers.json?PhoneNumber={number}"),
    Route(name="my callers", path="/2010-04-01/Accounts/{me}/OutgoingCallerIds.json?PhoneNumber={number}"),
)
# What such endpoints were called elsewhere.
_OPEN = (
    Route(name="registered", path="/protected/json/phones/{number}/registered", signed=False),
    Route(name="status", path="/json/users/{number}/status", signed=False),
)
# The open ones first: on a platform that remembers whoever was asked about, all are known after the others.
ROUTES = (
    *_OPEN,
    *_SIGNED,
    *(msgspec.structs.replace(route, signed=False, sampled=True) for route in _SIGNED),
)


def enumeration(design: Design, numbers: int, database: str = "") -> Finding:
    """So many numbers that are known and as many that are not; `reached` counts known ones that were told."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        asker = asyncio.run(_play(numbers, Path(folder), design, database))
    told = set().union(*asker.told.values()) if asker.told else set()
    routes = ", ".join(f"{name} ({len(found)})" for name, found in sorted(asker.told.items()))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=numbers,
        reached=len(told),
        seconds=time.monotonic() - began,
        rows=(
            ("asked", f"{asker.asked} times, on {len(ROUTES)} routes"),
            ("answers", ", ".join(f"{count} × {status}" for status, count in sorted(asker.statuses.items()))),
            ("routes that tell", routes or "none"),
        ),
    )


async def _play(numbers: int, folder: Path, design: Design, database: str) -> "Asker":
    async with database_of(database) as place:
        running = installation(
            folder,
            design.command,
            database_url=place.url if place else "",
            verify_spend=AMPLE_SPEND,
            number_rate_mps=FAST_MPS,
            account_rate_mps=FAST_MPS,
            log_level="error",
        )
        async with running as (_, settings):
            victim, attacker = await add_account(settings), await add_account(settings)
            async with KeptHttp(settings.port, connections=AT_ONCE) as http:
                theirs, own = await add_service(http, victim), await add_service(http, attacker)
                asker = Asker(numbers, attacker, {"own": own, "theirs": theirs, "victim": victim[0]})
                await asker.make_known(http, victim, theirs)
                await asker.ask_all(http)
    return asker


async def add_service(http: KeptHttp, who: tuple[str, str]) -> str:
    """The SID of a Verify Service."""
    made = await http.ask("POST", "/v2/Services", {"FriendlyName": "Shop"}, basic=who)
    return str(msgspec.json.decode(made.body)["sid"])


class Asker:
    """Asks of each known number and of its neighbour, and compares; `places` are those that routes have."""

    def __init__(self, numbers: int, attacker: tuple[str, str], places: dict[str, str]) -> None:
        self.pairs = [(f"+{FIRST_NUMBER + 2 * n}", f"+{FIRST_NUMBER + 2 * n + 1}") for n in range(numbers)]
        self.asked = 0
        self.statuses: Counter[int] = Counter()
        self.told: dict[str, set[str]] = {}
        self._attacker = attacker
        self._places = {**places, "me": attacker[0]}

    async def make_known(self, http: KeptHttp, victim: tuple[str, str], service: str) -> None:
        """A tenant texts codes to all known numbers."""

        async def start(number: str) -> None:
            path = f"/v2/Services/{service}/Verifications"
            answer = await http.ask("POST", path, {"To": number, "Channel": "sms"}, basic=victim)
            if answer.status != 201:
                raise AssertionError(f"a start answered {answer.status}: this drill would prove nothing")

        await asyncio.gather(*(start(known) for known, _ in self.pairs))

    async def ask_all(self, http: KeptHttp) -> None:
        """Every route, of every number."""
        for route in ROUTES:
            pairs = self.pairs[:SAMPLE] if route.sampled else self.pairs
            await asyncio.gather(*(self._compare(http, route, *pair) for pair in pairs))

    async def ask(self, http: KeptHttp, route: Route, number: str) -> Answer:
        """One question."""
        path = route.path.format(number=quote(number), **self._places)
        form = route.form and {name: value.format(number=number) for name, value in route.form.items()}
        who = self._attacker if route.signed else None
        for _ in range(TRIES):
            self.asked += 1
            answer = await http.ask(route.method, path, form, json=route.json, basic=who)
            if not _is_busy(answer):
                break
            await asyncio.sleep(RETRY_S)
        self.statuses[answer.status] += 1
        return answer

    async def _compare(self, http: KeptHttp, route: Route, known: str, unknown: str) -> None:
        shapes = [shape_of(await self.ask(http, route, number), number) for number in (known, unknown)]
        if shapes[0] != shapes[1]:
            self.told.setdefault(route.name, set()).add(known)


def _is_busy(answer: Answer) -> bool:
    """Whoever asked is to come again, whatever was asked: that tells of the load alone."""
    return answer.status in {429, 503} and (b'"code":20429' in answer.body or b'"code":20503' in answer.body)


def shape_of(answer: Answer, number: str) -> tuple[int, int, bytes, bytes]:
    """What of an answer could tell: status, length, headers and words, without the number, SIDs and times."""
    lines = [line for line in answer.head.split(b"\r\n") if not line.lower().startswith(_OF_ONE_ANSWER)]
    return (
        answer.status,
        len(answer.body),
        _without(b"\r\n".join(lines), number),
        _without(answer.body, number),
    )


def _without(text: bytes, number: str) -> bytes:
    """Nor without the ways in which a number is written for people, whose last digits are those that differ."""
    for written in _ways_of_writing(number):
        text = text.replace(written.encode(), b"N")
    return _TIME.sub(b"T", _SID.sub(b"S", text))


def _ways_of_writing(number: str) -> list[str]:
    digits = number[1:]
    area, exchange, line = digits[1:4], digits[4:7], digits[7:]
    return [quote(number), number, digits, f"({area}) {exchange}-{line}", f"{area}{exchange}{line}"]


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=enumeration,
        tenants=1_000,
        each="numbers",
    ),
)
