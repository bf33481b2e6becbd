"""Through what a member reads: their own passkeys, and a secret that they type where one of these opens nothing.

Whatever is opened is in the ledger under the credential's name. So it is one of the reader's own, or one whose secret
they have to know to open what they get: who does not know it may have an entry written under its name all the same. So
the entry names member and session beside it.
"""

from ringfence.console.passkey_book import passkeys_of
from ringfence.console.refusals import RefusedError
from ringfence.console.sessions import Session
from ringfence.console.storage import ConsoleStorage
from ringfence.console.tenant.slot_name import slot_name
from ringfence.domain.recovery_kit import recovery_credential
from ringfence.domain.sid import is_sid
from ringfence.ports.console_keys import ConsoleKeys, Reader

KEY = "SK"


def reader_in(session: Session) -> Reader:
    """Who reads, as the ledger has it."""
    return Reader(session=session.id, member=session.person)


async def reader_through(storage: ConsoleStorage, keys: ConsoleKeys, session: Session, credential: str) -> Reader:
    """The same, where they may read through that credential. RefusedError: it is somebody else's, or none is needed."""
    held = await storage.run(
        lambda db: [slot_name(each.passkey.credential_id) for each in passkeys_of(db, "member", session.person)]
    )
    if credential not in held:
        own = (session.account, recovery_credential(session.account))
        is_typed = credential in own or is_sid(credential, KEY)
        opens = bool(held) and len(await keys.with_slots(session.account, held)) == len(held)
        if not is_typed or opens:
            raise RefusedError("That opens nothing of this account.")
    return reader_in(session)
