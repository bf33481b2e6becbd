"""What a test holds in its hand: an account, its numbers, phones, and everything said between them."""

import contextlib
import random
import re
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import msgspec

from ringfence.carriers.simulator import handset
from ringfence.carriers.simulator.silent import token_in
from ringfence.carriers.simulator.subscriber import Subscriber
from ringfence.domain.clock import ManualClock
from ringfence.domain.mail_address import parse_mail_address
from ringfence.domain.message import Status
from ringfence.domain.number import parse_e164
from ringfence.domain.sealing.slots import slot_seed
from ringfence.domain.signature import SIGNATURE_HEADER, signature_base, signed_url
from ringfence.domain.standing import NumberConfig
from ringfence.domain.web_url import parse_url
from ringfence.ports.keys import Caller
from ringfence.ports.store import StockRow
from ringfence.testing.api_requests import ApiRequests
from ringfence.testing.clock import Clock, moment
from ringfence.testing.driver import Driver
from ringfence.testing.exchange import Exchange
from ringfence.testing.journal import Journal, quoted
from ringfence.testing.mailbox import Mailbox
from ringfence.testing.medium import Medium
from ringfence.testing.number import Number
from ringfence.testing.patience import ANSWER_S, NoAnswerError
from ringfence.testing.phone import Phone
from ringfence.testing.platform import Platform
from ringfence.testing.programs import Answered, Asked
from ringfence.testing.stock_clients import is_twilio
from ringfence.testing.troubles import Troubles, chaos, failure, probability
from ringfence.testing.web import Web
from ringfence.testing.webhooks import Webhook, Webhooks
from ringfence.usecases.accounts.buy_number import buy_number
from ringfence.usecases.accounts.configure_number import configure_number
from ringfence.usecases.accounts.create_account import create_account

if TYPE_CHECKING:
    from twilio.rest import Client

    from ringfence.testing.server import Server


_FOR_CALLS = re.compile(r"client:[^\s:]+|sips?:[^\s@]+@[^\s@]+")


