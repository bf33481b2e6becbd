"""What staff may do, from the files that the settings name."""

from collections.abc import Sequence
from pathlib import Path

from ringfence.console.operator.policies import NoPoliciesError, Policies
from ringfence.console.operator.policy_files import PolicyError, PolicyFolder, policies_in, shipped_policies
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def staff_policies(settings: Settings) -> tuple[Policies, Sequence[str]] | None:
    """What staff may do, and the digests of its files; None in dev where cedarpy is not installed: everything.
    RefusalError for policies that cannot be used, and in production without cedarpy."""
    try:
        found = configured_policies(settings)
        return Policies(found.statements), found.digests
    except NoPoliciesError:
        if not settings.dev or settings.staff_policies:
            raise RefusalError(
                "the operator's console needs cedarpy, which reads the policies of staff",
                "pip install 'ringfence[policies]'",
            ) from None
        return None
    except PolicyError as error:
        raise RefusalError(f"staff_policies: {error.mistakes[0]}", "ringfence policy check", exit_code=2) from None


def configured_policies(settings: Settings) -> PolicyFolder:
    """The files that `staff_policies` names, or ours. PolicyError."""
    return policies_in(Path(settings.staff_policies).expanduser()) if settings.staff_policies else shipped_policies()
