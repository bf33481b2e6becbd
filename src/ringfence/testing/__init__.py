"""Test programs that text and call: the whole platform in the test's own process, on a clock that the test moves.

The pytest plugin `ringfence.testing.plugin` gives each test that asks for it a `ringfence` of its own. Nothing heavy is
imported before the first one does. Reference: docs/reference/pytest-plugin.md.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ringfence.testing.mailbox import Mail, Mailbox
    from ringfence.testing.medium import Medium
    from ringfence.testing.number import Number
    from ringfence.testing.phone import Phone, Text
    from ringfence.testing.phone_call import PhoneCall, Recording
    from ringfence.testing.webhooks import Webhook
    from ringfence.testing.world import Ringfence

__all__ = ["Mail", "Mailbox", "Medium", "Number", "Phone", "PhoneCall", "Recording", "Ringfence", "Text", "Webhook"]

_HOMES = {
    "Mail": "mailbox",
    "Mailbox": "mailbox",
    "Medium": "medium",
    "Number": "number",
    "Phone": "phone",
    "PhoneCall": "phone_call",
    "Recording": "phone_call",
    "Ringfence": "world",
    "Text": "phone",
    "Webhook": "webhooks",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
