"""Why a code did not arrive, walked through on the simulated network: each timeline names cause and cure.

What it says is asked by somebody whose credential opens nothing: number, words and code are not in it.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from .conftest import CUSTOMER

ADDRESS = "sam@example.com"
LANDLINE = "+493023125001"


class Desk:
    """Support: it starts verifications as the program does, and reads their timelines."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.url = world.serve()
        made = world.client().verify.v2.services.create(friendly_name="Fade & Co")
        self.service = world.client().verify.v2.services(made.sid)
        self.auth = (world.client().username, world.client().password)

    def start(self, to: str = CUSTOMER, channel: str = "sms") -> str:
        return str(self.service.verifications.create(to=to, channel=channel).sid)

    def refused(self, to: str = CUSTOMER, channel: str = "sms") -> tuple[int, str]:
        """The error of a start that is refused, and the SID that it names."""
        with pytest.raises(TwilioRestException) as refusal:
            self.start(to, channel)
        words, _, sid = str(refusal.value.msg).rpartition(". Timeline: ")
        assert words
        return int(refusal.value.code), sid

    def why(self, sid: str) -> dict[str, Any]:
        path = f"/ringfence/v1/Accounts/{self.auth[0]}/Verifications/{sid}/Timeline"
        answer = requests.get(f"{self.url}{path}", auth=self.auth, timeout=10)
        shown: dict[str, Any] = answer.json()
        told = {"outcome": shown["outcome"], "sendings": shown["sendings"]}
        assert CUSTOMER not in str(told)
        assert ADDRESS not in str(told)
        return shown

    def fault(self, **fault: Any) -> None:
        requests.post(f"{self.url}/simulator/faults", json=fault, timeout=10).raise_for_status()


@pytest.fixture
def desk(ringfence: Any) -> Desk:
    return Desk(ringfence)


@pytest.mark.parametrize(
    ("code", "cure"),
    [
        (30003, "switch it on"),
        (30004, "Ask the recipient"),
        (30005, "a digit may be wrong"),
        (30006, "by call"),
        (30007, "by call"),
        (30008, "ask the carrier"),
    ],
)
def test_the_carrier_says_why_it_did_not_arrive(ringfence: Any, desk: Desk, code: int, cure: str) -> None:
    with ringfence.fails(code, to=CUSTOMER):
        sid = desk.start()
        ringfence.settle()
    shown = desk.why(sid)
    assert shown["outcome"]["message"].startswith("The code did not arrive: ")
    assert str(code) in shown["outcome"]["message"]
    assert cure in shown["outcome"]["fix"]
    (sending,) = shown["sendings"]
    assert (sending["status"], sending["problem"]["code"]) == ("undelivered", code)
    assert sending["problem"]["fix"] == shown["outcome"]["fix"]


def test_the_carrier_refuses_it(ringfence: Any, desk: Desk) -> None:
    desk.fault(kind="refuse", code=30034, number=CUSTOMER)
    shown = desk.why(desk.start())
    assert "30034" in shown["outcome"]["message"]
    assert "Register" in shown["outcome"]["fix"]


def test_its_time_is_up_before_it_could_be_sent(ringfence: Any, desk: Desk) -> None:
    desk.fault(kind="throttle", delay_ms=660_000)
    sid = desk.start()
    assert desk.why(sid)["outcome"]["message"] == "The code still waits to be sent."
    ringfence.clock.advance(minutes=12)
    shown = desk.why(sid)
    assert shown["status"] == "expired"
    assert "30036" in shown["outcome"]["message"]
    assert "ten minutes were over" in shown["outcome"]["cause"]


def test_the_carrier_never_says_that_it_arrived(ringfence: Any, desk: Desk) -> None:
    desk.fault(kind="lose_receipts")
    shown = desk.why(desk.start())
    assert shown["outcome"]["message"] == "The carrier has the code, and has not said that it arrived."


def test_it_arrived_and_was_not_entered(ringfence: Any, desk: Desk) -> None:
    sid = desk.start()
    assert desk.why(sid)["outcome"]["message"] == "The code arrived, and was not entered yet."
    ringfence.clock.advance(minutes=10)
    assert desk.why(sid)["outcome"]["message"] == "The code arrived, and was not entered in time."


def test_wrong_codes_were_entered(ringfence: Any, desk: Desk) -> None:
    sid = desk.start()
    right = ringfence.phone(CUSTOMER).last_code()
    wrong = "".join(str(9 - int(digit)) for digit in right)
    for _ in range(5):
        desk.service.verification_checks.create(to=CUSTOMER, code=wrong)
    with pytest.raises(TwilioRestException):
        desk.service.verification_checks.create(to=CUSTOMER, code=right)
    assert desk.why(sid)["outcome"]["message"] == "Five wrong codes were entered."
    code, noted_at = desk.refused()
    assert (code, noted_at) == (60202, sid)
    assert desk.why(sid)["sendings"][-1]["problem"]["code"] == 60202


