"""What a member of the operator's staff is for. One may be for several; policies say what each part may do."""

from enum import StrEnum


class StaffRole(StrEnum):
    """`roles` of a policy, as `Role::"support"`."""

    SUPPORT = "support"
    """Looks at a tenant's metadata, and asks a tenant for the keys of more."""
    OPERATIONS = "operations"
    """Keeps carriers, rates and accounts going."""
    SECURITY = "security"
    """Says who is staff, and confirms what operations ask."""


ALL_STAFF_ROLES = tuple(StaffRole)
