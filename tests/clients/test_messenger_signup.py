"""The messenger's sign-up server: codes by Verify, and a registration lock with a PIN.

What an attacker comes to is in tests/drills/test_registration_lock.py.
"""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from requests import ConnectionError as NoConnectionError
from tests.clients.signup import EXAMPLE, PIN, WRONG, Device, Server, served, shown_commands

from ringfence.testing import Phone, Ringfence

NUMBER = "+12025550177"


@pytest.fixture
def server(ringfence: Ringfence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    yield from served(ringfence, monkeypatch, tmp_path)


@pytest.fixture
def phone(ringfence: Ringfence) -> Phone:
    return ringfence.phone(NUMBER)


def test_a_number_is_registered_by_the_code_that_came_to_it(server: Server, phone: Phone) -> None:
    code = server.code(phone)
    assert phone.last_text().body == f"Your Pigeon verification code is: {code}"
    assert server.post("/registrations", number=NUMBER, code=f"{(int(code) + 1) % 10**6:06d}").status_code == 403
    answered = server.post("/registrations", number=NUMBER, code=code)
    assert answered.status_code == 201
    device = Device(server, answered.json["token"])
    assert (device.registered, device.notices) == (True, [])


def test_nobody_learns_from_the_answer_whether_a_number_is_registered(server: Server, phone: Phone) -> None:
    before = server.post("/codes", number=NUMBER)
    server.post("/registrations", number=NUMBER, code=phone.last_code())
    after = server.post("/codes", number=NUMBER)
    assert (before.status_code, before.data) == (after.status_code, after.data) == (202, b"")


def test_the_owner_moves_to_a_new_telephone_with_code_and_pin(server: Server, phone: Phone) -> None:
    old = server.registered(phone, PIN)
    asked = server.show_code(phone)
    assert asked.status_code == 423
    assert (asked.json["tries_left"], asked.json["retry_after_s"]) == (5, 0)
    answered = server.post("/unlock", ticket=asked.json["ticket"], pin=PIN)
    assert answered.status_code == 201
    new = Device(server, answered.json["token"])
    assert (old.registered, old.notices) == (False, ["code shown", "replaced"])
    assert (new.registered, new.notices) == (True, [])
    # The lock has moved along, and the ticket is used up.
    assert server.post("/unlock", ticket=asked.json["ticket"], pin=PIN).status_code == 403
    assert server.show_code(phone).status_code == 423


def test_each_wrong_pin_makes_the_next_wait_longer_and_the_fifth_is_the_last(
    ringfence: Ringfence, server: Server, phone: Phone
) -> None:
    device = server.registered(phone, PIN)
    for left, wait_s in ((4, 30), (3, 300), (2, 3_600), (1, 86_400), (0, 0)):
        ticket = server.show_code(phone).json["ticket"]
        refused = server.post("/unlock", ticket=ticket, pin=WRONG)
        assert refused.status_code == 423
        assert refused.json["tries_left"] == left
        assert refused.json["retry_after_s"] == pytest.approx(wait_s, abs=1)
        # Too early, the right one is not even compared.
        assert server.post("/unlock", ticket=ticket, pin=PIN).json["tries_left"] == left
        ringfence.clock.advance(seconds=wait_s)
    assert server.post("/unlock", ticket=server.show_code(phone).json["ticket"], pin=PIN).status_code == 423
    assert device.registered
    assert device.notices.count("wrong PIN") == 5


def test_the_right_pin_forgets_the_wrong_ones(ringfence: Ringfence, server: Server, phone: Phone) -> None:
    server.registered(phone, PIN)
    ticket = server.show_code(phone).json["ticket"]
    server.post("/unlock", ticket=ticket, pin=WRONG)
    ringfence.clock.advance(seconds=30)
    assert server.post("/unlock", ticket=ticket, pin=PIN).status_code == 201
    assert server.show_code(phone).json["tries_left"] == 5


def test_tries_outlive_the_process(server: Server, phone: Phone) -> None:
    server.registered(phone, PIN)
    ticket = server.show_code(phone).json["ticket"]
    server.post("/unlock", ticket=ticket, pin=WRONG)
    server.restart()
    assert server.post("/unlock", ticket=ticket, pin=PIN).json["tries_left"] == 4


@pytest.mark.parametrize(("days", "status"), [(6.9, 423), (7, 201)])
def test_a_lock_lapses_a_week_after_its_telephone_was_last_seen(
    ringfence: Ringfence, server: Server, phone: Phone, days: float, status: int
) -> None:
    device = server.registered(phone, PIN)
    ringfence.clock.advance(days=3)
    assert device.registered
    ringfence.clock.advance(days=days)
    assert server.show_code(phone).status_code == status


def test_a_lock_that_lapsed_is_gone(ringfence: Ringfence, server: Server, phone: Phone) -> None:
    server.registered(phone, PIN)
    ringfence.clock.advance(days=7)
    server.registered(phone)
    assert server.show_code(phone).status_code == 201


def test_a_ticket_is_nothing_once_the_owner_took_the_lock_off(server: Server, phone: Phone) -> None:
    device = server.registered(phone, PIN)
    ticket = server.show_code(phone).json["ticket"]
    assert device.unlock().status_code == 204
    assert server.post("/unlock", ticket=ticket, pin=PIN).status_code == 403
    assert device.registered
    assert server.show_code(phone).status_code == 201


def test_a_pin_that_changes_while_the_old_one_is_compared_wins(
    server: Server, phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    device = server.registered(phone, PIN)
    ticket = server.show_code(phone).json["ticket"]
    pins = server.modules["pin"]
    slow_hash = pins.slow_hash

    def meanwhile(pin: str, salt: bytes, pepper: bytes) -> bytes:
        monkeypatch.setattr(pins, "slow_hash", slow_hash)
        assert device.lock("a new PIN").status_code == 204
        return bytes(slow_hash(pin, salt, pepper))

    monkeypatch.setattr(pins, "slow_hash", meanwhile)
    assert server.post("/unlock", ticket=ticket, pin=PIN).status_code == 403
    assert device.registered


@pytest.mark.parametrize("pin", ["", "12345", "x" * 65, "000000", "121212", "123456", "456789", "987654", "890123"])
def test_a_pin_that_is_guessed_first_is_refused(server: Server, phone: Phone, pin: str) -> None:
    device = server.registered(phone)
    assert device.lock(pin).status_code == 400
    assert server.show_code(phone).status_code == 201


def test_a_pin_is_the_same_in_whatever_digits_it_is_typed(server: Server, phone: Phone) -> None:
    server.registered(phone, PIN)
    ticket = server.show_code(phone).json["ticket"]
    wide = "".join(chr(ord("０") + int(digit)) for digit in PIN)
    assert server.post("/unlock", ticket=ticket, pin=wide).status_code == 201


def test_only_the_registered_device_may_lock(server: Server, phone: Phone) -> None:
    old = server.registered(phone)
    new = server.registered(phone)
    for device in (old, Device(server, "no-token"), Device(server, "")):
        assert device.lock(PIN).status_code == 401
        assert device.unlock().status_code == 401
    assert new.lock(PIN).status_code == 204
    assert server.http.get("/notices").status_code == 401


def test_a_device_keeps_its_last_hundred_notices(server: Server, phone: Phone) -> None:
    device = server.registered(phone, PIN)
    account = server.registration.device(device._headers["Authorization"].removeprefix("Bearer ")).account
    for number in range(103):
        server.registration._accounts.notify(account, str(number), 0.0)
    assert device.notices == [str(number) for number in range(3, 103)]


@pytest.mark.parametrize(
    "number", ["", "12025550177", "+1 202 555 0177", "+0123456789", "+12025550177\n", "+１２０２５５５０１７７"]
)
def test_a_number_has_one_spelling(server: Server, number: str) -> None:
    assert server.post("/codes", number=number).status_code == 400
    assert server.post("/registrations", number=number, code="123456").status_code == 400


def test_what_verify_refuses_is_told_by_its_number_alone(server: Server) -> None:
    answered = server.post("/codes", number="+99912345678")
    assert (answered.status_code, answered.json) == (400, {"error": "refused (60200)"})


def test_the_sixth_code_has_to_wait(server: Server, phone: Phone) -> None:
    statuses = [server.post("/codes", number=NUMBER).status_code for _ in range(6)]
    assert statuses == [202] * 5 + [429]


def test_the_sixth_guess_of_a_code_is_not_compared(server: Server, phone: Phone) -> None:
    code = server.code(phone)
    guesses = [f"{(int(code) + n) % 10**6:06d}" for n in range(1, 6)]
    statuses = [server.post("/registrations", number=NUMBER, code=guess).status_code for guess in [*guesses, code]]
    assert statuses == [403] * 5 + [429]


@pytest.mark.parametrize("path", ["/codes", "/registrations"])
def test_a_platform_out_of_order_is_said(server: Server, monkeypatch: pytest.MonkeyPatch, path: str) -> None:
    def broken(*_: object, **__: object) -> None:
        raise NoConnectionError

    monkeypatch.setattr(server.modules["app"].client.http_client, "request", broken)
    assert server.post(path, number=NUMBER, code="123456").status_code == 503


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b"{}", b'{"number": 1}', b'{"number": "\\ud800"}', b"[" * 4_000, b" " * 5_000]
)
def test_what_is_no_request_is_refused(server: Server, body: bytes) -> None:
    assert server.http.post("/codes", data=body).status_code == 400


