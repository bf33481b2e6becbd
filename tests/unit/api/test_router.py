import pytest

from ringfence.api.app import operations
from ringfence.api.operations import LISTED, PREFERENCE, Listed
from ringfence.api.resource import Operation
from ringfence.api.router import Match, Router

AC = "AC" + "0" * 32
PN = "PN" + "0" * 32
router = Router(operations())


def match(path: str, host: str = "localhost:8420") -> Match:
    found = router.match(host, path)
    assert found is not None
    return found


def path_of(match: Match, method: str = "GET") -> tuple[str, str]:
    operation = match.methods[method]
    return operation.product, operation.path


def test_a_finished_operation_is_found_with_its_variables() -> None:
    found = match(f"/2010-04-01/Accounts/{AC}/Keys/SK1.json")
    operation = found.methods["GET"]
    assert isinstance(operation, Operation)
    assert operation.variables == ("AccountSid", "Sid")
    assert found.values == [AC, "SK1"]


def test_one_path_segment_may_be_named_differently_by_its_operations() -> None:
    found = match(f"/2010-04-01/Accounts/{AC}.json")
    operation = found.methods["GET"]
    assert isinstance(operation, Operation)
    assert operation.variables == ("Sid",)
    assert found.values == [AC]


def test_a_literal_goes_before_a_variable() -> None:
    local = match(f"/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers/Local.json")
    assert path_of(local)[1].endswith("/IncomingPhoneNumbers/Local")
    one = match(f"/2010-04-01/Accounts/{AC}/IncomingPhoneNumbers/{PN}.json")
    assert path_of(one)[1].endswith("/IncomingPhoneNumbers/{Sid}")


def test_an_unfinished_operation_is_known() -> None:
    assert isinstance(match(f"/2010-04-01/Accounts/{AC}/Balance.json").methods["GET"], Listed)


@pytest.mark.parametrize("path", ["", "/", "//", "/2010-04-01", "/2010-04-01/Accounts/", "/nonsense", "/api", "/v1"])
def test_an_unknown_path_is_unknown(path: str) -> None:
    assert router.match("localhost", path) is None


def test_the_suffix_chooses_json_for_the_2010_api_alone() -> None:
    assert match(f"/2010-04-01/Accounts/{AC}/Keys.json").json
    assert not match(f"/2010-04-01/Accounts/{AC}/Keys").json
    assert match("/v2/Services").json


@pytest.mark.parametrize(
    ("host", "path", "product"),
    [
        ("localhost:8420", "/v1/Services", "messaging"),
        ("localhost:8420", "/v2/Services", "verify"),
        ("localhost:8420", "/v2/PhoneNumbers/+12025550123", "lookups"),
        ("127.0.0.1:8420", "/v1/Services", "messaging"),
        ("localhost:8420", "/verify/v2/Services", "verify"),
        ("localhost:8420", "/conversations/v1/Services", "conversations"),
        ("conversations.example.org", "/v1/Services", "conversations"),
        ("Messaging.Example.org", "/v1/Services", "messaging"),
        ("routes.twilio.com", "/v2/PhoneNumbers/+12025550123", "routes"),
        ("api.example.org", "/verify/v2/Services", "verify"),
        ("pbx.example.org", "/v2/Services", "verify"),
    ],
)
def test_products_are_told_apart_by_host_then_prefix_then_preference(host: str, path: str, product: str) -> None:
    assert path_of(match(path, host))[0] == product


def test_a_products_own_host_does_not_serve_another_products_bare_path() -> None:
    assert router.match("verify.example.org", "/v1/Services") is None


def test_the_path_loses_its_product_prefix_and_keeps_its_suffix() -> None:
    assert match(f"/api/2010-04-01/Accounts/{AC}/Keys.json").path == f"/2010-04-01/Accounts/{AC}/Keys.json"


def test_every_listed_operation_is_reached_at_its_own_host() -> None:
    for listed in LISTED:
        path = "/".join("x" if part.startswith("{") else part for part in listed.path.split("/"))
        assert match(path, f"{listed.product}.example.org").methods[listed.method].path == listed.path


def test_every_finished_operation_is_on_the_list() -> None:
    known = {(listed.product, listed.method, listed.path) for listed in LISTED}
    assert [
        operation for operation in operations() if (operation.product, operation.method, operation.path) not in known
    ] == []


def test_the_list_holds_no_operation_twice() -> None:
    assert len(set(LISTED)) == len(LISTED) == 705
    assert PREFERENCE[:4] == ("api", "messaging", "verify", "lookups")


def test_what_is_kept_answers_as_before_and_is_bounded(monkeypatch) -> None:
    monkeypatch.setattr("ringfence.api.router.KEPT_MAX", 4)
    ours = Router(operations())
    paths = [f"/2010-04-01/Accounts/{AC}/Keys/SK{n}.json" for n in range(10)]
    for _ in range(2):
        for n, path in enumerate(paths):
            for _ in range(2):
                found = ours.match("localhost", path)
                assert found is not None
                assert found.values == [AC, f"SK{n}"]
            assert len(ours._found) <= 4
    assert ours.match("localhost", "/nowhere") is None
    assert ours.match("verify.twilio.com", paths[0]) != ours.match("localhost", "/v2/Services")


def test_a_path_that_is_long_is_not_kept() -> None:
    ours = Router(operations())
    assert ours.match("localhost", f"/2010-04-01/Accounts/{AC}/Keys/{'x' * 300}.json") is not None
    assert ours.match("x" * 300, f"/2010-04-01/Accounts/{AC}/Keys.json") is not None
    assert not ours._found
