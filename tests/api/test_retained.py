"""Where a duty stands, two officers read who was in touch with whom, though the tenant erased it; else nobody does."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.api.conftest import CARRIER, CUSTOMER, LIMITS, Installation, Tenant
from tests.api.test_verifications import Verify
from tests.retained_records import declare_duty, known, opened

from ringfence.domain.message import Status
from ringfence.domain.retention.facts import Facts
from ringfence.ports.carrier import Arrival
from ringfence.ports.store import Outcome
from ringfence.store.sqlite import SqliteStore
from ringfence.usecases.messaging.receive import Receiver
from ringfence.usecases.messaging.reply import Replier

TWIML = "<Response><Say>Hello</Say></Response>"


@pytest.fixture
def on_disk(tmp_path: Path) -> Iterator[Installation]:
    """An API over the embedded store."""
    made = Installation(tmp_path, LIMITS, SqliteStore(tmp_path / "ringfence.db"))
    made.start()
    yield made
    made.stop()


def comes_in(parts: Installation, to: str, body: str) -> None:
    replier = Replier(parts.store, parts.keys, parts.clock, parts.bell, carrier=CARRIER)
    receiver = Receiver(parts.store, parts.keys, parts.clock, parts.bell, replier, carrier=CARRIER)
    arrival = Arrival(carrier_ref="r1", to=to, sender=CUSTOMER, body=body, at_ms=parts.clock.now_ms())
    assert parts.run(receiver.arrivals([arrival])) == [True]


def use(parts: Installation, tenant: Tenant) -> dict[str, Any]:
    """A text each way, a call that is called off, a code by text and one by a call; the SIDs of the first three."""
    number = tenant.number()
    text = tenant.text("The word is swordfish", sender=number)
    comes_in(parts, number, "C for swordfish")
    call = tenant.client().calls.create(to=CUSTOMER, from_=number, twiml=TWIML)
    call.update(status="canceled")
    verify = Verify(tenant)
    verify.start()
    verify.start(channel="call")
    (arrived,) = tenant.client().messages.list(to=number)
    return {"number": number, "text": text.sid, "arrived": arrived.sid, "call": call.sid}


def on_the_disk(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("ringfence.db*"))


def test_officers_read_what_the_tenant_erased_and_no_word_of_it(on_disk: Installation, tmp_path: Path) -> None:
    parts = on_disk
    tenant, other = parts.new_tenant(), parts.new_tenant()
    declaration = parts.run(declare_duty(parts.keys))
    made = use(parts, tenant)
    other.text()
    at_ms = parts.clock.now_ms()
    ends = [
        Outcome(account=tenant.sid, sid=made["text"], status=s, at_ms=at_ms) for s in (Status.SENT, Status.DELIVERED)
    ]
    assert parts.run(parts.store.acknowledge(None, ends)) == [True, True]
    for sid in (made["text"], made["arrived"]):
        assert tenant.client().messages(sid).delete()
    assert tenant.client().calls(made["call"]).delete()
    assert parts.run(parts.store.message(tenant.sid, made["text"])) is None
    found: dict[tuple[str, int], Facts] = parts.run(
        opened(parts.store, parts.keys, parts.clock, declaration, tenant.sid)
    )
    out = {"direction": "outbound", "local": made["number"], "remote": CUSTOMER}
    assert known(found.pop((made["text"], 0))) == {**out, "kind": "text"}
    assert known(found.pop((made["arrived"], 0))) == {**out, "kind": "text", "direction": "inbound"}
    assert known(found.pop((made["call"], 0))) == {**out, "kind": "call"}
    assert known(found.pop((made["call"], 1))) == {"duration_s": 0}
    by_code = {sid[:2]: known(facts) for (sid, _), facts in found.items()}
    assert by_code == {"VL": {**out, "kind": "text"}, "CA": {**out, "kind": "call"}}
    assert len(found) == 2
    at_rest = on_the_disk(tmp_path)
    assert len(at_rest) > 10_000
    assert CUSTOMER.encode() not in at_rest
    assert b"swordfish" not in at_rest


def test_undeclared_keeps_nothing(on_disk: Installation) -> None:
    parts = on_disk
    tenant = parts.new_tenant()
    use(parts, tenant)
    assert parts.run(parts.store.erase_retained(1 << 60, 10)) == 0
