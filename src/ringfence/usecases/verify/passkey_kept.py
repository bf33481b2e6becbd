"""What is kept of passkeys in the sealed rows of factors and challenges, and how it gets there from settings.

Source: Twilio, Verify v2, "Passkeys Factor resource", "Passkeys Challenge resource"; errors 60324, 60371, 60372, 60393.
"""

import os
from typing import Any, Final, Literal

import msgspec
from msgspec.structs import replace

from ringfence.domain.errors import ApiError
from ringfence.domain.factor import FactorSecret
from ringfence.domain.passkeys.client_data import parse_client_data
from ringfence.domain.passkeys.origin import may_use, read_domain, read_origin
from ringfence.domain.passkeys.passkey import Passkey
from ringfence.domain.passkeys.refusal import PasskeyRefusedError, Refusal
from ringfence.domain.sid import is_sid
from ringfence.domain.verify_service import PasskeySettings
from ringfence.ports.passkeys import AuthenticatorWish, Ceremony, RelyingParty, Wish

NO_PARTY: Final = 60371
NO_PARTY_ID: Final = 60372
NO_CRITERIA: Final = 60393
TABLE: Final = "verify_credential"

_SID_CHARACTERS = 34
_CHALLENGE_BYTES = 32

_WHY = {
    Refusal.MALFORMED: "the answer is not as browsers send it",
    Refusal.EXPIRED: "its time is up",
    Refusal.TYPE: "it answers another kind of question",
    Refusal.CHALLENGE: "it answers no question that waits for an answer",
    Refusal.ORIGIN: "the page is not among the origins of the relying party",
    Refusal.CROSS_ORIGIN: "the page stood in another site's",
    Refusal.CREDENTIAL: "it comes from a passkey that was not asked",
    Refusal.USER_HANDLE: "the passkey is another user's",
    Refusal.RP_ID: "the passkey is another relying party's",
    Refusal.USER_PRESENCE: "nobody was present",
    Refusal.USER_VERIFICATION: "the user was not verified, which is required",
    Refusal.ALGORITHM: "its algorithm is not taken",
    Refusal.ATTESTATION: "its attestation is not taken",
    Refusal.AAGUID: "this model of authenticator is not taken",
    Refusal.SIGNATURE: "its signature is wrong",
    Refusal.BACKUP: "its backup flags contradict themselves",
    Refusal.COUNTER: "its counter did not rise, as those of copies do",
}

Attachment = Literal["platform", "cross-platform", "any"]


class AskedParty(msgspec.Struct, frozen=True, kw_only=True):
    """A relying party, as far as a request says."""

    id: str | None = None
    name: str | None = None
    origins: tuple[str, ...] | None = None


class AskedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a passkey is to be made, as far as a request says."""

    relying_party: AskedParty | None = None
    authenticator_attachment: Attachment | None = None
    discoverable_credentials: Wish | None = None
    user_verification: Wish | None = None


class PasskeyConfig(msgspec.Struct, frozen=True, kw_only=True):
    """How a passkey was made: what the API shows as a factor's `config`."""

    relying_party: RelyingParty
    authenticator_attachment: Attachment
    discoverable_credentials: Wish
    user_verification: Wish

    @property
    def wish(self) -> AuthenticatorWish:
        attachment = self.authenticator_attachment
        return AuthenticatorWish(
            attachment="" if attachment == "any" else attachment, discoverable=self.discoverable_credentials
        )


