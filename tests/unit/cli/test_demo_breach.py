"""The story of the breach: what it tells, what it tries, and that it says what it leaves out."""

import msgspec
import pytest

from ringfence.cli import demo_breach
from ringfence.cli.demo_breach import CHAPTERS, run
from ringfence.drills import run as drills
from ringfence.drills.report import Finding
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings


def test_each_chapter_is_told_tried_on_both_builds_and_counted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    tracks = next(one for one in CHAPTERS if one.drill == "D13")
    small, unknown = msgspec.structs.replace(tracks, count=7), msgspec.structs.replace(tracks, drill="D99")
    monkeypatch.setattr(demo_breach, "CHAPTERS", (small, unknown))
    run(Settings(), auto=True)
    told = capsys.readouterr().out
    assert f"1. {tracks.title}" in told
    assert "control build: 7 of 7  here: 0 of 7 tries  (D13)" in told
    assert "left out: it is not in this version" in told


def test_an_attack_that_is_not_stopped_is_not_told_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    chapter = next(one for one in CHAPTERS if one.drill == "D13")

    def not_stopped(design: object, tenants: int, database: str) -> Finding:
        return Finding(drill="D13", design="ours", tenants=tenants, reached=1, seconds=0.0)

    monkeypatch.setattr(demo_breach, "CHAPTERS", (chapter,))
    monkeypatch.setitem(drills.DRILLS, "D13", msgspec.structs.replace(drills.DRILLS["D13"], play=not_stopped))
    with pytest.raises(RefusalError, match="not stopped: And if they had covered their tracks"):
        run(Settings(), auto=True)
