"""One installation under steady traffic, with handsets and a webhook beside it: strikes faults and keeps the books."""

import dataclasses
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

from faults.books import FINAL, Books, Told, callback_faults, duplicates, longest_silence_s, lost_texts, order_breaks
from faults.handsets import Handsets
from faults.supervised import SHOP, Supervised, free_port
from faults.traffic import Sent, Traffic

SECOND_NUMBER = "+13125550121"
HANDSETS = [f"+1415555015{digit}" for digit in range(4)]
PAIRS = [(sender, handset) for sender in (SHOP, SECOND_NUMBER) for handset in HANDSETS]
# A queue has at most one submit outstanding for each recipient: that many may be sent twice by one kill.
IN_FLIGHT = len(PAIRS)
QUIET_LIMIT_S = 20.0
# What is told after a pause of more than this would be told very late.
STILL_S = 5.0
PAGE = 500


class Scene:
    """Enter it to start all; `round` strikes one fault and returns its books."""

    def __init__(self, home: Path, store: str, **settings: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.store = store
        self.settings = settings
        self.installation = Supervised(home, **settings)
        self.handsets = Handsets(self.installation, HANDSETS)
        self.struck_s = 0.0
        self.stood_still = ("", "")
        self.told_again = 0
        self._sink_port = free_port()
        self._notes = home / "callbacks"
        self._sink: subprocess.Popen[str] | None = None

    @property
    def callback(self) -> str:
        return f"http://127.0.0.1:{self._sink_port}/status"

    def __enter__(self) -> "Scene":
        try:
            self.start_sink()
            self.installation.start()
            self.installation.call("POST", "IncomingPhoneNumbers.json", PhoneNumber=SECOND_NUMBER)
            self.handsets.start()
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.handsets.stop()
        self.installation.stop()
        self.stop_sink()

    def start_sink(self) -> None:
        """The program's webhook answers from now on."""
        script = Path(__file__).with_name("webhook_sink.py")
        self._sink = subprocess.Popen(
            [sys.executable, str(script), str(self._sink_port), str(self._notes)], stdout=subprocess.PIPE, text=True
        )
        assert self._sink.stdout is not None
        assert self._sink.stdout.readline() == "ready\n"

    def stop_sink(self) -> None:
        """The program is dead: nothing listens at its port. Idempotent."""
        if self._sink is not None:
            self._sink.kill()
            self._sink.wait()
            assert self._sink.stdout is not None
            self._sink.stdout.close()
            self._sink = None

    def told(self) -> list[Told]:
        """Every callback so far."""
        whole, _, _ = (self._notes.read_text() if self._notes.exists() else "").rpartition("\n")
        parts = [line.split(" ") for line in whole.splitlines()]
        return [Told(float(at_s), sid, status, token) for at_s, sid, status, token in parts]

    def strike(self) -> None:
        """Note that the fault begins now: the books measure from here."""
        self.struck_s = time.monotonic()

    def round(
        self,
        fault: str,
        inflict: Callable[["Scene"], None],
        *,
        before_s: float = 1.5,
        after_s: float = 3.0,
        bound: int = IN_FLIGHT,
        outside_dies: bool = False,
        replays: bool = False,
    ) -> Books:
        """Traffic, a fault in the midst of it, traffic again; then wait until all is told, and count.

        `bound` is how many texts may arrive twice. With `outside_dies` receipts may be gone for good. With `replays`
        events that were given up are told after later ones of their text.
        """
        traffic = Traffic(self.installation, PAIRS, fault.replace(" ", "-"), self.callback)
        traffic.start()
        try:
            time.sleep(before_s)
            self.strike()
            inflict(self)
            time.sleep(after_s)
        finally:
            ended_s = time.monotonic()
            traffic.stop()
        self.settle(traffic.acknowledged(), still_s=STILL_S if outside_dies else QUIET_LIMIT_S)
        books = self._books(fault, traffic, ended_s, bound, outside_dies)
        return dataclasses.replace(books, callbacks_disordered=0) if replays else books

    def settle(self, texts: list[Sent], *, still_s: float) -> None:
        """Wait until the program was told the end of each text, or nothing more for so long, or the time is over."""
        wanted = {text.sid for text in texts}
        now_s = changed_s = time.monotonic()
        deadline, count = now_s + QUIET_LIMIT_S, 0
        while now_s < deadline and now_s - changed_s < still_s:
            told = self.told()
            if wanted <= {callback.sid for callback in told if callback.status in FINAL}:
                return
            if len(told) != count:
                count, changed_s = len(told), now_s
            time.sleep(0.1)
            now_s = time.monotonic()

    def statuses(self, texts: list[Sent]) -> dict[str, str]:
        """The status of each text that the API shows."""
        missing = {text.sid for text in texts}
        found: dict[str, str] = {}
        page = f"/2010-04-01/Accounts/{self.installation.account_sid}/Messages.json?PageSize={PAGE}"
        while page and missing:
            answer = self.installation.call("GET", page)
            seen = {item["sid"]: item["status"] for item in answer["messages"]}
            found |= {sid: seen[sid] for sid in missing & seen.keys()}
            missing -= seen.keys()
            page = answer["next_page_uri"]
        return found

    def _books(self, fault: str, traffic: Traffic, ended_s: float, bound: int, outside_dies: bool) -> Books:
        statuses = self.statuses(traffic.acknowledged())
        gone = [text.sid for text in traffic.acknowledged() if outside_dies and statuses.get(text.sid) == "sent"]
        texts = [text for text in traffic.acknowledged() if text.sid not in gone]
        sids = {text.sid for text in texts}
        shown = [text for text in self.handsets.read() if text.body.startswith(f"{traffic.name} ")]
        told = [callback for callback in self.told() if callback.sid in sids]
        missing, disordered, repeated = callback_faults(texts, told)
        failed = Counter(text.status for text in traffic.sent if not text.sid)
        return Books(
            fault=fault,
            store=self.store,
            acknowledged=len(traffic.acknowledged()),
            delivered=sum(statuses.get(sid) == "delivered" for sid in sids),
            lost=lost_texts(texts, statuses, shown, handsets_gone=outside_dies),
            duplicates=duplicates(shown),
            duplicates_bound=bound,
            order_breaks=order_breaks(texts, shown),
            callbacks_missing=missing,
            callbacks_disordered=disordered,
            callbacks_repeated=repeated,
            unanswered=failed.pop(0, 0),
            refused=dict(failed),
            receipts_gone=len(gone),
            accepts_silent_s=longest_silence_s(
                [text.ended_s for text in traffic.acknowledged()], self.struck_s, ended_s
            ),
            deliveries_silent_s=longest_silence_s(
                [callback.at_s for callback in told if callback.status == "delivered"], self.struck_s, ended_s
            ),
        )
