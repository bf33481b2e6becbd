"""The memory behind the live feed: a slow reader misses steps but never the outcome."""

import pytest

from ringfence.carriers.simulator import changes as changes_module
from ringfence.carriers.simulator.changes import Batch, Changes
from ringfence.carriers.simulator.handset import Handset, Text
from ringfence.domain.message import Status


def a_text(text_id: str = "t1") -> Text:
    return Text(
        id=text_id,
        handset="+12025550177",
        sender="+1",
        to="+2",
        body="x",
        inbound=False,
        status=Status.SENDING,
        at_ms=1,
    )


def a_handset(number: str = "+12025550177") -> Handset:
    return Handset(number=number, name="", automatic=False, made_ms=1)


def test_each_changed_thing_is_told_once_in_the_order_of_its_last_change() -> None:
    changes = Changes()
    handset, first, second = a_handset(), a_text("t1"), a_text("t2")
    changes.handset(handset)
    changes.text(first)
    changes.text(second)
    changes.text(first)
    batch = changes.since(0)
    assert (batch.handsets, batch.texts, batch.whole) == ((handset,), (second, first), False)
    assert batch.version == 4 == first.version
    assert changes.since(3).texts == (first,)
    assert changes.since(4) == Batch(version=4)


def test_removed_handsets_and_faults_are_told() -> None:
    changes = Changes()
    changes.handset(a_handset("+12025550101"))
    changes.removed("+12025550101")
    changes.faults()
    assert changes.since(0) == Batch(version=3, removed=("+12025550101",), faults=True)


def test_a_reader_too_far_behind_or_from_another_life_takes_a_snapshot(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(changes_module, "CHANGES_KEPT", 2)
    changes = Changes()
    for number in range(4):
        changes.text(a_text(f"t{number}"))
    assert changes.since(1).whole
    assert not changes.since(2).whole
    assert [text.id for text in changes.since(2).texts] == ["t2", "t3"]
    assert changes.since(5).whole
    assert changes.since(5).version == 4


def test_after_a_restart_everybody_takes_a_snapshot() -> None:
    changes = Changes()
    changes.text(a_text())
    changes.restart()
    assert changes.since(1) == Batch(version=2, whole=True)
    assert changes.since(2) == Batch(version=2)


def test_what_was_told_before_a_restart_is_not_told_again() -> None:
    changes = Changes()
    changes.text(a_text("t1"))
    changes.restart()
    changes.text(a_text("t2"))
    assert [text.id for text in changes.since(2).texts] == ["t2"]
    assert len(changes._touched) == 1


def test_listeners_hear_every_change_until_they_stop() -> None:
    changes, heard = Changes(), []
    stop = changes.listen(lambda: heard.append(changes.version))
    changes.text(a_text())
    changes.restart()
    stop()
    changes.faults()
    assert heard == [1, 2]
