"""What does not answer or stands still is an incident while it does, once."""

import asyncio

import msgspec

from ringfence.domain.clock import ManualClock
from ringfence.ports.operations import CarrierState
from ringfence.ports.process_states import ProcessState
from ringfence.store.memory import MemoryStore
from ringfence.usecases.access.freeze import freeze, thaw
from ringfence.usecases.operations.tell_carriers import DOWN_AFTER_MS, CarrierTelling
from ringfence.usecases.operations.watch import Watch


def test_a_carrier_is_told_of_when_it_changes_and_is_an_incident_while_it_is_down():
    async def story():
        store, clock = MemoryStore(), ManualClock()
        state = CarrierState(name="trunk", owner="voice", kind="calls", up=True, since_ms=1, told_ms=1)
        states = [state]
        telling = CarrierTelling(store, clock, lambda: states)
        await telling.tell()
        states[0] = msgspec.structs.replace(state, told_ms=2)
        await telling.tell()
        assert list(await store.carrier_states()) == [state]
        states[0] = msgspec.structs.replace(state, up=False, since_ms=3, told_ms=3)
        await telling.tell()
        assert not await store.incidents(going_on=True)
        states[0] = msgspec.structs.replace(states[0], told_ms=3 + DOWN_AFTER_MS)
        for _ in range(2):
            await telling.tell()
        (incident,) = await store.incidents(going_on=True)
        assert (incident.kind, incident.what, incident.began_ms) == ("carrier", "trunk of voice", 3)
        # Another process that has the same carrier neither ends it nor begins it.
        other = msgspec.structs.replace(state, owner="voice2")
        await CarrierTelling(store, clock, lambda: [other]).tell()
        assert await store.incidents(going_on=True)
        states[0] = msgspec.structs.replace(state, since_ms=20_000, told_ms=20_000)
        await telling.tell()
        assert not await store.incidents(going_on=True)
        assert len(await store.incidents()) == 1

    asyncio.run(story())


def test_freezes_and_silent_processes_are_incidents_while_they_last():
    async def story():
        store, clock = MemoryStore(), ManualClock()
        states = [ProcessState(name="voice", answers=True), ProcessState(name="elsewhere", answers=False)]

        async def processes():
            return states

        watch = Watch(store, store, processes, clock)
        await freeze(store, clock, "carrier", "simulator")
        began_ms = clock.now_ms()
        await watch.look()
        states[0] = ProcessState(name="voice", answers=False)
        await watch.look()
        # Once is nothing: it may have been starting.
        assert [(row.kind, row.what) for row in await store.incidents()] == [("freeze", "carrier:simulator")]
        clock.advance(5_000)
        await watch.look()
        found = {(row.kind, row.what): row.began_ms for row in await store.incidents(going_on=True)}
        assert found == {("freeze", "carrier:simulator"): began_ms, ("process", "voice"): began_ms}
        # Who looks anew does not know that it was up: it goes on until it answers.
        watch = Watch(store, store, processes, clock)
        await watch.look()
        assert {row.what for row in await store.incidents(going_on=True)} == {"carrier:simulator", "voice"}
        states[0] = ProcessState(name="voice", answers=True)
        await thaw(store, clock, "carrier", "simulator")
        await watch.look()
        assert not await store.incidents(going_on=True)

    asyncio.run(story())
