"""A drill on a party of the story: whoever has read one code registers somebody else's number, unless there is a PIN.

The attacker reads the code that comes to the victim, as in August 2022, and nothing else. The victims of the control
have no registration lock.
"""

import itertools
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from tests.clients.signup import PEPPER, PIN, WRONG, Device, Server, served

from ringfence.drills.design import OURS, control
from ringfence.drills.registration_lock import missing, registration_lock
from ringfence.testing import Phone, Ringfence

VICTIMS = [f"+1202555{number:04d}" for number in range(120, 125)]
FIRST_GUESSES = [f"{number:06d}" for number in range(1_000)]
DAY_S = 86_400


@pytest.fixture
def server(ringfence: Ringfence, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Server]:
    yield from served(ringfence, monkeypatch, tmp_path)


def victims(ringfence: Ringfence, server: Server, pin: str) -> list[tuple[Phone, Device]]:
    phones = [ringfence.phone(number) for number in VICTIMS]
    return [(phone, server.registered(phone, pin)) for phone in phones]


def test_on_the_control_one_code_is_enough_for_every_number(ringfence: Ringfence, server: Server) -> None:
    taken = 0
    for phone, device in victims(ringfence, server, ""):
        answered = server.show_code(phone)
        taken += answered.status_code == 201
        assert not device.registered
        assert device.notices == ["code shown", "replaced"]
    assert taken == len(VICTIMS)


def test_with_a_pin_one_code_is_enough_for_no_number(ringfence: Ringfence, server: Server) -> None:
    taken = 0
    for phone, device in victims(ringfence, server, PIN):
        answered = server.show_code(phone)
        assert answered.status_code == 423
        for guess in FIRST_GUESSES:
            taken += server.post("/unlock", ticket=answered.json["ticket"], pin=guess).status_code == 201
        assert device.registered
        assert device.notices == ["code shown", "wrong PIN"]
    assert taken == 0


def test_whoever_reads_every_code_for_weeks_has_five_guesses(ringfence: Ringfence, server: Server) -> None:
    ((phone, device), *_) = victims(ringfence, server, PIN)
    compared = 0
    guesses = iter(FIRST_GUESSES)
    for _ in range(21):
        answered = server.show_code(phone)
        assert answered.status_code == 423
        for guess in itertools.islice(guesses, 20):
            before = answered.json["tries_left"]
            answered = server.post("/unlock", ticket=answered.json["ticket"], pin=guess)
            assert answered.status_code == 423
            compared += before - answered.json["tries_left"]
        # Neither a crash nor the next day nor a new code brings guesses back, while the owner's app is in use.
        server.restart()
        ringfence.clock.advance(seconds=DAY_S)
        assert device.registered
    assert compared == 5
    # The right one comes too late, even to the owner: a new PIN is set on the device that is still there.
    answered = server.show_code(phone)
    assert server.post("/unlock", ticket=answered.json["ticket"], pin=PIN).json["tries_left"] == 0
    assert device.lock(PIN).status_code == 204
    assert server.post("/unlock", ticket=answered.json["ticket"], pin=PIN).status_code == 201


def test_a_hundred_guesses_at_once_are_one(ringfence: Ringfence, server: Server, monkeypatch: Any) -> None:
    ((phone, device), *_) = victims(ringfence, server, PIN)
    ticket = server.show_code(phone).json["ticket"]
    hashed: list[str] = []
    slow_hash = server.modules["pin"].slow_hash

    def counted(pin: str, salt: bytes, pepper: bytes) -> bytes:
        hashed.append(pin)
        return bytes(slow_hash(pin, salt, pepper))

    monkeypatch.setattr(server.modules["pin"], "slow_hash", counted)
    outcomes: list[object] = []
    guesses = [*FIRST_GUESSES[:99], PIN]
    together = threading.Barrier(len(guesses))

    def guess(pin: str) -> None:
        together.wait()
        outcomes.append(server.registration.show_pin(ticket, pin))

    threads = [threading.Thread(target=guess, args=(pin,)) for pin in guesses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(hashed) == 1
    assert len(outcomes) == len(guesses)
    assert device.registered is (hashed != [PIN])


def test_a_code_and_its_ticket_are_good_for_their_number_once_and_for_ten_minutes(
    ringfence: Ringfence, server: Server
) -> None:
    ((phone, device), (other, others), *_) = victims(ringfence, server, PIN)
    code = server.code(phone)
    assert server.post("/registrations", number=other.number, code=code).status_code == 403
    ticket = server.post("/registrations", number=phone.number, code=code).json["ticket"]
    assert server.post("/registrations", number=phone.number, code=code).status_code == 403
    ringfence.clock.advance(minutes=10)
    assert server.post("/unlock", ticket=ticket, pin=PIN).status_code == 403
    assert (device.registered, others.registered) == (True, True)


def test_a_thief_of_the_database_finds_no_number_token_or_code_and_cannot_guess(
    ringfence: Ringfence, server: Server
) -> None:
    ((phone, _), *_) = victims(ringfence, server, PIN)
    code = server.code(phone)
    answered = server.post("/registrations", number=phone.number, code=code)
    server.post("/unlock", ticket=answered.json["ticket"], pin=WRONG)
    stolen = b"".join(path.read_bytes() for path in server.database.parent.glob("messenger.db*"))
    for secret in (phone.number, phone.number[1:], code, PIN, WRONG, answered.json["ticket"]):
        assert secret.encode() not in stolen
    with closing(sqlite3.connect(server.database)) as database:
        kept = database.execute("SELECT salt, hash FROM account").fetchall()
    assert len({hashed for _, hashed in kept}) == len(VICTIMS), "all have the same PIN, and nobody sees that"
    # All six digits could be tried on a salt and a hash, but for the key that is not in the database.
    (salt, hashed), *_ = kept
    slow_hash = server.modules["pin"].slow_hash
    assert slow_hash(PIN, salt, b"") != hashed
    assert slow_hash(PIN, salt, PEPPER) == hashed


def test_d35_whoever_reads_the_codes_takes_all_numbers_of_the_control_and_none_with_a_pin() -> None:
    other = control()
    assert other is not None, "a checkout has the control build"
    ours, theirs = registration_lock(OURS, 2), registration_lock(other, 2)
    assert (ours.reached, theirs.reached) == (0, 2)
    assert dict(ours.rows) == {
        "PINs compared of one number, at most": "5",
        "owners told that a code was shown": "2 of 2",
    }
    assert dict(theirs.rows)["PINs compared of one number, at most"] == "0"


def test_d35_is_left_out_where_the_example_is_not(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert missing() == ""
    monkeypatch.setattr("ringfence.drills.registration_lock.EXAMPLES", tmp_path)
    assert missing() == "examples/messenger-signup is in a checkout only"
