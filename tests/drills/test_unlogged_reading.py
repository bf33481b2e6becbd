"""D14: nothing is read that the record does not tell of, whatever is done to whoever writes it."""

from ringfence.drills.design import OURS, control
from ringfence.drills.report import Finding
from ringfence.drills.unlogged_reading import unlogged_reading

VICTIMS = 4


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d14_what_cannot_be_recorded_is_not_read_and_texts_go_out_meanwhile() -> None:
    ours = unlogged_reading(OURS, VICTIMS)
    assert ours.reached == 0
    reads, recorded = figure(ours, "read, and recorded").split(", ")
    assert reads == recorded
    # Each way is tried once for its victim, the first of them twice.
    assert int(figure(ours, "tried and refused")) + int(reads) == VICTIMS + 1
    assert figure(ours, "texts delivered while nothing could be recorded") == f"{VICTIMS + 1} of {VICTIMS + 1}"
    assert int(figure(ours, "openings for delivery that the record counts as missing")) > 0
    assert dict(ours.rows).popitem() == (
        "who watches the record from outside, back after all but the last way",
        "all as it was",
    )


def test_d14_reads_everybody_of_the_control_without_a_record() -> None:
    theirs = control()
    assert theirs is not None, "a checkout has the control build"
    found = unlogged_reading(theirs, VICTIMS)
    assert found.reached == VICTIMS
    assert figure(found, "tried and refused") == "0"
