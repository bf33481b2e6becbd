"""What members change of who may use an account, read from forms that their browsers seal: one kind a record.

`new_key:SK…` is a key that a browser made, `key_limits:SK…` how a key may be used from now on, `networks` from where
all credentials of the account may be, `client_keys` the keys that its clients sign requests with, and `notice_address`
where it is told what its operator must tell it: by that it hears of whoever else got in. Texts of a form are read as
strictly as the API reads them.
"""

from collections.abc import Callable
from typing import Final, TypeVar

import msgspec

from ringfence.domain.allowed_networks import read_networks
from ringfence.domain.base64url import decode_base64url
from ringfence.domain.client_validation import ClientKey, read_client_key
from ringfence.domain.errors import ApiError
from ringfence.domain.key_end import check_key_end
from ringfence.domain.key_policy import KeyPolicy, check_policy
from ringfence.domain.key_watch import Reaction
from ringfence.domain.sealing import hpke
from ringfence.domain.sealing.hmac_states import STATES_BYTES
from ringfence.domain.sealing.slot_proof import PROOF_BYTES, Boxes
from ringfence.domain.sid import is_sid, new_sid
from ringfence.domain.standing_form import FieldRefusedError
from ringfence.domain.web_url import parse_url

API_KEY: Final = "SK"
NAME_MAX_CHARACTERS: Final = 64
VERIFIER_BYTES: Final = 32
NETWORKS: Final = "networks"
CLIENT_KEYS: Final = "client_keys"
NOTICE_ADDRESS: Final = "notice_address"
CLIENT_KEY: Final = "CR"
_NEW_KEY: Final = "new_key:"
_KEY_LIMITS: Final = "key_limits:"
_Form = TypeVar("_Form", bound=msgspec.Struct)
_Value = TypeVar("_Value")


class KeyMade(msgspec.Struct, frozen=True, kw_only=True, tag="key_made"):
    """An API key that a browser made: `verifier` is SHA-256 of its secret, `hmac_states` as domain/sealing has them.

    `policy`, `networks` and `ends_ms` as in `ports.store.CredentialRow`. Where the states are kept they are sealed.
    """

    sid: str
    friendly_name: str
    policy: str
    networks: str
    verifier: bytes
    hmac_states: bytes
    created_ms: int
    ends_ms: int = 0

    def __repr__(self) -> str:
        return f"KeyMade({self.sid})"

    @property
    def opens(self) -> bool:
        """False for a key that only writes: it gets no content key."""
        return not self.policy or KeyPolicy(tuple(self.policy.split())).opens


class KeyLimited(msgspec.Struct, frozen=True, kw_only=True, tag="key_limited"):
    """How an API key may be used, as `ports.store.CredentialRow` has it; None stays."""

    sid: str
    policy: str | None = None
    networks: str | None = None
    canary: bool | None = None
    watched: bool | None = None
    reaction: Reaction | None = None
    ends_ms: int | None = None


class NetworksSet(msgspec.Struct, frozen=True, kw_only=True, tag="networks_set"):
    """From where the account's credentials may be used (`domain.allowed_networks`); "" for everywhere."""

    networks: str


class ClientKeysChanged(msgspec.Struct, frozen=True, kw_only=True, tag="client_keys_changed"):
    """A public key more, one less, or another rule; what is absent stays."""

    add: ClientKey | None = None
    remove: str = ""
    required: bool | None = None


class NoticeAddressSet(msgspec.Struct, frozen=True, kw_only=True, tag="notice_address_set"):
    """Where the account's notices go: a URL as UTF-8, b"" for nowhere. For the store it is sealed."""

    standing: bytes

    def __repr__(self) -> str:
        return "NoticeAddressSet(…)"


class KeyEnded(msgspec.Struct, frozen=True, kw_only=True, tag="key_ended"):
    """A key that a browser made was revoked: whoever has it in the store takes it out. No form says so."""

    sid: str


