"""A call in a test, as the phone has it."""

from typing import TYPE_CHECKING

from ringfence.testing.still_lines import StillLine

if TYPE_CHECKING:
    from ringfence.testing.world import Ringfence


class PhoneCall:
    """One call of one phone: what is heard on it, and what its owner does."""

    def __init__(self, world: "Ringfence", line: StillLine) -> None:
        self._world = world
        self._line = line
        self._heard: list[str] = []

    @property
    def sid(self) -> str:
        """The call's SID; "" before the platform has taken it."""
        self._world.settle()
        return self._world.leg_of(self._line)

    @property
    def status(self) -> str:
        """Its status as the API has it."""
        return self._world.call_status(self.sid)[0]

    @property
    def duration(self) -> int:
        """How long it lasted, in seconds."""
        return self._world.call_status(self.sid)[1]

    @property
    def heard(self) -> list[str]:
        """What the phone has heard so far: the words of each Say, the URL of each Play."""
        self._world.settle()
        return list(self._heard)

    def hears(self, words: str) -> bool:
        """True when these words were heard, in whatever case. AssertionError with the conversation when not."""
        if not any(words.casefold() in heard.casefold() for heard in self.heard):
            raise AssertionError(f"{words!r} was not heard on {self._line.phone}\n\n{self._world.conversation()}")
        return True

    def press(self, keys: str) -> None:
        """Press keys one after the other."""
        self._world.press(self._line, keys)

    def picks_up(self) -> None:
        """Answer a call that rings."""
        self._world.act(self._line.pick_up)

    def hangs_up(self) -> None:
        """End the call."""
        self._world.act(self._line.hang_up)

    def ended(self, status: str) -> bool:
        """True when it is over with this status. AssertionError with the conversation when not."""
        if self.status != status:
            raise AssertionError(f"the call is {self.status}, not {status}\n\n{self._world.conversation()}")
        return True

    def hear(self, text: str) -> None:
        """Note what the phone hears."""
        self._heard.append(text)

    def __repr__(self) -> str:
        return f"PhoneCall({self._line.state})"
