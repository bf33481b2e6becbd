"""Rate limits, messaging configurations, safe numbers and templates, as the official SDK sees them."""

from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioException, TwilioRestException


@pytest.fixture
def service(tenant: Any) -> Any:
    services = tenant.client().verify.v2.services
    return services(services.create(friendly_name="Fade & Co").sid)


def refused(call: Any, **fields: Any) -> tuple[int, int]:
    with pytest.raises(TwilioRestException) as refusal:
        call(**fields)
    return refusal.value.status, refusal.value.code


class TestRateLimits:
    def test_one_is_made_read_changed_and_deleted(self, service: Any) -> None:
        made = service.rate_limits.create(unique_name="end_user_ip", description="by address")
        assert made.sid.startswith("RK")
        assert (made.unique_name, made.description) == ("end_user_ip", "by address")
        assert made.links["buckets"] == f"{made.url}/Buckets"
        assert service.rate_limits(made.sid).update(description="x").description == "x"
        assert service.rate_limits(made.sid).update().description == "x"
        assert [found.description for found in service.rate_limits.list()] == ["x"]
        assert service.rate_limits(made.sid).delete() is True
        assert refused(service.rate_limits(made.sid).fetch) == (404, 20404)
        assert refused(service.rate_limits(made.sid).delete) == (404, 20404)

    def test_its_name_finds_it(self, service: Any) -> None:
        made = service.rate_limits.create(unique_name="device")
        assert service.rate_limits("device").fetch().sid == made.sid
        assert service.rate_limits("device").buckets.create(max=4, interval=60).rate_limit_sid == made.sid
        assert service.rate_limits("device").delete() is True

    @pytest.mark.parametrize("name", ["", "end user", "ümlaut", "RK" + "a" * 32, "x" * 65, "-x"])
    def test_a_name_has_a_form(self, service: Any, name: str) -> None:
        assert refused(service.rate_limits.create, unique_name=name) == (400, 60209)

    def test_a_name_is_one_of_its_service(self, service: Any, tenant: Any) -> None:
        service.rate_limits.create(unique_name="ip")
        assert refused(service.rate_limits.create, unique_name="ip") == (400, 60208)
        other = tenant.client().verify.v2.services.create(friendly_name="y")
        assert other.rate_limits.create(unique_name="ip").service_sid == other.sid

    def test_there_are_ten_at_most(self, service: Any) -> None:
        for n in range(10):
            service.rate_limits.create(unique_name=f"n{n}")
        assert refused(service.rate_limits.create, unique_name="n10") == (400, 60207)

    def test_without_its_service_there_is_none(self, tenant: Any) -> None:
        nobody = tenant.client().verify.v2.services("VA" + "0" * 32)
        assert refused(nobody.rate_limits.create, unique_name="ip") == (404, 20404)
        with pytest.raises(TwilioException, match="404"):
            nobody.rate_limits.list()


class TestBuckets:
    @pytest.fixture
    def buckets(self, service: Any) -> Any:
        return service.rate_limits(service.rate_limits.create(unique_name="ip").sid).buckets

    def test_one_is_made_read_changed_and_deleted(self, buckets: Any) -> None:
        made = buckets.create(max=4, interval=60)
        assert made.sid.startswith("BL")
        assert (made.max, made.interval) == (4, 60)
        changed = buckets(made.sid).update(max=5)
        assert (changed.max, changed.interval) == (5, 60)
        assert buckets(made.sid).update(interval=90).max == 5
        assert [(found.max, found.interval) for found in buckets.list()] == [(5, 90)]
        assert buckets(made.sid).delete() is True
        assert refused(buckets(made.sid).fetch) == (404, 20404)
        assert refused(buckets(made.sid).update, max=1) == (404, 20404)

    def test_of_an_interval_there_is_one(self, buckets: Any) -> None:
        buckets.create(max=4, interval=60)
        other = buckets.create(max=9, interval=600)
        assert refused(buckets.create, max=5, interval=60) == (400, 60211)
        assert refused(buckets(other.sid).update, interval=60) == (400, 60211)

    def test_there_are_ten_at_most(self, buckets: Any) -> None:
        for n in range(10):
            buckets.create(max=1, interval=n + 1)
        assert refused(buckets.create, max=1, interval=60) == (400, 60210)

    @pytest.mark.parametrize(
        "fields", [{"max": 0, "interval": 60}, {"max": 1, "interval": 0}, {"max": "x", "interval": 1}]
    )
    def test_its_numbers_are_positive(self, buckets: Any, fields: dict[str, Any]) -> None:
        assert refused(buckets.create, **fields) == (400, 60200)

    def test_both_numbers_are_needed(self, buckets: Any, tenant: Any) -> None:
        url = buckets._version.absolute_url(buckets._uri)
        for data in ({"Max": "1"}, {"Interval": "60"}):
            answer = requests.post(url, auth=(tenant.sid, tenant.token), data=data, timeout=10)
            assert (answer.status_code, answer.json()["code"]) == (400, 60200)

    def test_without_its_limit_there_is_none(self, service: Any) -> None:
        with pytest.raises(TwilioException, match="404"):
            service.rate_limits("RK" + "0" * 32).buckets.list()
        assert refused(service.rate_limits("nobody").buckets.create, max=1, interval=1) == (404, 20404)

    def test_a_limit_takes_its_buckets_along(self, service: Any) -> None:
        limit = service.rate_limits.create(unique_name="ip")
        made = service.rate_limits("ip").buckets.create(max=1, interval=1)
        service.rate_limits("ip").delete()
        assert refused(service.rate_limits(limit.sid).buckets(made.sid).fetch) == (404, 20404)


