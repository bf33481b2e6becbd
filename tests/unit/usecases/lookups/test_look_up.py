"""Lookups with a source that knows something, knows nothing, fails, or is not there."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.domain.lookups.identity import Identity
from ringfence.domain.lookups.packages import (
    CallerName,
    LineStatus,
    LineTypeIntelligence,
    Packages,
    ReassignedNumber,
)
from ringfence.kms.memory import memory_key_service
from ringfence.ports.lookups import NumberIntelligence, Question, RateRule
from ringfence.store.memory import MemoryStore
from ringfence.usecases.lookups.look_up import Asked, Found, Lookups

ACCOUNT = "AC" + "a" * 32
NUMBER, FIXED = "+12025550177", "+442079460000"


class Source:
    """Answers what it was given, and keeps what it was asked."""

    def __init__(self, packages: Packages | None = None) -> None:
        self._packages = packages
        self.asked: list[Question] = []

    async def know(self, question: Question) -> Packages:
        self.asked.append(question)
        if self._packages is None:
            raise ConnectionResetError("away")
        return self._packages


class Scene:
    """One account's lookups."""

    def __init__(self) -> None:
        self.clock = ManualClock(1_700_000_000_000)
        self.store = MemoryStore()
        self.keys = memory_key_service(self.clock)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        async def whole() -> Any:
            await self.keys.open()
            try:
                return await work
            finally:
                await self.keys.close()

        return asyncio.run(whole())

    def look_up(self, source: NumberIntelligence | None, *fields: str, number: str = NUMBER, **more: Any) -> Found:
        lookups = Lookups(self.store, self.keys, self.clock, source)
        found: Found = self.run(lookups.look_up(ACCOUNT, Asked(number=number, fields=fields, **more)))
        return found


@pytest.fixture
def scene() -> Scene:
    return Scene()


def codes(found: Found) -> dict[str, object]:
    packages = {name: getattr(found.packages, name) for name in Packages.__struct_fields__}
    return {name: package.error_code for name, package in packages.items() if package is not None}


def test_without_a_source_nobody_is_enabled_but_the_plan(scene: Scene) -> None:
    found = scene.look_up(None, "line_type_intelligence", "caller_name", "line_status", number=FIXED)
    assert codes(found) == {"line_type_intelligence": None, "caller_name": 60606, "line_status": 60606}
    assert found.packages.line_type_intelligence == LineTypeIntelligence(type="landline")


def test_a_source_that_is_away_fails_what_it_was_asked(scene: Scene) -> None:
    found = scene.look_up(Source(), "line_type_intelligence", "caller_name", "identity_match")
    assert codes(found) == {"line_type_intelligence": None, "caller_name": 60608, "identity_match": 60617}


def test_a_source_is_asked_what_can_be_answered_and_told_no_more(scene: Scene) -> None:
    source = Source(Packages(caller_name=CallerName(caller_name="Owl"), line_status=LineStatus(status="active")))
    claimed = Identity(first_name="Sam")
    found = scene.look_up(
        source,
        "identity_match",
        "reassigned_number",
        "sim_swap",
        "caller_name",
        number=FIXED,
        claimed=claimed,
        partner_sub_id="x",
    )
    (question,) = source.asked
    assert question == Question(
        number=FIXED, country="GB", fields=("caller_name", "identity_match"), claimed=claimed, partner_sub_id="x"
    )
    # What it answers unasked is not passed on.
    assert codes(found) == {
        "caller_name": None,
        "sim_swap": 60612,
        "identity_match": 60600,
        "reassigned_number": "60617",
    }


def test_nobody_is_asked_of_what_is_no_number_or_for_nothing(scene: Scene) -> None:
    source = Source(Packages())
    assert scene.look_up(source, "caller_name", number="+1415").packages == Packages()
    assert scene.look_up(source).packages == Packages()
    assert codes(scene.look_up(source, "identity_match")) == {"identity_match": 60617}
    assert source.asked == []


def test_a_type_that_the_source_leaves_open_is_the_plans(scene: Scene) -> None:
    line = LineTypeIntelligence(carrier_name="Owl Telecom")
    found = scene.look_up(Source(Packages(line_type_intelligence=line)), "line_type_intelligence", number=FIXED)
    assert found.packages.line_type_intelligence == LineTypeIntelligence(carrier_name="Owl Telecom", type="landline")


def test_the_day_that_was_asked_for_is_told(scene: Scene) -> None:
    source = Source(Packages(reassigned_number=ReassignedNumber(is_number_reassigned="no")))
    found = scene.look_up(source, "reassigned_number", last_verified_date="20240229")
    assert found.packages.reassigned_number == ReassignedNumber(
        last_verified_date="2024-02-29", is_number_reassigned="no"
    )


@pytest.mark.parametrize("date", ["20230229", "2024-02-29", "2024229", "0240229 ", "２０２４０２２９"])
def test_a_day_that_is_none_is_malformed(scene: Scene, date: str) -> None:
    assert codes(scene.look_up(Source(Packages()), "reassigned_number", last_verified_date=date)) == {
        "reassigned_number": "60618"
    }


def test_a_rule_keeps_the_source_from_being_asked(scene: Scene) -> None:
    source = Source(Packages(caller_name=CallerName(caller_name="Owl")))
    rule = RateRule(account=ACCOUNT, field="caller_name", bucket="all", limit=1, ttl_s=60, created_ms=0, updated_ms=0)
    scene.run(scene.store.put_rate_rule(rule))
    assert [codes(scene.look_up(source, "caller_name")) for _ in range(2)] == [
        {"caller_name": None},
        {"caller_name": 60616},
    ]
    assert codes(scene.look_up(source, "caller_name", number="+1415")) == {}
    assert len(source.asked) == 1
    scene.clock.advance(60_000)
    assert codes(scene.look_up(source, "caller_name")) == {"caller_name": None}


def test_in_the_bucket_of_numbers_each_is_counted_apart(scene: Scene) -> None:
    source = Source(Packages(caller_name=CallerName(caller_name="Owl")))
    rule = RateRule(
        account=ACCOUNT, field="caller_name", bucket="phone_number", limit=1, ttl_s=60, created_ms=0, updated_ms=0
    )
    scene.run(scene.store.put_rate_rule(rule))
    asked = [codes(scene.look_up(source, "caller_name", number=number)) for number in (NUMBER, FIXED, NUMBER)]
    assert [answer["caller_name"] for answer in asked] == [None, None, 60626]


@pytest.mark.parametrize(("length", "code"), [(64, 60600), (65, 60618)])
def test_a_partners_name_has_64_characters(scene: Scene, length: int, code: int) -> None:
    found = scene.look_up(Source(Packages()), "sms_pumping_risk", partner_sub_id="x" * length)
    assert codes(found) == {"sms_pumping_risk": code}


@pytest.mark.parametrize(("sid", "code"), [("", 60617), ("VE" + "0" * 32, 60623)])
def test_a_form_is_filled_for_a_verification_alone(scene: Scene, sid: str, code: int) -> None:
    assert codes(scene.look_up(None, "pre_fill", verification_sid=sid)) == {"pre_fill": code}


def test_an_answer_shows_nobody_in_a_log(scene: Scene) -> None:
    found = scene.look_up(Source(Packages(caller_name=CallerName(caller_name="Owl"))), "caller_name")
    assert "Owl" not in repr(found)
    assert "5550177" not in repr(found)
    assert "5550177" not in repr(Asked(number=NUMBER, claimed=Identity(first_name="Sam")))
