"""Codes that are refused before anything is sent: written down, found by number and SID, explained without a key."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from tests.api.test_verifications import Verify
from twilio.base.exceptions import TwilioRestException

from ringfence.domain import call
from ringfence.domain.fraud_guard.networks import read_networks
from ringfence.domain.verification import Attempt
from ringfence.ports.calls import CallChange, StepRow
from ringfence.ports.fraud_guard import NoGuard, Refusal, Sending

TO = "+12025550177"
WHY = "40 codes went to its range within an hour, and none came back."


class Guard(NoGuard):
    """Refuses everything, as it is told to."""

    def __init__(self, code: int, why: str) -> None:
        self._refusal = Refusal(code, why)

    async def refusal(self, sending: Sending) -> Refusal | None:
        return self._refusal


@pytest.fixture
def verify(tenant: Any) -> Verify:
    return Verify(tenant)


@pytest.fixture
def guarded(installation: Any) -> Iterator[Any]:
    """Puts a guard in front of all starts."""
    starter = installation.deps.verifying.starter
    before = starter._guard

    def put(code: int, why: str) -> None:
        starter._guard = Guard(code, why)

    yield put
    starter._guard = before


@pytest.fixture
def keyless(installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credential opens the key of any hour."""

    async def nothing(caller: Any, account: str, epochs: Any) -> dict[int, bytes]:
        return {}

    monkeypatch.setattr(installation.keys, "open_epochs", nothing)


def refused(verify: Verify, **fields: Any) -> tuple[int, str, str]:
    """Code, words, and the SID that they name."""
    with pytest.raises(TwilioRestException) as refusal:
        verify.start(**fields)
    words, _, sid = str(refusal.value.msg).rpartition(". Timeline: ")
    return int(refusal.value.code), words, sid


def timeline(verify: Verify, sid: str) -> dict[str, Any]:
    tenant = verify.tenant
    url = f"{tenant.installation.url}/ringfence/v1/Accounts/{tenant.sid}/Verifications/{sid}/Timeline"
    answer = requests.get(url, auth=(tenant.sid, tenant.token), timeout=10)
    answer.raise_for_status()
    shown: dict[str, Any] = answer.json()
    return shown


@pytest.mark.parametrize(
    ("code", "cause", "fix"),
    [(60410, "look like fraud", "safe list"), (60605, "may not go to that country", "`verify_countries`")],
)
def test_a_refusal_of_the_guard_is_explained_without_a_key(
    verify: Verify, guarded: Any, keyless: None, code: int, cause: str, fix: str
) -> None:
    guarded(code, WHY)
    told, words, sid = refused(verify)
    assert told == code
    assert words.endswith(WHY.rstrip("."))
    shown = timeline(verify, sid)
    assert (shown["status"], shown["opened"], shown["to"]) == ("failed", False, None)
    assert cause in shown["outcome"]["cause"]
    assert fix in shown["outcome"]["fix"]
    (sending,) = shown["sendings"]
    assert sending["problem"]["message"].endswith(WHY)
    assert (sending["status"], sending["url"]) == (None, None)
    assert TO not in str(shown)


def test_it_is_found_by_its_number_among_the_attempts_and_not_counted(verify: Verify, guarded: Any) -> None:
    guarded(60410, WHY)
    _, _, sid = refused(verify)
    (found,) = verify.client.verify.v2.verification_attempts.list(channel_data_to=TO)
    assert (found.verification_sid, found.conversion_status) == (sid, "unconverted")
    assert found.channel_data["error_code"] == "60410"
    assert found.channel_data["message_status"] == "failed"
    assert found.channel_data["to"] == TO
    summary = verify.client.verify.v2.verification_attempts_summary
    assert summary().fetch().total_attempts == 0
    assert summary().fetch(destination_prefix="+1").total_attempts == 0


def test_it_holds_no_number(verify: Verify, guarded: Any, installation: Any) -> None:
    guarded(60410, WHY)
    _, _, sid = refused(verify)
    with pytest.raises(TwilioRestException):
        verify.of_service.verifications(TO).fetch()
    assert verify.of_service.verifications(sid).fetch().status == "failed"
    installation.deps.verifying.starter._guard = NoGuard()
    assert verify.start().sid != sid


