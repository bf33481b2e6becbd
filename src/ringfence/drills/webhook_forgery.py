"""D26: somebody on the way to a tenant's program sees its webhooks, and sends it others.

The program is examples/barber as it stands there: a text of a customer's is answered with their appointment, which has
a canary in it. Each try has a customer of its own, who has texted once; the attacker has that request, whole, and no
key. What counts is each try that is answered with the customer's canary.
"""

import asyncio
import base64
import contextlib
import datetime
import importlib
import importlib.util
import struct
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import msgspec

from ringfence.domain.message_signature import content_digest
from ringfence.domain.sealing.sha_states import SHA1
from ringfence.domain.signature import SIGNATURE_HEADER, signature_base
from ringfence.drills.design import Design
from ringfence.drills.drill import Drill
from ringfence.drills.example_program import EXAMPLES, example_program
from ringfence.drills.report import Finding
from ringfence.drills.seeded_copy import SeededCopy, Tenant, seeded_copy
from ringfence.ports.http import HttpRequest, HttpResponse, Phases

DRILL = "D26"
TITLE = "webhooks forged, changed and sent again"
EXAMPLE = "barber"
BASE = "http://shop.example"
OTHER_PORT = "http://shop.example:8443"
# As examples/barber/webhook_signature.py has it.
LIFE_S = 300
CAPTURED_WITHIN_S = 60
# A customer who asks for another time is told with whom the appointment is.
ASKS = "R"
FIRST_CUSTOMER = 10
# A number after every customer's, so that it stands last where values are sorted.
ATTACKERS_NUMBER = 5_000
_BLOCK_BYTES = 64
_NOTHING = b"<Response/>"


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """A request as somebody sends it to the program at `public_url`, so many seconds after it was captured."""

    headers: dict[str, str]
    body: bytes
    path: str = "/sms"
    public_url: str = BASE
    later_s: int = 0

    def __repr__(self) -> str:
        return f"Sent({self.path})"


class Forgery(msgspec.Struct, frozen=True, kw_only=True):
    """One way. Its customer texts `says`, to which the program answers with the canary; `forge` makes another request
    of that one.

    A text that says anything else is held up on its way, so that the program sees the forged one alone. `{customer}`
    in it is their number, where the attacker has sent it from a telephone of his own.
    """

    name: str
    forge: Callable[[Sent], Sent]
    says: str = ASKS


def _with(sent: Sent, **headers: str) -> Sent:
    changed = sent.headers | {name.replace("_", "-").title(): value for name, value in headers.items()}
    return msgspec.structs.replace(sent, headers={name: value for name, value in changed.items() if value})


def _unsigned(sent: Sent) -> Sent:
    return _with(sent, x_twilio_signature="", signature="", signature_input="")


def _made_up(sent: Sent) -> Sent:
    mac = base64.b64encode(bytes(20)).decode()
    return _with(sent, x_twilio_signature=mac, signature=f"ringfence=:{base64.b64encode(bytes(32)).decode()}:")


def _changed(sent: Sent, **fields: str) -> Sent:
    form = dict(parse_qsl(sent.body.decode(), keep_blank_values=True)) | fields
    return msgspec.structs.replace(sent, body=urlencode(form).encode())


def _body_and_digest(sent: Sent) -> Sent:
    swapped = _changed(sent, Body=ASKS)
    return _with(swapped, content_digest=content_digest(swapped.body))


def _later(sent: Sent) -> Sent:
    return msgspec.structs.replace(sent, later_s=LIFE_S + 1)


def _dated_anew(sent: Sent) -> Sent:
    before = sent.headers["Signature-Input"]
    created = before.partition(";created=")[2].partition(";")[0]
    anew = before.replace(f";created={created};", f";created={int(created) + LIFE_S + 1};")
    return _with(_later(sent), signature_input=anew)


def _without_date(sent: Sent) -> Sent:
    return _with(_later(sent), signature="", signature_input="")


def _covering_less(sent: Sent) -> Sent:
    less = sent.headers["Signature-Input"].replace(' "content-digest"', "")
    return _with(_changed(sent, Body=ASKS), signature_input=less)


def _another_event(sent: Sent) -> Sent:
    return _with(sent, i_twilio_idempotency_token="0" * 36)


def _doubled(sent: Sent) -> Sent:
    return msgspec.structs.replace(sent, body=f"Body={ASKS}&".encode() + sent.body)


