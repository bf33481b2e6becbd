"""Addresses of messages: a number, or a number in an app. Source: Twilio, "WhatsApp", section "Addresses"."""

from typing import Final

WHATSAPP: Final = "whatsapp:"


def number_in(address: str) -> str:
    """The address without its app: +12025550123 of whatsapp:+12025550123."""
    return address.removeprefix(WHATSAPP)