@pytest.mark.parametrize(("method", "path"), [("GET", "/codes"), ("POST", "/"), ("PUT", "/notices"), ("GET", "/lock")])
def test_there_is_nothing_else(server: Server, method: str, path: str) -> None:
    assert server.http.open(path, method=method).status_code == 404


def test_the_log_says_what_happened_and_not_to_whom(
    server: Server, phone: Phone, capsys: pytest.CaptureFixture[str]
) -> None:
    code = server.code(phone)
    token = server.post("/registrations", number=NUMBER, code=code).json["token"]
    Device(server, token).lock(PIN)
    asked = server.show_code(phone)
    server.post("/unlock", ticket=asked.json["ticket"], pin=WRONG)
    server.http.get(f"/{NUMBER}/{code}")
    out, err = capsys.readouterr()
    assert out.splitlines() == [
        "202 · POST /codes",
        "201 · POST /registrations",
        "204 · PUT /lock",
        "202 · POST /codes",
        "423 · POST /registrations",
        "423 · POST /unlock",
        "404 · no such route",
    ]
    assert [secret for secret in (NUMBER, code, PIN, WRONG, token, asked.json["ticket"]) if secret in out + err] == []
    outcomes = server.modules["registration"]
    assert (repr(outcomes.Registered(token)), repr(outcomes.Locked(token, 3, 0.0))) == (
        "Registered(…)",
        "Locked(3 tries left)",
    )


