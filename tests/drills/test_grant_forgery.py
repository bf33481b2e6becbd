"""D08: a grant opens what it covers until it ends, and nothing else; in the control a role opens everything."""

import pytest

from ringfence.domain.sealing.grant import GrantBinding
from ringfence.drills.design import OURS, control
from ringfence.drills.grant_forgery import BY_ROLE, WAYS, grant_forgery
from ringfence.kms.grants import Grants


def test_d08_reads_all_within_a_grant_and_nothing_outside_where_the_control_reads_all() -> None:
    ours = grant_forgery(OURS, 2 * 6 * len(WAYS))
    assert ours.reached == 0
    ((told, figure),) = ours.rows
    asked, of, granted = figure.split()
    assert (told, asked, of) == ("read within grants", granted, "of")
    assert int(granted) > 0
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = grant_forgery(theirs, 12)
    assert (found.reached, found.tenants) == (12, 12)
    assert found.rows == ((f"read, {BY_ROLE}", "12"),)


def test_a_key_service_that_forgets_ends_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Grants, "_is_past", lambda *_: False)
    assert "read, after its end" in dict(grant_forgery(OURS, 6 * len(WAYS)).rows)


def test_keys_that_are_bound_to_nothing_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GrantBinding, "_place", lambda self, kind, *more: kind.encode())
    assert "read, longer" in dict(grant_forgery(OURS, 6 * len(WAYS)).rows)
