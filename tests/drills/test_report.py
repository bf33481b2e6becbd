"""What drills found, as programs and as people elsewhere get it."""

import pytest
from msgspec import structs

from ringfence.cli.drill import drill
from ringfence.drills.report import Finding, Verdict, lines
from ringfence.drills.report_page import page
from ringfence.drills.run import DRILLS
from ringfence.roles.refusal import RefusalError


def found(design: str, reached: int, *rows: tuple[str, str]) -> Finding:
    return Finding(drill="D10", design=design, tenants=1_000, reached=reached, seconds=1.25, rows=rows)


STOPPED = Verdict(
    drill="D10",
    title="disks <stolen>",
    ours=found("ours", 0, ("on disk", "0 tenants")),
    control=found("control", 1_000, ("on disk", "1,000 & more")),
)
FAILED = Verdict(drill="D11", title="leaks", ours=found("ours", 2), control=None)


def test_programs_get_one_object_a_drill() -> None:
    told = STOPPED.told()
    assert (told.drill, told.of, told.control_reached, told.ours_reached, told.stopped) == (
        "D10",
        1_000,
        1_000,
        0,
        True,
    )
    assert (told.secondary, told.control_secondary) == ({"on disk": "0 tenants"}, {"on disk": "1,000 & more"})
    assert told.seconds == 2.5
    alone = FAILED.told()
    assert (alone.control_reached, alone.ours_reached, alone.stopped, alone.control_secondary) == (None, 2, False, {})


def test_what_did_not_work_where_it_should_is_not_stopped() -> None:
    broken = structs.replace(STOPPED, ours=structs.replace(STOPPED.ours, proves=False))
    assert (broken.passed, broken.told().stopped) == (False, False)
    assert lines([broken])[1].endswith("FAILED")


def test_the_page_tells_all_of_it_runs_nothing_and_fetches_nothing() -> None:
    text = page([STOPPED, FAILED])
    assert "1 of 2 stopped" in text
    assert "<td>1,000 of 1,000</td><td>0 of 1,000</td><td>2.5</td><td>stopped</td>" in text
    assert "<td>not installed</td><td>2 of 1,000</td><td>1.2</td><td><strong>FAILED</strong></td>" in text
    assert "disks &lt;stolen&gt;<dl><dt>on disk</dt><dd>0 tenants</dd></dl>" in text
    assert "<dt>control, on disk</dt><dd>1,000 &amp; more</dd>" in text
    assert not any(word in text for word in ("<script", "src=", "href=", "url(", "@import"))


def test_one_report_has_one_form() -> None:
    with pytest.raises(RefusalError, match="two forms"):
        drill(["D13"], tenants=7, ours_only=True, as_json=True, as_html=True)


def test_each_drill_is_called_by_a_name_that_the_command_takes() -> None:
    assert DRILLS
    assert [name for name in DRILLS if name != name.upper()] == []
