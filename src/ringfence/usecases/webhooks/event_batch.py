"""What the events of one batch have in common, looked up once: keys, HMAC states, URLs."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from ringfence.domain.standing import hmac_states_record
from ringfence.domain.web_url import InvalidUrlError, WebUrl, parse_url
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError
from ringfence.ports.store import AccountStore
from ringfence.usecases.webhooks.opened_event import Shut
from ringfence.usecases.webhooks.standing_cache import StandingCache


class Record(Protocol):
    """A text or a call: what has a record key."""

    @property
    def account(self) -> str: ...
    @property
    def sid(self) -> str: ...
    @property
    def epoch(self) -> int: ...


class EventBatch:
    """What the events of one batch have in common, looked up once."""

    def __init__(self, store: AccountStore, keys: DeliveryKeys, standing: StandingCache) -> None:
        self._store = store
        self._keys = keys
        self._standing = standing
        self._record_keys: dict[tuple[str, str], bytes | None] = {}
        self._shut: dict[str, Shut] = {}
        self._states: dict[str, bytes] = {}
        self._targets: dict[str, WebUrl | None] = {}

    async def fetch_keys(self, rows: Iterable[Record]) -> None:
        """Have the record keys of these texts and calls."""
        accounts: dict[str, dict[str, int]] = {}
        for row in rows:
            accounts.setdefault(row.account, {})[row.sid] = row.epoch
        await asyncio.gather(*(self._fetch_keys(account, epochs) for account, epochs in accounts.items()))

    async def _fetch_keys(self, account: str, epochs: dict[str, int]) -> None:
        try:
            keys = await self._keys.open_records(account, [(epoch, sid) for sid, epoch in epochs.items()])
        except (KeyRefusedError, ConnectionError) as error:
            self._shut[account] = error
            return
        for sid, key in zip(epochs, keys, strict=True):
            self._record_keys[account, sid] = key

    def key_of(self, row: Record) -> bytes | None:
        """A record's key; raises what the key service said about its account."""
        if row.account in self._shut:
            raise self._shut[row.account]
        return self._record_keys[row.account, row.sid]

    async def states_of(self, account: str) -> bytes | None:
        """The HMAC states of the account's Auth Token: the credential with the account's own sid."""
        if account not in self._states:
            credential = await self._store.credential(account)
            if credential is None:
                return None
            record = hmac_states_record(credential.sid)
            self._states[account] = await self._standing.open(account, record, credential.hmac_states)
        return self._states[account]

    def target_of(self, url: str) -> WebUrl | None:
        """The URL read, None where it is not valid."""
        if url not in self._targets:
            try:
                self._targets[url] = parse_url(url)
            except InvalidUrlError:
                self._targets[url] = None
        return self._targets[url]
