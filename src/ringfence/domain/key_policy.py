"""What a restricted API key may do: a list of permissions such as `/twilio/messaging/messages/create`.

Source: Twilio, "Restricted API keys" and "REST API: Key Resource v1".
"""

import re

import msgspec

from ringfence.domain.errors import ApiError

MAX_PERMISSIONS = 100
_PERMISSION = re.compile(r"/(twilio|ringfence)/[a-z-]{1,32}/[a-z0-9.-]{1,64}/(read|list|create|update|delete|\*)")
_WRITES_ALONE = frozenset({"create", "delete"})
# What these make, they answer with more than was sent: of records sealed before.
_READ_WHAT_WAS = ("/twilio/verify/", "/twilio/voice/calls.recordings/", "/twilio/lookup/", "/ringfence/")


class KeyPolicy(msgspec.Struct, frozen=True):
    """Everything is refused that `allow` does not name; `…/*` names all of one resource."""

    allow: tuple[str, ...]

    def allows(self, permission: str) -> bool:
        """True where `permission` is named, or all of its resource."""
        return permission in self.allow or f"{permission.rpartition('/')[0]}/*" in self.allow

    @property
    def opens(self) -> bool:
        """False where nothing it allows needs what was sealed before: such a key gets no slot of the content key."""
        return any(
            permission.rpartition("/")[2] not in _WRITES_ALONE or permission.startswith(_READ_WHAT_WAS)
            for permission in self.allow
        )


def read_policy(text: str) -> KeyPolicy:
    """The policy of a request's JSON, `{"allow": […]}`.

    ApiError 20001 for what is no such thing, or allows nothing; 70002 for a permission that has no such form.
    """
    try:
        policy = msgspec.json.decode(text, type=KeyPolicy)
    except msgspec.DecodeError:
        raise ApiError(20001, 'Policy must be JSON such as {"allow": ["/twilio/messaging/messages/read"]}.') from None
    return check_policy(policy)


def check_policy(policy: KeyPolicy) -> KeyPolicy:
    """The policy, each permission once. ApiError as `read_policy`."""
    if not 0 < len(policy.allow) <= MAX_PERMISSIONS:
        raise ApiError(20001, f"A Policy allows 1 to {MAX_PERMISSIONS} permissions.")
    for number, permission in enumerate(policy.allow, 1):
        if _PERMISSION.fullmatch(permission) is None:
            raise ApiError(70002, f"The assertion at place {number} of the Policy is invalid.")
    return KeyPolicy(tuple(dict.fromkeys(policy.allow)))
