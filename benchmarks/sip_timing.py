"""Whether the time of a refusal tells which usernames a SIP Domain has: Welch's t over interleaved pairs.

python benchmarks/sip_timing.py [--pairs 100000] [--cpu] [--directory /dev/shm]

Every try is a REGISTER with a wrong password, from an address that has not been heard of, timed from its reading to
the 403; the store is SQLite, the key service is on disk and in this process. Compared are a username that the domain
has and one that nobody has: names that were asked for a moment ago, and names that were not for a minute. Two samples
of unknown names, the control, show what chance does. Where |t| stays below 4.5, so many tries tell nothing. `--cpu`
compares the CPU that a try takes instead of its time: beside other work, which hides differences, it tells more.
"""

import argparse
import asyncio
import gc
import itertools
import random
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import cast

from verify_timing import Sample, welch_t

from ringfence.carriers.sip.ban_table import BanTable
from ringfence.carriers.sip.digest import ALGORITHMS, answer_challenge, hashed_secret, parse_challenge
from ringfence.carriers.sip.endpoint import Incoming
from ringfence.carriers.sip.flow import Flow
from ringfence.carriers.sip.identity import Identity
from ringfence.carriers.sip.message import Request, Response, parse_message
from ringfence.domain.clock import SystemClock
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import (
    SipDomainConfig,
    encode_sip_domain_config,
    encode_sip_secrets,
    sip_credential_record,
    sip_domain_record,
)
from ringfence.kms.ledger.writer import LedgerWriter
from ringfence.kms.service import KeyService
from ringfence.ports.keys import DeliveryKeys
from ringfence.ports.sip_access import REALM, Authenticator, ClientLogin, SipKind, SipRow
from ringfence.store.sqlite import SqliteStore
from ringfence.usecases.sip.door import SipDoor
from ringfence.usecases.webhooks.standing_cache import StandingCache

ACCOUNT, DOMAIN, LIST = "AC" + "a" * 32, "SD" + "b" * 32, "CL" + "c" * 32
HOST = "shop.sip.localhost"
USERS = 1_000
WARM_UP = 300
Names = Iterator[str]


class Caller:
    """A request from an address of its own: what it was answered."""

    silent = True

    def __init__(self, request: Request, number: int) -> None:
        self.request = request
        self.flow = cast(Flow, _From(number))
        self.answer: Response | None = None

    def respond_once(self, response: Response) -> None:
        self.answer = response

    def ignore(self) -> None:
        raise AssertionError("a request that should have been answered")


class _From:
    transport = "UDP"
    reliable = False

    def __init__(self, number: int) -> None:
        self.remote = f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", 5060


class NoClients:
    async def client(self, token: str) -> ClientLogin | None:
        return None


class Domain:
    """One SIP Domain with USERS phones, and whoever decides about its callers."""

    def __init__(self, store: SqliteStore, keys: KeyService, clock: SystemClock, clock_s: Callable[[], float]) -> None:
        self._clock_s = clock_s
        self._store, self._keys, self._clock = store, keys, clock
        delivery = cast(DeliveryKeys, keys)
        self._cache = StandingCache(delivery, clock)
        self.door = SipDoor(store, self._cache.open, clock, sip_domain="sip.localhost", open_anew=self._cache.open_anew)
        self._identity = Identity(
            self.door,
            cast(Authenticator, NoClients()),
            BanTable(clock.monotonic_ms),
            now_ms=clock.now_ms,
        )
        self._numbers = itertools.count()

    async def open(self) -> None:
        await self._add("domain", DOMAIN, encode_sip_domain_config(SipDomainConfig()), name="shop")
        await self._add("credential_list", LIST)
        await self._add("registrations", LIST, parent=DOMAIN)
        for number in range(USERS):
            name = f"user{number:04}"
            secrets = {one: hashed_secret(one, name, REALM, "right") for one in ALGORITHMS}
            await self._add("credential", new_sid("CR"), encode_sip_secrets(secrets), parent=LIST, name=name)

    async def refused(self, username: str) -> float:
        """How long a wrong password takes, in microseconds."""
        challenged = Caller(_request(username), next(self._numbers))
        await self._identity.verify(cast(Incoming, challenged))
        assert challenged.answer is not None
        challenge = parse_challenge(challenged.answer.headers.get_all("www-authenticate")[0])
        assert challenge is not None
        proof = answer_challenge(
            challenge, username=username, password="wrong", method="REGISTER", uri=f"sip:{HOST}", cnonce="c"
        )
        shown = Caller(_request(username, str(proof)), next(self._numbers))
        began_s = self._clock_s()
        await self._identity.verify(cast(Incoming, shown))
        took_us = (self._clock_s() - began_s) * 1e6
        assert shown.answer is not None
        assert shown.answer.status == 403
        return took_us

    def forget(self) -> None:
        """As a minute without anybody would have it."""
        self._cache._opened.clear()
        self.door._unknown.clear()

    async def _add(self, kind: str, sid: str, standing: bytes = b"", *, parent: str = "", name: str = "") -> None:
        if standing:
            record = sip_domain_record(sid) if kind == "domain" else sip_credential_record(sid)
            (standing,) = await self._keys.seal_standing(ACCOUNT, [(record, standing)])
        row = SipRow(
            account=ACCOUNT,
            kind=cast(SipKind, kind),
            sid=sid,
            parent=parent,
            name=name,
            registration=kind == "domain",
            standing=standing,
            created_ms=1,
            updated_ms=1,
        )
        assert await self._store.create_sip(row, 100_000)


