"""The secret that opens the key files, where they are sealed: a passphrase, or the PIN of a token.

It comes as a systemd credential, or from the terminal. Never from the environment, which other programs see.
"""

import os
from collections.abc import Callable
from pathlib import Path

from ringfence.kms.key_rest import FileRest, HsmRest, KeyFileError, Rest, rest_of
from ringfence.kms.unlock import KEYS
from ringfence.roles.settings import Settings

CREDENTIAL = "ringfence-keys"


def key_secret(settings: Settings, ask: Callable[[], bytes]) -> bytes:
    """b"" where the key files need none; else the credential, and without one what `ask` answers."""
    if not is_sealed(settings):
        return b""
    given = credential()
    return ask() if given is None else given


def is_asked_for(settings: Settings) -> bool:
    """Whether the key service of these settings needs a secret that nobody but a person can give."""
    return is_sealed(settings) and credential() is None


def is_sealed(settings: Settings) -> bool:
    """Whether the key files of these settings' own key service need a secret."""
    if not settings.owns_keys:
        return False
    try:
        return not isinstance(rest_of(settings.kms_dir / KEYS), FileRest)
    except KeyFileError:
        return False  # whoever opens them says what is wrong


def credential() -> bytes | None:
    """What systemd gives this unit by `LoadCredentialEncrypted=ringfence-keys`; None without."""
    return credential_called(CREDENTIAL)


def credential_called(name: str) -> bytes | None:
    """A credential that systemd gives this process; None without (systemd.exec(5))."""
    folder = os.environ.get("CREDENTIALS_DIRECTORY", "")
    if not folder:
        return None
    try:
        return (Path(folder) / name).read_bytes().removesuffix(b"\n")
    except FileNotFoundError:
        return None


def question(rest: Rest) -> str:
    """What a person is asked for."""
    return f"PIN of the token {rest.token}" if isinstance(rest, HsmRest) else "Passphrase of the key files"
