"""URLs under which a program fetches a recording without a credential.

Programs put `.wav` or `.mp3` behind such a URL: `told_form` finds it there.

Source: docs/why/keys.md, "Media"; Twilio, "Recording resource", section "Fetch a Recording's media file".
"""

from typing import Literal
from urllib.parse import quote

from ringfence.domain.clock import Clock
from ringfence.domain.sealing.medium import TABLE, Capability, encode_capability
from ringfence.domain.sealing.recording import recording_key
from ringfence.ports.calls import RecordingRow
from ringfence.ports.keys import DeliveryKeys, KeyRefusedError

VALID_MS = 24 * 3_600_000
API_VERSION = "2010-04-01"

SoundForm = Literal["wav", "mp3"]


class RecordingLinks:
    """Links to recordings, good for 24 hours."""

    def __init__(self, keys: DeliveryKeys, clock: Clock, base_url: str) -> None:
        self._keys = keys
        self._clock = clock
        self._base_url = base_url

    def move_to(self, base_url: str) -> None:
        """Have links made from now on lead to another address of this installation."""
        self._base_url = base_url

    async def link(self, account: str, sid: str, record_key: bytes) -> str:
        """A URL that carries the recording's own key, made of its record key. ConnectionError."""
        bare = Capability(recording_key(record_key, sid), self._clock.now_ms() + VALID_MS)
        (tag,) = await self._keys.blind(account, TABLE, [bare.vouched(sid)])
        token = encode_capability(Capability(bare.key, bare.expires_ms, tag))
        return f"{self.plain(account, sid)}?Capability={quote(token)}"

    async def url(self, row: RecordingRow) -> str:
        """As `link`, with the key that the key service still gives; without one, a URL for whoever has a credential.

        ConnectionError.
        """
        try:
            (key,) = await self._keys.open_records(row.account, [(row.epoch, row.sid)])
        except KeyRefusedError:
            key = None
        return self.plain(row.account, row.sid) if key is None else await self.link(row.account, row.sid, key)

    def plain(self, account: str, sid: str) -> str:
        """Where a recording is, for whoever may open it."""
        return f"{self._base_url}/{API_VERSION}/Accounts/{account}/Recordings/{sid}"


def told_form(text: str) -> tuple[str, SoundForm]:
    """A name or token without the `.wav` or `.mp3` behind it, and which it asks for: WAV where it does not say."""
    name, dot, form = text.rpartition(".")
    if dot and form.lower() in ("wav", "mp3"):
        return name, "mp3" if form.lower() == "mp3" else "wav"
    return text, "wav"
