"""What a terminal is given: nothing that it obeys comes from what others wrote."""

import pytest

from ringfence.cli.terminal import Terminal
from ringfence.cli.visible_text import visible
from ringfence.roles.refusal import RefusalError

HOSTILE = "a\x1b]52;c;eA==\x07\x9b2J\u202eb"
SHOWN = r"a\x1b]52;c;eA==\x07\x9b2J\u202eb"


def test_controls_and_line_ends_are_shown_and_tabs_stay() -> None:
    assert visible(HOSTILE) == SHOWN
    assert visible("a\tb\n") == r"a\tb\n".replace(r"\t", "\t")
    assert visible("\r\x7f\u2066 é ✓") == r"\r\x7f\u2066 é ✓".replace(r"\r", r"\x0d")


def test_no_line_carries_a_control(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    terminal.say(HOSTILE)
    terminal.note(HOSTILE)
    terminal.warn(HOSTILE)
    terminal.refuse(RefusalError(HOSTILE, HOSTILE))
    terminal.styled((HOSTILE, ""))
    terminal.heading("Name", HOSTILE, HOSTILE)
    terminal.table(("name",), [(HOSTILE,)])
    out, err = capsys.readouterr()
    assert out.count(SHOWN) == 5
    assert err.count(SHOWN) == 4
    assert not any(control in out + err for control in "\x1b\x07\x9b\u202e")


def test_what_others_wrote_does_not_begin_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    terminal = Terminal()
    forged = 'Hi"\nreply    +12025550123 → +12025550177  "Confirmed"'
    terminal.say(forged)
    terminal.styled((forged, ""))
    terminal.table(("body",), [(forged,)])
    out, _ = capsys.readouterr()
    assert not any(line.startswith("reply") for line in out.splitlines())
    assert out.count(r"Hi\"\nreply".replace('\\"', '"')) == 3