def post(url: str, path: str, **fields: str) -> requests.Response:
    return requests.post(url + path, json=fields, timeout=20)


def shown_requests(url: str) -> list[str]:
    """What the README types to register and to lock, with … for what only the reader knows."""
    shown = re.findall(r"^curl .*$", (EXAMPLE / "README.md").read_text(), re.MULTILINE)
    return [line.replace("http://localhost:5000", url) for line in shown]


def typed(command: str) -> str:
    done = subprocess.run(
        [*shlex.split(command), "-sS", "--fail-with-body"], capture_output=True, text=True, timeout=20, check=False
    )
    # 423 is an answer too: it asks for the PIN.
    assert done.returncode == 0 or "ticket" in done.stdout, done.stdout + done.stderr
    return done.stdout


def test_the_readmes_commands_register_a_number_and_a_killed_server_has_counted(
    installation: Any, handset: Any, start_program: Any, tmp_path: Path
) -> None:
    phone = handset(NUMBER)
    assert shown_commands() == ["python app.py service", "python app.py"]
    place = ["--data", str(installation.data), "--port", str(installation.port)]
    service, serve = (
        [sys.executable, "-m", "ringfence", "run", *place, "--", sys.executable, *shlex.split(shown)[1:]]
        for shown in shown_commands()
    )
    environment = installation.environment | {"PYTHONDONTWRITEBYTECODE": "1"}
    made = subprocess.run(service, cwd=EXAMPLE, env=environment, capture_output=True, text=True, timeout=60, check=True)
    environment |= {
        "VERIFY_SERVICE_SID": made.stdout.strip(),
        "MESSENGER_SECRET": "x" * 32,
        "MESSENGER_DATABASE": str(tmp_path / "messenger.db"),
        "PORT": "0",
    }

    def sent_code() -> str:
        (code,) = re.findall(r"\d{6}$", phone.await_text("Your Pigeon verification code is")["body"])
        handset(NUMBER)  # empties it
        return str(code)

    program = start_program(serve, EXAMPLE, environment)
    url = program.await_line("sign-up: ").split()[1]
    ask, register, lock = shown_requests(url)
    typed(ask)
    token = json.loads(typed(register.replace("…", sent_code())))["token"]
    assert typed(lock.replace("…", token)) == ""
    typed(ask)
    ticket = json.loads(typed(register.replace("…", sent_code())))["ticket"]
    assert post(url, "/unlock", ticket=ticket, pin=WRONG).json()["tries_left"] == 4
    (serving,) = Path(f"/proc/{program.process.pid}/task/{program.process.pid}/children").read_text().split()
    os.kill(int(serving), signal.SIGKILL)
    assert program.process.wait(20) == 128 + signal.SIGKILL

    program = start_program(serve, EXAMPLE, environment)
    url = program.await_line("sign-up: ").split()[1]
    again = post(url, "/unlock", ticket=ticket, pin=PIN)
    assert (again.status_code, again.json()["tries_left"]) == (423, 4)
    told = requests.get(f"{url}/notices", headers={"Authorization": f"Bearer {token}"}, timeout=20).json()
    assert told["registered"]
    assert [notice["kind"] for notice in told["notices"]] == ["code shown", "wrong PIN"]


def test_a_short_secret_is_refused_at_the_start(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["app.py"])
    monkeypatch.setenv("MESSENGER_SECRET", "x" * 31)
    with pytest.raises(SystemExit, match="MESSENGER_SECRET"):
        server.modules["app"].main()
