"""D13: whoever rewrites the record of openings is noticed from outside; in the control, nobody is."""

from pathlib import Path

from ringfence.drills.design import OURS, control
from ringfence.drills.log_tampering import WAYS, log_tampering
from ringfence.drills.record import WatchedLedger
from ringfence.ports.ledger import AccessEntry


def test_d13_every_tampering_is_noticed_and_none_in_the_control() -> None:
    count = 3 * len(WAYS)
    ours = log_tampering(OURS, count)
    assert (ours.reached, ours.rows) == (0, ())
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = log_tampering(theirs, count)
    assert found.reached == count
    assert dict(found.rows) == {f"unnoticed, {way}": "3" for way in WAYS}


def test_a_witness_who_never_looked_before_notices_nothing(tmp_path: Path) -> None:
    """What the drill shows is the witness's doing: a ledger written anew as a whole is sound in itself."""
    record = WatchedLedger(tmp_path)
    entry = AccessEntry(at_ms=1, account="AC1", actor="SK1", verb="open_epochs")
    record.write([entry])
    record.rewrite(lambda entries: entries[:1])
    assert record.look() == ""
    record.rewrite(lambda entries: [*entries, entry])
    assert record.look() == ""
    record.rewrite(lambda entries: [*entries[:1], entry, entry])
    assert record.look() == ""
    record.rewrite(lambda entries: entries[:2])
    assert "shorter" in record.look() or "smaller" in record.look()