class TestMessagingConfigurations:
    @pytest.fixture
    def texting(self, tenant: Any) -> list[str]:
        return [tenant.client().messaging.v1.services.create(friendly_name=name).sid for name in ("one", "other")]

    def test_a_countrys_is_made_read_changed_and_deleted(self, service: Any, texting: list[str]) -> None:
        made = service.messaging_configurations.create(country="ca", messaging_service_sid=texting[0])
        assert (made.country, made.messaging_service_sid) == ("CA", texting[0])
        assert made.url.endswith("/MessagingConfigurations/CA")
        changed = service.messaging_configurations("CA").update(messaging_service_sid=texting[1])
        assert changed.messaging_service_sid == texting[1]
        assert service.messaging_configurations("ca").fetch().messaging_service_sid == texting[1]
        assert service.messaging_configurations("CA").delete() is True
        assert refused(service.messaging_configurations("CA").fetch) == (404, 20404)

    def test_a_country_has_one(self, service: Any, texting: list[str]) -> None:
        service.messaging_configurations.create(country="CA", messaging_service_sid=texting[0])
        again = {"country": "CA", "messaging_service_sid": texting[1]}
        assert refused(service.messaging_configurations.create, **again) == (400, 60213)

    def test_many_are_listed_a_page_at_a_time(self, service: Any, texting: list[str]) -> None:
        countries = {"CA", "US", "GB", "DE", "all"}
        for country in countries:
            service.messaging_configurations.create(country=country, messaging_service_sid=texting[0])
        listed = [found.country for found in service.messaging_configurations.list(page_size=2)]
        assert len(listed) == 5
        assert set(listed) == countries

    @pytest.mark.parametrize("country", ["", "XX", "Canada", "CAN"])
    def test_a_country_is_one(self, service: Any, texting: list[str], country: str) -> None:
        wanted = {"country": country, "messaging_service_sid": texting[0]}
        assert refused(service.messaging_configurations.create, **wanted) == (400, 60200)

    def test_the_messaging_service_is_the_accounts(self, service: Any, installation: Any) -> None:
        stranger = installation.new_tenant().client().messaging.v1.services.create(friendly_name="theirs")
        wanted = {"country": "CA", "messaging_service_sid": stranger.sid}
        assert refused(service.messaging_configurations.create, **wanted) == (400, 60200)


class TestSafeList:
    def test_a_number_is_added_found_and_removed(self, tenant: Any) -> None:
        safe = tenant.client().verify.v2.safelist
        made = safe.create(phone_number="+12025550123")
        assert made.sid.startswith("GN")
        assert made.phone_number == "+12025550123"
        assert safe("+12025550123").fetch().sid == made.sid
        assert refused(safe("+12025550124").fetch) == (404, 20404)
        assert refused(safe.create, phone_number="+12025550123") == (409, 20409)
        assert safe("+12025550123").delete() is True
        assert refused(safe("+12025550123").delete) == (404, 20404)

    def test_it_is_the_accounts_own(self, tenant: Any, installation: Any) -> None:
        tenant.client().verify.v2.safelist.create(phone_number="+12025550123")
        other = installation.new_tenant().client().verify.v2.safelist
        assert refused(other("+12025550123").fetch) == (404, 20404)

    @pytest.mark.parametrize("number", ["", "555", "+1202555", "hello"])
    def test_a_number_is_one(self, tenant: Any, number: str) -> None:
        assert refused(tenant.client().verify.v2.safelist.create, phone_number=number) == (400, 60200)

    def test_the_store_holds_no_number(self, tenant: Any, installation: Any) -> None:
        tenant.client().verify.v2.safelist.create(phone_number="+12025550123")
        (row,) = installation.run(installation.store.verify_rows(tenant.sid, "safe_number"))
        assert "2025550123" not in f"{row.sid} {row.name} {row.settings} {row.standing!r}"


class TestTemplates:
    def test_there_is_one_with_a_warning_and_one_without(self, tenant: Any) -> None:
        # The operator's own come after Twilio's.
        *found, own = tenant.client().verify.v2.templates.list()
        assert own.friendly_name == "Ticket"
        assert [template.friendly_name for template in found] == [
            "Verify Default",
            "Verify Default with do not share",
        ]
        english = [template.translations["en"] for template in found]
        assert english[0]["text"] == "Your {{friendly_name}} verification code is: {{code}}"
        assert english[1]["text"].startswith(english[0]["text"] + ". Don't share")
        assert all(text["is_default_translation"] and text["status"] == "approved" for text in english)
        assert len(found[0].translations) > 40

    def test_they_are_found_by_name_and_in_pages(self, tenant: Any) -> None:
        templates = tenant.client().verify.v2.templates
        assert len(templates.list(friendly_name="Verify Default")) == 1
        assert templates.list(friendly_name="Nobody") == []
        assert len(templates.list(page_size=1)) == 3
