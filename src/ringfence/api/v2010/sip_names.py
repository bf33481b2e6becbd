"""What SIP's resources are called by their tenants."""

from typing import Annotated

from ringfence.api.forms import Rule
from ringfence.domain.errors import ApiError

MAX_NAME_CHARACTERS = 64


def read_sip_name(text: str) -> str:
    """A FriendlyName of SIP's resources."""
    if len(text) > MAX_NAME_CHARACTERS:
        raise ValueError(f"expected at most {MAX_NAME_CHARACTERS} characters")
    return text


SipName = Annotated[str, Rule(read_sip_name, clears=True)]


def needed(value: str | None, name: str) -> str:
    """The value of a parameter that must be given. ApiError 20001."""
    if not value:
        raise ApiError(20001, f"Missing required parameter {name} in the post body")
    return value
