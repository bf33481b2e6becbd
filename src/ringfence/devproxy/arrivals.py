"""Accounts, numbers, Messaging and Verify Services that a program takes for granted, made on first use, and announced.

The token that the program presents becomes the account's Auth Token, so that webhooks are signed with the one it knows.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import NamedTuple, Protocol
from urllib.parse import parse_qs

from ringfence.devproxy.requests import Request
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.number import Number, NumberKind, parse_e164
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import is_sid
from ringfence.domain.standing import NumberConfig, ServiceConfig
from ringfence.domain.verify_service import VerifyService
from ringfence.ports.keys import Caller, KeyRefusedError, TenantKeys
from ringfence.ports.store import (
    NumberRow,
    NumberTakenError,
    QueueFullError,
    SidTakenError,
    StockRow,
    Store,
    StoreFailedError,
)
from ringfence.roles.refusal import RefusalError
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.configure_number import configure_number, read_config
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.create_service import create_service
from ringfence.usecases.messaging.pool_number import pool_number
from ringfence.usecases.verify.services import create_verify_service

FRIENDLY_NAME = "Made by ringfence run"
VERIFY_NAME = "My app"
MAX_KNOWN = 4_096
_VERIFY = re.compile(r"/v2/Services/(VA[0-9a-f]{32})(?:/.*)?")
_MESSAGES = re.compile(r"/2010-04-01/Accounts/(AC[0-9a-f]{32})/Messages(?:\.json)?")
# Magic numbers work without an owner: Twilio, "Test credentials".
_MAGIC = "+1500555"
_PAGE = 1_000


class Holdings(Protocol):
    """Store and key service of the running installation."""

    @property
    def store(self) -> Store: ...

    @property
    def keys(self) -> TenantKeys: ...

    @property
    def clock(self) -> Clock: ...


Opened = Callable[[], AbstractAsyncContextManager[Holdings]]


class Arrivals:
    """Sees each request before it is sent on. What it makes, and why something cannot work, it says once."""

    def __init__(
        self,
        opened: Opened,
        say: Callable[[str], None],
        *,
        sms_url: str | None = None,
        voice_url: str | None = None,
    ) -> None:
        self._opened = opened
        self._say = say
        urls = {"sms_url": sms_url, "voice_url": voice_url}
        self._urls = {field: url for field, url in urls.items() if url is not None}
        self._known: set[tuple[str, ...]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def begin(self, account: str, auth_token: str) -> None:
        """Before the program starts: its account, and a number that leads to the URLs, if any were given."""
        if not self._urls or not is_sid(account, "AC") or not auth_token:
            return
        async with self._one_at_a_time, self._opened() as it:
            if not await self._account(it, account, auth_token):
                return
            numbers = await it.store.numbers(account, limit=_PAGE)
            for row in numbers:
                await self._lead(it, row, account, auth_token)
            if not numbers:
                await self._buy_any(it, account)

    async def before(self, request: Request) -> None:
        """Make what the request takes for granted. Nothing is raised: the installation answers what is wrong."""
        presented = request.basic
        if presented is None:
            return
        name, secret = presented
        verify = found[1] if (found := _VERIFY.fullmatch(request.path)) is not None else ""
        wanted = _wanted(request)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        asked = [
            (name, digest),
            *([(name, *wanted)] if wanted is not None else []),
            *([(name, verify)] if verify else []),
        ]
        if self._known.issuperset(asked):
            return
        async with self._one_at_a_time:
            try:
                async with self._opened() as it:
                    await self._make(it, name, secret, digest, wanted)
                    if verify and (name, digest) in self._known:
                        await self._verify_service(it, name, verify)
                        self._remember((name, verify))
            except RefusalError as refusal:
                self._say(f"{refusal.cause} → {refusal.cure}")
            except (StoreFailedError, QueueFullError) as error:
                self._say(f"the store refused what the program takes for granted ({error}) → ringfence doctor")

    def refused(self, request: Request) -> None:
        """The installation did not know who asked: so neither is it known here any more."""
        if (presented := request.basic) is not None:
            self._known = {entry for entry in self._known if entry[0] != presented[0]}

    async def _make(self, it: Holdings, name: str, secret: str, digest: str, wanted: "_Wanted | None") -> None:
        if (name, digest) not in self._known:
            right = await (self._key(it, name) if is_sid(name, "SK") else self._account(it, name, secret))
            if not right:
                return
            self._remember((name, digest))
        if wanted is not None:
            row = await self._number(it, wanted.account, wanted.sender, name, secret) if wanted.sender else None
            if wanted.service:
                await self._service(it, wanted.account, wanted.service, row)
            self._remember((name, *wanted))

    async def _account(self, it: Holdings, sid: str, token: str) -> bool:
        """True when `token` is the account's, which it is once the account was made for it."""
        if not is_sid(sid, "AC") or not token:
            self._say(f"a program signed in as {_shown(sid)} → it takes AC and 32 hex digits, and a token")
            return False
        credential = await it.store.credential(sid)
        if credential is None:
            try:
                await create_account(
                    it.store, it.keys, it.clock, friendly_name=FRIENDLY_NAME, auth_token=token, sid=sid
                )
            except (SidTakenError, KeyRefusedError):
                self._say(f"account {sid} cannot be made: its SID is taken → another account SID")
                return False
            self._say(f"account {sid} was new: made, with the Auth Token that the program presented")
            return True
        if not hmac.compare_digest(hashlib.sha256(token.encode()).digest(), credential.verifier):
            self._say(f"account {sid} is here with another Auth Token → give the program that one, or another account")
            return False
        return True

    async def _key(self, it: Holdings, sid: str) -> bool:
        if await it.store.credential(sid) is None:
            self._say(f"API key {sid} is not known here → sign in with AccountSid and Auth Token, or make a key first")
            return False
        return True

    async def _number(self, it: Holdings, account: str, sender: str, name: str, secret: str) -> NumberRow | None:
        number = parse_e164(sender)
        if number is None or number.e164.startswith(_MAGIC) or await it.store.account(account) is None:
            return None
        row = await it.store.number_by_e164(number.e164)
        if row is None:
            await it.store.stock([_offer_of(number)])
            return await self._buy(it, account, _offer_of(number))
        if row.account != account:
            self._say(f"{row.number} belongs to {row.account} → send from another number, or as that account")
            return None
        await self._lead(it, row, name, secret)
        return row

    async def _service(self, it: Holdings, account: str, sid: str, sender: NumberRow | None) -> None:
        """Its numbers do with texts what each does alone: so that those that lead to the program still do."""
        if await it.store.account(account) is None or await it.store.service(account, sid) is not None:
            return
        await create_service(
            it.store,
            it.keys,
            it.clock,
            account=account,
            friendly_name=FRIENDLY_NAME,
            settings={"use_inbound_webhook_on_number": True},
            config=ServiceConfig(),
            sid=sid,
        )
        number = sender or await self._unpooled(it, account) or await self._buy_any(it, account)
        if number is None:
            self._say(f"{sid} was new: made, without a number → ringfence number add")
            return
        try:
            await pool_number(it.store, it.clock, account=account, service=sid, number_sid=number.sid)
        except ApiError as refused:
            self._say(f"{sid} was new: made, but {number.number} is not in its pool ({refused.message})")
            return
        self._say(f"Messaging Service {sid} was new: made, with {number.number} in its pool")

    async def _verify_service(self, it: Holdings, name: str, sid: str) -> None:
        """Of the account that signs in, by its token or a key of its."""
        credential = await it.store.credential(name)
        if credential is None or await it.store.verify_row(credential.account, "service", sid) is not None:
            return
        try:
            service = VerifyService(friendly_name=VERIFY_NAME)
            await create_verify_service(it.store, it.clock, credential.account, service, sid=sid)
        except (SidTakenError, ApiError) as refused:
            why = refused.message if isinstance(refused, ApiError) else "its SID is taken"
            self._say(f"Verify Service {sid} cannot be made: {why} → another service SID")
            return
        self._say(f"Verify Service {sid} was new: made, texts call it {VERIFY_NAME}")

    async def _unpooled(self, it: Holdings, account: str) -> NumberRow | None:
        """A number of the account's that no service has."""
        for row in await it.store.numbers(account, limit=_PAGE):
            if "sms" in row.capabilities and await it.store.service_of(account, row.sid) is None:
                return row
        return None

    async def _buy_any(self, it: Holdings, account: str) -> NumberRow | None:
        now_ms = it.clock.now_ms()
        for offer in await it.store.available("US", "local", limit=1, at_ms=now_ms, account=account):
            return await self._buy(it, account, offer)
        return None

    async def _buy(self, it: Holdings, account: str, offer: StockRow) -> NumberRow | None:
        config = NumberConfig(**self._urls)  # type: ignore[arg-type]
        try:
            row = await buy_number(it.store, it.keys, it.clock, account=account, number=offer.number, config=config)
        except (ApiError, NumberTakenError):
            self._say(f"{offer.number} cannot be had → ringfence number add")
            return None
        to = f"; texts to it go to {self._urls['sms_url']}" if "sms_url" in self._urls else ""
        self._say(f"{row.number} was nobody's: it belongs to {account} now{to}")
        self._tell_of_calls(row.number)
        return row

    async def _lead(self, it: Holdings, row: NumberRow, name: str, secret: str) -> None:
        if not self._urls:
            return
        caller = Caller(account=row.account, credential=name, seed=slot_seed(secret, name))
        try:
            (now,) = await read_config(it.keys, caller, [row])
            changes = {field: url for field, url in self._urls.items() if getattr(now, field) != url}
            if not changes:
                return
            await configure_number(it.store, it.keys, it.clock, row, caller=caller, changes=changes)
        except KeyRefusedError:
            self._say(f"{row.number} cannot be led to the program → ringfence number configure")
            return
        if "sms_url" in changes:
            self._say(f"texts to {row.number} go to {self._urls['sms_url']} now")
        if "voice_url" in changes:
            self._tell_of_calls(row.number)

    def _tell_of_calls(self, number: str) -> None:
        if "voice_url" in self._urls:
            self._say(f"calls to {number} go to {self._urls['voice_url']} now")

    def _remember(self, entry: tuple[str, ...]) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known.add(entry)


class _Wanted(NamedTuple):
    """What a text takes for granted; "" where it does not."""

    account: str
    sender: str
    service: str


def _wanted(request: Request) -> _Wanted | None:
    """Account, From and MessagingServiceSid of a request that sends a text."""
    match = _MESSAGES.fullmatch(request.path)
    if match is None or request.method != "POST":
        return None
    form = parse_qs(request.body.decode("latin-1"), max_num_fields=1_000)
    sender, service = (form.get(name, [""])[0] for name in ("From", "MessagingServiceSid"))
    if not is_sid(service, "MG"):
        service = ""
    return _Wanted(match[1], sender, service) if sender or service else None


def _offer_of(number: Number) -> StockRow:
    kinds = {NumberKind.MOBILE: "mobile", NumberKind.TOLL_FREE: "tollfree"}
    return StockRow(number=number.e164, region=number.region, kind=kinds.get(number.kind, "local"))


def _shown(name: str) -> str:
    """No more of a name than tells what is wrong with it: a token may have been put in its place."""
    return f"“{name[:2]}…” ({len(name)} characters)" if name else "nobody"
