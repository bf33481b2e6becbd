"""What the command line shows of a running installation: logs, requests and webhooks as they happen."""

import contextlib
import json
import re
import signal
import sys
import time
from typing import Any

import pytest

from ringfence.ipc.live import PATIENCE_S

CUSTOMER = "+12025550166"


@pytest.fixture
def watched(installation: Any, start_program: Any, tmp_path: Any) -> Any:
    """Start a `ringfence` command on the installation."""

    def start(*arguments: str) -> Any:
        command = [sys.executable, "-m", "ringfence", *arguments, "--data", str(installation.data)]
        return start_program(command, tmp_path, installation.environment | {"PYTHONUNBUFFERED": "1", "COLUMNS": "200"})

    return start


def test_logs_follow_shows_requests_and_webhooks_without_what_they_hold(installation, watched, webhooks) -> None:
    logs = watched("logs", "--follow", "--json", "--lines", "0")
    client = installation.client()
    # The first requests may come before the watcher is there.
    for _ in range(60):
        client.messages.list(limit=1)
        with contextlib.suppress(AssertionError):
            logs.await_line("request answered", limit_s=0.5)
            break
    sid = client.messages.create(
        from_=installation.shop, to=CUSTOMER, body="c4n4ry", status_callback=f"{webhooks.url}/s3cret-path"
    ).sid
    request = json.loads(logs.await_line("POST /2010-04-01"))
    assert request["route"] == "api POST /2010-04-01/Accounts/{AccountSid}/Messages"
    assert (request["http_status"], request["level"], request["role"]) == (201, "info", "api")
    # Others' texts may be told of meanwhile, on an installation that tests share.
    while (webhook := json.loads(logs.await_line("message.delivered")))["message_sid"] != sid:
        continue
    assert (webhook["event"], webhook["http_status"], webhook["status"]) == ("webhook attempted", 200, "done")
    logs.stop()
    shown = "\n".join(logs.seen)
    assert not [
        secret for secret in ("c4n4ry", CUSTOMER[1:], "s3cret-path", installation.auth_token) if secret in shown
    ]


@pytest.fixture
def shop_webhook(installation: Any) -> Any:
    """Have the shop's texts told to a URL alone, whatever it had before; afterwards to none."""
    (number,) = installation.client().incoming_phone_numbers.list(phone_number=installation.shop)
    yield lambda url: number.update(sms_url=url, sms_fallback_url="")
    number.update(sms_url="")


def test_a_triggered_text_is_shown_with_what_the_program_answered(
    installation, command, webhooks, shop_webhook
) -> None:
    shop_webhook(f"{webhooks.url}/sms")
    webhooks.answer = b"<Response><Message>See you!</Message></Response>"
    done = command("trigger", "sms.inbound", "--from", CUSTOMER, "--body", "C", "--port", str(installation.port))
    assert done.returncode == 0, done.stdout + done.stderr
    text, webhook, answer, reply = done.stdout.splitlines()
    assert re.fullmatch(rf'text     \{CUSTOMER} → \{installation.shop}  "C"  SM\w{{32}}', text)
    assert re.fullmatch(rf"webhook  POST {webhooks.url}/sms → 200 in \d+ ms", webhook)
    assert answer == "         <Response><Message>See you!</Message></Response>"
    assert re.fullmatch(rf'reply    \{installation.shop} → \{CUSTOMER}  "See you!"  SM\w{{32}}', reply)
    assert [webhook.form["Body"] for webhook in webhooks.received] == ["C"]


def test_a_triggered_text_to_a_number_without_a_webhook_says_what_to_do(installation, command) -> None:
    done = command("trigger", "sms.inbound", "--port", str(installation.port))
    assert done.returncode == 0
    assert "go nowhere → ringfence number configure" in done.stderr


def test_a_program_that_fails_is_shown_and_can_be_told_again(installation, command, webhooks, shop_webhook) -> None:
    shop_webhook(f"{webhooks.url}/sms")
    webhooks.status = 404
    done = command("trigger", "sms.opt_in", "--from", CUSTOMER, "--port", str(installation.port))
    assert done.returncode == 1
    assert "→ 404 in" in done.stdout
    assert "error    11200 the program answered with an error" in done.stdout
    (failure, *_) = json.loads(command("events", "list", "--output", "json").stdout)
    assert (failure["kind"], failure["attempts"]) == ("message.received", 1)
    webhooks.status = 200
    again = command("events", "resend", str(failure["event"]))
    assert again.returncode == 0, again.stderr
    assert re.match(rf"webhook  POST {webhooks.url}/sms → 200 in \d+ ms\n", again.stdout)
    assert failure["event"] not in [
        row["event"] for row in json.loads(command("events", "list", "--output", "json").stdout)
    ]


