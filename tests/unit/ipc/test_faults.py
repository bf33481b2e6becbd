import pytest

from ringfence.domain.errors import ApiError
from ringfence.ipc import frames
from ringfence.ipc.faults import Fault, RemoteError, error_of, fault_of, is_known
from ringfence.ports.keys import KeyRefusedError


def across(error: Exception) -> Exception:
    return error_of(frames.encode(fault_of(error)))


@pytest.mark.parametrize("kind", [KeyRefusedError, ConnectionError, PermissionError, TimeoutError, ValueError])
def test_a_known_error_arrives_as_itself(kind: type[Exception]) -> None:
    back = across(kind("why"))
    assert type(back) is kind
    assert str(back) == "why"
    assert is_known(kind("why"))


def test_a_subclass_arrives_as_the_known_error() -> None:
    assert type(across(ConnectionResetError("gone"))) is ConnectionError


def test_an_api_error_keeps_code_message_and_status() -> None:
    back = across(ApiError(21610))
    assert isinstance(back, ApiError)
    assert (back.code, back.message, back.status) == (21610, "Attempt to send to unsubscribed recipient", 400)
    assert is_known(ApiError(21610))


def test_an_unknown_error_is_reduced_to_its_name() -> None:
    back = across(KeyError("+12025550177"))
    assert isinstance(back, RemoteError)
    assert back.kind == "KeyError"
    assert "2025550177" not in str(back)
    assert not is_known(KeyError("x"))


def test_a_malformed_fault_is_still_an_error() -> None:
    assert isinstance(error_of(frames.encode(17)), RemoteError)


def test_the_repr_of_a_fault_hides_its_text() -> None:
    assert repr(Fault("ValueError", "text")) == "Fault(ValueError)"
