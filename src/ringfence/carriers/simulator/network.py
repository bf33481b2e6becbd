"""The simulated mobile network: takes texts as a message centre does, and has handsets behind it.

Pure state: no I/O, no await. Whoever owns it calls `advance` when `next_due_ms` says so.
"""

import heapq
import os
from collections import OrderedDict
from collections.abc import Callable, Sequence

import msgspec

from ringfence.carriers.simulator.changes import Changes
from ringfence.carriers.simulator.faults import MAGIC_NUMBERS, Fault, FaultKind, FaultTable
from ringfence.carriers.simulator.handset import HANDSET_NUMBER, Handset, LoggedCall, Text
from ringfence.carriers.simulator.mailbox import Mailbox
from ringfence.carriers.simulator.silent import Opening, SilentOffers
from ringfence.carriers.simulator.subscriber import known_of
from ringfence.domain.clock import Clock
from ringfence.domain.lookups.packages import Packages
from ringfence.domain.message import Status
from ringfence.domain.messaging_address import number_in
from ringfence.ports.carrier import Arrival, Receipt, Submit, Submitted
from ringfence.ports.lookups import Question

MAX_HANDSETS = 200
REFS_KEPT = 100_000
FULL_RETRY_MS = 1_000
UNKNOWN_HANDSET = 30005


class Pace(msgspec.Struct, frozen=True, kw_only=True):
    """How long the network takes when nothing is wrong, milliseconds."""

    delivery_ms: int = 250
    receipt_ms: int = 150


class NetworkFullError(Exception):
    """No room for another handset; remove one first."""


