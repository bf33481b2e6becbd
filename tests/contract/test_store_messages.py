"""Messages: accepted once, moved by the table, rated once, listed, rewritten, erased."""

import asyncio

import pytest
from msgspec.structs import replace

from ringfence.domain.message import Direction, Status
from ringfence.ports.store import MediaRow, MessageFilter, NewEvent, Outcome, Party, RatedRow

NOW = 1_700_000_100_000
OTHER = "AC" + "b" * 32


def outcome(row, status, at_ms=NOW, **more):
    return Outcome(account=row.account, sid=row.sid, status=status, at_ms=at_ms, **more)


def medium(row, sid, created_ms=NOW):
    return MediaRow(
        account=row.account,
        message_sid=row.sid,
        sid=sid,
        content_type="image/png",
        size=3,
        epoch=7,
        content=b"\x00\xff\x10",
        created_ms=created_ms,
    )


async def test_every_field_comes_back_as_it_went_in(store, text):
    row = text(
        content=bytes(range(256)),
        num_segments=2,
        num_media=1,
        messaging_service_sid="MG" + "1" * 32,
        error_code=30003,
        price_micros=7_900,
        price_unit="EUR",
        sent_ms=NOW + 5,
        due_ms=NOW + 6,
        valid_until_ms=NOW + 7,
        sequence=3,
        carrier_ref="ref",
        has_callback=True,
        body_redacted=True,
        direction=Direction.OUTBOUND_REPLY,
        status=Status.SENDING,
    )
    assert await store.accept(row) is True
    assert await store.message(row.account, row.sid) == row


async def test_unset_fields_come_back_unset(store, text):
    row = text()
    await store.accept(row)
    assert await store.message(row.account, row.sid) == row


async def test_accepting_twice_writes_nothing(store, text):
    row = text()
    event = NewEvent(kind="message.received", sequence=0, at_ms=NOW)
    assert await store.accept(row, [event]) is True
    assert await store.accept(replace(row, content=b"other"), [event, event]) is False
    assert await store.message(row.account, row.sid) == row
    assert len(await store.events(row.account, row.sid)) == 1


async def test_of_the_same_text_accepted_at_once_one_is_written(store, text):
    row, others = text(), [text() for _ in range(5)]
    accepted = await asyncio.gather(*(store.accept(each) for each in [row, *others, row, row]))
    assert accepted == [True] * 6 + [False] * 2


async def test_the_same_sid_under_another_account_is_another_message(store, text):
    row = text()
    assert await store.accept(row)
    assert await store.accept(replace(row, account=OTHER))


async def test_another_tenants_message_is_unknown(store, text):
    row = text()
    await store.accept(row)
    assert await store.message(OTHER, row.sid) is None
    assert await store.messages(OTHER, MessageFilter()) == []
    assert await store.rewrite(OTHER, row.sid, b"", at_ms=NOW, redacted=True) is False
    assert await store.delete_message(OTHER, row.sid) is False
    assert await store.acknowledge(None, [replace(outcome(row, Status.SENT), account=OTHER)]) == [False]
    assert await store.message(row.account, row.sid) == row


async def test_an_outcome_moves_the_message(store, text):
    row = text(price_micros=5)
    await store.accept(row)
    assert await store.acknowledge(None, [outcome(row, Status.SENT, NOW, carrier_ref="c1", price_micros=6)]) == [True]
    assert await store.message(row.account, row.sid) == replace(
        row, status=Status.SENT, updated_ms=NOW, sent_ms=NOW, carrier_ref="c1", price_micros=6, sequence=1
    )
    assert await store.acknowledge(None, [outcome(row, Status.UNDELIVERED, NOW + 9, error_code=30003)]) == [True]
    assert await store.message(row.account, row.sid) == replace(
        row,
        status=Status.UNDELIVERED,
        updated_ms=NOW + 9,
        sent_ms=NOW,
        carrier_ref="c1",
        price_micros=6,
        sequence=2,
        error_code=30003,
    )


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Status.DELIVERED, Status.SENT),
        (Status.CANCELED, Status.SENT),
        (Status.SENT, Status.SENT),
        (Status.QUEUED, Status.DELIVERED),
        (Status.FAILED, Status.DELIVERED),
    ],
)
async def test_a_move_the_table_does_not_allow_is_ignored(store, text, before, after):
    row = text(status=before, has_callback=True)
    await store.accept(row)
    assert await store.acknowledge(None, [outcome(row, after)]) == [False]
    assert await store.message(row.account, row.sid) == row
    assert await store.events(row.account, row.sid) == []