def _split(sent: Sent) -> Sent:
    """The text was "R", "From" and the customer's number. Cut there it is an "R", and two senders."""
    form = dict(parse_qsl(sent.body.decode(), keep_blank_values=True))
    body, _, customer = form["Body"].partition("From")
    pairs = [("Body", body), ("From", customer), *((name, form[name]) for name in form if name != "Body")]
    return msgspec.structs.replace(sent, body=urlencode(pairs).encode())


def _extended(sent: Sent) -> Sent:
    """A plain hash of key and text could be continued from where it ended. An HMAC cannot."""
    form = parse_qsl(sent.body.decode(), keep_blank_values=True)
    hashed = _BLOCK_BYTES + len(signature_base(f"{BASE}{sent.path}", form))
    padding, more = _padding(hashed), b"zR"
    ended = base64.b64decode(sent.headers[SIGNATURE_HEADER])
    whole = hashed + len(padding) + len(more)
    digest = SHA1.after(ended, more + _padding(whole))
    body = urlencode([("Body", ASKS), *form, (f"{padding.decode('latin-1')}z", "R")]).encode()
    return _with(msgspec.structs.replace(sent, body=body), x_twilio_signature=base64.b64encode(digest).decode())


def _padding(length: int) -> bytes:
    """What SHA-1 puts after so many bytes."""
    return b"\x80" + bytes(-(length + 9) % _BLOCK_BYTES) + struct.pack(">Q", 8 * length)


FORGERIES = (
    Forgery(name="unsigned", forge=_unsigned),
    Forgery(name="a signature made up", forge=_made_up),
    Forgery(name="the signature of another text", says="C", forge=lambda sent: _changed(sent, Body=ASKS)),
    Forgery(name="of another text, with its own hash", says="C", forge=_body_and_digest),
    Forgery(name="said to cover no body", says="C", forge=_covering_less),
    Forgery(name="at another path", forge=lambda sent: msgspec.structs.replace(sent, path="/sms?branch=2")),
    Forgery(name="at another port", forge=lambda sent: msgspec.structs.replace(sent, public_url=OTHER_PORT)),
    Forgery(name="sent again after five minutes", forge=_later),
    Forgery(name="sent again, dated anew", forge=_dated_anew),
    Forgery(name="sent again without its date", forge=_without_date),
    Forgery(name="sent again as another event", forge=_another_event),
    Forgery(name="a parameter twice", says="C", forge=_doubled),
    Forgery(name="a parameter cut in two", says=f"{ASKS}From{{customer}}", forge=_split),
    Forgery(name="a longer text", says="C", forge=_extended),
)


def missing() -> str:
    """Why it cannot be played here; "" where it can."""
    if not (EXAMPLES / EXAMPLE / "app.py").is_file():
        return "examples/barber is in a checkout only"
    lacking = [name for name in ("flask", "twilio") if importlib.util.find_spec(name) is None]
    return f"not installed: {', '.join(lacking)}" if lacking else ""


def webhook_forgery(design: Design, tenants: int, database: str = "") -> Finding:
    """`tenants` is how many tries, the first of `FORGERIES`. `database` is not used: the store is not attacked."""
    started = time.monotonic()
    forgeries = FORGERIES[:tenants]
    with tempfile.TemporaryDirectory(prefix="ringfence-drill-") as folder:
        outcome = asyncio.run(_attack(Path(folder), design, forgeries))
    return Finding(
        drill=DRILL,
        design=design.name,
        tenants=len(forgeries),
        reached=len(outcome.taken),
        seconds=time.monotonic() - started,
        proves=0 < outcome.answered == outcome.asked,
        rows=(
            ("webhooks of the platform, answered", f"{outcome.answered} of {outcome.asked}"),
            *((("X-Twilio-Signature alone lets in", _told(outcome.by_stock)),) if design.webhooks_checked else ()),
        ),
    )


def _told(names: list[str]) -> str:
    return f"{len(names)}: {', '.join(names)}" if names else "none"


class _Outcome(msgspec.Struct, kw_only=True):
    taken: list[str] = []
    by_stock: list[str] = []
    asked: int = 0
    answered: int = 0


