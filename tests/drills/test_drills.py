"""A drill must reach every tenant of the control build and none of ours: else it proves nothing, or we do."""

import asyncio
from pathlib import Path

import pytest

from ringfence.drills.design import OURS, OURS_HYBRID, Design, control
from ringfence.drills.disk_theft import disk_theft
from ringfence.drills.leakage_sweep import leakage_sweep
from ringfence.drills.report import Finding, Verdict, lines
from ringfence.drills.seeded_copy import seeded_copy

TENANTS = 6


@pytest.fixture(scope="module")
def the_control() -> Design:
    found = control()
    assert found is not None, "a checkout has the control build"
    return found


def figure(finding: Finding, name: str) -> str:
    return dict(finding.rows)[name]


def test_d10_a_thief_of_disk_backup_and_keys_opens_no_past(the_control: Design) -> None:
    ours = disk_theft(OURS, TENANTS)
    assert ours.reached == 0
    assert figure(ours, "past content opened").startswith("0 tenants")
    assert figure(ours, "canaries lying on disk") == "0 tenants"
    # What the threat model concedes is really there to be taken: the thief does work.
    assert figure(ours, "in flight at the time, opened") == "1 tenants"
    assert figure(ours, "standing configuration opened") == f"{TENANTS} tenants"
    assert figure(ours, "opt-outs confirmed by guessing the number") == "1"
    # Of what a declared duty kept he opens nothing, nor with one officer; with two he would: it is there.
    assert figure(ours, "retained by a declared duty, opened") == "0 tenants"
    assert figure(ours, "the same with one officer's key") == "0 tenants"
    assert figure(ours, "the same with two, conceded") == f"{TENANTS} tenants"
    assert disk_theft(the_control, TENANTS).reached == TENANTS
    # With a quantum computer he opens what X25519 alone seals, and nothing that the hybrid does.
    assert figure(ours, "past content opened, did X25519 fall") == f"{TENANTS} tenants"
    hybrid = disk_theft(OURS_HYBRID, 2)
    assert (hybrid.reached, figure(hybrid, "past content opened, did X25519 fall")) == (0, "0 tenants")
    assert figure(hybrid, "standing configuration opened") == "2 tenants"


def test_d11_nothing_leaks_to_disk_logs_metrics_or_crash_output(the_control: Design) -> None:
    ours = leakage_sweep(OURS, TENANTS)
    assert ours.reached == 0, ours.rows
    assert figure(ours, "kinds found") == "none"
    assert "core dumps: 0" in figure(ours, "scanned")
    assert figure(ours, "codes told to somebody, approved") == f"{3 * TENANTS}, {TENANTS}"
    accepted, called = map(int, figure(ours, "texts accepted, webhooks called").split(", "))
    assert accepted == 3 * TENANTS
    assert called > 2 * TENANTS
    theirs = leakage_sweep(the_control, TENANTS)
    assert theirs.reached == TENANTS
    # The sweep does find codes where they lie.
    assert {"one-time code", "program's own code"} <= set(figure(theirs, "kinds found").split(", "))
    assert "codes.db" in figure(theirs, "found in")


def test_the_tenant_itself_reads_what_the_thief_cannot(tmp_path: Path) -> None:
    async def story() -> None:
        async with seeded_copy(tmp_path, OURS) as copy:
            await copy.add_tenants(1)
            await copy.run_traffic()
            await copy.let_pass(26)
            (tenant,) = copy.tenants
            texts = await copy.read(tenant)
            found = copy.canaries.found_in(" ".join(texts).encode())
            assert {kind for _, kind in found} == {
                "body",
                "body of an answer",
                "TwiML reply",
                "To and From number",
            }

    asyncio.run(story())


def finding(design: str, reached: int) -> Finding:
    return Finding(drill="D10", design=design, tenants=5, reached=reached, seconds=1.0)


@pytest.mark.parametrize(
    ("ours", "other", "passed"), [(0, 5, True), (1, 5, False), (0, 4, False), (0, None, True), (2, None, False)]
)
def test_a_verdict_needs_nobody_on_ours_and_everybody_on_the_control(
    ours: int, other: int | None, passed: bool
) -> None:
    verdict = Verdict(
        drill="D10",
        title="theft",
        ours=finding("ours", ours),
        control=None if other is None else finding("control", other),
    )
    assert verdict.passed is passed
    assert ("stopped" if passed else "FAILED") in lines([verdict])[1]
