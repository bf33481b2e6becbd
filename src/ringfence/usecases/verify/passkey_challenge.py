"""Challenges to passkeys: of one factor, of any of an entity, or of whoever comes; answered once.

Source: Twilio, Verify v2, "Passkeys Challenge resource"; errors 60318, 60323, 60324 and 60382.
"""

from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from ringfence.domain.challenge import LIFE_MS, ChallengeSecret, ChallengeStatus
from ringfence.domain.clock import Clock
from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FACTORS_MAX, FactorSecret, FactorStatus, FactorType
from ringfence.domain.passkeys.answers import AuthenticationAnswer
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.sealing.factor import seal_challenge
from ringfence.domain.sealing.record import RecordSealer
from ringfence.domain.sid import new_sid
from ringfence.domain.verify_service import PasskeySettings
from ringfence.ports.factors import Answer, ChallengeRow, EntityRow
from ringfence.ports.keys import Caller, TenantKeys
from ringfence.ports.passkeys import Ceremony, Passkeys, RelyingParty, Wish
from ringfence.ports.store import Store
from ringfence.ports.verify_events import VerifyEvents
from ringfence.usecases.verify.challenges import Challenges, ChallengeView
from ringfence.usecases.verify.factor_news import TenantTeller
from ringfence.usecases.verify.factors import Factors, FactorView
from ringfence.usecases.verify.passkey_factor import credential_index, identity_of, passkeys_of
from ringfence.usecases.verify.passkey_kept import (
    NO_PARTY_ID,
    PasskeyQuestion,
    binding_of,
    config_of,
    decode_question,
    encode_kept,
    new_challenge,
    noted,
    refused,
    relying_party,
    sid_asked,
)

UNVERIFIED: Final = 60318
EXPIRED: Final = 60323
FAILED: Final = 60324
OTHER_PARTY: Final = 60382

_FAILED = "Challenge verification failed"


class AskedPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge, what it asks, and of whom: `identity` is "" as long as nobody in particular is asked."""

    view: ChallengeView
    options: dict[str, Any]
    identity: str

    def __repr__(self) -> str:
        return f"AskedPasskey({self.view.row.sid})"


class PasskeyChallenges:
    """Passkey challenges of accounts whose credential is present."""

    def __init__(
        self,
        store: Store,
        keys: TenantKeys,
        passkeys: Passkeys,
        clock: Clock,
        factors: Factors,
        challenges: Challenges,
        events: VerifyEvents,
    ) -> None:
        self._store = store
        self._keys = keys
        self._passkeys = passkeys
        self._clock = clock
        self._factors = factors
        self._challenges = challenges
        self._events = events
        self._forgotten_ms: dict[str, int] = {}

    async def ask_anybody(
        self, caller: Caller, account: str, service: str, settings: PasskeySettings
    ) -> AskedPasskey | None:
        """Whoever holds a passkey of the service's relying party. ApiError 60371, 60372."""
        party = relying_party(None, settings)
        await self._forget_unanswered(account)
        return await self._ask(caller, account, service, party, _wish(settings, []))

    async def ask(
        self,
        caller: Caller,
        entity: EntityRow,
        identity: str,
        settings: PasskeySettings,
        *,
        factor: str = "",
        hidden: str = "{}",
        until_ms: int | None = None,
    ) -> AskedPasskey | None:
        """This entity, by `factor` or by any passkey it has; None where there is none.

        `hidden` are details for the program, by which it may name a factor that the answer lets in (`vouching`);
        `until_ms` (Unix) is when it ends, five minutes from now where that is None. ApiError 60318 where it is yet to
        be verified, 60371 and 60372 where there is no relying party.
        """
        views = [
            view
            for view in await self._factors.listed(caller, entity, before=None, limit=FACTORS_MAX)
            if view.row.factor_type is FactorType.PASSKEYS and factor in ("", view.row.sid)
        ]
        if not views:
            return None
        verified = [view for view in views if view.row.status is FactorStatus.VERIFIED]
        if not verified:
            raise ApiError(UNVERIFIED)
        party = _party_of(verified, settings)
        allowed = passkeys_of(verified, party.id)
        if not allowed:
            raise ApiError(OTHER_PARTY)
        return await self._ask(
            caller,
            entity.account,
            entity.service,
            party,
            _wish(settings, verified),
            entity=entity.sid,
            identity=identity,
            factor=factor,
            allowed=allowed,
            hidden=hidden,
            until_ms=until_ms,
        )

    async def approve(
        self, caller: Caller, account: str, service: str, answer: AuthenticationAnswer, *, only: str = ""
    ) -> AskedPasskey:
        """The challenge that this answers, approved by it, once; `only` that one, where it is named.

        ApiError 60323 where its time is up, 60382 for a passkey of another relying party, 60324 for all else: also
        where nothing waits for this answer.
        """
        try:
            view, question = await self._waiting(caller, account, service, answer, only)
            factor = await self._answering(caller, view, question, answer)
            return await self._checked(caller, view, question, factor, answer)
        except PasskeyRefusedError as wrong:
            raise refused(EXPIRED if wrong.why is Refusal.EXPIRED else FAILED, _what(wrong), wrong) from None

    async def _ask(
        self,
        caller: Caller,
        account: str,
        service: str,
        party: RelyingParty,
        wish: Wish,
        *,
        entity: str = "",
        identity: str = "",
        factor: str = "",
        allowed: list[Passkey] | None = None,
        hidden: str = "{}",
        until_ms: int | None = None,
    ) -> AskedPasskey | None:
        now_ms = self._clock.now_ms()
        sid = new_sid("YC", now_ms)
        ceremony = Ceremony(
            party=party, challenge=new_challenge(sid), until_ms=until_ms or now_ms + LIFE_MS, user_verification=wish
        )
        options = self._passkeys.authentication_options(ceremony, now_ms, allowed=allowed or [])
        question = PasskeyQuestion(ceremony=ceremony, options=options, identity=identity)
        secret = ChallengeSecret(hidden_details=hidden, state=encode_kept(question))
        sealing = await self._keys.sealing_key(caller, account)
        row = ChallengeRow(
            account=account,
            sid=sid,
            service=service,
            entity=entity,
            factor=factor,
            factor_type=FactorType.PASSKEYS,
            epoch=sealing.epoch,
            content=seal_challenge(RecordSealer(sealing.epoch_key, account), sid, secret),
            created_ms=now_ms,
            updated_ms=now_ms,
            expires_ms=ceremony.until_ms,
        )
        if not await self._store.create_challenge(row):
            return None
        return AskedPasskey(view=ChallengeView(row=row, secret=secret), options=options, identity=identity)

    async def _forget_unanswered(self, account: str) -> None:
        """A page that offers passkeys asks whoever opens it: most leave, and nothing else would erase these."""
        now_ms = self._clock.now_ms()
        if now_ms - self._forgotten_ms.get(account, 0) >= LIFE_MS:
            self._forgotten_ms[account] = now_ms
            await self._store.forget_unanswered(account, now_ms - LIFE_MS)

    async def _waiting(
        self, caller: Caller, account: str, service: str, answer: AuthenticationAnswer, only: str
    ) -> tuple[ChallengeView, PasskeyQuestion]:
        sid = sid_asked(answer.client_data, "YC")
        row = await self._store.challenge(account, service, sid) if only in ("", sid) else None
        if row is None or row.factor_type is not FactorType.PASSKEYS:
            raise PasskeyRefusedError(Refusal.CHALLENGE)
        (view,) = await self._challenges.views(caller, [self._challenges.as_of_now(row)])
        if view.row.status is ChallengeStatus.EXPIRED:
            raise PasskeyRefusedError(Refusal.EXPIRED)
        if view.row.status is not ChallengeStatus.PENDING:
            raise PasskeyRefusedError(Refusal.CHALLENGE)
        if view.secret is None:
            raise ApiError(20409, "The challenge was sealed in an hour that this credential does not open.")
        return view, decode_question(view.secret.state)

    async def _answering(
        self, caller: Caller, view: ChallengeView, question: PasskeyQuestion, answer: AuthenticationAnswer
    ) -> FactorView:
        """The factor that answers, where it is one of those that were asked."""
        asked = view.row
        index = await credential_index(self._keys, asked.account, asked.service, answer.credential_id)
        row = await self._store.factor_of_credential(asked.account, asked.service, index)
        if row is None or asked.factor not in ("", row.sid) or asked.entity not in ("", row.entity):
            raise PasskeyRefusedError(Refusal.CREDENTIAL)
        # Asked for nobody in particular, the authenticator must say whose it is: else we should take its id for it.
        if not asked.entity and answer.user_handle is None:
            raise PasskeyRefusedError(Refusal.USER_HANDLE)
        (factor,) = await self._factors.views(caller, [row])
        if factor.secret is None:
            raise ApiError(20409, "The factor was sealed in an hour that this credential does not open.")
        if config_of(factor.secret).relying_party.id != question.ceremony.party.id:
            raise ApiError(OTHER_PARTY)
        return factor

    async def _checked(
        self,
        caller: Caller,
        view: ChallengeView,
        question: PasskeyQuestion,
        factor: FactorView,
        answer: AuthenticationAnswer,
    ) -> AskedPasskey:
        passkey, identity = _bound_passkey(factor)
        try:
            used = self._passkeys.check_authentication(answer, question.ceremony, passkey, self._clock.now_ms())
        except PasskeyRefusedError as wrong:
            if wrong.why is Refusal.COUNTER:
                await self._suspect(caller, view, factor)
            raise
        if not used.user_verified and _must_verify(factor):
            raise PasskeyRefusedError(Refusal.USER_VERIFICATION)
        # Ended before the count is kept: of two answers at once one finds it pending.
        ended = await self._end(caller, view, factor, ChallengeStatus.APPROVED)
        if ended is None:
            raise PasskeyRefusedError(Refusal.CHALLENGE)

        at = _date(ended.row.updated_ms)

        def keep(secret: FactorSecret) -> FactorSecret:
            binding = binding_of(secret)
            now = binding.passkey or used.passkey
            # Of two uses at once the later may come first.
            kept = replace(used.passkey, sign_count=max(now.sign_count, used.passkey.sign_count))
            bound = replace(secret, binding=encode_kept(replace(binding, passkey=kept)))
            return noted(bound, date_last_approved=at)

        await self._factors.change(caller, factor, keep)
        return AskedPasskey(view=ended, options=question.options, identity=identity)

    async def _suspect(self, caller: Caller, view: ChallengeView, factor: FactorView) -> None:
        """Tell the program that there may be two of this passkey. The real one goes on: the copy may be the other."""
        at = _date(self._clock.now_ms())
        await self._end(caller, view, factor, ChallengeStatus.DENIED)
        await self._factors.change(caller, factor, lambda secret: noted(secret, date_counter_regressed=at))

    async def _end(
        self, caller: Caller, view: ChallengeView, factor: FactorView, status: ChallengeStatus
    ) -> ChallengeView | None:
        answer = Answer(status=status, at_ms=self._clock.now_ms(), entity=factor.row.entity, factor=factor.row.sid)
        teller = TenantTeller(self._events, caller, identity_of(factor), factor.secret)
        tellings = await teller.of_answer(view.row, answer, view.secret)
        row = await self._store.answer_challenge(view.row.account, view.row.service, view.row.sid, answer, tellings)
        if row is None:
            return None
        teller.told(tellings)
        return replace(view, row=row)