class _Shop:
    """The example's program, and the clock by which it judges."""

    def __init__(self, app: Any) -> None:
        self._app = app
        self._signatures: Any = importlib.import_module("webhook_signature")
        self._real_now_s: Callable[[], float] = self._signatures.now_s

    def ask(self, sent: Sent) -> tuple[int, bytes]:
        """Status and body of its answer."""
        self._app.PUBLIC_URL = sent.public_url
        self._signatures.now_s = lambda: self._real_now_s() + sent.later_s
        with self._app.app.test_client() as client, contextlib.redirect_stdout(None):
            answer = client.post(sent.path, base_url=sent.public_url, headers=sent.headers, data=sent.body)
            return answer.status_code, answer.data

    def book(self, customer: str, barber: str) -> None:
        """An appointment of the customer's, with that barber."""
        tuesday, three = self._app.TUESDAY, datetime.time(15, 0)
        self._app.book.book(customer, "haircut", barber, self._app.coming(tuesday, three))

    @contextlib.contextmanager
    def knowing_stock_alone(self) -> Iterator[None]:
        """As programs are that know X-Twilio-Signature alone."""
        before, self._app.STRICT = self._app.STRICT, False
        try:
            yield
        finally:
            self._app.STRICT = before


class _Wire:
    """The way from the platform to the program: whatever passes is kept, and goes no further while it `holds`."""

    shop: _Shop
    holds = False

    def __init__(self) -> None:
        self.passed: asyncio.Queue[tuple[Sent, bytes]] = asyncio.Queue()

    async def send(self, request: HttpRequest) -> HttpResponse:
        sent = Sent(headers=dict(request.headers), body=request.body, path=urlsplit(request.url).path)
        status, answer = (200, _NOTHING) if self.holds else self.shop.ask(sent)
        self.passed.put_nowait((sent, answer))
        headers = (("content-type", "text/xml"),)
        return HttpResponse(status=status, headers=headers, body=answer, phases=Phases())


async def _attack(folder: Path, design: Design, forgeries: tuple[Forgery, ...]) -> _Outcome:
    outcome, wire = _Outcome(), _Wire()
    async with seeded_copy(folder, design, programs=wire, webhook_of=lambda _: f"{BASE}/sms") as copy:
        await copy.add_tenants(1)
        (tenant,) = copy.tenants
        environment = {
            "TWILIO_ACCOUNT_SID": tenant.sid,
            "TWILIO_AUTH_TOKEN": copy.canaries.mark(tenant.sid, "API secret"),
            "PUBLIC_URL": BASE,
            "BARBER_DATABASE": str(folder / "barber.db"),
            "WEBHOOK_SIGNATURES": "strict",
        }
        with example_program(EXAMPLE, "app", environment) as app:
            if not design.webhooks_checked:
                vars(app)["is_signed"] = lambda: True
            wire.shop = _Shop(app)
            async with copy.dispatched():
                for n, forgery in enumerate(forgeries):
                    await _play(copy, tenant, wire, forgery, n, outcome)
    return outcome


async def _play(copy: SeededCopy, tenant: Tenant, wire: _Wire, forgery: Forgery, n: int, outcome: _Outcome) -> None:
    customer = copy.canaries.number(forgery.name, "customer", FIRST_CUSTOMER + n)
    canary = copy.canaries.mark(forgery.name, "appointment")
    attacker = copy.canaries.number("attacker", "customer", ATTACKERS_NUMBER)
    wire.shop.book(customer, canary)
    says = forgery.says.format(customer=customer)
    wire.holds = says != ASKS
    copy.text_from(customer if says == forgery.says else attacker, tenant, says)
    async with asyncio.timeout(CAPTURED_WITHIN_S):
        captured, answer = await wire.passed.get()
    outcome.asked += not wire.holds
    outcome.answered += canary.encode() in answer
    forged = forgery.forge(captured)
    if _tells(copy, wire.shop.ask(forged), forgery):
        outcome.taken.append(forgery.name)
    with wire.shop.knowing_stock_alone():
        if _tells(copy, wire.shop.ask(forged), forgery):
            outcome.by_stock.append(forgery.name)


def _tells(copy: SeededCopy, answer: tuple[int, bytes], forgery: Forgery) -> bool:
    return (forgery.name, "appointment") in copy.canaries.found_in(answer[1])


DRILLS = (
    Drill(
        name=DRILL,
        title=TITLE,
        play=webhook_forgery,
        tenants=len(FORGERIES),
        missing=missing,
        each="tries",
    ),
)
