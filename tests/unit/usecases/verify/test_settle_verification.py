"""An API that dies between a code's approval and its row leaves a verification that whoever comes next ends rightly."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from tests.unit.usecases.verify.test_start_within_bounds import Scene

from ringfence.domain.errors import ApiError
from ringfence.domain.verification import Status
from ringfence.ports.verification_codes import CodeOf, CodeState, Verdict

NUMBER = "+12025550177"


def play(story: Callable[[Scene], Awaitable[None]]) -> None:
    async def played() -> None:
        scene = Scene()
        await scene.open(20)
        await scene.start(NUMBER)
        await story(scene)

    asyncio.run(asyncio.wait_for(played(), 30))


async def found(scene: Scene, sid: str = NUMBER):
    return await scene.verifying.reader.find(scene.caller.account, scene.service.sid, sid)


async def code_of(scene: Scene) -> CodeOf:
    row = await found(scene)
    return CodeOf(account=row.account, sid=row.sid, service=row.service, to=NUMBER)


async def approve_and_die(scene: Scene) -> tuple[str, str]:
    """What an API did that died then: the verification, and its code."""
    code = await code_of(scene)
    (told,) = await scene.keys.reveal_codes([code])
    assert await scene.keys.check_code(code, told) is Verdict.APPROVED
    assert await scene.keys.reveal_codes([code]) == [None]
    assert await scene.keys.code_state(code.account, code.sid) is CodeState.USED
    assert (await found(scene, code.sid)).status is Status.PENDING
    return code.sid, told


def test_to_start_again_ends_it_and_begins_another() -> None:
    async def story(scene: Scene) -> None:
        sid, told = await approve_and_die(scene)
        assert await scene.start(NUMBER) == 0
        assert (await found(scene, sid)).status is Status.APPROVED
        another = await code_of(scene)
        assert another.sid != sid
        assert await scene.keys.reveal_codes([another]) != [told]
        assert len(scene.guard.brought_back) == 1

    play(story)


def test_to_check_again_ends_it_and_approves_nothing_twice() -> None:
    async def story(scene: Scene) -> None:
        sid, told = await approve_and_die(scene)
        for named in ({"sid": sid}, {"to": NUMBER}, {"sid": sid}):
            assert await scene.verifying.checker.check(scene.caller, scene.service, told, **named) is None
        assert (await found(scene, sid)).status is Status.APPROVED
        assert await found(scene) is None
        assert len(scene.guard.brought_back) == 1

    play(story)


def test_a_code_that_was_closed_is_a_verification_canceled_and_approved_by_nobody() -> None:
    async def story(scene: Scene) -> None:
        code = await code_of(scene)
        await scene.keys.close_code(code.account, code.sid)
        assert await scene.keys.code_state(code.account, code.sid) is CodeState.GONE
        row = await scene.verifying.settler.settled(await found(scene), NUMBER)
        assert row.status is Status.CANCELED
        assert scene.guard.brought_back == []
        assert await scene.verifying.settler.settled(row, NUMBER) == row

    play(story)


def test_what_is_pending_stays_so_whatever_was_guessed() -> None:
    async def story(scene: Scene) -> None:
        row = await found(scene)
        for _ in range(5):
            assert await scene.verifying.settler.settled(row, NUMBER) == row
            await scene.verifying.checker.check(scene.caller, scene.service, "wrong", to=NUMBER)
        assert await scene.keys.code_state(row.account, row.sid) is CodeState.OPEN
        with pytest.raises(ApiError) as refused:
            await scene.verifying.checker.check(scene.caller, scene.service, "wrong", to=NUMBER)
        assert refused.value.code == 60202

    play(story)


def test_of_a_check_and_a_start_at_once_the_check_is_answered_whoever_writes_it_down() -> None:
    async def story(scene: Scene) -> None:
        code = await code_of(scene)
        (told,) = await scene.keys.reveal_codes([code])
        checker = scene.verifying.checker
        before = await found(scene)
        ends = await asyncio.gather(
            *(checker.check(scene.caller, scene.service, told, to=NUMBER) for _ in range(5)),
            *(scene.verifying.settler.settled(before, NUMBER) for _ in range(5)),
        )
        assert [view is not None for view in ends[:5]].count(True) == 1
        assert (await found(scene, code.sid)).status is Status.APPROVED
        assert len(scene.guard.brought_back) == 1

    play(story)


def test_whoever_finds_the_code_used_before_it_is_written_down_takes_nothing_from_the_check() -> None:
    async def story(scene: Scene) -> None:
        view = await scene.verifying.reader.fetch(scene.caller, scene.caller.account, scene.service.sid, NUMBER)
        sid, _ = await approve_and_die(scene)
        await scene.verifying.settler.settled(view.row, NUMBER)
        approved = await scene.verifying.settler.approve_by_code(view)
        assert (approved.row.sid, approved.row.status) == (sid, Status.APPROVED)
        assert await scene.verifying.settler.approve(view) is None
        assert len(scene.guard.brought_back) == 1

    play(story)