class Network:
    """Handsets by number, texts on their way, and news for the platform.

    A repeated submit of a known `Submit.ref` (the last 100,000 are remembered) gets the first answer and buzzes nobody,
    unless the fault take_repeats strikes it.
    """

    def __init__(self, clock: Clock, *, pace: Pace | None = None, seed: int = 0) -> None:
        self.clock = clock
        self.pace = pace or Pace()
        self.faults = FaultTable(seed)
        self.mailbox = Mailbox()
        self.silent = SilentOffers(clock)
        self.changes = Changes()
        self.run_id = os.urandom(4).hex()
        self._handsets: dict[str, Handset] = {}
        self._automatic: OrderedDict[str, None] = OrderedDict()
        self._refs: OrderedDict[str, str] = OrderedDict()
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._steps = 0
        self._made = 0
        self._arrivals: dict[int, Text] = {}

    # Handsets

    def handsets(self) -> list[Handset]:
        """All handsets, oldest first."""
        return list(self._handsets.values())

    def handset(self, number: str) -> Handset | None:
        """The handset of this number."""
        return self._handsets.get(number)

    def add_handset(self, number: str, name: str = "") -> Handset:
        """The handset of this number, made if need be and kept until removed; a name given renames it.

        NetworkFullError when there is no room for another.
        """
        handset = self._handsets.get(number) or self._make_handset(number)
        self._automatic.pop(number, None)
        handset.automatic = False
        handset.name = name or handset.name
        self.changes.handset(handset)
        return handset

    def rename_handset(self, number: str, name: str) -> bool:
        """Give the handset another name, or none; False when there is none of this number."""
        handset = self._handsets.get(number)
        if handset is None:
            return False
        handset.name = name
        self.changes.handset(handset)
        return True

    def know(self, question: Question) -> Packages:
        """What lookups are told of a number: nothing where no handset has it."""
        handset = self._handsets.get(question.number)
        if handset is None:
            return Packages()
        return known_of(handset.subscriber, handset.name, question, self.clock.now_ms())

    def remove_handset(self, number: str) -> bool:
        """Take the handset, its texts and its calls away; False when there is none."""
        if self._handsets.pop(number, None) is None:
            return False
        self._automatic.pop(number, None)
        self.changes.removed(number)
        return True

    def clear_texts(self, number: str) -> bool:
        """Empty a handset of texts and calls; False when there is none of this number."""
        handset = self._handsets.get(number)
        if handset is None:
            return False
        handset.texts.clear()
        handset.calls.clear()
        self.changes.restart()
        return True

    def log_call(self, call: LoggedCall) -> bool:
        """Keep a call that a handset had; again is a no-op. False when there is no such handset."""
        handset = self._handsets.get(call.handset)
        if handset is None:
            return False
        if all(known.id != call.id for known in handset.calls):
            handset.calls.append(call)
            self.changes.call(call)
        return True

    def mark_read(self, number: str, peer: str | None = None) -> int:
        """Mark the texts of one conversation (or all) as read; the answer counts those that were not."""
        handset = self._handsets.get(number)
        unread = [
            text
            for text in (handset.texts if handset else ())
            if not text.read and text.status is Status.DELIVERED and peer in (None, text.peer)
        ]
        for text in unread:
            text.read = True
            self.changes.text(text)
        return len(unread)

    def reset(self) -> None:
        """An empty network without faults. What is on its way is lost; submitted refs are still known."""
        self._handsets.clear()
        self._automatic.clear()
        self._due.clear()
        self._arrivals.clear()
        self.mailbox.clear()
        self.silent.clear()
        self.faults.clear()
        self.changes.restart()

    # Faults

    def add_fault(self, fault: Fault) -> Fault:
        """Put a fault in force; the answer carries its id. OverflowError when there are too many."""
        added = self.faults.add(fault)
        self.changes.faults()
        return added

    def remove_fault(self, fault_id: str) -> bool:
        """Lift one fault; False when there is none of that id."""
        removed = self.faults.remove(fault_id)
        self.changes.faults()
        return removed

    def clear_faults(self) -> None:
        """Lift all faults."""
        self.faults.clear()
        self.changes.faults()

    # From the platform to a handset

    def answers(self) -> bool:
        """False when a disconnect fault strikes this call: behave as if the network were not there."""
        return self.faults.strikes(FaultKind.DISCONNECT) is None

    def submit(self, texts: Sequence[Submit]) -> list[Submitted]:
        """Take texts; one answer each, in order. A WhatsApp message comes to the handset of its number."""
        return [self._submit(msgspec.structs.replace(text, to=number_in(text.to))) for text in texts]

    def _submit(self, submit: Submit) -> Submitted:
        known = self._refs.get(submit.ref)
        if known is not None and self.faults.strikes(FaultKind.TAKE_REPEATS, submit.to) is None:
            return Submitted(ref=submit.ref, carrier_ref=known)
        if self.mailbox.full:
            return Submitted(ref=submit.ref, retry_after_ms=FULL_RETRY_MS, raw="receipts not collected")
        refusal = self._refusal(submit)
        if refusal is not None:
            return refusal
        self._made += 1
        carrier_ref = f"{self.run_id}{self._made:08x}"
        self._refs[submit.ref] = carrier_ref
        if len(self._refs) > REFS_KEPT:
            self._refs.popitem(last=False)
        accepted = Submitted(ref=submit.ref, carrier_ref=carrier_ref)
        code = MAGIC_NUMBERS.get(submit.to)
        handset = self._reach(submit.to) if code is None else None
        if handset is None:
            self._receipt_later(submit.to, carrier_ref, Status.UNDELIVERED, code or UNKNOWN_HANDSET)
            return accepted
        text = Text(
            id=carrier_ref,
            handset=submit.to,
            sender=submit.sender,
            to=submit.to,
            body=submit.body,
            media_urls=submit.media_urls,
            inbound=False,
            status=Status.SENDING,
            at_ms=self.clock.now_ms(),
            sid=submit.ref,
            subject=submit.subject,
        )
        handset.texts.append(text)
        self.changes.text(text)
        delay = self.faults.strikes(FaultKind.DELAY, submit.to)
        self._later(self.pace.delivery_ms + (delay.delay_ms if delay else 0), lambda: self._deliver(text))
        return accepted

    def _refusal(self, submit: Submit) -> Submitted | None:
        throttle = self.faults.strikes(FaultKind.THROTTLE, submit.to)
        if throttle is not None:
            return Submitted(ref=submit.ref, retry_after_ms=throttle.delay_ms, raw="throttled")
        refuse = self.faults.strikes(FaultKind.REFUSE, submit.to)
        if refuse is not None:
            return Submitted(ref=submit.ref, error_code=refuse.code, raw=f"refused err:{refuse.code}")
        return None

    def _deliver(self, text: Text) -> None:
        failure = self.faults.strikes(FaultKind.FAIL, text.handset)
        text.status = Status.DELIVERED if failure is None else Status.UNDELIVERED
        text.error_code = None if failure is None else failure.code
        text.at_ms = self.clock.now_ms()
        self.changes.text(text)
        self._receipt_later(text.handset, text.id, text.status, text.error_code)

    def _receipt_later(self, number: str, carrier_ref: str, status: Status, code: int | None) -> None:
        if self.faults.strikes(FaultKind.LOSE_RECEIPTS, number) is not None:
            return
        late = self.faults.strikes(FaultKind.LATE_RECEIPTS, number)
        wait_ms = self.pace.receipt_ms + (late.delay_ms if late else 0)
        raw = "stat:DELIVRD err:000" if code is None else f"stat:UNDELIV err:{code}"
        at_ms = self.clock.now_ms()
        receipt = Receipt(carrier_ref=carrier_ref, status=status, at_ms=at_ms, error_code=code, raw=raw)
        copies = 1 if self.faults.strikes(FaultKind.DUPLICATE_RECEIPTS, number) is None else 2
        reorder = self.faults.strikes(FaultKind.REORDER_RECEIPTS, number)
        for _ in range(copies):
            if reorder is None:
                self._later(wait_ms, lambda: self._put(receipt))
            else:
                self._mirrored(reorder, wait_ms, lambda: self._put(receipt))

    def _put(self, receipt: Receipt) -> None:
        self.mailbox.put(receipt=receipt)

    def notify(self, token: str, sender: str, body: str) -> bool:
        """Show something on the handset whose number is in `token`, where no text came; False where there is none."""
        named = HANDSET_NUMBER.search(token)
        handset = None if named is None else self._reach(named[0])
        if handset is None:
            return False
        self._made += 1
        text = Text(
            id=f"{self.run_id}{self._made:08x}",
            handset=handset.number,
            sender=sender,
            to=handset.number,
            body=body,
            inbound=False,
            status=Status.DELIVERED,
            at_ms=self.clock.now_ms(),
        )
        handset.texts.append(text)
        self.changes.text(text)
        return True

    def offer(self, ref: str, number: str, until_ms: int, *, with_token: bool = False) -> str:
        """As `SilentOffers.offer`; the number's handset shows it."""
        path = self.silent.offer(ref, number, until_ms, with_token=with_token)
        self._show_silent(self._reach(number))
        return path

    def open_silently(self, token: str, number: str = "") -> Opening | None:
        """As `SilentOffers.opened`; the handset that it waited for shows it no more."""
        opening = self.silent.opened(token, number)
        self._show_silent(self._handsets.get(self.silent.number_of(token)))
        return opening

    def _show_silent(self, handset: Handset | None) -> None:
        if handset is None:
            return
        waiting = tuple(self.silent.waiting(handset.number))
        if waiting != handset.silent:
            handset.silent = waiting
            self.changes.handset(handset)

    # From a handset to the platform

    def text_from(self, number: str, to: str, body: str, media_urls: tuple[str, ...] = ()) -> Text:
        """The handset of `number` (made if need be) texts `to`; it is on its way to the platform at once.

        Whoever answers has read what came before.
        """
        handset = self._handsets.get(number) or self.add_handset(number)
        self._made += 1
        now_ms = self.clock.now_ms()
        text = Text(
            id=f"{self.run_id}{self._made:08x}",
            handset=number,
            sender=number,
            to=to,
            body=body,
            media_urls=media_urls,
            inbound=True,
            status=Status.SENDING,
            at_ms=now_ms,
            read=True,
        )
        handset.texts.append(text)
        self.changes.text(text)
        self.mark_read(number, to)
        arrival = Arrival(carrier_ref=text.id, to=to, sender=number, body=body, at_ms=now_ms, media_urls=media_urls)
        self._arrivals[self.mailbox.put(arrival=arrival)] = text
        return text

    # News for the platform

    def acknowledge(self, ids: Sequence[int]) -> None:
        """The platform has written these down: forget them, and show the handset's own texts as delivered."""
        for news in self.mailbox.acknowledge(ids):
            text = self._arrivals.pop(news.id, None)
            if text is not None:
                text.status = Status.DELIVERED
                self.changes.text(text)

    # Time

    def next_due_ms(self) -> int | None:
        """The monotonic time at which `advance` has something to do."""
        return self._due[0][0] if self._due else None

    def advance(self) -> int:
        """Do what is due; the answer counts the steps."""
        now_ms = self.clock.monotonic_ms()
        steps = 0
        while self._due and self._due[0][0] <= now_ms:
            heapq.heappop(self._due)[2]()
            steps += 1
        return steps

    def _later(self, wait_ms: int, step: Callable[[], None]) -> None:
        self._steps += 1
        heapq.heappush(self._due, (self.clock.monotonic_ms() + wait_ms, self._steps, step))

    def _mirrored(self, fault: Fault, wait_ms: int, step: Callable[[], None]) -> None:
        """Let what falls into one window come out in the opposite order, within the window after it."""
        window_ms = max(1, fault.delay_ms)
        due_ms = self.clock.monotonic_ms() + wait_ms
        end_ms = (due_ms // window_ms + 1) * window_ms
        self._steps += 1
        heapq.heappush(self._due, (end_ms + (end_ms - due_ms), -self._steps, step))

    def _reach(self, number: str) -> Handset | None:
        """The handset a text goes to, made if need be; None when the network is full of handsets that stay."""
        handset = self._handsets.get(number)
        if handset is None:
            if not self._has_room():
                return None
            handset = self._make_handset(number)
            handset.automatic = True
        if handset.automatic:
            self._automatic[number] = None
            self._automatic.move_to_end(number)
        return handset

    def _has_room(self) -> bool:
        return len(self._handsets) < MAX_HANDSETS or bool(self._automatic)

    def _make_handset(self, number: str) -> Handset:
        if not self._has_room():
            raise NetworkFullError("too many handsets")
        if len(self._handsets) >= MAX_HANDSETS:
            self.remove_handset(next(iter(self._automatic)))
        handset = Handset(number=number, name="", automatic=False, made_ms=self.clock.now_ms())
        self._handsets[number] = handset
        self.changes.handset(handset)
        return handset
