"""A media worker's process: the sound of calls, at its own pace, and nothing else."""

import asyncio
import contextlib
import os
from pathlib import Path

from ringfence.roles.pacing import settle
from ringfence.roles.priority import serve_first
from ringfence.roles.process import RoleProcess
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.voice_extra import CURE, missing_for_calls

# A worker has one core: threads of a matrix product would only take another's.
_ONE_THREAD = ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS")


async def run(settings: Settings, process: RoleProcess) -> None:
    """Serve until cancelled; then every leg is closed. RefusalError without what calls need, or for a wrong setting."""
    if missing := missing_for_calls():
        raise RefusalError(f"calls need {', '.join(missing)}", CURE)
    for variable in _ONE_THREAD:
        os.environ.setdefault(variable, "1")
    # These bring numpy along, which only this process needs: roles are forked from one that has imported them all.
    from ringfence.media.codecs import installed_codecs
    from ringfence.media.engine import Engine
    from ringfence.media.port_pairs import PortPairs, PortRange
    from ringfence.media.recorder import Ended, Recorder
    from ringfence.media.recording_metrics import RecordingMetrics
    from ringfence.media.srtp import SrtpSession
    from ringfence.media.webrtc import BrowserLegs
    from ringfence.media.worker import Worker

    try:
        ports = PortPairs(settings.media_address, PortRange.parse(settings.media_ports), settings.media_public_address)
    except ValueError as error:
        raise RefusalError(
            f"media_ports, media_address or media_public_address: {error}", "write 20000-29999, and IP addresses"
        ) from None
    recordings: Path = settings.recordings
    figures = RecordingMetrics()
    async with contextlib.AsyncExitStack() as stack:

        def recorder(ended: Ended) -> Recorder:
            made = Recorder(figures.counted(ended), asyncio.get_running_loop(), waiting=figures.waiting)
            # What was recorded up to the end is on the disk before the process ends.
            stack.push_async_callback(made.close)
            return made

        worker = Worker(
            lambda emit: Engine(
                ports,
                emit,
                recordings_dir=recordings,
                recorder=recorder,
                codecs=installed_codecs(),
                srtp=SrtpSession,
                webrtc=BrowserLegs(SrtpSession),
            )
        )
        server = await worker.serve(settings.socket(process.name))
        stack.push_async_callback(server.close)
        settle()
        serve_first()
        process.ready()
        await worker.run()
