"""Whatever a test does, each text arrives once, each program is told in order, and the clock only goes forward."""

from collections import defaultdict

from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.testing.start import started

from .conftest import CUSTOMER, SHOP, Barber

OTHER = "+12025550178"
STEPS = st.one_of(
    st.tuples(st.just("text"), st.sampled_from([CUSTOMER, OTHER])),
    st.tuples(st.just("reply"), st.sampled_from([CUSTOMER, OTHER])),
    st.tuples(st.just("advance"), st.integers(0, 20_000)),
    st.tuples(st.just("late"), st.integers(1, 3_600)),
)


@settings(max_examples=20)
@given(st.lists(STEPS, max_size=12))
def test_any_course_of_events_ends_well(steps: list[tuple[str, object]]) -> None:
    barber = Barber()
    with started(numbers=[SHOP]) as world:
        world.number(SHOP).sms_to(barber)
        callback = world.host(barber) + "/status"
        client, sent, written = world.client(), defaultdict(list), defaultdict(list)
        for count, (step, value) in enumerate(steps):
            before = world.clock.now
            if step == "text":
                client.messages.create(from_=SHOP, to=value, body=f"text {count}", status_callback=callback)
                sent[value].append(f"text {count}")
            elif step == "reply":
                world.phone(str(value)).send(SHOP, f"reply {count}")
                written[value].append(f"reply {count}")
            elif step == "advance":
                world.clock.advance(seconds=value)
                assert (world.clock.now - before).total_seconds() >= int(str(value))
            else:
                world.chaos(delay=int(str(value)))
            assert world.clock.now >= before
        world.clock.advance(hours=2)
        for number in (CUSTOMER, OTHER):
            phone = world.phone(number)
            assert [text.body for text in phone.inbox] == sent[number]
            assert [text.body for text in phone.outbox] == written[number]
        told = defaultdict(list)
        for form in barber.seen:
            told[form["MessageSid"]].append(form.get("MessageStatus", "received"))
        assert sorted(map(tuple, told.values())) == sorted(
            [("sent", "delivered")] * sum(map(len, sent.values())) + [("received",)] * sum(map(len, written.values()))
        )
        assert world.webhooks.all_signed is bool(barber.seen)
        assert all(message.status in ("delivered", "received") for message in client.messages.list())


def test_a_month_passes_quickly_and_keys_are_closed_meanwhile() -> None:
    with started(numbers=[SHOP]) as world:
        world.client().messages.create(from_=SHOP, to=CUSTOMER, body="Long ago")
        (message,) = world.client().messages.list()
        world.clock.advance(days=31)
        due = world._driver.run(world._platform.keys.open_delivery_epochs())
        assert due == []
        assert message.fetch().body == "Long ago"
