"""Verify a telephone by its network, without a code: start offers an address, a check asks what its opening came to.

Source: Twilio, "Verify Silent Network Auth"; errors 60500 and 60533.
"""

import msgspec

from ringfence.domain.errors import ApiError
from ringfence.domain.verification import Status, may_become
from ringfence.ports.keys import Caller
from ringfence.ports.silent_network import Finding, SilentNetwork
from ringfence.ports.verification_channels import Notice
from ringfence.ports.verification_codes import VerificationCodes
from ringfence.usecases.verify.fetch_verification import VerificationReader
from ringfence.usecases.verify.settle_verification import VerificationSettler
from ringfence.usecases.verify.start_verification import INVALID
from ringfence.usecases.verify.verification_view import VerificationView

CHANNEL = "sna"
MAX_CHECKS_REACHED = 60202
_CODES = {Finding.MISMATCH: 60500, Finding.NO_NUMBER: 60533}


class SilentCheck(msgspec.Struct, frozen=True, kw_only=True):
    """What a check came to. `errors` are pairs of an attempt's SID and the code of what went wrong, in order."""

    view: VerificationView
    errors: tuple[tuple[str, int], ...] = ()


class SilentChannel:
    """`ports.verification_channels.CodeChannel` that carries no code: the network is told whom to expect."""

    def __init__(self, network: SilentNetwork) -> None:
        self._network = network

    async def carry(self, caller: Caller, notice: Notice) -> None:
        await self._network.offer(notice.attempt, notice.number.e164, notice.until_ms, with_token=notice.client_token)


class SilentChecker:
    """Asks the network. The verification's code, which may have gone out on another channel, is erased by approval."""

    def __init__(
        self,
        codes: VerificationCodes,
        reader: VerificationReader,
        network: SilentNetwork,
        settler: VerificationSettler,
    ) -> None:
        self._codes = codes
        self._reader = reader
        self._network = network
        self._settler = settler

    async def url(self, view: VerificationView) -> str:
        """What the telephone is to open, "" where the last attempt was by another channel."""
        last = view.row.attempts[-1]
        if last.channel != CHANNEL or view.secret is None:
            return ""
        return await self._network.offer(last.sid, view.secret.to, view.row.expires_ms)

    async def check(
        self, caller: Caller, account: str, service: str, sid_or_to: str, client_token: str = ""
    ) -> SilentCheck | None:
        """Approved where the telephone proved itself by any attempt, else pending.

        An attempt that wants a client token proves nothing to whoever does not show it.

        None where there is none to check. ApiError 60200 where its last attempt was not by this channel: a code is
        missing; 60202 where five codes were checked.
        """
        view = await self._reader.fetch(caller, account, service, sid_or_to)
        if view is None or view.secret is None:
            return None
        # A start that was refused has no attempt.
        if not view.row.attempts or view.row.attempts[-1].channel != CHANNEL:
            raise ApiError(INVALID, "Missing required parameter Code")
        row = view.row
        if row.status is Status.MAX_ATTEMPTS_REACHED:
            raise ApiError(MAX_CHECKS_REACHED)
        if not may_become(row.status, Status.APPROVED):
            return None
        silent = [attempt.sid for attempt in row.attempts if attempt.channel == CHANNEL]
        findings = [(sid, await self._network.finding(sid, client_token)) for sid in silent]
        errors = tuple((sid, _CODES[finding]) for sid, finding in findings if finding in _CODES)
        if all(finding is not Finding.PROVEN for _, finding in findings):
            return SilentCheck(view=view, errors=errors)
        await self._codes.close_code(account, row.sid)
        approved = await self._settler.approve(view)
        return None if approved is None else SilentCheck(view=approved, errors=errors)
