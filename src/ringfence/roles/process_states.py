"""Which processes of an installation answer: each has a Unix socket, and whoever serves takes a connection."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

from ringfence.ports.process_states import ProcessState
from ringfence.roles.process import api_names
from ringfence.roles.settings import Settings
from ringfence.roles.voice_extra import missing_for_calls

ANSWER_WITHIN_S = 1.0


class SocketStates:
    """`ports.process_states.ProcessStates` of the processes that `ringfence up` starts with these settings."""

    def __init__(self, settings: Settings) -> None:
        calls = not missing_for_calls()
        self._sockets = {
            "kms": settings.socket("kms-console"),
            **({"simulator": settings.socket("simulator")} if settings.dev else {}),
            "dispatcher": settings.socket("live-dispatcher"),
            **{name: settings.socket(f"live-{name}") for name in api_names(settings.api_processes)},
            **({"voice": settings.socket("live-voice")} if calls else {}),
            **({name: settings.socket(name) for name in settings.media_roles} if calls else {}),
        }

    async def __call__(self) -> Sequence[ProcessState]:
        found = await asyncio.gather(*(_answers(path) for path in self._sockets.values()))
        return [ProcessState(name=name, answers=answers) for name, answers in zip(self._sockets, found, strict=True)]


async def _answers(path: Path) -> bool:
    try:
        _, writer = await asyncio.wait_for(asyncio.open_unix_connection(path), ANSWER_WITHIN_S)
    except OSError:  # TimeoutError is one.
        return False
    writer.close()
    return True