class Ringfence:
    """A calling and texting platform of one test's own.

    Everything that follows from a step has happened when the step returns: a text sent is on the phone, the phone's
    reply has been told to the program, and the program's answer is on the phone.
    """

    def __init__(
        self,
        clock: ManualClock,
        *,
        account_sid: str | None,
        auth_token: str | None,
        seed: int,
        answer_s: float = ANSWER_S,
    ) -> None:
        self._web = Web(answer_s)
        self._journal = Journal()
        self._platform = Platform(clock, self._web, seed=seed)
        self._seen_version = 0
        self._told: set[str] = set()
        self._repeat = 0.0
        self._random = random.Random(seed)  # noqa: S311 - repeatable on purpose
        self._driver = Driver(clock, self._web, self._platform, carry=self._carry, noticed=self._notice)
        self._ms = clock
        self._server: Server | None = None
        self.clock = Clock(self._driver)
        self.webhooks = Webhooks(self._driver.settle)
        self.api = ApiRequests(self._driver, self._platform, clock, self._journal)
        account = self._driver.run(
            create_account(
                self._platform.store,
                self._platform.keys,
                clock,
                friendly_name="Test",
                sid=account_sid,
                auth_token=auth_token,
            )
        )
        self.account_sid = account.sid
        self.auth_token = account.auth_token
        self._numbers: dict[str, Number] = {}
        self.exchange = Exchange(account.sid, self._platform, self._driver, clock, self._journal, self.webhooks)

    # The tenant

    def client(self) -> "Client":
        """The official SDK's client, signed in to the account; its awaited methods work too, on `async_client`."""
        from twilio.rest import Client

        from ringfence.testing.twilio_transport import InProcessClient

        return Client(self.account_sid, self.auth_token, http_client=InProcessClient(self.api))

    def async_client(self) -> "Client":
        """The same for methods that are awaited, as in `await client.messages.create_async(…)`."""
        from twilio.rest import Client

        from ringfence.testing.twilio_transport import InProcessAsyncClient

        return Client(self.account_sid, self.auth_token, http_client=InProcessAsyncClient(self.api))

    def number(self, number: str) -> Number:
        """A number of the account, given to it if need be. ValueError for what is no number in E.164 form."""
        parsed = parse_e164(number)
        if parsed is None:
            raise ValueError("a number is written in E.164 form, as in +12025550123")
        if number not in self._numbers:
            store, keys = self._platform.store, self._platform.keys
            self._driver.run(store.stock([StockRow(number=parsed.e164, region=parsed.region, kind="local")]))
            bought = buy_number(
                store, keys, self._ms, account=self.account_sid, number=parsed.e164, config=NumberConfig()
            )
            self._numbers[number] = Number(self, number, self._driver.run(bought).sid)
        return self._numbers[number]

    def configure(self, number_sid: str, **changes: object) -> None:
        """Change what happens when a number of the account is texted: fields of `domain.standing.NumberConfig`."""
        store, keys = self._platform.store, self._platform.keys
        row = self._driver.run(store.number(self.account_sid, number_sid))
        if row is None:
            raise LookupError("the account no longer has this number")
        seed = slot_seed(self.auth_token, self.account_sid)
        caller = Caller(account=self.account_sid, credential=self.account_sid, seed=seed)
        self._driver.run(configure_number(store, keys, self._ms, row, caller=caller, changes=changes))

    def host(self, app: Callable[..., Any], origin: str | None = None) -> str:
        """Let a WSGI or ASGI app answer at `origin` (https://app.test without one); the answer is the origin.

        Where the program names URLs of its own, as a StatusCallback, host it at their origin.
        """
        return self._web.host(app, origin)

    def media(self, url: str) -> Medium:
        """The medium at a MediaUrl of a webhook, or at a URL of a hosted program. LookupError where none is."""
        target = parse_url(url)
        asked = Asked(method="GET", url=target, headers=(), body=b"")
        here = is_twilio(target.host) or (self._server is not None and url.startswith(self._server.base_url))
        answered = self.api.ask(asked) if here else self._ask(asked)
        if isinstance(answered, NoAnswerError) or answered.status != 200:
            cause = answered.cause if isinstance(answered, NoAnswerError) else f"the answer is {answered.status}"
            raise LookupError(f"no medium there: {cause}\n\n{self.conversation()}")
        return Medium(content_type=dict(answered.headers).get("content-type", ""), content=answered.body)

    # The subscribers

    def phone(self, number: str) -> Phone:
        """The phone with this number; or a client, or what is at a SIP address, for calls alone. ValueError."""
        if handset.is_handset_number(number):
            self._platform.network.add_handset(number)
        elif _FOR_CALLS.fullmatch(number) is None:
            raise ValueError("a phone is +12025550177, in E.164 form, or client:alice, or sip:desk@office.example")
        self.exchange.add_phone(number)
        return Phone(self, number)

    def mailbox(self, address: str) -> Mailbox:
        """The mailbox at this address, where mails with codes come to. ValueError for what is no address."""
        parsed = parse_mail_address(address)
        if parsed is None:
            raise ValueError("a mailbox is sam@example.com")
        self._platform.network.add_handset(parsed.address)
        return Mailbox(self, parsed.address)

    def texts_of(self, number: str) -> list[handset.Text]:
        """All texts of a phone, once everything due has happened."""
        self._driver.settle()
        found = self._platform.network.handset(number)
        return [] if found is None else list(found.texts)

    def text_from(self, number: str, to: str, body: str, media_urls: tuple[str, ...] = ()) -> None:
        """Text from a phone."""
        if not handset.is_handset_number(number):
            raise ValueError("only a phone with a number texts")
        if not handset.is_address(to):
            raise ValueError("text a number in E.164 form, as in +12025550123, or a short code")
        self._driver.step()
        self._journal.write(self._ms.now_ms(), f"{number} → {to}  {quoted(body)}")
        self._platform.network.text_from(number, to, body, media_urls)
        self._driver.settle()

    def subscribe(self, number: str, facts: dict[str, object]) -> None:
        """Say who has a phone. ValueError."""
        found = self._platform.network.handset(number) or self._platform.network.add_handset(number)
        found.subscriber = msgspec.convert(facts, Subscriber)

    def open(self, number: str, url: str) -> str:
        """Open an address over a phone's mobile network: the client token, "" where none was wanted.

        ValueError for what is no address that a network waits for.
        """
        opening = self._platform.network.open_silently(token_in(url), number)
        if opening is None:
            raise ValueError("not an address that waits to be opened: unknown, over, or opened before")
        return opening.client_token

    # What goes wrong

    def fails(self, code: int, to: Phone | str | None = None) -> Troubles:
        """Let texts (to one phone) fail with this code of a carrier, as in `with ringfence.fails(30005):`.

        AssertionError at the block's end when none did.
        """
        number = None if to is None else str(to)
        before = self._driver.run(self._platform.failed(code))

        def check() -> None:
            self._driver.settle()
            if self._driver.run(self._platform.failed(code)) == before:
                raise AssertionError(f"no text failed with {code} in this block\n\n{self.conversation()}")

        return Troubles(self._platform.network, [failure(code, number)], check)

    def chaos(
        self,
        *,
        drop: float = 0,
        duplicate: float = 0,
        delay: float | timedelta = 0,
        reorder: float | timedelta = 0,
        repeat: float = 0,
        to: Phone | str | None = None,
    ) -> Troubles:
        """Disturb delivery receipts and webhooks, as the world does: until the `with` block ends, or the test.

        `drop` and `duplicate` are probabilities, drawn from the marker's `seed`; `delay` is how much later receipts
        come, `reorder` the span within which they come in the opposite order, both in seconds: advance the clock past
        them. `repeat` is the probability that a webhook, of whatever phone, comes twice, its first answer lost.
        """
        number = None if to is None else str(to)
        faults = chaos(drop=drop, duplicate=duplicate, delay=delay, reorder=reorder, number=number)
        if not faults and not repeat:
            raise ValueError("say what is to go wrong: drop=, duplicate=, delay=, reorder= or repeat=")
        before, self._repeat = self._repeat, probability(repeat) or self._repeat

        def undo() -> None:
            self._repeat = before

        return Troubles(self._platform.network, faults, undo=undo)

    # All of it

    def settle(self) -> None:
        """Let everything happen that needs no time to pass. Each step does so by itself."""
        self._driver.settle()

    def conversation(self) -> str:
        """All that was said so far, a line each: requests to the API, texts, webhooks with their answers."""
        return str(self._journal)

    def serve(self) -> str:
        """Answer at a port of this machine too, for programs in other processes; the answer is the base URL."""
        from ringfence.testing.server import Server

        if self._server is None:
            self._server = Server(self.api, self.clock)
            self._platform.answer_at(self._server.base_url)
        return self._server.base_url

    def close(self) -> None:
        """End everything. The fixture does so."""
        with contextlib.ExitStack() as stack:
            stack.callback(self._driver.close)
            stack.callback(self._web.close)
            if self._server is not None:
                stack.callback(self._server.close)

    def __repr__(self) -> str:
        return f"Ringfence({self.account_sid})"

    def _carry(self, asked: Asked) -> Answered | NoAnswerError:
        signature = dict(asked.headers).get(SIGNATURE_HEADER)
        if signature is None:
            return self._ask(asked)
        if self._repeat and self._random.random() < self._repeat:
            lost = self._ask(asked)
            self._record(asked, signature, lost)
            if isinstance(lost, Answered) and lost.raised is not None:
                return lost
        outcome = self._ask(asked)
        self._record(asked, signature, outcome)
        return outcome

    def _ask(self, asked: Asked) -> Answered | NoAnswerError:
        try:
            return self._web.program_at(asked.url).ask(asked)
        except NoAnswerError as error:
            return error

    def _record(self, asked: Asked, signature: str, outcome: Answered | NoAnswerError) -> None:
        at_ms = self._ms.now_ms()
        sent = asked.query if asked.method == "GET" else asked.body.decode()
        pairs = parse_qsl(sent, keep_blank_values=True)
        base = signature_base(signed_url(asked.url), () if asked.method == "GET" else pairs)
        form = dict(pairs)
        right = self._driver.run(self._platform.signature(form.get("AccountSid", self.account_sid), base))
        answered = outcome if isinstance(outcome, Answered) else None
        raised = answered.raised if answered is not None else None
        webhook = Webhook(
            at=moment(at_ms),
            method=asked.method,
            url=asked.url.text,
            form=form,
            signed=signature == right,
            status=None if answered is None else answered.status,
            answer="" if answered is None else answered.body.decode(errors="replace"),
            error=outcome.cause if isinstance(outcome, NoAnswerError) else (repr(raised) if raised else None),
        )
        self.webhooks.add(webhook)
        statuses = (form.get(f"{of}Status", "") for of in ("Message", "Sms", "Recording", "Call"))
        said = f"webhook {next(filter(None, statuses), '')} {webhook.method} {webhook.url}"
        came = webhook.status if webhook.status is not None else "no answer"
        self._journal.write(at_ms, f"{said} → {came}", *(part for part in (webhook.error, webhook.answer) if part))

    def _notice(self) -> None:
        """Write down which texts have arrived or failed since the last time."""
        batch = self._platform.network.changes.since(self._seen_version)
        self._seen_version = batch.version
        for text in batch.texts:
            if text.inbound or text.id in self._told or text.status not in (Status.DELIVERED, Status.UNDELIVERED):
                continue
            self._told.add(text.id)
            failed = f"  failed with {text.error_code}" if text.error_code else ""
            self._journal.write(text.at_ms, f"{text.sender} → {text.to}  {quoted(text.body)}{failed}")
