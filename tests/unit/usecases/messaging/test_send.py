"""A text is judged, sealed, written, and only then accepted."""

import msgspec
import pytest

from ringfence.domain.errors import ApiError
from ringfence.domain.message import Direction, Status
from ringfence.usecases.accounts.create_account import create_account
from ringfence.usecases.messaging.read import ListRequest

HOUR_MS = 3_600_000


def test_an_accepted_text_is_at_rest_only_as_ciphertext(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            view = await w.send("The word is swordfish", status_callback="https://shop.example/status?key=topsecret")
            row = await w.row(view.row.sid)
            assert row.status is Status.QUEUED
            assert row.direction is Direction.OUTBOUND_API
            assert row.has_callback
            assert row.local == "+12025550123"
            assert row.remote_region == "US"
            at_rest = msgspec.msgpack.encode(row)
            for word in (b"swordfish", b"+12025550177", b"2025550177", b"topsecret"):
                assert word not in at_rest
            assert view.content is not None
            assert view.content.body == "The word is swordfish"

    run(story())


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"to": None}, 21604),
        ({"to": ""}, 21604),
        ({"to": "banana"}, 21211),
        ({"to": "+1" + "9" * 40}, 21211),
        ({"sender": None}, 21603),
        ({"sender": "+9"}, 21212),
        ({"sender": "+12025550199"}, 21606),
        ({"sender": "12345"}, 21606),
        ({"sender": "Barber"}, 21606),
        ({"sender": None, "messaging_service_sid": "MG" + "0" * 32}, 21701),
        ({"messaging_service_sid": "MG" + "0" * 32}, 21701),
        ({"messaging_service_sid": "Reminders"}, 21705),
        ({"body": None}, 21602),
        ({"body": ""}, 21602),
        ({"body": "x" * 1601}, 21617),
        ({"media_urls": ("https://pictures.example/1",) * 11}, 21623),
        ({"to": "+15005550001"}, 21211),
        ({"to": "+15005550009"}, 21614),
        ({"sender": "+15005550008"}, 21611),
        ({"schedule_type": "fixed"}, 35111),
        ({"schedule_type": "optimal", "send_at_ms": 1}, 35113),
        ({"validity_period_s": 0}, 20001),
        ({"validity_period_s": 36_001}, 20001),
    ],
)
def test_what_cannot_be_sent_is_refused_with_twilios_code_and_nothing_is_written(run, world, asked, code) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            with pytest.raises(ApiError) as refusal:
                await w.send(**{"body": "Hello", **asked})
            assert refusal.value.code == code
            assert await w.messaging.reader.list(w.caller, w.account, ListRequest()) == []

    run(story())


def test_limits_are_met_exactly(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            assert (await w.send("x" * 1600)).row.num_segments == 11
            assert (await w.send(validity_period_s=1)).row.valid_until_ms is not None
            assert (await w.send(validity_period_s=36_000)).row.valid_until_ms is not None

    run(story())


@pytest.mark.parametrize(
    ("ahead_ms", "accepted"),
    [
        (5 * 60_000 - 60_000, False),
        (5 * 60_000 + 60_000, True),
        (35 * 24 * HOUR_MS - 60_000, True),
        (35 * 24 * HOUR_MS + 60_000, False),
    ],
)
def test_a_text_is_scheduled_five_minutes_to_thirty_five_days_ahead(run, world, ahead_ms, accepted) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            at_ms = w.clock.now_ms() + ahead_ms
            if accepted:
                view = await w.send_later(at_ms)
                assert view.row.status is Status.SCHEDULED
                assert view.row.due_ms == at_ms
            else:
                with pytest.raises(ApiError) as refusal:
                    await w.send_later(at_ms)
                assert refusal.value.code == 35114

    run(story())


def test_another_tenants_number_is_no_sender_of_ours(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            other = await create_account(w.store, w.keys, w.clock, friendly_name="Other")
            await w.own(other.row, "+12025550188")
            with pytest.raises(ApiError) as refusal:
                await w.send(sender="+12025550188")
            assert refusal.value.code == 21606

    run(story())


def test_the_magic_sender_works_although_nobody_owns_it(run, world) -> None:
    async def story() -> None:
        async with world(running=False) as w:
            assert (await w.send(sender="+15005550006")).row.local == "+15005550006"

    run(story())


def test_the_key_service_is_asked_about_opt_outs_only_where_there_are_any(run, world, monkeypatch) -> None:
    asked: list[str] = []

    async def story() -> None:
        async with world(running=False) as w:
            blind = w.keys.blind

            async def noting(account, table, values):
                asked.extend(values)
                return await blind(account, table, values)

            monkeypatch.setattr(w.keys, "blind", noting)
            await w.send("Nobody ever opted out")
            assert asked == []
            (pair,) = await blind(w.account.sid, "opt_out", ["+12025550123|+12025550199"])
            await w.store.set_opt_out(w.account.sid, pair, True, 1)
            await w.send("Somebody else did")
            assert asked == ["+12025550123|+12025550177"]
            with pytest.raises(ApiError) as refused:
                await w.send("And this one", to="+12025550199")
            assert refused.value.code == 21610

    run(story())


def test_the_dispatcher_is_woken_for_what_is_due_and_for_nothing_else(run, world, monkeypatch) -> None:
    rings: list[int] = []

    async def story() -> None:
        async with world(running=False) as w:
            monkeypatch.setattr(w.dispatching.bells, "ring", lambda: rings.append(1))
            await w.send_later(w.clock.now_ms() + HOUR_MS)
            assert rings == []
            await w.send("Now")
            assert rings == [1]

    run(story())
