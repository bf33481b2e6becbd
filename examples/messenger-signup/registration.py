"""What it takes to register a number: its code, and its owner's PIN where there is a lock. Nothing of HTTP in here."""

import hmac
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pin as pins
from accounts import Accounts, Device
from twilio.base.exceptions import TwilioRestException

# How long one waits after the first wrong PIN, the second, and so on. After the last there are no more tries.
DELAYS_S = (30.0, 300.0, 3_600.0, 86_400.0, 0.0)
TICKET_S = 600.0
# A lock whose device has not been seen for so long lapses: else who lost both telephone and PIN lost the number.
LOCK_LAPSES_S = 7 * 86_400.0
NOT_FOUND = 20404


class WrongCodeError(Exception):
    """The code is wrong, or there is none to compare it with."""


class NoTicketError(Exception):
    """The ticket is unknown, used or too old."""


@dataclass(frozen=True)
class Registered:
    """A device's token: it is shown once, here."""

    token: str

    def __repr__(self) -> str:
        return "Registered(…)"


@dataclass(frozen=True)
class Locked:
    """The code was right, or the PIN wrong. `ticket` goes with the next PIN."""

    ticket: str
    tries_left: int
    retry_after_s: float

    def __repr__(self) -> str:
        return f"Locked({self.tries_left} tries left)"


class Registration:
    """`verify` is a Verify Service of the official SDK, `pepper` a key that the database does not have."""

    def __init__(self, verify: Any, accounts: Accounts, pepper: bytes, now_s: Callable[[], float]) -> None:
        self._verify = verify
        self._accounts = accounts
        self._pepper = pepper
        self._now_s = now_s

    def send_code(self, number: str) -> None:
        """The same whether anybody has the number or not. TwilioRestException where Verify refuses."""
        self._verify.verifications.create(to=number, channel="sms")

    def show_code(self, number: str, code: str) -> Registered | Locked:
        """A code that came by text. Whoever has the number now is told of it. WrongCodeError, TwilioRestException."""
        try:
            checked = self._verify.verification_checks.create(to=number, code=code)
        except TwilioRestException as refusal:
            if refusal.code != NOT_FOUND:
                raise
            raise WrongCodeError from None
        if checked.status != "approved":
            raise WrongCodeError
        account, now_s = self._keyed("account", number), self._now_s()
        self._accounts.notify(account, "code shown", now_s)
        token = secrets.token_urlsafe(32)
        if self._accounts.register(account, self._keyed("token", token), now_s, now_s - LOCK_LAPSES_S):
            return Registered(token)
        ticket = secrets.token_urlsafe(32)
        self._accounts.add_ticket(self._keyed("ticket", ticket), account, now_s, now_s + TICKET_S)
        return self._locked(account, ticket)

    def show_pin(self, ticket: str, pin: str) -> Registered | Locked:
        """The PIN after the code. A try is counted before it is compared, on the account: a new code brings none back.

        NoTicketError for a ticket that stands for no code.
        """
        now_s = self._now_s()
        account = self._accounts.account_of_ticket(self._keyed("ticket", ticket), now_s)
        if account is None:
            raise NoTicketError
        lock = self._accounts.count_try(account, now_s, now_s - LOCK_LAPSES_S, DELAYS_S)
        if lock is None:
            return self._locked(account, ticket)
        if not hmac.compare_digest(pins.slow_hash(pin, lock.salt, self._pepper), lock.hash):
            self._accounts.notify(account, "wrong PIN", now_s)
            return self._locked(account, ticket)
        token = secrets.token_urlsafe(32)
        keyed = self._keyed("token", token)
        if not self._accounts.unlock(account, self._keyed("ticket", ticket), lock.hash, keyed, now_s):
            raise NoTicketError
        return Registered(token)

    def device(self, token: str) -> Device | None:
        """Whose token it is."""
        return self._accounts.device(self._keyed("token", token), self._now_s())

    def notices(self, token: str) -> list[tuple[float, str]]:
        """What the device was told, oldest first; a replaced one learns so."""
        return self._accounts.notices(self._keyed("token", token))

    def set_pin(self, account: bytes, text: str) -> None:
        """Lock the number. `pin.WeakPinError`."""
        salt = pins.new_salt()
        self._accounts.set_lock(account, salt, pins.slow_hash(pins.read_pin(text), salt, self._pepper))

    def remove_pin(self, account: bytes) -> None:
        self._accounts.set_lock(account, None, None)

    def _locked(self, account: bytes, ticket: str) -> Locked:
        now_s = self._now_s()
        lock = self._accounts.lock(account, now_s - LOCK_LAPSES_S)
        if lock is None:
            # The lock lapsed or was taken off meanwhile: the code has to be shown again.
            raise NoTicketError
        return Locked(ticket, len(DELAYS_S) - lock.tries, max(0.0, lock.next_try_s - now_s))

    def _keyed(self, kind: str, text: str) -> bytes:
        return hmac.digest(self._pepper, f"{kind}|{text}".encode(), "sha256")
