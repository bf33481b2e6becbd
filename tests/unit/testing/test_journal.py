"""A conversation can be read, and does not grow without end."""

from ringfence.testing.journal import LINES_KEPT, NOTHING, Journal, quoted

AT_MS = 1_772_355_600_005


def test_lines_have_their_time_and_what_belongs_to_them_stands_below() -> None:
    journal = Journal()
    assert str(journal) == NOTHING
    journal.write(AT_MS, "one", "two\nthree", "four")
    assert str(journal).splitlines() == [
        "03-01 09:00:00.005  one",
        *(" " * 20 + word for word in ("two", "three", "four")),
    ]


def test_only_the_last_lines_are_kept_and_it_says_so() -> None:
    journal = Journal()
    for number in range(LINES_KEPT + 1):
        journal.write(AT_MS, str(number))
    lines = str(journal).splitlines()
    assert (len(lines), lines[0]) == (LINES_KEPT + 1, "… what came before is left out")
    assert lines[1].endswith("  1")


def test_bodies_are_short_and_on_one_line() -> None:
    assert quoted("a\nb") == '"a⏎b"'
    assert len(quoted("x" * 1_600)) == 402
