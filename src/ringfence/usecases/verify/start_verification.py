"""Start a verification, or send the code of one that is pending again.

Source: Twilio, Verify v2, "Start new verification"; errors 60200 to 60223.
"""

import re
from collections.abc import Mapping

from msgspec.structs import replace

from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.fraud_guard.networks import Networks
from ringfence.domain.mail_address import MailAddress
from ringfence.domain.number import Number, NumberKind
from ringfence.domain.recipient import Recipient, address_of, parse_recipient
from ringfence.domain.sid import new_sid
from ringfence.domain.verification import Attempt, Secret
from ringfence.domain.verification_code import CUSTOM_MAX, CUSTOM_MIN
from ringfence.domain.verification_price import price_of_call, price_of_text
from ringfence.domain.verify_service import VerifyService, decode_verify_service
from ringfence.domain.verify_templates.catalogue import Templates
from ringfence.ports.fraud_guard import FraudGuard, Sending
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.store import Store
from ringfence.ports.verification_channels import CodeChannel, Notice
from ringfence.ports.verification_codes import VerificationCodes
from ringfence.ports.verifications import VerificationRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.usecases.verify.choose_channel import choose_channel
from ringfence.usecases.verify.note_refusals import TABLE as TABLE
from ringfence.usecases.verify.note_refusals import RefusalNotes, StartRefusedError
from ringfence.usecases.verify.origins import origins_of
from ringfence.usecases.verify.pending_verifications import PendingVerifications
from ringfence.usecases.verify.settle_verification import VerificationSettler
from ringfence.usecases.verify.start_rates import count_start
from ringfence.usecases.verify.start_request import StartRequest
from ringfence.usecases.verify.texting_service import texting_service
from ringfence.usecases.verify.verification_view import VerificationView
from ringfence.usecases.verify.wording import around, template_for, wordings

INVALID = 60200
DISABLED = 60223
NEEDS_SETTING_UP = {"email": "send mail", "whatsapp": "send WhatsApp messages"}
PAID_AS_TEXT = frozenset({"sms", "whatsapp", "auto"})
CHANNELS = ("sms", "call", "email", "whatsapp", "sna", "auto")
_CUSTOM_CODE = re.compile(f"[A-Za-z0-9]{{{CUSTOM_MIN},{CUSTOM_MAX}}}")
_APP_HASH = re.compile(r"[A-Za-z0-9+/]{11}")


class VerificationStarter:
    """`channels` are those that are there, by Twilio's names; `guard` is asked before anything is sent.

    `templates` are what verifications may say, without any those that everybody has. `networks` tell whose an address
    is.
    """

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        codes: VerificationCodes,
        clock: Clock,
        channels: Mapping[str, CodeChannel],
        guard: FraudGuard,
        settler: VerificationSettler,
        templates: Templates | None = None,
        networks: Networks | None = None,
    ) -> None:
        self._store = store
        self._keys = keys
        self._clock = clock
        self._channels = channels
        self._guard = guard
        self._pending = PendingVerifications(store, keys, codes, settler)
        self._templates = templates or Templates()
        self._networks = networks
        self._notes = RefusalNotes(store, keys)

    async def start(self, caller: Caller, service: VerifyRow, request: StartRequest) -> VerificationView:
        """The verification, with its code on its way. ApiError with Twilio's code; nothing is sent then."""
        settings = decode_verify_service(service.settings)
        self._known(request.channel)
        to = recipient_of(request.to)
        step = await choose_channel(
            self._store,
            self._keys,
            service,
            settings,
            to,
            asked=request.channel,
            tags=request.tags,
            there=self._channels,
        )
        request = replace(request, channel=step.channel)
        channel = self._channel(step.channel)
        recipient_of(request.to, step.channel)
        _check(settings, request, to)
        template = template_for(self._templates, service.account, settings, request.template_sid)
        name = request.custom_friendly_name or settings.friendly_name
        words = wordings(
            settings,
            to.region,
            template,
            locale=request.locale,
            name=name,
            amount=request.amount,
            payee=request.payee,
            message=request.message,
            substitutions=dict(request.substitutions),
        )
        opening, ending = around(settings, request.app_hash)
        now_ms = self._clock.now_ms()
        await count_start(self._store, self._keys, service, dict(request.rates), now_ms)
        to_index, held = await self._pending.held(service, to, now_ms)
        code_length = _code_length(settings, request, held)
        price_micros = _price(request.channel, to, f"{opening}{words[0].text}{ending}", code_length)
        attempt = Attempt(
            new_sid("VL", now_ms), request.channel, now_ms, stepped_from=step.stepped_from, code_length=code_length
        )
        sending: Sending | None = None
        row: VerificationRow | None = None
        try:
            _skip_landlines(settings, request, to)
            sending = await self._let_pass(service, request, to, now_ms, price_micros)
            attempt = replace(attempt, origins=sending.origins)
            if held is None:
                row = await self._pending.begin(
                    caller, service, settings, request, to, to_index, attempt, words[0].locale
                )
            else:
                row = await self._pending.send_again(caller, settings, request, held, attempt, words[0].locale)
            await channel.carry(
                caller,
                Notice(
                    account=row.account,
                    service=row.service,
                    verification=row.sid,
                    attempt=attempt.sid,
                    to=to,
                    wordings=words,
                    code_length=code_length,
                    until_ms=row.expires_ms,
                    opening=opening,
                    ending=ending,
                    messaging_service=await self._messaging_service(service, settings, request.channel, to),
                    voice=settings.tts_name,
                    key_first=settings.dtmf_input_required,
                    send_digits=request.send_digits,
                    subject=name,
                    from_name=request.mail_from_name or name,
                    from_address=request.mail_from,
                    whatsapp_from=settings.whatsapp.sender,
                    client_token=request.client_token,
                ),
            )
        except (ApiError, ConnectionError) as error:
            # Both come before anything is on its way.
            if sending is not None:
                await self._guard.not_sent(sending)
            if isinstance(error, ApiError):
                raise await self._noted(caller, service, to, attempt, row, error) from None
            raise
        secret = Secret(to=address_of(to), amount=request.amount, payee=request.payee)
        return VerificationView(row=row, secret=secret)

    async def _noted(
        self,
        caller: Caller,
        service: VerifyRow,
        to: Recipient,
        attempt: Attempt,
        row: VerificationRow | None,
        error: ApiError,
    ) -> ApiError:
        """The refusal, written down where it is about the number, and saying where."""
        if row is not None:
            sid = row.sid
            await self._store.mark_refused(row.account, attempt.sid, error.code)
        elif isinstance(error, StartRefusedError):
            sid = await self._notes.note(caller, service, to, attempt, error)
        else:
            return error
        return ApiError(error.code, f"{error.message.rstrip('.')}. Timeline: {sid}", status=error.status)

    async def _messaging_service(self, service: VerifyRow, settings: VerifyService, channel: str, to: Recipient) -> str:
        match channel:
            case "sms":
                return await texting_service(self._store, service, to.region)
            case "whatsapp":
                return settings.whatsapp.msg_service_sid
            case _:
                return ""

    async def _let_pass(
        self, service: VerifyRow, request: StartRequest, to: Recipient, now_ms: int, price_micros: int
    ) -> Sending:
        """What the guard counted. ApiError where it refuses."""
        network = None
        if self._networks is not None and request.device_ip:
            network = self._networks.of(request.device_ip)
        origins = await origins_of(self._keys, service.account, request.device_ip, request.tags, network)
        sending = Sending(
            account=service.account,
            service=service.sid,
            to=to,
            channel=request.channel,
            at_ms=now_ms,
            price_micros=price_micros,
            origins=origins,
            network="" if network is None else str(network),
            checked=request.risk_check,
        )
        if (refusal := await self._guard.refusal(sending)) is not None:
            message = f"{describe(refusal.code)}: {refusal.why}"
            raise StartRefusedError(refusal.code, message, why=refusal.why)
        return sending

    def _known(self, name: str) -> None:
        if name not in CHANNELS:
            raise ApiError(INVALID, f"Invalid parameter `Channel`: {name[:20]}")

    def _channel(self, name: str) -> CodeChannel:
        if name not in self._channels and name in NEEDS_SETTING_UP:
            raise ApiError(
                DISABLED, f"{describe(DISABLED)}: this installation is not set up to {NEEDS_SETTING_UP[name]}."
            )
        if name not in self._channels:
            raise ApiError(20501, f"The channel {name} is not available here yet.")
        return self._channels[name]


