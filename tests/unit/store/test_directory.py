"""Entries stand for one version, and do not grow without bound."""

from ringfence.store.directory import KEPT_MAX, Directory, keep


def test_entries_stay_while_their_version_does():
    directory = Directory()
    keep(directory.at(7), ("q", "k"), "row")
    assert directory.at(7) == {("q", "k"): "row"}
    assert directory.at(8) == {}


def test_what_is_found_late_is_kept_for_the_version_it_was_looked_up_at():
    directory = Directory()
    old = directory.at(7)
    directory.at(8)
    keep(old, ("q", "k"), "row")
    assert directory.at(8) == {}


def test_an_answer_that_was_overtaken_changes_nothing():
    directory = Directory()
    keep(directory.at(8), ("q", "k"), "row")
    assert directory.at(7) == {("q", "k"): "row"}


def test_a_database_that_was_put_back_is_read_anew():
    directory = Directory()
    keep(directory.at(8), ("q", "k"), "row")
    assert directory.at(7, seen=directory.version) == {}
    keep(directory.at(7), ("q", "k"), "older row")
    assert directory.at(7, seen=directory.version) == {("q", "k"): "older row"}
    assert directory.at(8, seen=directory.version) == {}


def test_an_answer_to_a_question_from_before_is_late_and_not_from_a_database_that_was_put_back():
    directory = Directory()
    directory.at(7)
    seen = directory.version
    keep(directory.at(8), ("q", "k"), "row")
    assert directory.at(7, seen=seen) == {("q", "k"): "row"}


def test_what_is_forgotten_is_read_anew_at_the_same_version():
    directory = Directory()
    keep(directory.at(8), ("q", "k"), "row")
    directory.forget()
    assert directory.at(8) == {}


def test_too_many_begin_anew():
    entries = Directory().at(1)
    for n in range(KEPT_MAX + 1):
        keep(entries, ("q", str(n)), n)
    assert entries == {("q", str(KEPT_MAX)): KEPT_MAX}
