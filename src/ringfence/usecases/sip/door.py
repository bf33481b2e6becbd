"""The door of SIP Domains: who may come in, as the store and the key service have it. Implements `SipAccess`.

What a domain is made of is remembered for two seconds, so that a burst of calls, or a scanner, asks the store once.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from ringfence.domain.clock import Clock
from ringfence.domain.sip_name import domain_label
from ringfence.domain.standing import (
    SipDomainConfig,
    decode_sip_domain_config,
    decode_sip_secrets,
    encode_sip_secrets,
    sip_credential_record,
    sip_domain_record,
)
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.sip_access import SipAccessStore, SipDomain, SipRow
from ringfence.ports.store import StoreFailedError

REMEMBERED_MS = 2_000
MAX_REMEMBERED = 10_000
# How long and of how many names it is remembered that nobody has them: as long as credentials are, and as many.
UNKNOWN_MS = 60_000
MAX_UNKNOWN = 4_096
# The sid that no row has.
NOBODY = "SD" + "0" * 32

OpenStanding = Callable[[str, str, bytes], Awaitable[bytes]]


class SipDoor:
    """`open_standing` opens one record of an account and may remember it; `open_anew` asks the key service each time.

    `sip_domain` is what our names end with.
    """

    def __init__(
        self,
        store: SipAccessStore,
        open_standing: OpenStanding,
        clock: Clock,
        *,
        sip_domain: str,
        open_anew: OpenStanding | None = None,
    ) -> None:
        self._store = store
        self._open = open_standing
        self._open_anew = open_anew or open_standing
        self._clock = clock
        self._sip_domain = sip_domain
        self._remembered: dict[str, tuple[int, SipDomain | None]] = {}
        # Names that nobody has, by their domain, and until when that costs nothing.
        self._unknown: dict[tuple[str, str], int] = {}
        self._nobody = encode_sip_secrets({"SHA-256": "0" * 64, "MD5": "0" * 32})

    def __repr__(self) -> str:
        return "SipDoor()"

    async def domain(self, host: str) -> SipDomain | None:
        """The domain that this host part of an address means. OSError where the store cannot be asked now."""
        label = domain_label(host, self._sip_domain)
        if label is None:
            return None
        now_ms = self._clock.monotonic_ms()
        until_ms, domain = self._remembered.get(label, (0, None))
        if until_ms > now_ms:
            return domain
        try:
            row = await self._store.sip_domain(label)
            domain = None if row is None else await self._assembled(row)
        except StoreFailedError as error:
            raise ConnectionError("the store cannot be asked") from error
        self._remembered.pop(label, None)
        self._remembered[label] = now_ms + REMEMBERED_MS, domain
        if len(self._remembered) > MAX_REMEMBERED:
            del self._remembered[next(iter(self._remembered))]
        return domain

    async def secrets(self, domain: SipDomain, lists: Sequence[str], username: str) -> list[Mapping[str, str]]:
        """The hashes of this username in each of the lists. OSError where they cannot be read now.

        A name that nobody has costs as much as one in one list, so that no time tells them apart. One row is found and
        one is not: a credential, or the domain itself, whose record is opened then by the key service, and not again
        for a minute, as a credential would be.
        """
        try:
            rows = await self._store.sip_credentials(domain.account, lists, username)
            instead = await self._store.sip_row(domain.account, "domain", NOBODY if rows else domain.sid)
            if instead is not None:
                await self._pretend(instead, username)
            return [
                decode_sip_secrets(await self._open(row.account, sip_credential_record(row.sid), row.standing))
                for row in rows
            ]
        except StoreFailedError as error:
            raise ConnectionError("the store cannot be asked") from error
        except KeyRefusedError as error:
            raise ConnectionError("the key service does not open a credential") from error

    async def _pretend(self, domain: SipRow, username: str) -> None:
        """Do for a name that nobody has what a credential would take."""
        name, now_ms = (domain.sid, username), self._clock.monotonic_ms()
        await self._open(domain.account, sip_domain_record(domain.sid), domain.standing)
        if self._unknown.get(name, 0) <= now_ms:
            await self._open_anew(domain.account, sip_domain_record(domain.sid), domain.standing)
            self._unknown.pop(name, None)
            self._unknown[name] = now_ms + UNKNOWN_MS
            if len(self._unknown) > MAX_UNKNOWN:
                del self._unknown[next(iter(self._unknown))]
        decode_sip_secrets(self._nobody)

    async def program(self, account: str, domain_sid: str) -> SipDomainConfig | None:
        """What calls to a domain run; None where it is gone. KeyRefusedError, ConnectionError, StoreFailedError."""
        row = await self._store.sip_row(account, "domain", domain_sid)
        if row is None:
            return None
        return decode_sip_domain_config(await self._open(account, sip_domain_record(row.sid), row.standing))

    async def _assembled(self, row: SipRow) -> SipDomain:
        calls = [one.sid for one in await self._store.sip_below(row.account, "calls", [row.sid])]
        registrations = await self._store.sip_below(row.account, "registrations", [row.sid])
        ip_lists = [sid for sid in calls if sid.startswith("AL")]
        addresses = await self._store.sip_below(row.account, "ip_address", ip_lists) if ip_lists else []
        return SipDomain(
            account=row.account,
            sid=row.sid,
            secure=row.secure,
            registration=row.registration,
            by_network=bool(ip_lists),
            networks=tuple(one.name for one in addresses),
            call_lists=tuple(sid for sid in calls if sid.startswith("CL")),
            registration_lists=tuple(one.sid for one in registrations),
        )
