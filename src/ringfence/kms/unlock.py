"""The key files of a key service, opened by whatever they are sealed with."""

from pathlib import Path

from ringfence.kms.hsm_seal import HsmSeal
from ringfence.kms.key_files import KeyFiles
from ringfence.kms.key_move import settle_move
from ringfence.kms.key_rest import FileRest, HsmRest, KeySeal, PlainSeal, rest_of
from ringfence.kms.passphrase_seal import PassphraseSeal

KEYS = "keys"


def seal_of(keys: Path, secret: bytes) -> KeySeal:
    """What opens the key files in the folder `keys`. `secret` is their passphrase or PIN, b"" where they need none.

    WrongSecretError, KeyFileError, and OSError where a token does not answer.
    """
    rest = rest_of(keys)
    if isinstance(rest, FileRest):
        return PlainSeal()
    if isinstance(rest, HsmRest):
        return HsmSeal(rest, secret)
    return PassphraseSeal(rest, secret)


def unlock(directory: Path, secret: bytes = b"", *, settles: bool = False) -> KeyFiles:
    """The key files of the key service in `directory`. Errors as `seal_of`.

    Who has the key service to himself `settles` a move of the keys that was interrupted.
    """
    keys = directory / KEYS
    if settles:
        settle_move(keys)
    return KeyFiles(keys, seal_of(keys, secret))