Change = KeyMade | KeyEnded | KeyLimited | NetworksSet | ClientKeysChanged | NoticeAddressSet


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
    ends_ms: int = 0
    verifier: str
    hmac_states: str
    public: str
    boxes: list[tuple[int, str]]
    proof: str


class _KeyLimitsForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    policy: str | None = None
    networks: str | None = None
    canary: bool | None = None
    watched: bool | None = None
    reaction: Reaction | None = None
    ends_ms: int | None = None


class _NetworksForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    networks: str


class _ClientKeysForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`add` is a public key in PEM, by the name of `friendly_name`."""

    add: str = ""
    friendly_name: str = ""
    remove: str = ""
    required: bool | None = None


class _NoticeAddressForm(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    url: str


def key_limits_record(sid: str) -> str:
    """The name of the form that limits a key."""
    return f"{_KEY_LIMITS}{sid}"


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
        ends_ms=_end(given.ends_ms, now_ms),
    )
    slot = KeySlot(
        public=_bytes("public", given.public, hpke.PUBLIC_BYTES, hpke.HYBRID_PUBLIC_BYTES),
        boxes=[(generation, _read("boxes", decode_base64url, box)) for generation, box in given.boxes],
        proof=_bytes("proof", given.proof, PROOF_BYTES),
    )
    return key, slot


def read_change(record: str, form: bytes, now_ms: int) -> Change:
    """What any other form changes. FieldRefusedError as `read_new_key`, and for a form that there is not."""
    if record == NETWORKS:
        return NetworksSet(networks=_read("networks", read_networks, _form(form, _NetworksForm).networks))
    if record == CLIENT_KEYS:
        return _client_keys(_form(form, _ClientKeysForm), now_ms)
    if record == NOTICE_ADDRESS:
        return NoticeAddressSet(standing=_read("url", _url, _form(form, _NoticeAddressForm).url).encode())
    sid = record.removeprefix(_KEY_LIMITS)
    if sid == record or not is_sid(sid, API_KEY):
        raise FieldRefusedError("there is no such form")
    limits = _form(form, _KeyLimitsForm)
    return KeyLimited(
        sid=sid,
        policy=None if limits.policy is None else _read("policy", _restricted, limits.policy),
        networks=None if limits.networks is None else _read("networks", read_networks, limits.networks),
        canary=limits.canary,
        watched=limits.watched,
        reaction=limits.reaction,
        ends_ms=None if limits.ends_ms is None else _end(limits.ends_ms, now_ms),
    )


def _client_keys(form: _ClientKeysForm, now_ms: int) -> ClientKeysChanged:
    if form.remove and not is_sid(form.remove, CLIENT_KEY):
        raise FieldRefusedError("remove: expected a public key's SID")
    added = None
    if form.add:
        added = ClientKey(
            sid=new_sid(CLIENT_KEY, now_ms),
            friendly_name=_read("friendly_name", _name, form.friendly_name),
            public_key=_read("add", read_client_key, form.add),
            created_ms=now_ms,
            updated_ms=now_ms,
        )
    return ClientKeysChanged(add=added, remove=form.remove, required=form.required)


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


def _end(ends_ms: int, now_ms: int) -> int:
    try:
        return check_key_end(ends_ms, now_ms)
    except ValueError as error:
        raise FieldRefusedError(f"ends_ms: {error}") from None


def _bytes(name: str, text: str, *lengths: int) -> bytes:
    value = _read(name, decode_base64url, text)
    if len(value) not in lengths:
        raise FieldRefusedError(f"{name}: expected {' or '.join(map(str, lengths))} bytes")
    return value


def _name(text: str) -> str:
    if not (0 < len(text) <= NAME_MAX_CHARACTERS and text.isprintable()):
        raise ValueError(f"expected 1 to {NAME_MAX_CHARACTERS} characters")
    return text


def _url(text: str) -> str:
    if text:
        parse_url(text)
    return text


def _policy(text: str) -> str:
    return _restricted(text) if text.strip() else ""


def _restricted(text: str) -> str:
    return " ".join(check_policy(KeyPolicy(tuple(text.split()))).allow)
