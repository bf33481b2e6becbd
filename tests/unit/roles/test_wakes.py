"""Voice hears of new calls and orders; texts' news do not wake it."""

import asyncio
from pathlib import Path

import pytest

from ringfence.roles.settings import Settings
from ringfence.roles.wakes import every_dispatcher, every_voice, voice_rung


@pytest.mark.parametrize("database", ["sqlite", "postgres"])
def test_voice_hears_who_makes_calls(database: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    url = request.getfixturevalue("postgres_url") if database == "postgres" else ""
    # Of two groups of processes on one database, each has a folder of its own.
    here, there = (Settings(data_dir=tmp_path / name, database_url=url) for name in ("a", "b"))
    for settings in (here, there):
        settings.run_dir.mkdir(mode=0o700, parents=True)

    async def story() -> None:
        rung = asyncio.Event()
        async with voice_rung(here, rung.set):
            if url:
                # Its connection stands: it looks by itself once.
                await asyncio.wait_for(rung.wait(), 10)
            for ringer in (here, there) if url else (here,):
                rung.clear()
                async with every_voice(ringer) as wake:
                    while not rung.is_set():
                        # The ringer's own connection may not stand yet: a ring before that is lost.
                        wake.ring()
                        await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(story(), 30))


def test_texts_do_not_wake_voice(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path)
    settings.run_dir.mkdir(mode=0o700, parents=True)

    async def story() -> None:
        heard: list[str] = []
        async with voice_rung(settings, lambda: heard.append("ring")):
            async with every_dispatcher(settings) as texts, every_voice(settings) as calls:
                texts.ring()
                await asyncio.sleep(0)
                calls.ring()
                while not heard:
                    await asyncio.sleep(0.001)
            assert heard == ["ring"]

    asyncio.run(asyncio.wait_for(story(), 30))
