"""Which way mails take follows the operator's settings."""

from pathlib import Path

import pytest

from ringfence.domain.clock import ManualClock
from ringfence.roles.mail import mail_route, mailer_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

RELAY = {"smtp_url": "smtp://localhost:1025", "mail_from": "codes@example.com"}


def test_in_dev_mails_go_to_mailboxes_unless_a_relay_is_set() -> None:
    route = mail_route(Settings())
    assert route is not None
    assert (route.carrier, route.sender) == ("simulator", "codes@ringfence.example")
    relayed = mail_route(Settings(**RELAY))
    assert relayed is not None
    assert (relayed.carrier, relayed.sender) == ("mail", "codes@example.com")


def test_in_production_without_a_relay_there_is_no_mail() -> None:
    assert mail_route(Settings(mode="production")) is None
    assert mail_route(Settings(mode="production", **RELAY)) is not None


def test_only_a_relay_needs_someone_to_hand_mails_in(clock: ManualClock) -> None:
    assert mailer_of(Settings(), clock) is None
    made = mailer_of(Settings(**RELAY), clock)
    assert made is not None
    assert made.name == "mail"


def test_authorities_that_are_none_are_refused(clock: ManualClock, tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    for name in ("ca.pem", "missing.pem"):
        with pytest.raises(RefusalError, match="smtp_ca"):
            mailer_of(Settings(**RELAY, smtp_ca=str(tmp_path / name)), clock)
