"""Every operation that keys may do has a permission, and no two that differ in what they do share one unseen."""

from ringfence.api.app import operations, own_operations
from ringfence.api.permissions import permission_of
from ringfence.domain.key_policy import read_policy

OPERATIONS = [*operations(), *own_operations()]


def test_every_operation_has_one_or_is_for_the_auth_token() -> None:
    """Else no restricted key could ever do it."""
    for operation in OPERATIONS:
        assert (permission_of(operation) is None) is operation.owner_only, operation.path


def test_each_is_one_that_a_policy_may_name() -> None:
    for operation in OPERATIONS:
        permission = permission_of(operation)
        if permission is not None:
            assert read_policy(f'{{"allow": ["{permission}"]}}').allows(permission)


def test_twilios_names_are_used() -> None:
    named = {f"{operation.method} {operation.path}": permission_of(operation) for operation in OPERATIONS}
    account = "/2010-04-01/Accounts/{AccountSid}"
    assert named[f"POST {account}/Messages"] == "/twilio/messaging/messages/create"
    assert named[f"GET {account}/Messages"] == "/twilio/messaging/messages/list"
    assert named[f"GET {account}/Messages/{{Sid}}"] == "/twilio/messaging/messages/read"
    assert named[f"POST {account}/Calls/{{Sid}}"] == "/twilio/voice/calls/update"
    assert named[f"DELETE {account}/Recordings/{{Sid}}"] == "/twilio/voice/recordings/delete"
    assert named["POST /v2/Services/{ServiceSid}/VerificationCheck"] == "/twilio/verify/verification-check/create"
    assert named["GET /v2/PhoneNumbers/{PhoneNumber}"] == "/twilio/lookup/phone-numbers/read"


def test_to_read_and_to_write_are_never_one_permission() -> None:
    kinds: dict[str, set[bool]] = {}
    for operation in OPERATIONS:
        permission = permission_of(operation)
        if permission is not None and not operation.path.endswith("/batch/query"):
            kinds.setdefault(permission, set()).add(operation.method == "GET")
    assert all(len(reads) == 1 for reads in kinds.values())
