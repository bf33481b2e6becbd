"""The Python interface of the simulator, against a real one."""

import asyncio

import pytest

from ringfence.carriers.simulator.python_api import (
    AsyncSimulator,
    Simulator,
    SimulatorRefusedError,
    Suggestion,
)

PHONE, SHOP = "+12025550177", "+12025550123"


def test_a_handset_reads_and_replies(wire) -> None:
    simulator = Simulator(wire.url)
    phone = simulator.add_handset(PHONE, "Sam")
    assert simulator.numbers() == [PHONE]
    wire.submit(PHONE, "Reply C to confirm, X to cancel.")
    wire.submit(PHONE, "Something else")
    text = phone.wait_for_text("confirm")
    assert (text.sender, text.to, text.direction, text.status) == (SHOP, PHONE, "outbound", "delivered")
    assert text.suggestions[0] == Suggestion("C", "Confirm")
    assert "confirm" not in repr(text)
    answer = phone.reply("C")
    assert (answer.sender, answer.to, answer.body, answer.direction) == (PHONE, SHOP, "C", "inbound")
    assert [kept.body for kept in phone.texts()][-1] == "C"
    phone.clear()
    assert phone.texts() == []
    phone.remove()
    assert simulator.numbers() == []


def test_a_handset_that_is_not_there_has_no_texts(wire) -> None:
    phone = Simulator(wire.url).phone(PHONE)
    assert phone.texts() == []
    with pytest.raises(LookupError):
        phone.reply("C")
    with pytest.raises(TimeoutError):
        phone.wait_for_text(timeout_s=0.1)
    with pytest.raises(SimulatorRefusedError, match="404") as refused:
        phone.clear()
    assert refused.value.status == 404


def test_faults_are_put_in_force_and_lifted(wire) -> None:
    simulator = Simulator(wire.url)
    phone = simulator.phone(PHONE)
    fault = phone.fail(30005)
    assert [one.code for one in wire.network.faults] == [30005]
    simulator.remove_fault(fault)
    simulator.add_fault("late_receipts", delay_ms=50, probability=0.5)
    simulator.clear_faults()
    assert list(wire.network.faults) == []
    with pytest.raises(SimulatorRefusedError, match="30003"):
        phone.fail(1)
    phone.text(SHOP, "", ["https://a.example/1.png"])
    simulator.reset()
    assert simulator.numbers() == []


def test_a_simulator_that_is_away_is_a_connection_error(wire) -> None:
    wire.close()
    with pytest.raises(ConnectionError):
        Simulator(wire.url).numbers()


def test_the_same_goes_for_asyncio(wire) -> None:
    async def scenario() -> None:
        simulator = AsyncSimulator(wire.url)
        phone = await simulator.add_handset(PHONE)
        waiting = asyncio.create_task(phone.wait_for_text("Hello"))
        await asyncio.to_thread(wire.submit, PHONE, "Hello")
        assert (await waiting).body == "Hello"
        assert (await phone.reply("Hi")).to == SHOP
        assert (await phone.text(SHOP, "there")).body == "there"
        assert len(await phone.texts()) == 3
        await simulator.remove_fault(await phone.fail(30003))
        await simulator.add_fault("delay", delay_ms=1)
        await simulator.clear_faults()
        await phone.clear()
        await phone.remove()
        assert simulator.phone(PHONE).number == PHONE
        await simulator.reset()
        assert await simulator.numbers() == []

    asyncio.run(scenario())


def test_who_has_a_handset_is_told_to_lookups(wire) -> None:
    Simulator(wire.url).add_handset(PHONE).subscriber(line_status="inactive")
    assert wire.network.handset(PHONE).subscriber.line_status == "inactive"
    asyncio.run(AsyncSimulator(wire.url).phone(PHONE).subscriber(line_type="pager"))
    assert wire.network.handset(PHONE).subscriber.line_type == "pager"
