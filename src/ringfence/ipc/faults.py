"""Errors across a socket: the ones both sides know arrive as themselves, all others as `RemoteError`.

The text of a known error is our own and holds no secret; an unknown one is reduced to its name.
"""

from collections.abc import Callable

import msgspec

from ringfence.domain.errors import ApiError
from ringfence.ports.keys import KeyRefusedError
from ringfence.ports.media import MediaFullError, UnknownSoundError


class Fault(msgspec.Struct, frozen=True, array_like=True):
    """An error as it travels: `kind` is its name here, `code` and `status` belong to an ApiError."""

    kind: str
    text: str = ""
    code: int = 0
    status: int = 0

    def __repr__(self) -> str:
        return f"Fault({self.kind})"


class RemoteError(Exception):
    """The other process failed in a way it does not describe; `kind` is the exception's name there."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


_KNOWN: dict[str, type[Exception]] = {
    kind.__name__: kind
    for kind in (
        KeyRefusedError,
        MediaFullError,
        UnknownSoundError,
        ConnectionError,
        PermissionError,
        TimeoutError,
        ValueError,
    )
}
_decoder = msgspec.msgpack.Decoder(Fault)


def fault_of(error: Exception) -> Fault:
    """What the caller is told of `error`; a subclass of a known error is told as the known one."""
    if isinstance(error, ApiError):
        return Fault("ApiError", error.message, error.code, error.status)
    for kind, known in _KNOWN.items():
        if isinstance(error, known):
            return Fault(kind, str(error))
    return Fault(type(error).__name__)


def error_of(encoded: msgspec.Raw) -> Exception:
    """The error that an encoded `Fault` stands for."""
    try:
        fault = _decoder.decode(encoded)
    except msgspec.DecodeError:
        return RemoteError("malformed fault")
    if fault.kind == "ApiError":
        return ApiError(fault.code, fault.text, status=fault.status)
    known: Callable[[str], Exception] | None = _KNOWN.get(fault.kind)
    return known(fault.text) if known else RemoteError(fault.kind)


def is_known(error: Exception) -> bool:
    """True when the caller is told the whole of it, so that it is no surprise worth a log line."""
    return isinstance(error, (ApiError, *_KNOWN.values()))
