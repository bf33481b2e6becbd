"""Webhooks of a Verify Service, as the official SDK sees them, and what is written for them to be told."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioException, TwilioRestException

from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.sealing.verify_event import open_verify_event_with
from ringfence.domain.verify_event import EVENT_KINDS, VerifyEvent
from ringfence.ports.keys import Caller

URL = "https://bank.example/verify?token=1"


@pytest.fixture
def service(tenant: Any) -> Any:
    services = tenant.client().verify.v2.services
    return services(services.create(friendly_name="Owl Bank").sid)


def create(service: Any, *events: str, **more: Any) -> Any:
    fields = {"friendly_name": "bank", "event_types": list(events or ["*"]), "webhook_url": URL}
    return service.webhooks.create(**(fields | more))


def refused(call: Any, *arguments: Any, **fields: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        call(*arguments, **fields)
    return refusal.value.status, refusal.value.code


def test_one_is_made_read_changed_and_deleted(service: Any, tenant: Any) -> None:
    made = create(service, "factor.created", "factor.verified")
    assert made.sid.startswith("YW")
    assert (made.account_sid, made.service_sid) == (tenant.sid, service.fetch().sid)
    assert (made.friendly_name, made.webhook_url, made.webhook_method) == ("bank", URL, "POST")
    assert (made.event_types, made.status, made.version) == (["factor.created", "factor.verified"], "enabled", "v2")
    changed = service.webhooks(made.sid).update(status="disabled", event_types=["challenge.denied"])
    assert (changed.status, changed.version, changed.event_types) == ("disabled", "v2", ["challenge.denied"])
    assert (changed.friendly_name, changed.webhook_url) == ("bank", URL)
    assert service.webhooks(made.sid).update(resource_version="v1").version == "v1"
    moved = service.webhooks(made.sid).update(webhook_url="https://bank.example/new", friendly_name="y")
    assert (moved.webhook_url, moved.friendly_name, moved.status) == ("https://bank.example/new", "y", "disabled")
    assert [found.webhook_url for found in service.webhooks.list()] == ["https://bank.example/new"]
    assert service.webhooks(made.sid).fetch().url == f"{service.fetch().url}/Webhooks/{made.sid}"
    assert service.webhooks(made.sid).delete() is True
    assert refused(service.webhooks(made.sid).fetch) == (404, 20404)
    assert refused(service.webhooks(made.sid).update, status="enabled") == (404, 20404)
    assert refused(service.webhooks(made.sid).delete) == (404, 20404)


def test_its_url_is_sealed(service: Any, tenant: Any) -> None:
    made = create(service)
    store = tenant.installation.store
    row = tenant.installation.run(store.verify_row(tenant.sid, "webhook", made.sid, parent=made.service_sid))
    assert "bank.example" not in row.settings
    assert b"bank.example" not in row.standing


@pytest.mark.parametrize("missing", ["FriendlyName", "EventTypes", "WebhookUrl"])
def test_all_of_it_is_needed(service: Any, missing: str) -> None:
    names = {"FriendlyName": "friendly_name", "EventTypes": "event_types", "WebhookUrl": "webhook_url"}
    with pytest.raises(TwilioRestException) as refusal:
        create(service, **{names[missing]: [] if missing == "EventTypes" else ""})
    assert (refusal.value.code, refusal.value.msg) == (
        60200,
        f"Unable to create record: Missing required parameter {missing}",
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"event_types": ["factor.created", "factor.eaten"]},
        {"webhook_url": "ftp://bank.example/"},
        {"webhook_url": "bank.example"},
        {"status": "asleep"},
        {"resource_version": "v3"},
        {"friendly_name": "x" * 65},
    ],
)
def test_what_is_wrong_is_refused(service: Any, fields: dict[str, Any]) -> None:
    made = create(service)
    for call in (lambda: create(service, **fields), lambda: service.webhooks(made.sid).update(**fields)):
        assert refused(call)[0] == 400
    assert len(service.webhooks.list()) == 1


def test_there_are_ten_at_most(service: Any) -> None:
    for _ in range(10):
        create(service)
    assert refused(create, service) == (400, 60200)


def test_without_its_service_there_is_none(tenant: Any) -> None:
    nobody = tenant.client().verify.v2.services("VA" + "0" * 32)
    assert refused(create, nobody) == (404, 20404)
    with pytest.raises(TwilioException, match="404"):
        nobody.webhooks.list()


class Happening:
    """Events that are said through the port, and what is written of them."""

    def __init__(self, tenant: Any, service: str) -> None:
        self.tenant, self.service = tenant, service
        self.caller = Caller(account=tenant.sid, credential=tenant.sid, seed=slot_seed(tenant.token, tenant.sid))

    def event(self, kind: Any) -> VerifyEvent:
        return VerifyEvent(
            account=self.tenant.sid,
            service=self.service,
            kind=kind,
            at_ms=7,
            identity="ann-7",
            factor="YF" + "1" * 32,
            factor_type="push",
        )

    def say(self, kind: Any) -> None:
        installation = self.tenant.installation
        events = installation.deps.verifying.events
        rows = installation.run(events.tellings(self.caller, self.event(kind)))
        installation.run(installation.store.add_tellings(rows))
        events.told(rows)

    def told(self) -> list[tuple[str, str]]:
        installation = self.tenant.installation
        rows = installation.run(installation.store.tellings(self.tenant.sid, "YF" + "1" * 32))
        for row in rows:
            (key,) = installation.run(installation.keys.open_records(self.tenant.sid, [(row.epoch, row.sid)]))
            assert open_verify_event_with(key, row.account, row.sid, row.content) == self.event(row.kind)
            assert b"ann-7" not in row.content
            (event,) = installation.run(installation.store.events(self.tenant.sid, row.sid))
            assert (event.kind, event.at_ms) == (row.kind, 7)
        return [(row.kind, row.webhook) for row in rows]


@pytest.mark.parametrize("kind", EVENT_KINDS)
def test_an_event_is_written_for_each_webhook_that_wants_it(service: Any, tenant: Any, kind: str) -> None:
    every, this = create(service), create(service, kind)
    create(service, *(other for other in EVENT_KINDS if other != kind))
    create(service, status="disabled")
    happening = Happening(tenant, service.fetch().sid)
    rings = tenant.installation.bell.rings
    happening.say(kind)
    assert sorted(happening.told()) == sorted([(kind, every.sid), (kind, this.sid)])
    assert tenant.installation.bell.rings == rings + 1


def test_where_nobody_listens_nothing_is_written(service: Any, tenant: Any) -> None:
    create(service, "factor.deleted")
    happening = Happening(tenant, service.fetch().sid)
    rings = tenant.installation.bell.rings
    happening.say("factor.created")
    assert happening.told() == []
    assert tenant.installation.bell.rings == rings


def test_a_service_has_its_own(service: Any, tenant: Any) -> None:
    create(service)
    other = tenant.client().verify.v2.services.create(friendly_name="y")
    Happening(tenant, other.sid).say("factor.created")
    assert Happening(tenant, other.sid).told() == []