async def test_an_unknown_message_takes_no_outcome(store, text):
    assert await store.acknowledge(None, [outcome(text(), Status.SENT)]) == [False]


async def test_no_outcomes_are_no_news(store):
    assert await store.acknowledge(None, []) == []


async def test_events_are_written_only_where_a_callback_waits(store, text):
    told, silent = text(has_callback=True), text()
    for row in (told, silent):
        await store.accept(row)
        await store.acknowledge(None, [outcome(row, Status.SENDING), outcome(row, Status.SENT, trail="ok\n")])
    (event,) = await store.events(told.account, told.sid)
    assert (event.kind, event.sequence, event.at_ms, event.raw) == ("message.sent", 1, NOW, "")
    assert await store.events(silent.account, silent.sid) == []
    assert (await store.message(silent.account, silent.sid)).sequence == 1


async def test_an_event_carries_the_error_of_its_message(store, text):
    row = text(has_callback=True)
    await store.accept(row)
    await store.acknowledge(None, [outcome(row, Status.FAILED, error_code=30008, trail="REJECTD\n")])
    (event,) = await store.events(row.account, row.sid)
    assert (event.kind, event.error_code, event.raw, event.state) == ("message.failed", 30008, "", "pending")


async def test_a_final_message_is_rated_once(store, text):
    row = text(price_micros=100, num_segments=3)
    await store.accept(row)
    await store.acknowledge(None, [outcome(row, Status.SENT, price_micros=7_900)])
    assert await store.rated(row.account) == []
    await store.acknowledge(None, [outcome(row, Status.DELIVERED, NOW + 1)])
    await store.acknowledge(None, [outcome(row, Status.READ, NOW + 2, price_micros=9)])
    assert await store.rated(row.account) == [
        RatedRow(
            account=row.account,
            sid=row.sid,
            price_micros=7_900,
            price_unit="USD",
            segments=3,
            status=Status.DELIVERED,
            at_ms=NOW + 1,
        )
    ]


async def test_what_is_final_from_the_start_is_rated_at_once_and_what_has_no_price_costs_nothing(store, text):
    inbound = text(direction=Direction.INBOUND, status=Status.RECEIVED, updated_ms=NOW + 3)
    await store.accept(inbound)
    (rated,) = await store.rated(inbound.account)
    assert (rated.sid, rated.price_micros, rated.status, rated.at_ms) == (inbound.sid, 0, Status.RECEIVED, NOW + 3)


async def test_rated_records_are_listed_newest_first_within_the_limit(store, text):
    rows = [text(status=Status.FAILED) for _ in range(3)]
    for row in rows:
        await store.accept(row)
    assert [rated.sid for rated in await store.rated(rows[0].account, limit=2)] == [rows[2].sid, rows[1].sid]
    assert await store.rated(OTHER) == []


async def test_messages_are_listed_newest_first(store, text):
    rows = [text(created_ms=NOW + ms) for ms in (1, 3, 2)]
    for row in rows:
        await store.accept(row)
    assert await store.messages(rows[0].account, MessageFilter()) == [rows[1], rows[2], rows[0]]
    assert await store.messages(rows[0].account, MessageFilter(), limit=1) == [rows[1]]


async def pages(store, account, wanted, limit):
    found, before = [], None
    while page := await store.messages(account, wanted, before=before, limit=limit):
        assert len(page) <= limit
        found += [row.sid for row in page]
        before = page[-1].sid
    return found