def _request(username: str, proof: str = "") -> Request:
    lines = (
        f"REGISTER sip:{HOST} SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.1;rport;branch=z9hG4bK1",
        f"From: <sip:{username}@{HOST}>;tag=1",
        f"To: <sip:{username}@{HOST}>",
        "Call-ID: x",
        "CSeq: 1 REGISTER",
        *([f"Authorization: {proof}"] if proof else []),
    )
    text = "".join(f"{line}\r\n" for line in (*lines, ""))
    return cast(Request, parse_message(text.encode()))


async def compare(name: str, refused: Callable[[str], Awaitable[float]], one: Names, other: Names, pairs: int) -> None:
    samples = Sample(), Sample()
    names = one, other
    for n in range(WARM_UP + pairs):
        for which in random.sample((0, 1), 2):
            took_us = await refused(next(names[which]))
            if n >= WARM_UP:
                samples[which].add(took_us)
    t = welch_t(*samples)
    means = f"{samples[0].mean:.1f} and {samples[1].mean:.1f} µs"
    print(f"{name}: |t| = {abs(t):.2f}, {means}, {pairs} pairs: {'nothing' if abs(t) < 4.5 else 'TELLS'}", flush=True)


async def measure(pairs: int, folder: Path, clock_s: Callable[[], float]) -> None:
    clock = SystemClock()
    log = LedgerWriter(folder / "kms")
    (folder / "kms").mkdir()
    await log.open(clock.now_ms())
    keys = KeyService(folder / "kms", clock, log)
    await keys.open()
    store = SqliteStore(folder / "ringfence.db")
    await store.open()
    domain = Domain(store, keys, clock, clock_s)
    await domain.open()
    gc.disable()
    try:
        known, unknown = itertools.repeat("user0007"), itertools.repeat("resu0007")
        await compare("control", domain.refused, unknown, itertools.repeat("resu0008"), pairs)
        await compare("known / unknown, asked for before", domain.refused, known, unknown, pairs)
        # As many as the domain has, in turn; forgotten between two tries, as after a minute.
        cold = _Cold(domain)
        first, second = (itertools.cycle([f"{kind}{n:04}" for n in range(USERS)]) for kind in ("user", "resu"))
        await compare("known / unknown, not asked for", cold.refused, first, second, pairs)
    finally:
        await store.close()
        await keys.close()
        await log.close()


class _Cold:
    """Refusals of a domain that remembers no name from before."""

    def __init__(self, domain: Domain) -> None:
        self._domain = domain

    async def refused(self, username: str) -> float:
        self._domain.forget()
        # What a scanner's own tries keep remembered.
        await self._domain.refused("scanner")
        return await self._domain.refused(username)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=100_000)
    parser.add_argument("--directory", default="/dev/shm", help="where the files lie")
    parser.add_argument("--cpu", action="store_true", help="compare CPU instead of time")
    options = parser.parse_args()
    clock_s = time.process_time if options.cpu else time.perf_counter
    with tempfile.TemporaryDirectory(dir=options.directory) as folder:
        asyncio.run(measure(options.pairs, Path(folder), clock_s))


if __name__ == "__main__":
    main()