def _bound_passkey(factor: FactorView) -> tuple[Passkey, str]:
    binding = None if factor.secret is None else binding_of(factor.secret)
    if binding is None or binding.passkey is None:
        raise PasskeyRefusedError(Refusal.CREDENTIAL)
    return binding.passkey, binding.identity


def _must_verify(factor: FactorView) -> bool:
    return factor.secret is not None and config_of(factor.secret).user_verification == "required"


def _party_of(views: list[FactorView], settings: PasskeySettings) -> RelyingParty:
    """The service's; where it has none, the one that all these passkeys are of."""
    if settings.relying_party_id:
        return relying_party(None, settings)
    parties = {config_of(view.secret).relying_party.id: view.secret for view in views if view.secret is not None}
    if len(parties) != 1:
        raise ApiError(NO_PARTY_ID)
    (secret,) = parties.values()
    return config_of(secret).relying_party


def _wish(settings: PasskeySettings, views: list[FactorView]) -> Wish:
    """Whether users show themselves: as the service says, or the passkeys were made to; the strictest of them."""
    told = {config_of(view.secret).user_verification for view in views if view.secret is not None}
    wishes: tuple[Wish, ...] = ("required", "preferred", "discouraged")
    return next((wish for wish in wishes if wish in (settings.user_verification, *told)), "preferred")


def _date(at_ms: int) -> str:
    return datetime.fromtimestamp(at_ms // 1_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _what(wrong: PasskeyRefusedError) -> str:
    return "Challenge expired" if wrong.why is Refusal.EXPIRED else _FAILED
