"""An installation in one process, with real sealing, and a tenant's program on a port of its own."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import flask
import msgspec
import pytest
from twilio.request_validator import RequestValidator
from werkzeug.serving import make_server

from ringfence.domain.clock import SystemClock
from ringfence.domain.message import Content, Direction, Status
from ringfence.domain.sealing.hmac_states import states_of
from ringfence.domain.sealing.record import EpochRecords, seal_field
from ringfence.domain.sealing.retained import END, EpochRetention, RecordRetention
from ringfence.domain.sealing.standing import StandingSealer
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import NumberConfig, encode_number_config, hmac_states_record, number_record
from ringfence.http.client import PooledClient
from ringfence.http.egress_guard import EgressGuard, EgressPolicy, development
from ringfence.ports.keys import KeyRefusedError, RecordKey
from ringfence.ports.store import AccountRow, CredentialRow, EventRow, MessageRow, NewEvent, NumberRow
from ringfence.store.memory import MemoryStore
from ringfence.usecases.messaging.fetch_media import MediaFetcher
from ringfence.usecases.messaging.media_links import MediaLinks
from ringfence.usecases.messaging.reply import Replier
from ringfence.usecases.voice.recording_links import RecordingLinks
from ringfence.usecases.webhooks.deliver_event import EventDelivery
from ringfence.usecases.webhooks.opened_event import OpenedEvent

ACCOUNT = "AC" + "a" * 32
AUTH_TOKEN = "0123456789abcdef0123456789abcdef"
NUMBER = "+12025550123"
HANDSET = "+12025550177"
EPOCH = 7


class LocalKeys:
    """`ports.keys.DeliveryKeys` without a process of its own: one epoch, true record keys."""

    def __init__(self) -> None:
        self._records = EpochRecords(os.urandom(32))
        self._standing_key = os.urandom(32)
        self.opened_standing = 0
        self.closed: set[str] = set()
        self.away = False
        self.duty: EpochRetention | None = None

    def seal_standing(self, account: str, record: str, value: bytes) -> bytes:
        return StandingSealer(self._standing_key, account).seal(record, value)

    async def seal_record(self, account: str, sid: str, remote: str) -> RecordKey:
        self._answer()
        index = hashlib.sha256(remote.encode()).digest()[:16]
        retention = None if self.duty is None else self.duty.of(sid)
        return RecordKey(epoch=EPOCH, key=self._records.key(sid), index=index, retention=retention)

    async def retention_of(self, account: str, sid: str) -> RecordRetention | None:
        self._answer()
        if account != ACCOUNT:
            raise KeyRefusedError
        return None if self.duty is None else self.duty.of(sid, END)

    async def open_records(self, account: str, records: Sequence[tuple[int, str]]) -> list[bytes | None]:
        self._answer()
        return [None if sid in self.closed else self._records.key(sid) for _, sid in records]

    async def open_standing(self, account: str, records: Sequence[tuple[str, bytes]]) -> list[bytes]:
        self._answer()
        self.opened_standing += len(records)
        sealer = StandingSealer(self._standing_key, account)
        return [sealer.open(record, sealed) for record, sealed in records]

    async def blind(self, account: str, table: str, values: Sequence[str]) -> list[bytes]:
        return [hashlib.sha256(f"{account}|{table}|{value}".encode()).digest()[:16] for value in values]

    async def open_delivery_epochs(self) -> list[tuple[str, int]]:
        return []

    async def close_epoch(
        self, account: str, epoch: int, unfinished: Sequence[str], scheduled: Sequence[str] = ()
    ) -> None:
        self.closed -= set(unfinished)

    def _answer(self) -> None:
        if self.away:
            raise ConnectionError


class Rings:
    def __init__(self) -> None:
        self.count = 0

    def ring(self) -> None:
        self.count += 1


class Installation:
    """Store, keys, client and the use cases over them; one account that owns one number."""

    def __init__(self, policy: EgressPolicy) -> None:
        self.store = MemoryStore()
        self.keys = LocalKeys()
        self.clock = SystemClock()
        self.rings = Rings()
        self.http = PooledClient(EgressGuard(policy))
        self.replier = Replier(self.store, self.keys, self.clock, self.rings, carrier="simulator")
        fetcher = MediaFetcher(self.store, self.http, self.clock)
        self.media = MediaLinks(fetcher, self.keys, self.clock, "http://localhost:8420")
        self.delivery = EventDelivery(
            self.store,
            self.keys,
            self.http,
            self.replier,
            self.media,
            self.clock,
            recordings=RecordingLinks(self.keys, self.clock, "http://localhost:8420"),
            random=lambda: 0.5,
        )

    async def open(self, **config: Any) -> None:
        """Make the account and its number; `config` are fields of NumberConfig."""
        await self.store.open()
        sealed = self.keys.seal_standing(ACCOUNT, hmac_states_record(ACCOUNT), states_of(AUTH_TOKEN.encode()))
        await self.store.create_account(
            AccountRow(sid=ACCOUNT, tenant=ACCOUNT, friendly_name="", created_ms=0, updated_ms=0),
            CredentialRow(
                account=ACCOUNT,
                sid=ACCOUNT,
                kind="auth_token",
                verifier=b"",
                hmac_states=sealed,
                created_ms=0,
                updated_ms=0,
            ),
        )
        sid = new_sid("PN")
        value = encode_number_config(NumberConfig(**config))
        await self.store.buy_number(
            NumberRow(
                account=ACCOUNT,
                sid=sid,
                number=NUMBER,
                friendly_name="",
                kind="local",
                region="US",
                capabilities=frozenset({"sms"}),
                standing=self.keys.seal_standing(ACCOUNT, number_record(sid), value),
                created_ms=0,
                updated_ms=0,
            ),
            from_stock=False,
        )

    async def outbound(
        self, callback: str | None, *statuses: str, error_code: int | None = None, **fields: Any
    ) -> MessageRow:
        """A text with an event for each of `statuses`."""
        clear = Content(remote=HANDSET, body="hello", status_callback=callback)
        row = self._row(Direction.OUTBOUND_API, Status.DELIVERED, clear, **fields)
        now_ms = self.clock.now_ms()
        events = [
            NewEvent(kind=f"message.{status}", sequence=place, at_ms=now_ms, error_code=error_code)
            for place, status in enumerate(statuses)
        ]
        await self.store.accept(row, events)
        return row

    async def inbound(
        self, body: str, *, opt_out: str = "", media_urls: tuple[str, ...] = (), **fields: Any
    ) -> MessageRow:
        """A text from the handset, with its event."""
        clear = Content(remote=HANDSET, body=body, media_urls=media_urls)
        row = self._row(Direction.INBOUND, Status.RECEIVED, clear, **fields)
        event = NewEvent(kind="message.received", sequence=0, at_ms=self.clock.now_ms(), raw=opt_out)
        await self.store.accept(row, [event])
        return row

    async def take(self) -> list[EventRow]:
        return await self.store.take_events("d1", self.clock.now_ms(), 60_000, 10)

    async def attempt(self) -> Any:
        """Take the one event that is due, deliver it, settle it."""
        (event,) = await self.take()
        (opened,) = await self.delivery.open([event])
        settlement = await self.delivery.deliver(opened) if isinstance(opened, OpenedEvent) else opened
        await self.store.settle_events([settlement])
        return settlement

    async def replies(self) -> list[tuple[str, Content]]:
        """Sid and content of the texts that were accepted as replies, oldest first."""
        from ringfence.domain.sealing.content import open_content_with
        from ringfence.ports.store import MessageFilter

        found = []
        for row in await self.store.messages(ACCOUNT, MessageFilter()):
            if row.direction is Direction.OUTBOUND_REPLY:
                (key,) = await self.keys.open_records(ACCOUNT, [(row.epoch, row.sid)])
                assert key is not None
                found.append((row.sid, open_content_with(key, ACCOUNT, row.sid, row.content)))
        return found[::-1]

    def _row(self, direction: Direction, status: Status, clear: Content, **fields: Any) -> MessageRow:
        sid = new_sid("SM")
        sealed = seal_field(self.keys._records.key(sid), ACCOUNT, sid, "content", msgspec.msgpack.encode(clear))
        now_ms = self.clock.now_ms()
        values: dict[str, Any] = {
            "remote_index": b"i" * 16,
            "remote_region": "US",
            "epoch": EPOCH,
            "content": sealed,
            "num_segments": 1,
            "created_ms": now_ms,
            "updated_ms": now_ms,
            "has_callback": clear.status_callback is not None,
        }
        return MessageRow(
            account=ACCOUNT, sid=sid, direction=direction, status=status, local=NUMBER, **(values | fields)
        )


@pytest.fixture
def installation() -> Installation:
    return Installation(development())


@pytest.fixture
def installed() -> Callable[[EgressPolicy], Installation]:
    return Installation


class Seen(msgspec.Struct):
    """A request as the program saw it; `valid` is the official validator's verdict on
    Flask's URL, `valid_raw` on the URL as it came."""

    method: str
    path: str
    params: dict[str, str]
    headers: dict[str, str]
    valid: bool
    valid_raw: bool


