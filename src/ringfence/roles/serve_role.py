"""One role under a supervisor, from a bare process to its end: the same whether it was executed or forked."""

import asyncio
import os
import sys
from collections.abc import Sequence

import structlog
import uvloop

from ringfence.roles.file_limit import raise_file_limit
from ringfence.roles.key_secret import key_secret
from ringfence.roles.listeners import adopt
from ringfence.roles.log_file import log_file
from ringfence.roles.logs import catch_loop_crashes, configure_logging
from ringfence.roles.memory_guard import guard_memory
from ringfence.roles.process import REFUSED, RoleProcess, hold_lifeline, read_lifeline, read_secret, role_of, run_role
from ringfence.roles.refusal import RefusalError


def serve_role(name: str, *, lifeline: int, ready: int, listen: Sequence[int] = ()) -> None:
    """Run a role until it is asked to end: settings come down the lifeline, readiness goes up its own pipe.

    All are descriptors. SystemExit with REFUSED for settings that the role will never run with.
    """
    guard_memory()
    raise_file_limit()
    os.umask(0o077)
    settings = read_lifeline(lifeline)
    secret = key_secret(settings, lambda: read_secret(lifeline)) if name == "kms" else b""
    hold_lifeline(lifeline)
    configure_logging(role_of(name), settings.log_level, log_file(settings.data_dir, name, settings.log_mb))
    process = RoleProcess(name, settings, ready_fd=ready, listeners=adopt(listen), secret=secret)

    async def serve() -> None:
        catch_loop_crashes(asyncio.get_running_loop())
        await run_role(name, settings, process)

    try:
        uvloop.run(serve())
    except RefusalError as refusal:
        structlog.get_logger().error("refused", cause=refusal.cause, cure=refusal.cure)
        sys.exit(REFUSED)
