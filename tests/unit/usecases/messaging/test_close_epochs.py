"""A past hour is taken from the dispatcher; what is unfinished can still be delivered, and nothing else."""

from ringfence.usecases.messaging.close_epochs import close_epochs

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS


def test_only_the_unfinished_of_a_past_hour_stay_open_to_the_dispatcher(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            done, waiting = (await w.send("done")).row, (await w.send("waiting")).row
            await w.messaging.reader.fetch(w.caller, w.account, done.sid)
            await deliver_by_hand(w, done.sid)
            w.clock.advance(2 * HOUR_MS)
            assert await close_epochs(w.store, w.keys, w.clock) >= 1
            keys = await w.keys.open_records(w.account.sid, [(done.epoch, done.sid), (waiting.epoch, waiting.sid)])
            assert keys[0] is None
            assert keys[1] is not None
            view = await w.messaging.reader.fetch(w.caller, w.account, done.sid)
            assert view.content.body == "done"

    run(story())


def test_a_text_scheduled_for_next_month_outlives_the_three_days_of_residue(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            at_ms = w.clock.now_ms() + 30 * DAY_MS
            scheduled = (await w.send_later(at_ms)).row
            stuck = (await w.send("stuck")).row
            for _ in range(30):
                w.clock.advance(DAY_MS)
                await close_epochs(w.store, w.keys, w.clock)
                await w.keys.tidy()
            keys = await w.keys.open_records(
                w.account.sid, [(scheduled.epoch, scheduled.sid), (stuck.epoch, stuck.sid)]
            )
            assert keys[0] is not None
            assert keys[1] is None
            for _ in range(4):
                w.clock.advance(DAY_MS)
                await close_epochs(w.store, w.keys, w.clock)
                await w.keys.tidy()
            assert await w.keys.open_records(w.account.sid, [(scheduled.epoch, scheduled.sid)]) == [None]

    run(story())


def test_an_hour_of_which_too_much_is_unfinished_keeps_no_other_open(run, world, monkeypatch) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            crowded = (await w.send("one of many")).row
            w.clock.advance(HOUR_MS)
            small = (await w.send("the next hour")).row
            w.clock.advance(2 * HOUR_MS)
            close_epoch = w.keys.close_epoch

            async def bounded(account, epoch, unfinished, scheduled=()):
                if epoch == crowded.epoch:
                    raise ValueError("the call is larger than a frame may be")
                await close_epoch(account, epoch, unfinished, scheduled)

            monkeypatch.setattr(w.keys, "close_epoch", bounded)
            assert await close_epochs(w.store, w.keys, w.clock) == 1
            assert (crowded.account, crowded.epoch) in await w.keys.open_delivery_epochs()
            assert (small.account, small.epoch) not in await w.keys.open_delivery_epochs()

    run(story())


async def deliver_by_hand(w, sid: str) -> None:
    from ringfence.domain.message import Status
    from ringfence.ports.store import Outcome

    now_ms = w.clock.now_ms()
    for status in (Status.SENT, Status.DELIVERED):
        await w.store.acknowledge(None, [Outcome(account=w.account.sid, sid=sid, status=status, at_ms=now_ms)])
