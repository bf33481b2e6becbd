"""Rows that hold standing configuration, as every store that lasts keeps them; and all of them sealed anew."""

import re
from pathlib import Path

import pytest
from msgspec.structs import replace

from ringfence.domain.clock import ManualClock
from ringfence.domain.standing import hmac_states_record, notice_address_record
from ringfence.kms.memory import memory_key_service
from ringfence.ports.applications import ApplicationRow
from ringfence.ports.lookups import OverrideRow
from ringfence.ports.notices import NoticeAddress
from ringfence.ports.sip_access import SipRow
from ringfence.ports.standing_rows import LastingStore, StandingRow
from ringfence.ports.store import AccountRow, CredentialRow
from ringfence.ports.verify_config import VerifyRow
from ringfence.roles.standing_sweep import RECORDS, Swept, sweep_standing
from ringfence.store.postgres import PostgresStore
from ringfence.store.sqlite import SqliteStore
from ringfence.store.standing_places import STANDING_PLACES, key_of

NOW = 1_700_000_000_000
A, B = "AC" + "a" * 32, "AC" + "b" * 32
SOURCES = Path(__file__).parents[2] / "src" / "ringfence"


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> LastingStore:
    """A fresh store of each kind that outlives its process."""
    if request.param == "sqlite":
        return SqliteStore(tmp_path / "ringfence.db")
    return PostgresStore(request.getfixturevalue("postgres_url"))


def application(account: str, n: int, standing: bytes) -> ApplicationRow:
    return ApplicationRow(
        account=account, sid=f"AP{n:032x}", friendly_name="", standing=standing, created_ms=NOW, updated_ms=NOW
    )


async def every(store: LastingStore, place: str, at_once: int) -> list[StandingRow]:
    found, after = [], None
    while rows := await store.standing_rows(place, after, at_once):
        found += rows
        after = rows[-1]
    return found


async def test_rows_are_read_in_order_of_their_keys_however_many_at_once(store):
    for account in (B, A):
        for n in range(3):
            await store.create_application(application(account, n, b"sealed %d" % n))
    for at_once in (1, 2, 6, 100):
        rows = await every(store, "application", at_once)
        assert [(*key_of(row), row.sealed) for row in rows] == [
            (account, f"AP{n:032x}", b"sealed %d" % n) for account in (A, B) for n in range(3)
        ]


async def test_a_row_is_renewed_where_it_is_as_it_was_read(store):
    await store.create_application(application(A, 1, b"old"))
    await store.create_application(application(A, 2, b"old"))
    rows = await every(store, "application", 10)
    assert await store.renew_standing_rows([(replace(rows[0], sealed=b"other"), b"new"), (rows[1], b"new")]) == 1
    assert [row.sealed for row in await every(store, "application", 10)] == [b"old", b"new"]
    assert await store.renew_standing_rows([(rows[1], b"newer")]) == 0


async def test_empty_values_are_none_to_renew(store):
    row = SipRow(account=A, kind="credential_list", sid="CL1", created_ms=NOW, updated_ms=NOW)
    await store.create_sip(row, 10)
    await store.create_sip(replace(row, kind="domain", sid="SD1", name="n", standing=b"sealed"), 10)
    (found,) = await every(store, "sip_access", 10)
    assert (found.fields["kind"], found.fields["sid"], found.sealed) == ("domain", "SD1", b"sealed")


async def test_a_changed_credential_is_seen_at_once_by_who_had_read_it(store):
    account = AccountRow(sid=A, tenant=A, friendly_name="", created_ms=NOW, updated_ms=NOW)
    token = CredentialRow(
        account=A, sid=A, kind="auth_token", verifier=b"v", hmac_states=b"old", created_ms=NOW, updated_ms=NOW
    )
    await store.create_account(account, token)
    assert (await store.credential(A)).hmac_states == b"old"
    (row,) = await every(store, "credential", 10)
    await store.renew_standing_rows([(row, b"new")])
    assert (await store.credential(A)).hmac_states == b"new"


async def test_every_place_can_be_read_and_written(store):
    for name, place in STANDING_PLACES.items():
        assert await store.standing_rows(name, None, 5) == []
        fields = {field: b"x" if field == "tag" else "x" for field in place.fields}
        row = StandingRow(place=name, fields=fields, sealed=b"x")
        assert await store.standing_rows(name, row, 5) == []
        assert await store.renew_standing_rows([(row, b"y")]) == 0
    assert await store.totp_factors(("", "", ""), 5) == []


async def test_a_sweep_seals_all_anew_and_the_former_key_can_go(store):
    keys = memory_key_service(ManualClock(NOW))
    await keys.open()
    tag = b"t" * 16
    names = {
        "credential": hmac_states_record(A),
        "application": f"application:AP{1:032x}",
        "lookup_override": f"lookup_override/{tag.hex()}",
        "verify_config": f"push_credential:CR{1:032x}",
        "notice_address": notice_address_record(A),
    }
    (states, config, reason, credential, url) = await keys.seal_standing(
        A, [(name, name.encode()) for name in names.values()]
    )
    account = AccountRow(sid=A, tenant=A, friendly_name="", created_ms=NOW, updated_ms=NOW)
    await store.create_account(
        account,
        CredentialRow(
            account=A, sid=A, kind="auth_token", verifier=b"v", hmac_states=states, created_ms=NOW, updated_ms=NOW
        ),
    )
    await store.create_application(application(A, 1, config))
    override = OverrideRow(
        account=A, tag=tag, line_type="", original_type="", standing=reason, created_ms=NOW, updated_ms=NOW
    )
    await store.put_override(override, new=True)
    push = VerifyRow(
        account=A,
        kind="push_credential",
        sid=f"CR{1:032x}",
        standing=credential,
        created_ms=NOW,
        updated_ms=NOW,
    )
    await store.create_verify(push, 10)
    await store.keep_notice_address(NoticeAddress(account=A, standing=url, updated_ms=NOW))
    assert await sweep_standing(store, keys) == Swept(0, 0)
    await keys.rotate_standing()
    assert await sweep_standing(store, keys) == Swept(5, 0)
    assert await sweep_standing(store, keys) == Swept(0, 0)
    assert await keys.end_former_standing() == 1
    for place, name in names.items():
        (row,) = await every(store, place, 10)
        assert await keys.open_standing(A, [(name, row.sealed)]) == [name.encode()]
    await keys.close()


def test_the_sweep_knows_every_place_that_standing_configuration_is_sealed_for() -> None:
    sealing = {
        str(path.relative_to(SOURCES / "usecases"))
        for path in (SOURCES / "usecases").rglob("*.py")
        if re.search(r"\.seal_standing\(", path.read_text())
    }
    assert sealing == {
        "accounts/buy_number.py",
        "accounts/configure_application.py",
        "accounts/configure_number.py",
        "accounts/create_application.py",
        "accounts/credential.py",
        # Nothing is sealed there: it asks whether the key service answers.
        "accounts/invitation.py",
        "accounts/notice_address.py",
        "accounts/secondary_token.py",
        "lookups/overrides.py",
        "messaging/configure_service.py",
        "messaging/create_service.py",
        "sip/configure_domain.py",
        "sip/create_domain.py",
        "sip/set_password.py",
        "verify/push_challenge.py",
        "verify/push_credentials.py",
        "verify/webhooks.py",
    }, "a place that is new here belongs in store/standing_places.py and roles/standing_sweep.py"
    assert RECORDS.keys() == STANDING_PLACES.keys()
