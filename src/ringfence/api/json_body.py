"""A JSON body as a Struct. Unknown names are ignored, as in forms, and a null is as good as nothing."""

from typing import TypeVar

import msgspec

from ringfence.domain.errors import ApiError

JSON_TYPE = b"application/json"
S = TypeVar("S", bound=msgspec.Struct)


def read_json(body: bytes, shape: type[S]) -> S:
    """The Struct; ApiError 20001 for what is none, which says where and never what was sent."""
    try:
        return msgspec.json.decode(body or b"{}", type=shape)
    except msgspec.ValidationError as wrong:
        _, _, where = str(wrong).partition(" - at `")
        place = where.rstrip("`").removeprefix("$.") or "its top"
        raise ApiError(20001, f"The request's body is not as expected at {place}.") from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ApiError(20001, "The request's body is not JSON.") from None
