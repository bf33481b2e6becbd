"""What members change of who may use an account, read from forms that their browsers seal: one kind a record.

`new_key:SK…` is a key that a browser made. Texts of a form are read as strictly as the API reads them.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from ringfence.domain.allowed_networks import read_networks
from ringfence.domain.base64url import decode_base64url
from ringfence.domain.errors import ApiError
from ringfence.domain.key_policy import KeyPolicy, check_policy
from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.domain.sealing.hmac_states import STATES_BYTES
from ringfence.domain.sealing.slot_proof import PROOF_BYTES, Boxes
from ringfence.domain.sid import is_sid
from ringfence.domain.standing_form import FieldRefusedError

API_KEY: Final = "SK"
NAME_MAX_CHARACTERS: Final = 64
VERIFIER_BYTES: Final = 32
_NEW_KEY: Final = "new_key:"
_Form = TypeVar("_Form", bound=msgspec.Struct)
_Value = TypeVar("_Value")


class KeyMade(msgspec.Struct, frozen=True, kw_only=True, tag="key_made"):
    """An API key that a browser made: `verifier` is SHA-256 of its secret, `hmac_states` as domain/sealing has them.

    `policy` and `networks` as in `ports.store.CredentialRow`. Where the states are kept they are sealed.
    """

    sid: str
    friendly_name: str
    policy: str
    networks: str
    verifier: bytes
    hmac_states: bytes
    created_ms: int

    def __repr__(self) -> str:
        return f"KeyMade({self.sid})"

    @property
    def opens(self) -> bool:
        """False for a key that only writes: it gets no content key."""
        return not self.policy or KeyPolicy(tuple(self.policy.split())).opens


Change = KeyMade


class KeySlot(msgspec.Struct, frozen=True, kw_only=True):
    """The slot of a key that a browser made: as `ports.console_keys.BrowserSlot`."""

    public: bytes
    boxes: Boxes
    proof: bytes


class _NewKeyForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """As the frame writes it: bytes are base64url. `policy` has permissions with white space between, "" for all."""

    friendly_name: str
    policy: str
    networks: str
    verifier: str
    hmac_states: str
    public: str
    boxes: list[tuple[int, str]]
    proof: str


def new_key_record(sid: str) -> str:
    """The name of the form that makes a key."""
    return f"{_NEW_KEY}{sid}"


def new_key_sid(record: str) -> str | None:
    """The SID of the key that a form of that name makes; None for another form."""
    sid = record.removeprefix(_NEW_KEY)
    return sid if sid != record and is_sid(sid, API_KEY) else None


def read_new_key(sid: str, form: bytes, now_ms: int) -> tuple[KeyMade, KeySlot]:
    """The key of that form, and its slot. FieldRefusedError, which names the field and holds nothing of its value."""
    given = _form(form, _NewKeyForm)
    key = KeyMade(
        sid=sid,
        friendly_name=_read("friendly_name", _name, given.friendly_name),
        policy=_read("policy", _policy, given.policy),
        networks=_read("networks", read_networks, given.networks),
        verifier=_bytes("verifier", given.verifier, VERIFIER_BYTES),
        hmac_states=_bytes("hmac_states", given.hmac_states, STATES_BYTES),
        created_ms=now_ms,
    )
    slot = KeySlot(
        public=_bytes("public", given.public, KEY_BYTES),
        boxes=[(generation, _read("boxes", decode_base64url, box)) for generation, box in given.boxes],
        proof=_bytes("proof", given.proof, PROOF_BYTES),
    )
    return key, slot


def _form(form: bytes, kind: type[_Form]) -> _Form:
    try:
        return msgspec.json.decode(form, type=kind)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise FieldRefusedError("this is no such form") from None


def _read(name: str, read: Callable[[str], _Value], text: str) -> _Value:
    try:
        return read(text)
    except ApiError as error:
        raise FieldRefusedError(f"{name}: {error.message}".rstrip(".")) from None
    except ValueError as error:
        raise FieldRefusedError(f"{name}: {error}") from None


def _bytes(name: str, text: str, length: int) -> bytes:
    value = _read(name, decode_base64url, text)
    if len(value) != length:
        raise FieldRefusedError(f"{name}: expected {length} bytes")
    return value


def _name(text: str) -> str:
    if not (0 < len(text) <= NAME_MAX_CHARACTERS and text.isprintable()):
        raise ValueError(f"expected 1 to {NAME_MAX_CHARACTERS} characters")
    return text


def _policy(text: str) -> str:
    return " ".join(check_policy(KeyPolicy(tuple(text.split()))).allow) if text.strip() else ""
