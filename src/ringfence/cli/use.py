"""`ringfence.use()`: what `ringfence run` does for a program, done by a Python program itself."""

import asyncio
import atexit
import contextlib
import os
import queue
import sys
import threading
from pathlib import Path

import uvloop

from ringfence.cli.installation import opened
from ringfence.cli.options import settings_of_running
from ringfence.cli.profile import authority_folder
from ringfence.cli.run import said, surroundings
from ringfence.devproxy.session import proxied
from ringfence.devproxy.shim import sitecustomize
from ringfence.roles.settings import Settings

START_S = 20
STOP_S = 5
_one_at_a_time = threading.Lock()
_running: "InProcess | None" = None


class InProcess:
    """A proxy on a thread of its own."""

    def __init__(self, settings: Settings, sms_url: str | None, voice_url: str | None) -> None:
        self._settings = settings
        self._sms_url = sms_url
        self._voice_url = voice_url
        self._begun: queue.SimpleQueue[dict[str, str] | BaseException] = queue.SimpleQueue()
        self._stop: tuple[asyncio.AbstractEventLoop, asyncio.Event] | None = None
        self._thread = threading.Thread(target=self._run, name="ringfence.use", daemon=True)

    def start(self) -> dict[str, str]:
        """The environment that leads to it. RefusalError when it cannot be; queue.Empty after 20 s."""
        self._thread.start()
        begun = self._begun.get(timeout=START_S)
        if isinstance(begun, BaseException):
            raise begun
        return begun

    def stop(self) -> None:
        if self._stop is not None:
            loop, event = self._stop
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(event.set)
            self._thread.join(STOP_S)

    def _run(self) -> None:
        try:
            uvloop.run(self._serve())
        except BaseException as error:
            # It is raised again where `start` waits.
            self._begun.put(error)

    async def _serve(self) -> None:
        async with proxied(
            self._settings,
            surroundings(self._settings),
            opened=lambda: opened(self._settings),
            authority_folder=authority_folder(self._settings),
            say=said,
            sms_url=self._sms_url,
            voice_url=self._voice_url,
        ) as environment:
            event = asyncio.Event()
            self._stop = (asyncio.get_running_loop(), event)
            self._begun.put(environment)
            await event.wait()


def use(*, data: str | None, port: int | None, sms_url: str | None, voice_url: str | None) -> None:
    """See `ringfence.use`."""
    global _running
    with _one_at_a_time:
        if _running is not None:
            return
        started = InProcess(settings_of_running(None, Path(data) if data else None, port=port), sms_url, voice_url)
        os.environ.update(started.start())
        atexit.register(started.stop)
        sitecustomize.install()
        _trust_in_aiohttp(os.environ["SSL_CERT_FILE"])
        _running = started


def _trust_in_aiohttp(bundle: str) -> None:
    """aiohttp reads what it trusts when it is imported: which may have been before this."""
    context = getattr(sys.modules.get("aiohttp.connector"), "_SSL_CONTEXT_VERIFIED", None)
    if context is not None:
        context.load_verify_locations(bundle)
