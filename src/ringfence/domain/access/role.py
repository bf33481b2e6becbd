"""What a member of an account may do at the tenants' console: read, answer staff's requests, or say who may what."""

from enum import StrEnum


class Role(StrEnum):
    """Each may what the ones before it may."""

    READER = "reader"
    """Reads, and has passkeys of their own."""
    APPROVER = "approver"
    """Answers what staff asks to read, and changes what is set up."""
    OWNER = "owner"
    """Gives roles, and removes members."""

    def may(self, needed: "Role") -> bool:
        """Whether this role is `needed`, or above it."""
        order = list(Role)
        return order.index(self) >= order.index(needed)
