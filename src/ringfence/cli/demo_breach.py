"""The breach of August 2022, played against a build like that one's and against this one, in about five minutes."""

import sys
import textwrap
from collections.abc import Callable
from typing import Final

import msgspec

from ringfence.cli.terminal import Terminal
from ringfence.roles.logs import configure_logging
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

WIDTH: Final = 92


class Chapter(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the story: what happened then, what there is here, and the drill that tries it at a small size."""

    title: str
    then: str
    here: str
    drill: str
    count: int


BEGINS: Final = (
    "In August 2022 staff of a company that carries calls and texts for others were phished by text. What attackers "
    "came to with their sessions is told here step by step. Each step is then played twice: on a control build, which "
    "works as platforms did that year, and on this one."
)
CHAPTERS: Final = (
    Chapter(
        title="The page that looked right",
        then="Staff typed what they sign in with into a page that was not theirs. A password and a code, passed on to "
        "the real page at once, are a sign-in like any other there.",
        here="Staff sign in with a passkey and in no other way. A browser signs for the page that it is on: what a "
        "look-alike page is given is worth nothing at the real one.",
        drill="D01",
        count=3,
    ),
    Chapter(
        title="What a session of staff could see",
        then="The support console showed what customers sent to whoever was signed in. 209 of some 270,000 customers "
        "were reached.",
        here="Suppose the sign-in was stolen all the same. The console holds no key. A tenant's content opens with "
        "secrets that the tenant alone has, so that a session of staff has nothing to open it with.",
        drill="D05",
        count=12,
    ),
    Chapter(
        title="The search for a telephone number",
        then="The attackers searched for the numbers of people whose passwords they had stolen before, had a one-time "
        "code sent to them, and read it in the console.",
        here="There is no search across tenants, and a code is derived when it is needed and compared, not kept. It is "
        "on the telephone that it was sent to, and nowhere else.",
        drill="D06",
        count=6,
    ),
    Chapter(
        title="And if they had taken the disks",
        then="They had not. Where a platform has one key for everybody, a thief of its disks reads what all customers "
        "ever sent.",
        here="Every key on the machine is taken too, and yesterday's backup. The past was sealed to tenants, and the "
        "machine's own keys for delivery were destroyed day by day.",
        drill="D10",
        count=50,
    ),
    Chapter(
        title="And if they had covered their tracks",
        then="A log file says what whoever owns its disk wants it to say.",
        here="Each opening is in the ledger before its key is handed out. Whoever watched from outside once, a tenant "
        "say, sees when anything before that is changed: edited, deleted, back-dated or cut off.",
        drill="D13",
        count=35,
    ),
    Chapter(
        title="Who was it?",
        then="It took twelve weeks to know how many were reached. The first count was 163, the last 209.",
        here="Who was reached, what of theirs, and from when to when is read off the ledger, in seconds.",
        drill="D15",
        count=20,
    ),
)
ENDS: Final = (
    "Another company was a target of the same campaign. It lost three passwords and nothing else: there were physical "
    "keys at every login, and limits on what an employee can reach. Here that is the only outcome there is, and it "
    "rests on what keys can open, not on what people are told to do.",
    "What is not promised: whoever is root on the running machine reads what passes while he watches. SECURITY.md says "
    "who gets what, and `ringfence drill` plays all attacks, at full size.",
)


def run(_settings: Settings, *, auto: bool) -> None:
    """Tell it all; RefusalError where an attack was not stopped. A person turns the pages; with `auto` nobody does."""
    # Half of what the command line imports, for this demo alone.
    from ringfence.drills.report import Verdict
    from ringfence.drills.run import DRILLS
    from ringfence.drills.run import run as play

    configure_logging("demo", "critical")
    terminal = Terminal()
    turn = _waits(terminal) if sys.stdin.isatty() and not auto else _goes_on
    _paragraph(terminal, BEGINS)
    results: list[tuple[str, Verdict | str]] = []
    for number, chapter in enumerate(CHAPTERS, 1):
        turn()
        terminal.say("")
        terminal.styled((f"{number}. {chapter.title}", "bold"))
        _paragraph(terminal, chapter.then, "2022   ")
        _paragraph(terminal, chapter.here, "here   ")
        turn()
        lacking = DRILLS[chapter.drill].missing() if chapter.drill in DRILLS else "it is not in this version"
        if lacking:
            terminal.say(f"tried   left out: {lacking}")
            results.append((chapter.title, lacking))
            continue
        (verdict,) = play([chapter.drill], tenants=chapter.count, begins=terminal.note)
        results.append((chapter.title, verdict))
        each = DRILLS[chapter.drill].each
        then = (
            "not in a wheel" if verdict.control is None else f"{verdict.control.reached} of {verdict.control.tenants}"
        )
        terminal.styled(
            ("tried ", ""),
            (f"control build: {then}", "red"),
            (f"here: {verdict.ours.reached} of {verdict.ours.tenants} {each}", "green" if verdict.passed else "red"),
            (f"({chapter.drill})", "dim"),
        )
    turn()
    terminal.say("")
    for text in ENDS:
        _paragraph(terminal, text)
    failed = [title for title, result in results if isinstance(result, Verdict) and not result.passed]
    if failed:
        raise RefusalError(f"not stopped: {', '.join(failed)}", "this is a defect: SECURITY.md says whom to tell")


def _paragraph(terminal: Terminal, text: str, label: str = "") -> None:
    for line in textwrap.wrap(text, WIDTH, initial_indent=label, subsequent_indent=" " * len(label)):
        terminal.say(line)


def _waits(terminal: Terminal) -> Callable[[], None]:
    def turn() -> None:
        terminal.note("  (Enter)")
        sys.stdin.readline()

    return turn


def _goes_on() -> None:
    """Nobody has to turn a page."""
