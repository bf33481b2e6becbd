"""Forms of sealed configuration between the key origin's frame and the key service, as JSON: bytes are base64url.

The console passes them on, and reads nothing of them.
"""

import contextlib
from collections.abc import Iterator
from typing import Any, Protocol

import msgspec

from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.reading import reader_in, reader_through
from ringfence.domain.base64url import decode_base64url, encode_base64url
from ringfence.ports.access_changes import AccessForms
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.standing_forms import KeptStanding, SealedForm, StandingForms

_CLOSED = "That opens nothing of this account."


class FormJson(msgspec.Struct, frozen=True, kw_only=True):
    """What the frame made of what a person typed."""

    by: str
    box: str
    proof_key: str
    proof: str

    def read(self) -> SealedForm:
        """The bytes of its fields; ValueError."""
        return SealedForm(
            by=self.by,
            box=decode_base64url(self.box),
            proof_key=decode_base64url(self.proof_key),
            proof=decode_base64url(self.proof),
        )


class FormKeys(ConsoleKeys, StandingForms, AccessForms, Protocol):
    """What of the key service forms need."""


class StandingRelay:
    """Carries sealed configuration to a session's frame, and changes of it to the key service."""

    def __init__(self, storage: ConsoleStorage, keys: FormKeys) -> None:
        self._storage = storage
        self._keys = keys

    async def shown(self, session: Session, credential: str, records: list[tuple[str, bytes]]) -> list[dict[str, Any]]:
        """Each record for whoever reads through that credential: its name, and its value sealed to the content key."""
        reader = await reader_through(self._storage, self._keys, session, credential)
        try:
            found = await self._keys.show_standing(session.account, credential, records, reader)
        except KeyRefusedError:
            raise RefusedError(_CLOSED) from None
        return [
            {"record": name, "generation": generation, "box": encode_base64url(box)}
            for (name, _), (generation, box) in zip(records, found, strict=True)
        ]

    async def proof_key(self, session: Session) -> str:
        """To prove one form with."""
        return encode_base64url(await self._keys.proof_key(session.account, session.person))

    async def kept(self, session: Session, record: str, now: bytes, form: FormJson) -> KeptStanding:
        """The record with the form's changes, sealed for the store. RefusedError where they are not taken."""
        await reader_through(self._storage, self._keys, session, form.by)
        with _taking():
            return await self._keys.keep_standing(session.account, record, now, form.read(), reader_in(session))

    async def access_kept(self, session: Session, record: str, form: FormJson) -> None:
        """The key service keeps what the form changes of who may use the account. RefusedError as `kept`."""
        await reader_through(self._storage, self._keys, session, form.by)
        with _taking():
            await self._keys.keep_access(session.account, record, form.read(), reader_in(session))


@contextlib.contextmanager
def _taking() -> Iterator[None]:
    try:
        yield
    except KeyRefusedError:
        raise RefusedError(
            "The key service refused that: show the passkey that opens your texts, and try again."
        ) from None
    except ValueError as error:
        raise RefusedError(f"The key service does not take this: {error}.", status=400) from None