def _code_length(settings: VerifyService, request: StartRequest, held: VerificationRow | None) -> int:
    """How many characters are told: a code that is sent again stays as long as it was, whatever is set by now."""
    if held is not None and held.attempts and held.attempts[0].code_length:
        return held.attempts[0].code_length
    return len(request.custom_code) or settings.code_length


def _price(channel: str, to: Recipient, words: str, code_length: int) -> int:
    """The most that it can cost; 0 on ways that nobody pays a carrier for."""
    if not isinstance(to, Number):
        return 0
    if channel == "call":
        return price_of_call(to)
    return price_of_text(words, code_length, to.region) if channel in PAID_AS_TEXT else 0


def recipient_of(to: str, channel: str = "") -> Recipient:
    """Whom a code may go to, by this channel where it is given. ApiError 60200."""
    recipient = parse_recipient(to)
    if recipient is None or (channel and (channel == "email") is not isinstance(recipient, MailAddress)):
        raise ApiError(INVALID, f"Invalid parameter `To`: {to[:40]}")
    return recipient


def _check(settings: VerifyService, request: StartRequest, to: Recipient) -> None:
    if request.custom_code:
        if not settings.custom_code_enabled:
            raise ApiError(60204)
        if _CUSTOM_CODE.fullmatch(request.custom_code) is None:
            raise ApiError(INVALID, "Invalid parameter `CustomCode`: expected 4 to 10 letters and digits")
    if request.app_hash and _APP_HASH.fullmatch(request.app_hash) is None:
        raise ApiError(INVALID, "Invalid parameter `AppHash`: expected 11 characters of Base64")
    if request.channel != "email" and (request.mail_from or request.mail_from_name):
        raise ApiError(INVALID, "Invalid parameter `ChannelConfiguration`: it is for mails")
    if settings.psd2_enabled:
        if request.message:
            raise ApiError(INVALID, "Invalid parameter `CustomMessage`: what is being paid must be read too")
        if not (request.amount and request.payee):
            raise ApiError(60206)
        if request.channel == "call":
            raise ApiError(60214)
        if request.channel == "sna":
            # Nobody would read what is being paid.
            raise ApiError(60214, "The channel sna is not supported when using PSD2")
    elif request.amount or request.payee:
        raise ApiError(60204)


def _skip_landlines(settings: VerifyService, request: StartRequest, to: Recipient) -> None:
    skips = request.channel == "sms" and settings.lookup_enabled and settings.skip_sms_to_landlines
    if skips and isinstance(to, Number) and to.kind is NumberKind.LOCAL:
        raise StartRefusedError(60205)
