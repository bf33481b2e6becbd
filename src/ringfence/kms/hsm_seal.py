"""Key files sealed by an HSM: AES-256-GCM by a key that the token made and never gives away (PKCS#11).

A file is a mark, the rest's id, a nonce, ciphertext and tag. The token sees each key as it is sealed and opened; the
key service holds opened ones in memory, as it must to work. Only the sealing key never leaves the token.
"""

import os
import threading
from typing import Any

import msgspec

from ringfence.domain.sealing.aead import NONCE_BYTES, TAG_BYTES, place
from ringfence.domain.sealing.hkdf import KEY_BYTES
from ringfence.kms.key_rest import ID_BYTES, HsmRest, KeyFileError, WrongSecretError

MARK = b"rfh1"
EXTRA = "pip install 'ringfence[pkcs11]'"
_PLACE = "ringfence/key-file/pkcs11/v1"


class HsmAwayError(ConnectionError):
    """The token does not answer, or not as it should. An OSError: what waits for it fails, and may be tried again."""


class HsmSeal:
    """The seal of one key in one token. Safe to use from several threads; a lost session is opened again once.

    WrongSecretError for a wrong PIN; KeyFileError where token or key are not there, where several keys have that label,
    or where the key is extractable or does not encrypt and decrypt; HsmAwayError where the module is not there.
    """

    def __init__(self, rest: HsmRest, pin: bytes) -> None:
        self.rest = rest
        self._pin = pin
        self._lock = threading.Lock()
        self._session: Any = None
        self._key: Any = None
        self._open()
        if rest.check:
            self.unseal("check", rest.check)

    def __repr__(self) -> str:
        return f"HsmSeal({self.rest.token})"

    @classmethod
    def new(cls, pin: bytes, *, module: str, token: str, key: str) -> "HsmSeal":
        """A seal by the token's key of that label, which is made there where it is missing."""
        pkcs11 = _library()
        rest = HsmRest(id=os.urandom(ID_BYTES), module=module, token=token, key=key)
        session = _session(rest, pin, writes=True)
        try:
            if _key_in(session, rest) is None:
                session.generate_key(
                    pkcs11.KeyType.AES,
                    KEY_BYTES * 8,
                    label=key,
                    store=True,
                    capabilities=pkcs11.MechanismFlag.ENCRYPT | pkcs11.MechanismFlag.DECRYPT,
                    template={pkcs11.Attribute.SENSITIVE: True, pkcs11.Attribute.EXTRACTABLE: False},
                )
        except pkcs11.PKCS11Error as error:
            raise HsmAwayError(f"the token {token} makes no key {key}") from error
        finally:
            session.close()
        made = cls(rest, pin)
        made.rest = msgspec.structs.replace(rest, check=made.seal("check", b""))
        return made

    def seal(self, name: str, key: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return MARK + self.rest.id + nonce + self._use("encrypt", key, nonce, name)

    def unseal(self, name: str, sealed: bytes) -> bytes:
        head = MARK + self.rest.id
        body = sealed[len(head) :]
        if not sealed.startswith(head) or len(body) < NONCE_BYTES + TAG_BYTES:
            raise KeyFileError(f"{name}.key is damaged, or sealed by another key")
        return self._use("decrypt", body[NONCE_BYTES:], body[:NONCE_BYTES], name)

    def _use(self, verb: str, data: bytes, nonce: bytes, name: str) -> bytes:
        pkcs11 = _library()
        where = place(_PLACE, self.rest.id.hex(), name)
        parameters = pkcs11.GCMParams(nonce, where, TAG_BYTES * 8)
        refusals = (pkcs11.EncryptedDataInvalid, pkcs11.SignatureInvalid, pkcs11.exceptions.GeneralError)
        with self._lock:
            while True:
                is_fresh = self._session is None
                try:
                    if is_fresh:
                        self._open()
                    used = getattr(self._key, verb)
                    done: bytes = used(data, mechanism=pkcs11.Mechanism.AES_GCM, mechanism_param=parameters)
                    return done
                except pkcs11.PKCS11Error as error:
                    self._session = self._key = None
                    if is_fresh:
                        # Tokens do not agree on what they answer for a wrong tag: SoftHSM says CKR_GENERAL_ERROR.
                        if verb == "decrypt" and isinstance(error, refusals):
                            raise KeyFileError(f"{name}.key is damaged, or sealed by another key") from None
                        raise HsmAwayError(f"the token {self.rest.token} does not answer") from error

    def _open(self) -> None:
        pkcs11 = _library()
        session = _session(self.rest, self._pin)
        try:
            key = _key_in(session, self.rest)
            if key is None:
                raise KeyFileError(f"the token {self.rest.token} has no key {self.rest.key}")
            if key[pkcs11.Attribute.EXTRACTABLE] or not key[pkcs11.Attribute.SENSITIVE]:
                raise KeyFileError(f"the key {self.rest.key} of the token can be taken out of it: name another")
            if not (key[pkcs11.Attribute.ENCRYPT] and key[pkcs11.Attribute.DECRYPT]):
                raise KeyFileError(f"the key {self.rest.key} of the token does not encrypt and decrypt: name another")
        except pkcs11.PKCS11Error as error:
            raise HsmAwayError(f"the token {self.rest.token} does not answer") from error
        self._session, self._key = session, key


def _library() -> Any:
    try:
        import pkcs11
        import pkcs11.exceptions
    except ModuleNotFoundError:
        raise KeyFileError(f"the key files are sealed by an HSM, and python-pkcs11 is missing: {EXTRA}") from None
    return pkcs11


def _session(rest: HsmRest, pin: bytes, *, writes: bool = False) -> Any:
    pkcs11 = _library()
    try:
        token = pkcs11.lib(rest.module).get_token(token_label=rest.token)
        return token.open(user_pin=pin.decode(), rw=writes)
    except UnicodeDecodeError:
        raise WrongSecretError("a PIN is text in UTF-8") from None
    except pkcs11.exceptions.PinIncorrect:
        raise WrongSecretError(f"the token {rest.token} refuses that PIN: after some more it locks itself") from None
    except (pkcs11.exceptions.PinLocked, pkcs11.exceptions.PinLenRange, pkcs11.exceptions.PinInvalid):
        raise WrongSecretError(f"the token {rest.token} refuses that PIN") from None
    except pkcs11.exceptions.UserAlreadyLoggedIn:
        return token.open(rw=writes)
    except pkcs11.NoSuchToken:
        raise KeyFileError(f"{rest.module} has no token {rest.token}") from None
    except pkcs11.PKCS11Error as error:
        raise HsmAwayError(f"the token {rest.token} does not answer by {rest.module}") from error


def _key_in(session: Any, rest: HsmRest) -> Any:
    """The token's key of that label, None for none. KeyFileError where there are several."""
    named = _library().Attribute
    found = list(session.get_objects({named.CLASS: _library().ObjectClass.SECRET_KEY, named.LABEL: rest.key}))
    if len(found) > 1:
        raise KeyFileError(f"the token {rest.token} has several keys {rest.key}: name another")
    return found[0] if found else None


def token_is_there(rest: HsmRest) -> bool:
    """Whether the token answers to its name; no PIN is tried. KeyFileError without python-pkcs11."""
    pkcs11 = _library()
    try:
        pkcs11.lib(rest.module).get_token(token_label=rest.token)
    except pkcs11.PKCS11Error:
        return False
    return True
