"""Passkeys as use cases see them: what a browser is asked, and what its answer proves.

Whoever asks keeps the ceremony, and lets go of it before it acts upon an answer: so a challenge serves once.
"""

from collections.abc import Sequence
from typing import Any, Literal, Protocol

import msgspec

from ringfence.domain.passkeys.answers import AuthenticationAnswer, RegistrationAnswer
from ringfence.domain.passkeys.passkey import Passkey

Wish = Literal["required", "preferred", "discouraged"]


class RelyingParty(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Who asks. `id` is a domain; `origins` are all the pages that may, as browsers spell them: https://host[:port].

    `framed_by` are the origins of pages in which those may stand; nobody's where it is empty, and not written then.
    """

    id: str
    name: str
    origins: tuple[str, ...]
    framed_by: tuple[str, ...] = ()


class Ceremony(msgspec.Struct, frozen=True, kw_only=True):
    """One question. `challenge` is at least 16 random bytes; at `until_ms` (Unix) it is too late to answer."""

    party: RelyingParty
    challenge: bytes
    until_ms: int
    user_verification: Wish = "preferred"

    def __repr__(self) -> str:
        return f"Ceremony({self.party.id})"


class PasskeyUser(msgspec.Struct, frozen=True, kw_only=True):
    """For whom. `handle` is 1 to 64 bytes that say nothing of the person; the names are for the authenticator."""

    handle: bytes
    name: str
    display_name: str

    def __repr__(self) -> str:
        return "PasskeyUser(…)"


class AuthenticatorWish(msgspec.Struct, frozen=True, kw_only=True):
    """Which authenticators: built in or not ("" for either), and whether they know their user without being told."""

    attachment: Literal["", "platform", "cross-platform"] = ""
    discoverable: Wish = "preferred"


class AttestationPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """Whose authenticators are taken: anybody's, or with `roots` those whose makers vouch for them.

    `roots` are certificates as PEM. `aaguids` are the models taken, all where it is empty. ValueError for models
    without roots: anybody may claim one.
    """

    roots: tuple[bytes, ...] = ()
    aaguids: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if self.aaguids and not self.roots:
            raise ValueError("models are claims without the roots of their makers")


class NewPasskey(msgspec.Struct, frozen=True, kw_only=True):
    """What a registration proves: there is this passkey, and whether its user showed himself to it."""

    passkey: Passkey
    user_verified: bool


class PasskeyUse(msgspec.Struct, frozen=True, kw_only=True):
    """What an authentication proves. `passkey` is as it is to be kept from now on."""

    passkey: Passkey
    user_verified: bool


class Passkeys(Protocol):
    """Asks and checks. Checks raise `PasskeyRefusedError`, whatever it is that was sent."""

    def registration_options(
        self,
        ceremony: Ceremony,
        user: PasskeyUser,
        now_ms: int,
        *,
        wish: AuthenticatorWish,
        taken: Sequence[Passkey] = (),
    ) -> dict[str, Any]:
        """For `navigator.credentials.create`, with base64url for bytes. `taken` are the user's: he needs no second."""

    def check_registration(
        self, answer: RegistrationAnswer, ceremony: Ceremony, user_handle: bytes, now_ms: int
    ) -> NewPasskey:
        """The passkey that was made for this user in this ceremony."""

    def authentication_options(
        self, ceremony: Ceremony, now_ms: int, *, allowed: Sequence[Passkey] = ()
    ) -> dict[str, Any]:
        """For `navigator.credentials.get`, with base64url for bytes. Without `allowed` the authenticator chooses."""

    def check_authentication(
        self, answer: AuthenticationAnswer, ceremony: Ceremony, passkey: Passkey, now_ms: int
    ) -> PasskeyUse:
        """That this passkey, and no other, answered this ceremony."""
