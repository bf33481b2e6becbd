"""The calls of a test: what happens on each phone's line, and what the platform knows of it."""

from collections.abc import Callable
from typing import NoReturn

from ringfence.domain.clock import Clock
from ringfence.domain.standing import ApplicationConfig
from ringfence.ports.calls import CallRow, RecordingRow
from ringfence.testing.driver import Driver
from ringfence.testing.journal import Journal, quoted
from ringfence.testing.phone_call import PhoneCall
from ringfence.testing.platform import Platform
from ringfence.testing.still_lines import Manner, StillLine
from ringfence.testing.webhooks import Webhook, Webhooks
from ringfence.usecases.accounts.create_application import create_application

ALL = 1_000_000
CLIENT = "client:"
# A call that is not quiet for so long never will be.
QUIET_WITHIN_S = 4 * 3_600
# What tells of a call or a recording, and asks for no document.
TELLING = ("CallbackSource", "RecordingStatus")


class Exchange:
    """The account's calls, whose phones do what the test says."""

    def __init__(
        self, account: str, platform: Platform, driver: Driver, clock: Clock, journal: Journal, webhooks: Webhooks
    ) -> None:
        self._account = account
        self._platform = platform
        self._driver = driver
        self._ms = clock
        self._journal = journal
        self._webhooks = webhooks
        self._calls: list[tuple[StillLine, PhoneCall]] = []
        calls = platform.calls
        calls.began, calls.changed, calls.missed = self._began, self._changed, self._missed
        calls.heard, calls.recorded = self._heard, self._recorded
        self._words: dict[str, str] = {}
        # The applications that clients call through.
        self._applications: dict[str, str] = {}

    # What a phone does

    def behave(self, number: str, manner: Manner) -> None:
        """Say what a phone's owner does with calls."""
        self._platform.calls.lines.manners[number] = manner

    def add_phone(self, number: str) -> None:
        """Let a number, a client or a SIP address be reached; it answers where nobody has said otherwise."""
        self._platform.calls.lines.manners.setdefault(number, "answers")

    def call_through(self, client: str, url: str, method: str) -> None:
        """Have a client's calls told to a program, as the application of its token would. ValueError: no client."""
        if not client.startswith(CLIENT):
            raise ValueError("only a client calls through a program; calls to a number are its own: number.calls_to")
        config = ApplicationConfig(voice_url=url, voice_method=method)
        made = create_application(
            self._platform.store, self._platform.keys, self._ms, account=self._account, friendly_name="", config=config
        )
        self._applications[client] = self._driver.run(made).sid

    def call_from(self, number: str, to: str) -> PhoneCall:
        """Call from a phone. ValueError for one that cannot."""
        token = {}
        if number.startswith(CLIENT):
            if number not in self._applications:
                raise ValueError(f"{number} has nobody to call through: phone.calls_through(app)")
            token = {"account": self._account, "application": self._applications[number]}
        elif not number.startswith("+"):
            raise ValueError("a SIP address of a test is called, and does not call")
        self._driver.step()
        self._in_loop(lambda: self._platform.calls.dial(number, to, **token))
        return self.calls_of(number)[-1]

    def press(self, line: StillLine, keys: str) -> None:
        """Press keys in a phone's call."""
        self._driver.step()
        self._write(f"{line.phone} presses {keys}")
        self._in_loop(lambda: self._platform.calls.press(line, keys))

    def say(self, line: StillLine, words: str) -> None:
        """Speak into a phone. AssertionError where its call is not answered."""
        if line.state != "answered":
            self.fail(f"nobody listens: the call of {line.phone} is {line.state}")
        self._driver.step()
        self._write(f"{line.phone} says {quoted(words)}")
        self._in_loop(lambda: self._platform.calls.media.say(self.leg_of(line), words))

    def listen(self, line: StillLine) -> None:
        """Let time pass until a phone's line is quiet. AssertionError where it never is."""
        until_ms = self._ms.now_ms() + QUIET_WITHIN_S * 1_000
        while (left_ms := self._sounds_for_ms(line)) > 0:
            if self._ms.now_ms() > until_ms:
                self.fail(f"{line.phone} has been hearing something for {QUIET_WITHIN_S // 3_600} hours")
            self._driver.advance(left_ms)

    def act(self, work: Callable[[], None]) -> None:
        """Do something on a phone, and let happen what follows."""
        self._driver.step()
        self._in_loop(work)

    # What is known of calls

    def settle(self) -> None:
        """Let everything happen that is due."""
        self._driver.settle()

    def calls_of(self, number: str) -> list[PhoneCall]:
        """All calls of a phone, once everything due has happened."""
        self._driver.settle()
        return [call for line, call in self._calls if line.phone == number]

    def leg_of(self, line: StillLine) -> str:
        """The SID of a line's call; "" where the platform has not taken it."""
        return self._platform.calls.leg_of(line)

    def row(self, sid: str) -> CallRow:
        """A call as the platform has it. LookupError where it has none."""
        row = self._driver.run(self._platform.store.call(self._account, sid))
        if row is None:
            raise LookupError(f"the platform knows no such call\n\n{self._journal}")
        return row

    def now_ms(self) -> int:
        """The time."""
        return self._ms.now_ms()

    def legs_of(self, sid: str) -> list[PhoneCall]:
        """The calls that a call's Dial made, oldest first."""
        return [call for line, call in self._calls if (leg := self.leg_of(line)) and self.row(leg).parent_sid == sid]

    def documents_of(self, sid: str) -> list[Webhook]:
        """The webhooks that asked for a call's documents, oldest first."""
        asked = [webhook for webhook in self._webhooks if webhook.form.get("CallSid") == sid]
        return [webhook for webhook in asked if not any(field in webhook.form for field in TELLING)]

    def recordings_of(self, sid: str) -> list[tuple[RecordingRow, str]]:
        """A call's recordings, oldest first, each with what was said while it ran."""
        self._driver.settle()
        rows = self._driver.run(self._platform.store.recordings(self._account, call_sid=sid, limit=ALL))
        return [(row, self._words.get(row.sid, "")) for row in reversed(rows)]

    def fail(self, what: str) -> NoReturn:
        """AssertionError with the conversation."""
        raise AssertionError(f"{what}\n\n{self._journal}")

    def _sounds_for_ms(self, line: StillLine) -> int:
        self._driver.settle()

        async def asked() -> float:
            return self._platform.calls.media.sounds_for_s(self.leg_of(line))

        return round(self._driver.run(asked()) * 1_000)

    def _in_loop(self, work: Callable[[], None]) -> None:
        async def done() -> None:
            work()

        self._driver.run(done())
        self._driver.settle()

    # What calls tell

    def _began(self, line: StillLine) -> None:
        self._calls.append((line, PhoneCall(self, line)))
        self._write(f"{line.sender} calls {line.to}")

    def _changed(self, line: StillLine) -> None:
        status = f" with {line.status}" if line.state == "ended" else ""
        self._write(f"{line.sender} → {line.to}  call {line.state}{status}")

    def _missed(self, address: str) -> None:
        self._write(f"nobody has {address}: ringfence.phone({address!r}) gives it a phone")

    def _heard(self, leg: str, text: str) -> None:
        for line, call in self._calls:
            if self.leg_of(line) == leg:
                call.hear(text)
                self._write(f"{line.phone} hears {quoted(text)}")

    def _recorded(self, leg: str, sid: str, words: str, length_ms: int) -> None:
        self._words[sid] = words
        said = f"  {quoted(words)}" if words else ""
        for line, _ in self._calls:
            if self.leg_of(line) == leg:
                self._write(f"{line.phone} was recorded for {length_ms / 1_000:.1f} s{said}")

    def _write(self, line: str) -> None:
        self._journal.write(self._ms.now_ms(), line)