class PasskeyNotes(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What became of a passkey: what the API shows as a factor's `metadata`. Dates are ISO 8601.

    `date_counter_regressed` is ours: when it last counted backwards, as a copy does, and so was refused.
    """

    aaguid: str = ""
    date_last_approved: str = ""
    date_counter_regressed: str = ""


class PasskeyBinding(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a factor is bound to: the registration it waits for, then its passkey. `identity` is its entity's."""

    identity: str
    registration: Ceremony | None = None
    passkey: Passkey | None = None

    def __repr__(self) -> str:
        return "PasskeyBinding(…)"


class PasskeyQuestion(msgspec.Struct, frozen=True, kw_only=True):
    """What a challenge asks, with which `options`. `identity` is the entity's, "" where anybody may answer."""

    ceremony: Ceremony
    options: dict[str, Any]
    identity: str = ""

    def __repr__(self) -> str:
        return "PasskeyQuestion(…)"


_encode = msgspec.json.Encoder().encode
_bindings = msgspec.json.Decoder(PasskeyBinding)
_configs = msgspec.json.Decoder(PasskeyConfig)
_notes = msgspec.json.Decoder(PasskeyNotes)
_questions = msgspec.json.Decoder(PasskeyQuestion)


def encode_kept(kept: PasskeyConfig | PasskeyNotes | PasskeyBinding | PasskeyQuestion) -> str:
    """As it is sealed."""
    return _encode(kept).decode()


def binding_of(secret: FactorSecret) -> PasskeyBinding:
    """Of a passkey factor."""
    return _bindings.decode(secret.binding)


def config_of(secret: FactorSecret) -> PasskeyConfig:
    """Of a passkey factor."""
    return _configs.decode(secret.config)


def noted(secret: FactorSecret, **notes: str) -> FactorSecret:
    """With these notes in its metadata."""
    return replace(secret, metadata=encode_kept(replace(_notes.decode(secret.metadata), **notes)))


def decode_question(state: str) -> PasskeyQuestion:
    """Of a passkey challenge."""
    return _questions.decode(state)


def new_challenge(sid: str) -> bytes:
    """A challenge that says whose it is, and that nobody can guess: the browser hands it back."""
    return sid.encode() + os.urandom(_CHALLENGE_BYTES)


def sid_asked(client_data: bytes, prefix: str) -> str:
    """Whose challenge a page answered. PasskeyRefusedError: MALFORMED, or CHALLENGE where it is none of `prefix`."""
    sid = parse_client_data(client_data).challenge[:_SID_CHARACTERS].decode("ascii", "replace")
    if not is_sid(sid, prefix):
        raise PasskeyRefusedError(Refusal.CHALLENGE)
    return sid


def refused(code: int, what: str, refusal: PasskeyRefusedError) -> ApiError:
    """Twilio's error with our reason. It is told to the program alone, which decides what its user reads."""
    return ApiError(code, f"{what}: {_WHY[refusal.why]}")


def config_for(asked: AskedConfig | None, settings: PasskeySettings) -> PasskeyConfig:
    """What a request asks for, and the service's settings where it does not. ApiError 60371, 60372, 60393."""
    asked = asked or AskedConfig()
    criteria = {
        "authenticator_attachment": asked.authenticator_attachment or settings.authenticator_attachment,
        "discoverable_credentials": asked.discoverable_credentials or settings.discoverable_credentials,
        "user_verification": asked.user_verification or settings.user_verification,
    }
    party = relying_party(asked.relying_party, settings)
    if missing := [name for name, value in criteria.items() if not value]:
        raise ApiError(NO_CRITERIA, f"Authenticator criteria are missing from the request: {', '.join(missing)}")
    return msgspec.convert({"relying_party": party, **criteria}, PasskeyConfig)


def relying_party(asked: AskedParty | None, settings: PasskeySettings) -> RelyingParty:
    """The same for the relying party alone. ApiError 60371, 60372."""
    asked = asked or AskedParty()
    try:
        domain = read_domain(asked.id or settings.relying_party_id)
    except ValueError:
        raise ApiError(NO_PARTY_ID) from None
    name = asked.name or settings.relying_party_name
    try:
        origins = tuple(read_origin(each) for each in asked.origins or settings.relying_party_origins)
    except ValueError as wrong:
        raise ApiError(NO_PARTY, f"Relying party invalid or not provided: {wrong}") from None
    if not name or not origins:
        raise ApiError(NO_PARTY)
    if not all(may_use(origin, domain) for origin in origins):
        raise ApiError(NO_PARTY, "Relying party invalid or not provided: an origin is not of its domain")
    return RelyingParty(id=domain, name=name, origins=origins)