def test_a_refusal_while_one_is_pending_is_noted_there(verify: Verify, guarded: Any) -> None:
    started = verify.start()
    guarded(60410, WHY)
    _, _, sid = refused(verify)
    assert sid == started.sid
    shown = timeline(verify, sid)
    assert [sending["status"] for sending in shown["sendings"]] == ["queued", None]
    assert shown["status"] == "pending"
    assert len(verify.of_service.verifications(sid).fetch().send_code_attempts) == 1
    assert verify.check(verify.code(started)).status == "approved"


def test_a_channel_that_refuses_says_so(verify: Verify, installation: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    channels = installation.deps.verifying.starter._channels
    monkeypatch.setattr(channels["sms"], "_stock_sender", False)
    code, _, sid = refused(verify)
    assert code == 60217
    shown = timeline(verify, sid)
    assert "no number" in shown["outcome"]["cause"]
    assert "Buy one" in shown["outcome"]["fix"]
    (found,) = verify.client.verify.v2.verification_attempts.list()
    assert (found.channel_data["error_code"], found.verification_sid) == ("60217", sid)


@pytest.mark.parametrize("fields", [{"to": "nobody"}, {"channel": "pigeon"}, {"custom_code": "123456"}])
def test_what_a_program_got_wrong_is_not_written_down(verify: Verify, fields: dict[str, Any]) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        verify.start(**fields)
    assert "Timeline" not in str(refusal.value.msg)
    assert verify.client.verify.v2.verification_attempts.list() == []


def test_no_voice_spoke_it(verify: Verify, keyless: None) -> None:
    started = verify.start(channel="call")
    installation, account = verify.tenant.installation, verify.tenant.sid
    sid = "CA" + started.send_code_attempts[0]["attempt_sid"][2:]
    at_ms = installation.clock.now_ms()
    step = StepRow(account=account, call_sid=sid, at_ms=at_ms, kind="error", code=13520)
    installation.run(installation.store.add_steps([step]))
    change = CallChange(status=call.Status.COMPLETED, at_ms=at_ms)
    installation.run(installation.store.move_call(account, sid, change))
    shown = timeline(verify, started.sid)
    assert "13520" in shown["outcome"]["message"]
    assert "could not speak" in shown["outcome"]["cause"]
    assert "by text" in shown["outcome"]["fix"]


def test_a_sending_that_was_interrupted_is_told_apart(verify: Verify) -> None:
    started = verify.start()
    installation, account = verify.tenant.installation, verify.tenant.sid
    half = Attempt("VL" + "f" * 32, "sms", installation.clock.now_ms() + 1_000)
    installation.run(installation.store.attempt_verification(account, started.sid, half, 5))
    outcome = timeline(verify, started.sid)["outcome"]
    assert outcome["message"] == "Nothing was sent."
    assert "interrupted" in outcome["cause"]


def test_a_key_service_that_is_away_is_no_refusal(
    verify: Verify, installation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: Any) -> None:
        raise ConnectionError

    monkeypatch.setattr(installation.keys, "open_code", away)
    with pytest.raises(TwilioRestException) as refusal:
        verify.start()
    assert refusal.value.status == 503
    assert verify.client.verify.v2.verification_attempts.list() == []


def test_a_start_counts_for_the_network_of_its_address(tenant: Any) -> None:
    starter, verify = tenant.installation.deps.verifying.starter, Verify(tenant)
    starter._networks = read_networks(["192.0.2.0\t192.0.2.255\t64500\tZZ\tOWL-NET"])
    try:
        started = [verify.start(device_ip=address) for address in ("192.0.2.7", "192.0.2.8", "198.51.100.7")]
    finally:
        starter._networks = None
    row = tenant.installation.run(tenant.installation.store.verification(tenant.sid, started[0].sid))
    kinds = [[name.partition(":")[0] for name in attempt.origins] for attempt in row.attempts]
    assert kinds == [["address", "network"], ["address", "network"], ["address"]]
    assert row.attempts[0].origins[1] == row.attempts[1].origins[1]
