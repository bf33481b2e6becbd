"""The carrier of mail against a relay of another make: what it hands in, and what it makes of each answer."""

import contextlib
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import structlog

from ringfence.domain.clock import ManualClock
from ringfence.domain.mail_address import MailAddress
from ringfence.mail.smtp_carrier import SmtpCarrier
from ringfence.mail.smtp_url import SmtpServer, parse_smtp_url
from ringfence.ports.carrier import Submit

from .relay import HOST, PASSWORD, USER, Relay, certificate

FROM = MailAddress("codes@example.com")


@contextlib.contextmanager
def relay(**options: Any) -> Iterator[Relay]:
    running = Relay(**options).start()
    try:
        yield running
    finally:
        running.stop()


def mail(ref: str = "VL1", to: str = "sam@example.net") -> Submit:
    return Submit(
        ref=ref, sender="Fade & Co <codes@example.com>", to=to, subject="Fade & Co", body="Your code is 482913"
    )


def carrier(there: Relay, clock: ManualClock, *, url: str = "", ca: Path | None = None) -> SmtpCarrier:
    context = ssl.create_default_context(cafile=None if ca is None else str(ca))
    return SmtpCarrier(parse_smtp_url(url or f"smtp://{HOST}:{there.port}"), FROM, clock, context)


def test_mails_are_handed_in_over_one_connection(run, clock: ManualClock) -> None:
    with relay() as there:
        answers = run(carrier(there, clock).submit([mail("VL1"), mail("VL2", "ada@example.net")]))
        assert [(one.ref, one.carrier_ref, one.error_code, one.retry_after_ms) for one in answers] == [
            ("VL1", "VL1", None, None),
            ("VL2", "VL2", None, None),
        ]
        assert [(one.mail_from, one.rcpt_tos) for one in there.mails] == [
            ("codes@example.com", ["sam@example.net"]),
            ("codes@example.com", ["ada@example.net"]),
        ]
        assert b"Your code is 482913" in there.mails[0].content
        assert there.connections == 1


@pytest.mark.parametrize(
    ("answer", "code"), [("550 5.1.1 Nobody", 30005), ("553 No", 30005), ("554 Spam", 30007), ("552 Full", 30008)]
)
def test_what_the_relay_refuses_has_failed_and_the_next_mail_goes_on(run, clock, answer: str, code: int) -> None:
    with relay() as there:
        there.answers = [answer]
        first, second = run(carrier(there, clock).submit([mail("VL1"), mail("VL2")]))
        assert (first.carrier_ref, first.error_code, first.retry_after_ms) == (None, code, None)
        assert first.raw == f"stat:REJECTD err:{answer[:3]}"
        assert second.carrier_ref == "VL2"
        assert len(there.mails) == 1


@pytest.mark.parametrize(("answer", "code", "wait_ms"), [("554 5.5.1 No", 30007, None), ("451 4.3.0 No", None, 1_000)])
def test_content_that_the_relay_would_not_even_have_spoils_no_other_mail(
    run, clock: ManualClock, answer: str, code: int | None, wait_ms: int | None
) -> None:
    with relay() as there:
        there.refuses_content = [answer]
        first, second = run(carrier(there, clock).submit([mail("VL1"), mail("VL2")]))
        assert (first.carrier_ref, first.error_code, first.retry_after_ms) == (None, code, wait_ms)
        assert (second.carrier_ref, second.error_code) == ("VL2", None)
        assert there.connections == 1


def test_what_it_does_not_take_for_now_is_offered_again_ever_later(run, clock: ManualClock) -> None:
    with relay() as there:
        taking = carrier(there, clock)
        there.answers = ["450 4.2.0 Later"] * 7
        waits = [run(taking.submit([mail()]))[0].retry_after_ms for _ in range(7)]
        assert waits == [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]
        assert run(taking.submit([mail()]))[0].carrier_ref == "VL1"
        there.answers = ["450 4.2.0 Later"]
        assert run(taking.submit([mail()]))[0].retry_after_ms == 1_000


def test_a_connection_that_is_lost_on_the_way_costs_only_what_was_not_answered(run, clock: ManualClock) -> None:
    with relay() as there:
        there.loses = True
        first, second, third = run(carrier(there, clock).submit([mail("VL1"), mail("VL2"), mail("VL3")]))
        assert first.carrier_ref == "VL1"
        assert (second.retry_after_ms, third.retry_after_ms) == (1_000, 1_000)


def test_a_relay_that_is_away_is_not_asked_for_every_mail(run, clock: ManualClock) -> None:
    with relay() as there:
        port = there.port
    away = SmtpCarrier(parse_smtp_url(f"smtp://{HOST}:{port}"), FROM, clock, ssl.create_default_context())
    with structlog.testing.capture_logs() as logged:
        for advance_ms, asked in ((0, 1), (999, 1), (1, 2), (1_999, 2), (1, 3)):
            clock.advance(advance_ms)
            with pytest.raises(ConnectionError):
                run(away.submit([mail()]))
            assert len(logged) == asked
            assert not away.healthy()
    assert {entry["why"] for entry in logged} == {"it cannot be reached"}
    assert "sam@" not in str(logged)


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_over_tls_it_signs_in(run, clock: ManualClock, tmp_path: Path, security: str) -> None:
    pem = certificate(tmp_path)
    with relay(tls=security, certificate=pem, signed_in=True) as there:
        server = SmtpServer(host="localhost", port=there.port, security=security, user=USER, password=PASSWORD)  # type: ignore[arg-type]
        taking = SmtpCarrier(server, FROM, clock, ssl.create_default_context(cafile=str(pem)))
        assert run(taking.submit([mail()]))[0].carrier_ref == "VL1"
        assert taking.healthy()


def test_a_wrong_password_is_told_without_it(run, clock: ManualClock, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    with relay(tls="tls", certificate=pem, signed_in=True) as there, structlog.testing.capture_logs() as logged:
        url = f"smtps://{USER}:{quote('wr0ng')}@localhost:{there.port}"
        with pytest.raises(ConnectionError):
            run(carrier(there, clock, url=url, ca=pem).submit([mail()]))
        assert not there.mails
    assert [entry["why"] for entry in logged] == ["it does not take the user and password"]
    assert "wr0ng" not in str(logged)


def test_a_certificate_that_nobody_vouches_for_gets_no_mail(run, clock: ManualClock, tmp_path: Path) -> None:
    pem = certificate(tmp_path)
    for tls, host in (("tls", "localhost"), ("starttls", "localhost"), ("tls", HOST)):
        with relay(tls=tls, certificate=pem) as there, structlog.testing.capture_logs() as logged:
            server = SmtpServer(host=host, port=there.port, security=tls)  # type: ignore[arg-type]
            # The second is believed, but for another name.
            believed = ssl.create_default_context(cafile=str(pem)) if host == HOST else ssl.create_default_context()
            with pytest.raises(ConnectionError):
                run(SmtpCarrier(server, FROM, clock, believed).submit([mail()]))
            assert not there.mails
        assert [entry["why"] for entry in logged] == ["its certificate is not believed, or it speaks no TLS"]


def test_a_relay_without_starttls_gets_no_mail_beyond_loopback(run, clock: ManualClock) -> None:
    with relay() as there, structlog.testing.capture_logs() as logged:
        server = SmtpServer(host=HOST, port=there.port, security="starttls")
        with pytest.raises(ConnectionError):
            run(SmtpCarrier(server, FROM, clock, ssl.create_default_context()).submit([mail()]))
        assert not there.mails
    assert logged[0]["why"].startswith("it does not offer STARTTLS")