def test_it_was_sent_five_times_already(ringfence: Any, desk: Desk) -> None:
    sids = {desk.start() for _ in range(5)}
    code, noted_at = desk.refused()
    assert (code, {noted_at}) == (60203, sids)
    shown = desk.why(noted_at)
    assert "sent five times" in shown["outcome"]["cause"]
    assert "before this one" in shown["outcome"]["fix"]
    assert [sending["status"] for sending in shown["sendings"]] == ["delivered"] * 5 + [None]
    assert shown["sendings"][-1]["url"] is None


def test_the_customer_opted_out(ringfence: Any, desk: Desk) -> None:
    number = ringfence.number("+12025550123")
    phone = ringfence.phone(CUSTOMER)
    phone.send(number, "STOP")
    shown = desk.why(desk.start())
    assert "21610" in shown["outcome"]["message"]
    assert "STOP" in shown["outcome"]["cause"]
    assert "by call" in shown["outcome"]["fix"]
    with pytest.raises(LookupError):
        phone.last_code()


def test_a_landline_is_skipped(ringfence: Any, desk: Desk) -> None:
    desk.service.update(lookup_enabled=True, skip_sms_to_landlines=True)
    code, sid = desk.refused(LANDLINE)
    shown = desk.why(sid)
    assert (code, shown["status"], shown["final"]) == (60205, "failed", True)
    assert shown["outcome"]["message"].startswith("Nothing was sent: ")
    assert "landline" in shown["outcome"]["cause"]
    assert shown["outcome"]["fix"] == "Bring the code by call."
    assert LANDLINE not in str(shown["outcome"]) + str(shown["sendings"])


def test_calls_may_not_go_to_that_country(ringfence: Any, desk: Desk) -> None:
    code, sid = desk.refused("+4917139200123", channel="call")
    shown = desk.why(sid)
    assert code == 21215
    assert "not permitted" in shown["outcome"]["cause"]
    assert "DialingPermissions" in shown["outcome"]["fix"]


@pytest.mark.parametrize(
    ("manner", "says"),
    [("busy", "The line was busy."), ("ignores", "Nobody answered."), ("declines", "The line was busy.")],
)
def test_the_call_was_not_answered(ringfence: Any, desk: Desk, manner: str, says: str) -> None:
    getattr(ringfence.phone(CUSTOMER), manner)()
    sid = desk.start(channel="call")
    ringfence.clock.advance(minutes=2)
    assert desk.why(sid)["outcome"]["message"] == says


def test_a_voicemail_took_the_call(ringfence: Any, desk: Desk) -> None:
    ringfence.phone(CUSTOMER)
    sid = desk.start(channel="call")
    assert desk.why(sid)["outcome"]["message"] == "The call is under way."
    ringfence.clock.advance(minutes=2)
    shown = desk.why(sid)
    assert "no key was pressed" in shown["outcome"]["message"]
    assert "voicemail" in shown["outcome"]["cause"]


def test_the_code_was_said_and_not_entered(ringfence: Any, desk: Desk) -> None:
    phone = ringfence.phone(CUSTOMER)
    sid = desk.start(channel="call")
    phone.await_call().press("1")
    ringfence.clock.advance(minutes=2)
    assert desk.why(sid)["outcome"]["message"] == "The code was said, and not entered yet."


def test_a_mail_bounced(ringfence: Any, desk: Desk) -> None:
    ringfence.mailbox(ADDRESS)
    with ringfence.fails(30005, to=ADDRESS):
        sid = desk.start(ADDRESS, channel="email")
        ringfence.settle()
    assert "30005" in desk.why(sid)["outcome"]["message"]


def test_it_was_entered(ringfence: Any, desk: Desk) -> None:
    sid = desk.start()
    desk.service.verification_checks.create(to=CUSTOMER, code=ringfence.phone(CUSTOMER).last_code())
    shown = desk.why(sid)
    assert (shown["outcome"]["message"], shown["outcome"]["fix"]) == ("The code was entered.", None)


def end(desk: Desk, sid: str) -> None:
    desk.service.verifications(sid).update(status="canceled")


@pytest.mark.parametrize(("act", "says"), [(end, "The verification was canceled.")])
def test_the_program_ended_it(ringfence: Any, desk: Desk, act: Callable[[Desk, str], None], says: str) -> None:
    sid = desk.start()
    act(desk, sid)
    assert desk.why(sid)["outcome"]["message"] == says
    ringfence.clock.advance(timedelta(minutes=11))
    assert desk.why(sid)["outcome"]["message"] == says
