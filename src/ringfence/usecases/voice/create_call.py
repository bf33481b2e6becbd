"""Accept a call from a program: check, seal, write, and only then say 201.

Source: Twilio, "Create a Call resource"; "Test credentials", section "Test making calls".
"""

import msgspec

from ringfence.domain import magic_numbers
from ringfence.domain.call import Content, Direction, Status
from ringfence.domain.clock import Clock
from ringfence.domain.dialing.destination import rate_of
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.number import Number, parse_e164
from ringfence.domain.sealing.blind_index import remote_index
from ringfence.domain.sealing.call import seal_call
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.domain.standing import application_record, decode_application_config
from ringfence.ports.calls import CallRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import AccountRow, Store
from ringfence.ports.wake import Wake
from ringfence.usecases.retention.parts import retained_call
from ringfence.usecases.voice.brakes import BrakedError, Brakes
from ringfence.usecases.voice.call_record import progress_events
from ringfence.usecases.voice.call_view import CallView
from ringfence.usecases.voice.given_twiml import check_given

MAX_CLIENT_CHARACTERS = 256
MAX_SIP_CHARACTERS = 255


class CallRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a program asks for. `content` holds all that is as it was given; its ends are not yet judged."""

    to: str | None
    sender: str | None
    content: Content

    def __repr__(self) -> str:
        return "CallRequest(…)"


class CallCreator:
    """Accepts calls for accounts whose credential is present. `wake` rings the voice processes."""

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        clock: Clock,
        wake: Wake,
        *,
        magic_numbers: bool,
        brakes: Brakes | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._wake = wake
        self._magic_numbers = magic_numbers
        self._brakes = brakes or Brakes(store, clock)

    async def create(self, caller: Caller, account: AccountRow, request: CallRequest) -> CallView:
        """The accepted call, durable. ApiError with Twilio's code when it is refused; nothing is written then."""
        to, number = self._called(request.to)
        given = await self._with_application(caller, account.sid, request.content)
        if not (given.twiml or given.url):
            raise ApiError(21205, _missing(given))
        if given.twiml:
            check_given(given.twiml)
        sender, phone_number_sid = await self._sender(account.sid, request.sender, number is not None)
        try:
            await self._brakes.accept(account.sid, to if number is not None else "")
        except BrakedError as error:
            raise ApiError(error.code, f"{describe(error.code)}: {error.cause}.") from None
        now_ms = self._clock.now_ms()
        sid = new_sid("CA", now_ms)
        sealing = await self._keys.sealing_key(caller, account.sid)
        content = msgspec.structs.replace(given, to=to, sender=sender)
        row = CallRow(
            account=account.sid,
            sid=sid,
            direction=Direction.OUTBOUND_API,
            status=Status.QUEUED,
            local=sender,
            remote_index=remote_index(sealing.index_key, sealing.index_day, to),
            remote_region=number.region if number is not None else "",
            remote_prefix=number.calling_prefix if number is not None else "",
            epoch=sealing.epoch,
            content=seal_call(RecordSealer(sealing.epoch_key, account.sid), sid, content),
            phone_number_sid=phone_number_sid,
            created_ms=now_ms,
            updated_ms=now_ms,
            rate_micros=rate_of(Direction.OUTBOUND_API, to, number.region if number is not None else ""),
        )
        retained = retained_call(sealing.retention_of(sid), row, to)
        await self._store.create_call(row, progress_events(content, Status.QUEUED, now_ms), retained)
        self._wake.ring()
        return CallView(row, content)

    async def _with_application(self, caller: Caller, account: str, given: Content) -> Content:
        """What the application says, where the request names one and no document: with it the rest is not looked at."""
        if given.twiml or given.url or not given.application_sid:
            return given
        row = await self._store.application(account, given.application_sid)
        if row is None:
            raise ApiError(21218)
        (value,) = await self._keys.open_standing_as(caller, account, [(application_record(row.sid), row.standing)])
        config = decode_application_config(value)
        return msgspec.structs.replace(
            given,
            url=config.voice_url,
            method=config.voice_method,
            fallback_url=config.voice_fallback_url,
            fallback_method=config.voice_fallback_method,
            status_callback=config.status_callback,
            status_method=config.status_callback_method,
            status_events=(),
        )

    def _called(self, to: str | None) -> tuple[str, Number | None]:
        """Whom to call, and as a number where it is one."""
        if not to:
            raise ApiError(21201)
        if self._magic_numbers and to in magic_numbers.CALL_TO:
            raise ApiError(magic_numbers.CALL_TO[to], to=to)
        if to.startswith("client:"):
            if not 0 < len(to) - len("client:") <= MAX_CLIENT_CHARACTERS:
                raise ApiError(21211, to=to)
            return to, None
        if to.lower().startswith(("sip:", "sips:")):
            if len(to) > MAX_SIP_CHARACTERS or "@" not in to:
                raise ApiError(21211, to=to)
            return to, None
        number = parse_e164(to)
        if number is None:
            raise ApiError(21211, to=to)
        return number.e164, number

    async def _sender(self, account: str, sender: str | None, to_number: bool) -> tuple[str, str]:
        """Who calls, and the sid of the number that it is, "" for a client or the user part of a SIP address."""
        if not sender:
            raise ApiError(21213)
        if self._magic_numbers:
            if sender in magic_numbers.CALL_FROM:
                raise ApiError(magic_numbers.CALL_FROM[sender], sender=sender)
            if sender == magic_numbers.VALID_FROM:
                return sender, ""
        number = parse_e164(sender)
        if number is None:
            if to_number:
                raise ApiError(21212, sender=sender)
            return sender, ""
        owned = await self._store.number_by_e164(number.e164)
        if owned is None or owned.account != account:
            raise ApiError(
                21210,
                f"The source phone number provided, {number.e164}, is not a number of this account. "
                "Call from one that the account has bought, or has had assigned.",
            )
        return number.e164, owned.sid


def _missing(given: Content) -> str:
    if given.application_sid:
        return f"{describe(21205)}: the application has no VoiceUrl."
    return f"{describe(21205)}: one of Url, Twiml and ApplicationSid is required."
