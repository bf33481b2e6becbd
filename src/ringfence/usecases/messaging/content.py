"""Content in and out of its sealed form."""

import time

import msgspec

from ringfence.domain.message import Content
from ringfence.domain.sealing.record import RecordSealer, open_field, seal_field

FIELD = "content"
MAX_AGE_S = 60.0

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Content)


def seal_content(sealer: RecordSealer, sid: str, content: Content) -> bytes:
    """Content under the record key of `sid`, for the API, which holds the epoch key."""
    return sealer.seal(sid, FIELD, _encoder.encode(content))


def open_content(sealer: RecordSealer, sid: str, sealed: bytes) -> Content:
    """The reverse of seal_content; SealError when it was altered or belongs elsewhere."""
    return _decoder.decode(sealer.open(sid, FIELD, sealed))


def seal_content_with(record_key: bytes, account: str, sid: str, content: Content) -> bytes:
    """Content under a single record key, for the dispatcher, which never holds an epoch key."""
    return seal_field(record_key, account, sid, FIELD, _encoder.encode(content))


def open_content_with(record_key: bytes, account: str, sid: str, sealed: bytes) -> Content:
    """The reverse of seal_content_with; SealError when it was altered or belongs elsewhere."""
    return _decoder.decode(open_field(record_key, account, sid, FIELD, sealed))


class SealerCache:
    """One RecordSealer per epoch key, so that the key's extract step is paid once an hour and not once a text.

    Bounded, and emptied of keys that were not used within a minute, like every opened key.
    """

    LIMIT = 1_024

    def __init__(self) -> None:
        self._sealers: dict[tuple[str, bytes], tuple[float, RecordSealer]] = {}

    def of(self, account: str, epoch_key: bytes) -> RecordSealer:
        """The sealer of `account` under `epoch_key`."""
        now_s = time.monotonic()
        found = self._sealers.get((account, epoch_key))
        if found is not None and now_s - found[0] <= MAX_AGE_S:
            return found[1]
        self._sealers = {key: value for key, value in self._sealers.items() if now_s - value[0] <= MAX_AGE_S}
        if len(self._sealers) >= self.LIMIT:
            self._sealers.clear()
        sealer = RecordSealer(epoch_key, account)
        self._sealers[account, epoch_key] = (now_s, sealer)
        return sealer
