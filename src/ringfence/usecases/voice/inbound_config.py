"""What is to be done with a call that comes in: whose it is, and where its document comes from.

Source: Twilio, "IncomingPhoneNumber resource" (VoiceUrl, VoiceApplicationSid, StatusCallback).
"""

import re
from typing import Protocol
from urllib.parse import unquote

import msgspec

from ringfence.domain.number import parse_e164
from ringfence.domain.standing import (
    ApplicationConfig,
    NumberConfig,
    SipDomainConfig,
    application_record,
    decode_application_config,
    decode_number_config,
    number_record,
)
from ringfence.ports.line import IncomingLine
from ringfence.ports.onlookers import Detours, NoDetours
from ringfence.ports.store import Store
from ringfence.usecases.voice.desk import Standing

NOT_FOUND = 404

# What a client calls without saying where: a name, or digits, at our own address.
_CALLED = re.compile(r"sips?:([^@;?]+)@[^@]*", re.IGNORECASE)


class InboundConfig(msgspec.Struct, frozen=True, kw_only=True):
    """Whose call it is and what it runs. `local` is the tenant's own number, "" for a SIP address or a client."""

    account: str
    to: str
    sender: str
    local: str = ""
    phone_number_sid: str = ""
    application_sid: str = ""
    url: str = ""
    method: str = "POST"
    fallback_url: str = ""
    fallback_method: str = "POST"
    status_callback: str = ""
    status_method: str = "POST"

    def __repr__(self) -> str:
        return f"InboundConfig({self.account})"


class NobodyHereError(Exception):
    """Nobody takes this call: `sip_status` is what its caller is told."""

    def __init__(self, sip_status: int, cause: str) -> None:
        super().__init__(cause)
        self.sip_status = sip_status


class Domains(Protocol):
    """SIP Domains, as whoever runs their calls asks about them."""

    async def program(self, account: str, domain_sid: str) -> SipDomainConfig | None:
        """What calls to a domain run; None where it is gone. KeyRefusedError, ConnectionError, StoreFailedError."""


class InboundConfigs:
    """Looks up what a line is for. `detours` say where calls to a number are answered meanwhile."""

    def __init__(self, store: Store, standing: Standing, domains: Domains, detours: Detours | None = None) -> None:
        self._detours = detours or NoDetours()
        self._store = store
        self._standing = standing
        self._domains = domains

    async def of(self, line: IncomingLine) -> InboundConfig:
        """The configuration that this line runs. NobodyHereError; ConnectionError, KeyRefusedError."""
        if line.source.startswith("trunk:"):
            return await self._of_number(line)
        kind, _, sid = line.source.partition(":")
        if kind == "domain":
            return await self._of_domain(line, sid)
        return await self._of_client(line)

    async def _of_client(self, line: IncomingLine) -> InboundConfig:
        """A client runs the application of its token, whomever it calls."""
        config = await self._application(line.account, line.application) if line.application else None
        if config is None:
            raise NobodyHereError(NOT_FOUND, "a client without an application that it may call")
        called = _CALLED.fullmatch(line.to)
        return InboundConfig(
            account=line.account,
            to=unquote(called[1]) if called else line.to,
            sender=line.sender,
            application_sid=line.application,
            url=config.voice_url,
            method=config.voice_method,
            fallback_url=config.voice_fallback_url,
            fallback_method=config.voice_fallback_method,
            status_callback=config.status_callback,
            status_method=config.status_callback_method,
        )

    async def _of_domain(self, line: IncomingLine, sid: str) -> InboundConfig:
        config = await self._domains.program(line.account, sid)
        if config is None:
            raise NobodyHereError(NOT_FOUND, "a SIP Domain that is gone")
        return InboundConfig(
            account=line.account,
            to=line.to,
            sender=line.sender,
            url=config.voice_url,
            method=config.voice_method,
            fallback_url=config.voice_fallback_url,
            fallback_method=config.voice_fallback_method,
            status_callback=config.voice_status_callback_url,
            status_method=config.voice_status_callback_method,
        )

    async def _of_number(self, line: IncomingLine) -> InboundConfig:
        number = parse_e164(line.to)
        owned = None if number is None else await self._store.number_by_e164(number.e164)
        if owned is None:
            raise NobodyHereError(NOT_FOUND, "a number that nobody here owns")
        value = await self._standing.open(owned.account, number_record(owned.sid), owned.standing)
        of_number = decode_number_config(value)
        config: NumberConfig | ApplicationConfig = of_number
        application_sid = of_number.voice_application_sid
        application = await self._application(owned.account, application_sid) if application_sid else None
        if application is not None:
            config = application
        detour = self._detours.of(owned.number)
        if detour is not None:
            config = msgspec.structs.replace(config, voice_url=detour, voice_method="POST", voice_fallback_url="")
        return InboundConfig(
            account=owned.account,
            to=owned.number,
            sender=line.sender,
            local=owned.number,
            phone_number_sid=owned.sid,
            application_sid=application_sid if application is not None else "",
            url=config.voice_url,
            method=config.voice_method,
            fallback_url=config.voice_fallback_url,
            fallback_method=config.voice_fallback_method,
            status_callback=config.status_callback,
            status_method=config.status_callback_method,
        )

    async def _application(self, account: str, sid: str) -> ApplicationConfig | None:
        """What an application does; None for one that is gone: then the number itself says."""
        row = await self._store.application(account, sid)
        if row is None:
            return None
        return decode_application_config(await self._standing.open(account, application_record(sid), row.standing))
