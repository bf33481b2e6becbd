"""Bindings: taken, refreshed, listed, taken away and expired as RFC 3261, section 10.3 says."""

import pytest

from ringfence.carriers.sip.flow import Place
from ringfence.carriers.sip.message import Request, Response, parse_message
from ringfence.carriers.sip.registrar import (
    DEFAULT_EXPIRES_S,
    MAX_BINDINGS,
    MAX_EXPIRES_S,
    MIN_EXPIRES_S,
    Registrar,
)

USER = "bob@b.example"


class Wire:
    """A flow that goes nowhere."""

    transport = "TCP"
    reliable = True
    local: Place = ("127.0.0.1", 1)
    remote: Place = ("127.0.0.1", 2)

    def send(self, data: bytes) -> bool:
        return False


class Office:
    """A registrar on a clock that the test moves."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.registrar = Registrar(lambda: self.now_ms)
        self.wire = Wire()
        self.sequence = 0

    def register(
        self,
        *contacts: str,
        expires: str | None = None,
        to: str = f"<sip:{USER}>",
        call_id: str = "c",
        sequence: int | None = None,
        wire: Wire | None = None,
    ) -> Response:
        self.sequence += 1
        lines = [
            "REGISTER sip:b.example SIP/2.0",
            "Via: SIP/2.0/TCP 192.0.2.1;branch=z9hG4bKa",
            f"From: {to};tag=1",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {sequence or self.sequence} REGISTER",
            *(f"Contact: {contact}" for contact in contacts),
            *([f"Expires: {expires}"] if expires is not None else []),
        ]
        message = parse_message(("\r\n".join(lines) + "\r\n\r\n").encode())
        assert isinstance(message, Request)
        return self.registrar.register(message, wire or self.wire, tag="9")

    def places(self, user: str = USER) -> list[str]:
        return [str(binding.contact.uri) for binding in self.registrar.bindings(user)]


def test_a_phone_registers_is_listed_and_found_over_its_flow() -> None:
    office = Office()
    answer = office.register("<sip:bob@10.0.0.1:5062>")
    assert (answer.status, answer.to.tag) == (200, "9")
    assert answer.headers.get_all("contact") == [f"<sip:bob@10.0.0.1:5062>;expires={DEFAULT_EXPIRES_S}"]
    (binding,) = office.registrar.bindings(USER)
    assert binding.flow is office.wire
    assert office.places("carol@b.example") == []


@pytest.mark.parametrize(
    ("contact", "header", "holds_s"),
    [
        ("<sip:bob@10.0.0.1>;expires=600", None, 600),
        ("<sip:bob@10.0.0.1>;expires=600", "900", 600),
        ("<sip:bob@10.0.0.1>", "900", 900),
        ("<sip:bob@10.0.0.1>", None, DEFAULT_EXPIRES_S),
        ("<sip:bob@10.0.0.1>;expires=nonsense", None, DEFAULT_EXPIRES_S),
        ("<sip:bob@10.0.0.1>;expires=280297596632815", None, MAX_EXPIRES_S),
        ("<sip:bob@10.0.0.1>", "1" + "0" * 60, MAX_EXPIRES_S),
        ("<sip:bob@10.0.0.1>", str(MIN_EXPIRES_S), MIN_EXPIRES_S),
    ],
)
def test_a_binding_holds_as_long_as_was_asked_within_bounds(contact: str, header: str | None, holds_s: int) -> None:
    office = Office()
    office.register(contact, expires=header)
    office.now_ms = holds_s * 1_000 - 1
    assert len(office.places()) == 1
    office.now_ms += 1
    assert office.places() == []
    office.registrar.sweep()
    assert repr(office.registrar) == "Registrar(0 users)"


def test_too_short_an_expiry_is_refused_with_the_shortest() -> None:
    answer = Office().register("<sip:bob@10.0.0.1>", expires=str(MIN_EXPIRES_S - 1))
    assert (answer.status, answer.headers.get("min-expires")) == (423, "60")


def test_a_refresh_replaces_and_time_left_is_listed() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>", expires="100")
    office.now_ms = 60_000
    answer = office.register()
    assert answer.headers.get_all("contact") == ["<sip:bob@10.0.0.1>;expires=40"], "asking changes nothing"
    office.register("<sip:bob@10.0.0.1;transport=udp>", "<sip:bob@10.0.0.1>", expires="100")
    assert sorted(office.places()) == ["sip:bob@10.0.0.1", "sip:bob@10.0.0.1;transport=udp"]


def test_one_is_taken_away_by_0_and_all_by_a_star() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>", "<sip:bob@10.0.0.2>, <sip:bob@10.0.0.3>")
    office.register("<sip:bob@10.0.0.2>;expires=0")
    assert sorted(office.places()) == ["sip:bob@10.0.0.1", "sip:bob@10.0.0.3"]
    assert office.register("*").status == 400
    assert office.register("*", expires="60").status == 400
    answer = office.register("*", expires="0")
    assert (answer.status, answer.headers.get_all("contact"), office.places()) == (200, [], [])


def test_preference_comes_first_and_then_the_latest() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>;q=0.5")
    office.register("<sip:bob@10.0.0.2>;q=0.9", "<sip:bob@10.0.0.3>;q=0.5", "<sip:bob@10.0.0.4>;q=x")
    assert [place[-1] for place in office.places()] == ["4", "2", "3", "1"]


def test_an_older_request_of_the_same_call_changes_nothing() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>", sequence=5)
    assert office.register("<sip:bob@10.0.0.1>;expires=0", sequence=5).status == 500
    assert office.register("*", expires="0", sequence=4).status == 500
    assert len(office.places()) == 1
    assert office.register("<sip:bob@10.0.0.1>;expires=0", call_id="restarted", sequence=1).status == 200
    assert office.places() == []


def test_a_request_that_is_refused_changes_nothing() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>")
    assert office.register("<sip:bob@10.0.0.2>", "<tel:+12025550123>").status == 400
    assert office.register("<sip:bob@10.0.0.2>", "<sip:bob@10.0.0.3>;expires=5").status == 423
    assert office.register(*(f"<sip:bob@10.0.1.{number}>" for number in range(MAX_BINDINGS))).status == 403
    assert office.places() == ["sip:bob@10.0.0.1"]


@pytest.mark.parametrize("to", ["<isbn:2983792873>", "<sip:b.example>", "<tel:+12025550123>"])
def test_only_a_user_has_bindings(to: str) -> None:
    assert Office().register("<sip:bob@10.0.0.1>", to=to).status == 400


def test_users_are_apart_and_parameters_of_the_record_do_not_count() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>", to="<sip:bob@B.EXAMPLE;user=phone>")
    office.register("<sip:carol@10.0.0.2>", to="<sip:carol@b.example>")
    assert (office.places(), office.places("carol@b.example")) == (["sip:bob@10.0.0.1"], ["sip:carol@10.0.0.2"])


def test_what_a_lost_connection_reached_is_forgotten() -> None:
    office, other = Office(), Wire()
    office.register("<sip:bob@10.0.0.1>")
    office.register("<sip:bob@10.0.0.2>", wire=other)
    office.register("<sip:carol@10.0.0.2>", to="<sip:carol@b.example>", wire=other)
    office.registrar.lost(other)
    assert (office.places(), office.places("carol@b.example")) == (["sip:bob@10.0.0.1"], [])


def test_no_repr_shows_who_is_where() -> None:
    office = Office()
    office.register("<sip:bob@10.0.0.1>")
    assert [repr(one) for one in office.registrar.bindings(USER)] == ["Binding(…)"]
    assert repr(office.registrar) == "Registrar(1 users)"
