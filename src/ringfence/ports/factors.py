"""Entities, their factors and what these were asked, at rest. Part of the store (`ports.store`).

An entity is known by the blind index of its identity (table `verify_entity`): nobody reads from here who it is.
Source: Twilio, Verify v2: "Entities", "Factors", "Challenges".
"""

from collections.abc import Sequence
from typing import Protocol

import msgspec

from ringfence.domain.challenge import ChallengeStatus
from ringfence.domain.factor import FactorStatus, FactorType
from ringfence.ports.verify_events import TellingRow


class EntityRow(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody of a service (YE…). `content` is the identity, sealed in epoch `epoch`."""

    account: str
    sid: str
    service: str
    identity_index: bytes
    epoch: int
    content: bytes
    created_ms: int
    updated_ms: int

    def __repr__(self) -> str:
        return f"EntityRow({self.sid})"


class FactorRow(msgspec.Struct, frozen=True, kw_only=True):
    """A factor (YF…) of an entity. `content` is a sealed `domain.factor.FactorSecret` of epoch `epoch`.

    `credential_index` is the blind index of a passkey's credential id (table `verify_credential`), None for what is
    none: one of them stands for one factor of the service. `version` counts the changes.
    """

    account: str
    sid: str
    service: str
    entity: str
    factor_type: FactorType
    status: FactorStatus = FactorStatus.UNVERIFIED
    credential_index: bytes | None = None
    version: int = 0
    epoch: int
    content: bytes
    created_ms: int
    updated_ms: int

    def __repr__(self) -> str:
        return f"FactorRow({self.sid}, {self.factor_type.value}, {self.status.value})"


class ChallengeRow(msgspec.Struct, frozen=True, kw_only=True):
    """A challenge (YC…). `content` is a sealed `domain.challenge.ChallengeSecret` of epoch `epoch`.

    `factor` is "" where any passkey may answer, and `entity` where anybody may: whoever answers is written down.
    `shown` is what the factor's device may read, sealed for it, and `metadata` what it said in its answer, sealed as
    standing: b"" where there is none. `matched` where the user must type a number that the program shows.
    """

    account: str
    sid: str
    service: str
    entity: str
    factor: str
    factor_type: FactorType
    status: ChallengeStatus = ChallengeStatus.PENDING
    epoch: int
    content: bytes
    shown: bytes = b""
    metadata: bytes = b""
    created_ms: int
    updated_ms: int
    responded_ms: int | None = None
    expires_ms: int
    matched: bool = False

    def __repr__(self) -> str:
        return f"ChallengeRow({self.sid}, {self.factor_type.value}, {self.status.value})"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """How a challenge was answered, when (Unix ms), and by which factor of which entity."""

    status: ChallengeStatus
    at_ms: int
    entity: str
    factor: str
    metadata: bytes = b""


class Brake(msgspec.Struct, frozen=True, kw_only=True):
    """How many challenges of a kind an entity is asked: `limit` created since `since_ms`, and none while one that was
    denied since `denied_since_ms` is remembered."""

    limit: int
    since_ms: int
    denied_since_ms: int


class ChallengesBrakedError(Exception):
    """The entity was asked too often, or `denied`: nothing was written."""

    def __init__(self, *, denied: bool) -> None:
        super().__init__("denied a moment ago" if denied else "asked too often")
        self.denied = denied


class FactorsFullError(Exception):
    """The entity has as many factors as it may: nothing was written."""


class CredentialTakenError(Exception):
    """A factor of the service has this credential already: nothing was written."""


class FactorStore(Protocol):
    """Entities, factors, challenges of accounts. What is in another service or account is not there.

    `tellings` are written with the change, each with its outbox entry, and not without it.
    """

    async def begin_entity(self, row: EntityRow) -> EntityRow:
        """`row`, written; or the one of its service that has its identity already, and nothing is written."""

    async def entity(self, account: str, service: str, identity_index: bytes) -> EntityRow | None: ...

    async def entities(
        self, account: str, service: str, *, before: str | None = None, limit: int = 50
    ) -> list[EntityRow]:
        """Newest first."""

    async def delete_entity(self, account: str, service: str, sid: str) -> list[FactorRow] | None:
        """Erase it with its factors, challenges and leaves: the factors there were, None where it is gone."""

    async def create_factor(self, row: FactorRow, limit: int, tellings: Sequence[TellingRow] = ()) -> bool:
        """Write a new factor. False where its entity is gone.

        FactorsFullError where the entity has `limit` already; CredentialTakenError.
        """

    async def factor(self, account: str, service: str, sid: str) -> FactorRow | None: ...

    async def factors(
        self, account: str, entity: str, *, before: str | None = None, limit: int = 50
    ) -> list[FactorRow]:
        """Of one entity, newest first."""

    async def factor_of_credential(self, account: str, service: str, credential_index: bytes) -> FactorRow | None: ...

    async def update_factor(self, row: FactorRow, tellings: Sequence[TellingRow] = ()) -> bool:
        """Replace status, credential_index, epoch, content and updated_ms, and count its version on.

        False, and nothing is written, where it is gone, has another version than `row` by now, or is verified and `row`
        is not. CredentialTakenError.
        """

    async def delete_factor(self, account: str, service: str, sid: str, tellings: Sequence[TellingRow] = ()) -> bool:
        """Erase it with its challenges."""

    async def create_challenge(self, row: ChallengeRow, brake: Brake | None = None) -> bool:
        """Write a new challenge. False where its entity or factor is gone. ChallengesBrakedError.

        Those at once are counted one by one.
        """

    async def challenge(self, account: str, service: str, sid: str) -> ChallengeRow | None: ...

    async def challenges(
        self,
        account: str,
        entity: str,
        *,
        factor: str | None = None,
        status: ChallengeStatus | None = None,
        now_ms: int,
        oldest_first: bool = False,
        before: str | None = None,
        limit: int = 50,
    ) -> list[ChallengeRow]:
        """Of one entity, newest first; of one factor, and of a status as it is at `now_ms`.

        With `before`, those that stand after that one in the list.
        """

    async def answer_challenge(
        self, account: str, service: str, sid: str, answer: Answer, tellings: Sequence[TellingRow] = ()
    ) -> ChallengeRow | None:
        """End a pending one whose time is not up: the row as it is then, else None, as where the factor is gone."""

    async def forget_unanswered(self, account: str, made_before_ms: int) -> int:
        """Erase challenges that anybody might have answered and nobody did, made before then; how many there were."""
