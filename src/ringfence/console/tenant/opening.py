"""What opens with a passkey or a secret that a member has shown: content keys, sealed to its slot."""

import sqlite3
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from ringfence.console.json_routes import answering, done, read_json
from ringfence.console.passkey_book import KeptPasskey
from ringfence.console.refusals import RefusedError
from ringfence.console.session_guard import session_of
from ringfence.console.sessions import Session
from ringfence.console.sign_in import NoSuchPersonError
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.member_rows import member_of
from ringfence.console.tenant.reading import reader_in, reader_through
from ringfence.console.tenant.slot_json import boxes_json
from ringfence.console.tenant.slot_name import slot_name
from ringfence.ports.console_keys import ConsoleKeys
from ringfence.ports.keys import KeyRefusedError


class _Credential(msgspec.Struct, frozen=True):
    credential: str


def check_is_member(db: sqlite3.Connection, kept: KeptPasskey, _: int) -> None:
    """Return for who is a member of the account still. NoSuchPersonError."""
    if member_of(db, kept.account, kept.person) is None:
        raise NoSuchPersonError


class Openings:
    """As the key origin takes them. Each is an entry of the account's ledger."""

    def __init__(self, storage: ConsoleStorage, keys: ConsoleKeys) -> None:
        self._storage = storage
        self._keys = keys

    async def opened(self, session: Session, kept: KeptPasskey) -> dict[str, Any]:
        """What a passkey that was shown opens: no boxes where it has no PRF."""
        credential = slot_name(kept.passkey.credential_id)
        try:
            boxes = await self._keys.slot_boxes(kept.account, credential, reader_in(session))
        except KeyRefusedError:
            boxes = []
        return {"account": kept.account, "credential": credential, "boxes": boxes_json(boxes)}

    def routes(self) -> list[BaseRoute]:
        """Where the slot of a secret is asked for, which the member typed in the key origin."""

        async def boxes(request: Request) -> Response:
            session, credential = session_of(request), (await read_json(request, _Credential)).credential
            reader = await reader_through(self._storage, self._keys, session, credential)
            try:
                found = await self._keys.slot_boxes(session.account, credential, reader)
            except KeyRefusedError:
                raise RefusedError("That opens nothing of this account.") from None
            return done(boxes=boxes_json(found))

        return [Route("/boxes", answering(boxes), methods=["POST"])]
