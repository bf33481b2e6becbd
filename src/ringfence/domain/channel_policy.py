"""In which order a service has people sign in: the strongest that somebody has, unless there is a reason to step down.

Ours: Twilio has no such setting. A policy names channels and types of factors, the strongest first.
"""

from collections.abc import Collection, Sequence
from typing import Final

import msgspec

CODE_CHANNELS: Final = ("sms", "call", "whatsapp", "email")
FACTOR_TYPES: Final = ("passkeys", "push", "totp")
SILENT: Final = "sna"
"""Silent network authentication: neither a code that `auto` could send nor something that is known of somebody."""
KNOWN: Final = frozenset((*CODE_CHANNELS, *FACTOR_TYPES, SILENT))
_MEANT: Final = {"passkey": "passkeys"}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is used, and the stronger one that it was stepped down from; "" where it is the strongest there is."""

    channel: str
    stepped_from: str = ""


def read_policy(text: str) -> tuple[str, ...]:
    """Names with commas between them, or with >. ValueError for one that is none, or comes twice."""
    names = tuple(name.strip().lower() for name in text.replace(">", ",").split(","))
    policy = tuple(_MEANT.get(name, name) for name in names)
    if unknown := [name for name in policy if name not in KNOWN]:
        raise ValueError(f"expected {', '.join((*FACTOR_TYPES, SILENT, *CODE_CHANNELS))}, not {unknown[0][:20]}")
    if len(set(policy)) != len(policy):
        raise ValueError("expected each name once")
    return policy


def strongest(policy: Sequence[str], has: Collection[str]) -> str | None:
    """The first of the policy that somebody has; None where he has none of it."""
    return next((name for name in policy if name in has), None)


def step_to(policy: Sequence[str], has: Collection[str], wanted: str) -> Step | None:
    """To `wanted`, whatever else somebody has; None where the policy does not name it."""
    if wanted not in policy:
        return None
    first = strongest(policy, {*has, wanted})
    return Step(channel=wanted, stepped_from="" if first in (None, wanted) else str(first))