async def test_pages_neither_skip_nor_repeat_even_where_times_are_equal(store, text):
    rows = [text(created_ms=NOW + n // 4) for n in range(23)]
    for row in rows:
        await store.accept(row)
    expected = [row.sid for row in sorted(rows, key=lambda row: (row.created_ms, row.sid), reverse=True)]
    for limit in (1, 2, 5, 22, 23, 24):
        assert await pages(store, rows[0].account, MessageFilter(), limit) == expected


async def test_those_that_ended_in_one_way_are_listed_newest_first_by_page_and_direction(store, text):
    reply = Direction.OUTBOUND_REPLY
    failed = [text(status=Status.FAILED, direction=reply if n % 2 else Direction.OUTBOUND_API) for n in range(5)]
    others = [
        text(status=Status.DELIVERED),
        text(status=Status.QUEUED),
        text(sid="VL" + "1" * 32, status=Status.FAILED),
        text(account=OTHER, status=Status.FAILED),
    ]
    sent = text()
    for row in (*failed, *others, sent):
        await store.accept(row)
    account, every, newest = sent.account, MessageFilter(), failed[::-1]
    assert await store.ended_messages(account, Status.FAILED, every) == newest
    first = await store.ended_messages(account, Status.FAILED, every, limit=2)
    assert first == newest[:2]
    assert await store.ended_messages(account, Status.FAILED, every, before=first[-1].sid) == newest[2:]
    assert await store.ended_messages(account, Status.FAILED, every, direction=reply) == [failed[3], failed[1]]
    within = MessageFilter(from_ms=failed[1].created_ms, to_ms=failed[3].created_ms)
    assert await store.ended_messages(account, Status.FAILED, within) == [failed[2], failed[1]]
    assert await store.ended_messages(account, Status.QUEUED, every) == []
    await store.acknowledge(None, [Outcome(account=account, sid=sent.sid, status=Status.FAILED, at_ms=NOW)])
    assert [row.sid for row in await store.ended_messages(account, Status.FAILED, every, limit=1)] == [sent.sid]


async def test_a_listing_that_deletes_as_it_goes_skips_nothing(store, text):
    made = [text(sid=f"SM{NOW + n // 3:012x}{n:020x}", created_ms=NOW + n // 3) for n in range(10)]
    for row in made:
        await store.accept(row)
    seen, before = [], None
    while page := await store.messages(made[0].account, MessageFilter(), before=before, limit=2):
        for row in page:
            seen.append(row.sid)
            await store.delete_message(row.account, row.sid)
        before = page[-1].sid
    assert sorted(seen) == sorted(row.sid for row in made)


async def test_a_place_that_never_was_begins_nowhere(store, text):
    await store.accept(text())
    assert await store.messages(text().account, MessageFilter(), before="garbage") == []


async def test_a_filter_matches_either_end(store, text):
    ours, theirs = "+12025550123", b"i" * 16
    sent = text(local=ours, remote_index=theirs)
    got = text(local=ours, remote_index=theirs, direction=Direction.INBOUND, status=Status.RECEIVED)
    elsewhere = text(local="+19", remote_index=b"x" * 16)
    for row in (sent, got, elsewhere):
        await store.accept(row)
    here = Party(number=ours, indexes=frozenset({b"no" * 8}))
    there = Party(number="+12025550177", indexes=frozenset({b"old day's index!", theirs}))
    listed = {
        "to us": MessageFilter(to=here),
        "from us": MessageFilter(sender=here),
        "to them": MessageFilter(to=there),
        "from them": MessageFilter(sender=there),
        "from us to them": MessageFilter(sender=here, to=there),
        "from them to us": MessageFilter(sender=there, to=here),
        "from us to us": MessageFilter(sender=here, to=here),
    }
    found = {name: await store.messages(sent.account, wanted) for name, wanted in listed.items()}
    assert found == {
        "to us": [got],
        "from us": [sent],
        "to them": [sent],
        "from them": [got],
        "from us to them": [sent],
        "from them to us": [got],
        "from us to us": [],
    }


async def test_a_number_without_indexes_matches_only_as_the_tenants_own(store, text):
    row = text(direction=Direction.INBOUND, status=Status.RECEIVED)
    await store.accept(row)
    here = Party(number=row.local, indexes=frozenset())
    assert await store.messages(row.account, MessageFilter(to=here)) == [row]
    assert await store.messages(row.account, MessageFilter(sender=here)) == []


async def test_a_filtered_list_is_one_list_in_pages(store, text):
    index = b"i" * 16
    rows = []
    for n in range(12):
        inbound = n % 3 == 0
        rows.append(
            text(
                created_ms=NOW + n // 2,
                local="+1" if inbound else "+2",
                remote_index=b"y" * 16 if inbound else index,
                direction=Direction.INBOUND if inbound else Direction.OUTBOUND_API,
                status=Status.RECEIVED if inbound else Status.QUEUED,
            )
        )
        await store.accept(rows[-1])
    await store.accept(text(local="+1"))
    wanted = MessageFilter(to=Party(number="+1", indexes=frozenset({index})))
    expected = [row.sid for row in sorted(rows, key=lambda row: (row.created_ms, row.sid), reverse=True)]
    for limit in (1, 4, 5, 50):
        assert await pages(store, rows[0].account, wanted, limit) == expected


async def test_times_bound_a_list_half_open(store, text):
    rows = [text(created_ms=NOW + ms) for ms in range(5)]
    for row in rows:
        await store.accept(row)
    account = rows[0].account
    assert await store.messages(account, MessageFilter(from_ms=NOW + 1, to_ms=NOW + 3)) == [rows[2], rows[1]]
    assert await store.messages(account, MessageFilter(from_ms=NOW + 4)) == [rows[4]]
    assert await store.messages(account, MessageFilter(to_ms=NOW + 1)) == [rows[0]]
    bounded = MessageFilter(sender=Party(number=rows[0].local, indexes=frozenset()), from_ms=NOW + 1, to_ms=NOW + 2)
    assert await store.messages(account, bounded) == [rows[1]]


async def test_a_carriers_reference_finds_the_newest_message_it_names(store, text):
    rows = [text(created_ms=NOW + ms, carrier_ref="7") for ms in (1, 3, 2)]
    elsewhere = text(carrier="other", carrier_ref="7", created_ms=NOW + 9)
    for row in (*rows, elsewhere, text()):
        await store.accept(row)
    newest = (rows[1].account, rows[1].sid)
    assert await store.by_carrier_refs("simulator", ["8", "7", "7"]) == [None, newest, newest]
    assert await store.by_carrier_refs("other", ["7"]) == [(elsewhere.account, elsewhere.sid)]
    assert await store.by_carrier_refs("simulator", []) == []


async def test_messages_are_read_together_in_the_order_asked(store, text):
    rows = [text(), text(), text()]
    for row in rows:
        await store.accept(row)
    keys = [(row.account, row.sid) for row in rows]
    unknown = (rows[0].account, "SM" + "0" * 32)
    assert await store.messages_of([keys[2], unknown, keys[0]]) == [rows[2], None, rows[0]]
    assert await store.messages_of([]) == []


async def test_what_is_anothers_is_not_read_with_the_rest(store, text):
    mine, theirs = text(), text(account="AC" + "e" * 32)
    for row in (mine, theirs):
        await store.accept(row)
    assert await store.messages_of([(mine.account, theirs.sid), (theirs.account, mine.sid)]) == [None, None]


async def test_rewriting_replaces_the_content_alone(store, text):
    row = text()
    await store.accept(row)
    assert await store.rewrite(row.account, row.sid, b"", at_ms=NOW + 4, redacted=True) is True
    assert await store.message(row.account, row.sid) == replace(
        row, content=b"", updated_ms=NOW + 4, body_redacted=True
    )
    assert await store.rewrite(row.account, "SM" + "f" * 32, b"", at_ms=NOW, redacted=True) is False


async def test_deleting_erases_all_but_the_rated_record(store, text):
    row, other = text(has_callback=True), text(has_callback=True)
    for each in (row, other):
        await store.accept(each)
        await store.add_media([medium(each, "ME1")])
        await store.acknowledge(None, [outcome(each, Status.FAILED)])
    assert await store.delete_message(row.account, row.sid) is True
    assert await store.delete_message(row.account, row.sid) is False
    assert await store.message(row.account, row.sid) is None
    assert await store.media(row.account, row.sid) == []
    assert await store.events(row.account, row.sid) == []
    assert {rated.sid for rated in await store.rated(row.account)} == {row.sid, other.sid}
    assert len(await store.media(other.account, other.sid)) == len(await store.events(other.account, other.sid)) == 1


async def test_a_deleted_text_is_not_sent(store, text):
    row = text()
    await store.accept(row)
    (lease,) = await store.lease("d1", "simulator", NOW, 1_000, 1)
    await store.delete_message(row.account, row.sid)
    assert await store.due(lease, NOW, 10) == []
    assert await store.lease("d1", "simulator", NOW, 1_000, 1) == []


async def test_unfinished_are_what_is_not_final_or_has_news_pending(store, text):
    moving, done, told, elsewhere = text(), text(), text(has_callback=True), text(epoch=8)
    for row in (moving, done, told, elsewhere):
        await store.accept(row)
    await store.acknowledge(None, [outcome(done, Status.FAILED), outcome(told, Status.FAILED)])
    assert await store.unfinished(moving.account, 7) == sorted([(moving.sid, moving.due_ms), (told.sid, told.due_ms)])
    assert await store.unfinished(moving.account, 8) == [(elsewhere.sid, elsewhere.due_ms)]
    assert await store.unfinished(OTHER, 7) == []


async def test_media_belong_to_their_message(store, text):
    row, other = text(), text()
    rows = [medium(row, "ME2", NOW), medium(row, "ME1", NOW), medium(row, "ME3", NOW - 1), medium(other, "ME1")]
    await store.add_media(rows)
    await store.add_media(rows[:1])
    assert await store.media(row.account, row.sid) == [rows[2], rows[1], rows[0]]
    assert await store.delete_media(row.account, row.sid, "ME1") is True
    assert await store.delete_media(row.account, row.sid, "ME1") is False
    assert await store.media(row.account, row.sid) == [rows[2], rows[0]]
    assert await store.media(other.account, other.sid) == [rows[3]]
    assert await store.media(OTHER, row.sid) == []


async def test_an_opt_out_holds_for_one_pair_of_one_account_until_it_is_taken_back(store, text):
    account, pair = text().account, b"p" * 16
    assert await store.opted_out(account, pair) is False
    assert await store.any_opt_outs(account) is False
    await store.set_opt_out(account, pair, True, NOW)
    assert await store.any_opt_outs(account) is True
    assert await store.any_opt_outs(OTHER) is False
    assert await store.opted_out(account, pair) is True
    assert await store.opted_out(account, b"q" * 16) is False
    assert await store.opted_out(OTHER, pair) is False
    await store.set_opt_out(account, pair, False, NOW + 1)
    assert await store.opted_out(account, pair) is False


async def test_ready_from_open_to_close(store):
    assert await store.ready() is True
    await store.close()
    assert await store.ready() is False
    await store.close()


async def test_what_the_carrier_said_is_kept_in_order(store, text):
    row = text()
    await store.accept(row)
    assert await store.carrier_trail(row.account, row.sid) == ""
    await store.acknowledge(None, [outcome(row, Status.SENT, trail="one\n"), outcome(row, Status.DELIVERED)])
    await store.acknowledge(None, [outcome(row, Status.DELIVERED, trail="two\n"), outcome(row, Status.READ)])
    await store.acknowledge(None, [outcome(row, Status.FAILED, trail="three\n")])
    assert await store.carrier_trail(row.account, row.sid) == "one\ntwo\nthree\n"
    assert await store.carrier_trail(OTHER, row.sid) == ""


async def test_a_carrier_that_repeats_itself_fills_no_disk(store, text):
    row = text()
    await store.accept(row)
    line = "x" * 999 + "\n"
    await store.acknowledge(None, [outcome(row, Status.DELIVERED, trail=line)] * 3)
    await store.acknowledge(None, [outcome(row, Status.SENT, trail=line)])
    for _ in range(9):
        await store.acknowledge(None, [outcome(row, Status.SENT, trail=line)])
    assert await store.carrier_trail(row.account, row.sid) == line * 4


async def test_what_the_carrier_said_goes_with_the_message(store, text):
    row = text()
    await store.accept(row)
    await store.acknowledge(None, [outcome(row, Status.FAILED, trail="one\n")])
    await store.delete_message(row.account, row.sid)
    await store.accept(row)
    assert await store.carrier_trail(row.account, row.sid) == ""
