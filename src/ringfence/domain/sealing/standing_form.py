"""Standing configuration on its way to and from a browser of its owner, past a console that reads none of it.

To the browser a value is sealed to the account's content key. From there changes are sealed to the key service, with a
proof by the slot of the credential that was shown: whoever carries them can neither read nor make any. Both are bound
to account and record. Source: RFC 9180; domain/sealing/slot_proof.py.
"""

import hashlib

from ringfence.domain.sealing.aead import place

_VIEW = "ringfence/standing-view/v1"
_FORM = "ringfence/standing-form/v1"


def view_place(account: str, generation: int, record: str) -> bytes:
    """HPKE's `info` of a value that is sealed to the content key of that generation."""
    return place(_VIEW, account, str(generation), record)


def form_place(account: str, record: str, by: str) -> bytes:
    """HPKE's `info` of changes that are sealed to the key service; `by` is the credential whose slot proves them."""
    return place(_FORM, account, record, by)


def form_proof(account: str, record: str, by: str, box: bytes) -> bytes:
    """What is proved of changes that were sealed to `box`."""
    return place(_FORM, account, record, by, hashlib.sha256(box).hexdigest())