class Program:
    """A Flask program that checks signatures as Twilio's documentation shows; `answer(path)` sets its answers."""

    def __init__(self) -> None:
        self.seen: list[Seen] = []
        self._answers: dict[str, Callable[[], Any]] = {}
        app = flask.Flask("program")
        app.add_url_rule("/<path:path>", view_func=self._view, methods=["GET", "POST"])
        self._server = make_server("127.0.0.1", 0, app, threaded=True)
        self.port = self._server.server_port
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})
        self._thread.start()

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"

    def answer(self, path: str, answer: Any = "", status: int = 200, **headers: str) -> str:
        """Answer requests for `path`, from now on, with this body (or what it returns when called); the URL."""

        def view() -> Any:
            body = answer() if callable(answer) else answer
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return flask.Response(body, status, {"Content-Type": "text/xml"} | named)

        self._answers[path.partition("?")[0].partition("#")[0]] = view
        return self.url(path)

    def paths(self) -> list[str]:
        return [seen.path for seen in self.seen]

    def stop(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _view(self, path: str) -> Any:
        request = flask.request
        signature = request.headers.get("X-Twilio-Signature", "")
        raw_url = f"http://{request.host}{request.environ['RAW_URI']}"
        valid, valid_raw = (
            RequestValidator(AUTH_TOKEN).validate(url, request.form, signature) for url in (request.url, raw_url)
        )
        params, headers = request.values.to_dict(), dict(request.headers)
        self.seen.append(Seen(request.method, path, params, headers, valid, valid_raw))
        return self._answers[path]() if path in self._answers else ("", 204)


@pytest.fixture
def program() -> Iterator[Program]:
    program = Program()
    yield program
    program.stop()
