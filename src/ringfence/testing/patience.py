"""How long a test waits for a program, and where the program was when it waited in vain."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

ANSWER_S = 15.0
# A program that once did not answer is not waited for as long again: retries must not make a test last for minutes.
AGAIN_S = 2.0
RETRIEVAL_FAILURE = 11200


class NoAnswerError(Exception):
    """The program did not answer; `code` is Twilio's."""

    def __init__(self, code: int, cause: str) -> None:
        super().__init__(cause)
        self.code = code
        self.cause = cause


class Patience:
    """What a test has with one program: `limit_s` of real time for each answer, less once it was lost."""

    def __init__(self, limit_s: float) -> None:
        self.left_s = limit_s

    def lost(self, place: str = "") -> NoAnswerError:
        """The error to tell; from now on there is less."""
        waited_s, self.left_s = self.left_s, min(self.left_s, AGAIN_S)
        where = f": it was at {place}" if place else ""
        return NoAnswerError(RETRIEVAL_FAILURE, f"no answer within {waited_s:g} s{where}")

    @contextlib.contextmanager
    def interrupting(self) -> Iterator[None]:
        """Break off what the block does when it takes too long: NoAnswerError.

        By SIGALRM, so in the main thread alone, and not where somebody else uses that signal; elsewhere it waits.
        """
        if threading.current_thread() is not threading.main_thread() or signal.getitimer(signal.ITIMER_REAL)[0]:
            yield
            return
        handler = signal.getsignal(signal.SIGALRM)
        signal.signal(signal.SIGALRM, _break_off)
        # Again and again, should the program catch the first.
        signal.setitimer(signal.ITIMER_REAL, self.left_s, AGAIN_S)
        try:
            yield
        except _TooLongError as late:
            raise self.lost(late.place) from None
        finally:
            signal.setitimer(signal.ITIMER_REAL, 0)
            signal.signal(signal.SIGALRM, handler)


class _TooLongError(BaseException):
    """Not an Exception, which a framework would catch and answer with 500."""

    def __init__(self, place: str) -> None:
        super().__init__(place)
        self.place = place


def place_of(frame: FrameType | None) -> str:
    """File, line and function of the innermost frame that is of no library, as barber.py:40 in sms; "" without one."""
    while frame is not None:
        path = Path(frame.f_code.co_filename)
        if not _is_of_a_library(path):
            return f"{path.name}:{frame.f_lineno} in {frame.f_code.co_name}"
        frame = frame.f_back
    return ""


def _break_off(_number: int, frame: FrameType | None) -> None:
    raise _TooLongError(place_of(frame))


_OURS = Path(__file__).parents[1]
_STANDARD = Path(threading.__file__).parent


def _is_of_a_library(path: Path) -> bool:
    return "site-packages" in path.parts or path.is_relative_to(_OURS) or path.is_relative_to(_STANDARD)