def test_an_opt_out_says_once_why_the_reply_was_not_accepted(installation, command, webhooks, shop_webhook) -> None:
    webhooks.answer = b"<Response><Message>Bye</Message></Response>"
    shop_webhook(f"{webhooks.url}/sms")
    port = ("--port", str(installation.port))
    out = command("trigger", "sms.opt_out", "--from", CUSTOMER, *port).stdout
    command("trigger", "sms.opt_in", "--from", CUSTOMER, *port)
    assert out.count("21610 ") == 1
    assert "wrong    21610 a reply was not accepted: The recipient opted out." in out


def test_deliveries_and_failures_can_be_triggered(installation, command, webhooks) -> None:
    options = ("--status-callback", f"{webhooks.url}/status", "--port", str(installation.port))
    undelivered = command("trigger", "sms.undelivered", "--to", CUSTOMER, "--code", "30006", *options)
    assert undelivered.returncode == 0, undelivered.stderr
    delivered = command("trigger", "sms.delivered", "--to", CUSTOMER, *options)
    assert delivered.returncode == 0, delivered.stderr
    told = [(webhook.form["MessageStatus"], webhook.form.get("ErrorCode")) for webhook in webhooks.received]
    assert told == [("sent", None), ("undelivered", "30006"), ("sent", None), ("delivered", None)]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sms.pigeon",), "one of: sms.inbound"),
        (("sms.inbound", "--output", "json"), "give --output with --list alone"),
        (("sms.delivered",), "--status-callback http"),
        (("sms.undelivered", "--code", "1", "--status-callback", "http://localhost:1"), "one of: 30003"),
        (("sms.inbound", "--to", "+12025550111"), "ringfence number add +12025550111"),
        (("sms.inbound", "--from", "Sam"), "write it as +12025550177"),
    ],
)
def test_what_cannot_be_triggered_says_what_can(installation, command, arguments, words) -> None:
    done = command("trigger", *arguments, "--port", str(installation.port))
    assert done.returncode in (1, 2)
    assert words in done.stderr


def test_an_event_that_is_not_there_cannot_be_told_again(command) -> None:
    done = command("events", "resend", "999999")
    assert done.returncode == 1
    assert "`ringfence events list`" in done.stderr


def test_texts_are_told_elsewhere_while_somebody_listens(
    installation, command, watched, webhooks, shop_webhook, handset
) -> None:
    shop_webhook(f"{webhooks.url}/usual")
    listener = watched("listen", "--forward-to", f"{webhooks.url}/mine", "--number", installation.shop)
    listener.await_line(f"{installation.shop} texts → {webhooks.url}/mine")
    customer = handset(CUSTOMER)
    customer.reply("c4n4ry")
    line = listener.await_line("received")
    assert re.fullmatch(
        rf"\d\d:\d\d:\d\d  received    SM\w{{32}}  POST {webhooks.url}/mine → 200 in \d+ ms \(signature ok\)", line
    )
    webhooks.status = 403
    customer.reply("again")
    listener.await_line("error 11200")
    assert "ringfence doctor signature --event" in listener.await_line("refuse the signature?")
    (event, *_) = json.loads(command("events", "list", "--output", "json").stdout)
    seen_by_the_app = webhooks.url.replace("http://", "https://") + "/mine/"
    doctor = command("doctor", "signature", "--event", str(event["event"]), "--url", seen_by_the_app)
    assert doctor.returncode == 0, doctor.stderr
    assert f"signed   {webhooks.url}/mine\n" in doctor.stdout
    assert "✗ scheme: http was signed" in doctor.stdout
    webhooks.status = 200
    assert listener.stop() == 0
    customer.reply("after")
    usual = webhooks.await_one(lambda webhook: webhook.path == "/usual")
    assert usual.form["Body"] == "after"
    assert {webhook.form["Body"] for webhook in webhooks.received if webhook.path == "/mine"} == {"c4n4ry", "again"}
    assert "c4n4ry" not in "\n".join(listener.seen)


def test_a_listener_that_is_killed_leaves_nothing_behind(
    installation, watched, webhooks, shop_webhook, handset
) -> None:
    shop_webhook(f"{webhooks.url}/usual")
    listener = watched("listen", "--forward-to", f"{webhooks.url.removeprefix('http://')}/mine")
    listener.await_line(f"{installation.shop} texts → {webhooks.url}/mine")
    listener.stop(signal.SIGKILL)
    time.sleep(PATIENCE_S)
    handset(CUSTOMER).reply("after")
    assert webhooks.await_one(lambda webhook: webhook.path == "/usual").form["Body"] == "after"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--forward-to", "ftp://localhost/x"), "write it as 5000, localhost:5000/sms or http://localhost:5000/sms"),
        (("--forward-to", "localhost:5000", "--number", "+12025550111"), "ringfence number add +12025550111"),
    ],
)
def test_what_cannot_be_listened_to_is_refused(command, arguments, words) -> None:
    done = command("listen", *arguments)
    assert done.returncode in (1, 2)
    assert words in done.stderr
