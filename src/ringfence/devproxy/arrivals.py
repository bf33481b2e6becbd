"""Accounts and numbers that a program takes for granted, made when it first uses them, and announced.

The token that the program presents becomes the account's Auth Token, so that webhooks are signed with the one it knows.
"""

import asyncio
import hashlib
import hmac
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Protocol
from urllib.parse import parse_qs

from ringfence.devproxy.requests import Request
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.number import Number, NumberKind, parse_e164
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sid import is_sid
from ringfence.domain.standing import NumberConfig
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

FRIENDLY_NAME = "Made by ringfence run"
MAX_KNOWN = 4_096
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

    def __init__(self, opened: Opened, say: Callable[[str], None], *, sms_url: str | None = None) -> None:
        self._opened = opened
        self._say = say
        self._sms_url = sms_url
        self._known: set[tuple[str, ...]] = set()
        self._one_at_a_time = asyncio.Lock()

    async def begin(self, account: str, auth_token: str) -> None:
        """Before the program starts: its account, and a number whose texts go to the `sms_url`, if one was given."""
        if self._sms_url is None or not is_sid(account, "AC") or not auth_token:
            return
        async with self._one_at_a_time, self._opened() as it:
            if not await self._account(it, account, auth_token):
                return
            numbers = await it.store.numbers(account, limit=_PAGE)
            for row in numbers:
                await self._lead_texts(it, row, account, auth_token)
            if not numbers:
                offer = (await it.store.available("US", "local", limit=1))[:1]
                for each in offer:
                    await self._buy(it, account, each)

    async def before(self, request: Request) -> None:
        """Make what the request takes for granted. Nothing is raised: the installation answers what is wrong."""
        presented = request.basic
        if presented is None:
            return
        name, secret = presented
        sender = _sender_of(request)
        digest = hashlib.sha256(secret.encode()).hexdigest()
        if (name, digest) in self._known and (sender is None or (name, *sender) in self._known):
            return
        async with self._one_at_a_time:
            try:
                async with self._opened() as it:
                    await self._make(it, name, secret, digest, sender)
            except RefusalError as refusal:
                self._say(f"{refusal.cause} → {refusal.cure}")
            except (StoreFailedError, QueueFullError) as error:
                self._say(f"the store refused what the program takes for granted ({error}) → ringfence doctor")

    def refused(self, request: Request) -> None:
        """The installation did not know who asked: so neither is it known here any more."""
        if (presented := request.basic) is not None:
            self._known = {entry for entry in self._known if entry[0] != presented[0]}

    async def _make(self, it: Holdings, name: str, secret: str, digest: str, sender: tuple[str, str] | None) -> None:
        if (name, digest) not in self._known:
            right = await (self._key(it, name) if is_sid(name, "SK") else self._account(it, name, secret))
            if not right:
                return
            self._remember((name, digest))
        if sender is not None:
            await self._number(it, *sender, name, secret)
            self._remember((name, *sender))

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

    async def _number(self, it: Holdings, account: str, sender: str, name: str, secret: str) -> None:
        number = parse_e164(sender)
        if number is None or number.e164.startswith(_MAGIC) or await it.store.account(account) is None:
            return
        row = await it.store.number_by_e164(number.e164)
        if row is None:
            await it.store.stock([_offer_of(number)])
            await self._buy(it, account, _offer_of(number))
        elif row.account != account:
            self._say(f"{row.number} belongs to {row.account} → send from another number, or as that account")
        elif self._sms_url is not None:
            await self._lead_texts(it, row, name, secret)

    async def _buy(self, it: Holdings, account: str, offer: StockRow) -> None:
        config = NumberConfig() if self._sms_url is None else NumberConfig(sms_url=self._sms_url)
        try:
            row = await buy_number(it.store, it.keys, it.clock, account=account, number=offer.number, config=config)
        except (ApiError, NumberTakenError):
            self._say(f"{offer.number} cannot be had → ringfence number add")
            return
        to = f"; texts to it go to {self._sms_url}" if self._sms_url else ""
        self._say(f"{row.number} was nobody's: it belongs to {account} now{to}")

    async def _lead_texts(self, it: Holdings, row: NumberRow, name: str, secret: str) -> None:
        caller = Caller(account=row.account, credential=name, seed=slot_seed(secret, name))
        try:
            (now,) = await read_config(it.keys, caller, [row])
            if now.sms_url == self._sms_url:
                return
            changes = {"sms_url": self._sms_url}
            await configure_number(it.store, it.keys, it.clock, row, caller=caller, changes=changes)
        except KeyRefusedError:
            self._say(f"{row.number} cannot be led to the program → ringfence number configure")
            return
        self._say(f"texts to {row.number} go to {self._sms_url} now")

    def _remember(self, entry: tuple[str, ...]) -> None:
        if len(self._known) >= MAX_KNOWN:
            self._known.clear()
        self._known.add(entry)


def _sender_of(request: Request) -> tuple[str, str] | None:
    """Account and From of a request that sends a text."""
    match = _MESSAGES.fullmatch(request.path)
    if match is None or request.method != "POST":
        return None
    senders = parse_qs(request.body.decode("latin-1"), max_num_fields=1_000).get("From")
    return (match[1], senders[0]) if senders else None


def _offer_of(number: Number) -> StockRow:
    kinds = {NumberKind.MOBILE: "mobile", NumberKind.TOLL_FREE: "tollfree"}
    return StockRow(number=number.e164, region=number.region, kind=kinds.get(number.kind, "local"))


def _shown(name: str) -> str:
    """No more of a name than tells what is wrong with it: a token may have been put in its place."""
    return f"“{name[:2]}…” ({len(name)} characters)" if name else "nobody"
