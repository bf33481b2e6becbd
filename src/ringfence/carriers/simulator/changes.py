"""What changed on the network since a version: the memory behind the live feed of the Phones page."""

from collections import OrderedDict
from collections.abc import Callable

import msgspec

from ringfence.carriers.simulator.handset import Handset, LoggedCall, Text

CHANGES_KEPT = 5_000


class Batch(msgspec.Struct, frozen=True, kw_only=True):
    """Things as they are now that changed since the version asked for; `version` is the one to ask from next.

    `whole` means that the memory does not reach back that far: the reader must take a snapshot instead.
    """

    version: int
    whole: bool = False
    handsets: tuple[Handset, ...] = ()
    texts: tuple[Text, ...] = ()
    calls: tuple[LoggedCall, ...] = ()
    removed: tuple[str, ...] = ()
    faults: bool = False


class Changes:
    """A bounded log of touched things, newest last, each once: a slow reader misses steps but never the outcome."""

    def __init__(self) -> None:
        self.version = 0
        self._forgotten = 0
        self._touched: OrderedDict[str, tuple[int, Handset | Text | LoggedCall | None]] = OrderedDict()
        self._listeners: list[Callable[[], None]] = []

    def listen(self, listener: Callable[[], None]) -> Callable[[], None]:
        """Call `listener` after each change; the answer ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def text(self, text: Text) -> None:
        """A text is new or changed."""
        text.version = self._touch(f"text {text.id}", text)

    def call(self, call: LoggedCall) -> None:
        """A handset had a call."""
        self._touch(f"call {call.id}", call)

    def handset(self, handset: Handset) -> None:
        """A handset is new or renamed."""
        handset.version = self._touch(f"handset {handset.number}", handset)

    def removed(self, number: str) -> None:
        """A handset is gone."""
        self._touch(f"handset {number}", None)

    def faults(self) -> None:
        """The table of faults is another."""
        self._touch("faults", None)

    def restart(self) -> None:
        """Too much changed to list: every reader takes a snapshot."""
        self._touched.clear()
        self.version += 1
        self._forgotten = self.version
        self._tell()

    def since(self, version: int) -> Batch:
        """What changed after `version`."""
        if version < self._forgotten or version > self.version:
            return Batch(version=self.version, whole=True)
        handsets: list[Handset] = []
        texts: list[Text] = []
        calls: list[LoggedCall] = []
        removed: list[str] = []
        faults = False
        for name, (touched, thing) in reversed(self._touched.items()):
            if touched <= version:
                break
            if isinstance(thing, Text):
                texts.append(thing)
            elif isinstance(thing, LoggedCall):
                calls.append(thing)
            elif isinstance(thing, Handset):
                handsets.append(thing)
            elif name == "faults":
                faults = True
            else:
                removed.append(name.removeprefix("handset "))
        return Batch(
            version=self.version,
            handsets=tuple(reversed(handsets)),
            texts=tuple(reversed(texts)),
            calls=tuple(reversed(calls)),
            removed=tuple(reversed(removed)),
            faults=faults,
        )

    def _touch(self, name: str, thing: Handset | Text | LoggedCall | None) -> int:
        self.version += 1
        self._touched[name] = (self.version, thing)
        self._touched.move_to_end(name)
        if len(self._touched) > CHANGES_KEPT:
            _, (self._forgotten, _) = self._touched.popitem(last=False)
        self._tell()
        return self.version

    def _tell(self) -> None:
        for listener in tuple(self._listeners):
            listener()
