"""A member shares one text's or call's timeline with whoever of staff they give its code to."""

from ringfence.domain.access.grant import Approver, Grant, share
from ringfence.domain.clock import Clock
from ringfence.domain.sealing.grant import SealedGrant
from ringfence.ports.access import GrantStore
from ringfence.ports.grants import GrantKeys, KeptGrant
from ringfence.ports.keys import KeyRefusedError
from ringfence.usecases.access.end_grant import end_grant


async def share_record(
    store: GrantStore, keys: GrantKeys, clock: Clock, wanted: Grant, approver: Approver, sealed: SealedGrant
) -> Grant:
    """The grant, whose keys the approver's browser sealed to a key of the code's. AccessRefusedError.

    Where the key service cannot keep the keys the grant is revoked, as in `approve_grant`: nothing is shared that
    cannot be seen in the ledger.
    """
    now_ms = clock.now_ms()
    grant = share(wanted, approver, frozenset(sealed.boxes), now_ms)
    await store.add_shared(grant, now_ms)
    try:
        await keys.keep_grant(KeptGrant(binding=grant.binding, sealed=sealed, approver=approver.member))
    except (ConnectionError, KeyRefusedError, ValueError):
        await end_grant(store, keys, clock, grant.sid, f"member:{approver.member}")
        raise
    return grant
