"""`python -m ringfence.roles NAME …`: how a supervisor starts a role. People use `ringfence role NAME`."""

import argparse
import asyncio
import os
import sys

import structlog
import uvloop

from ringfence.roles.file_limit import raise_file_limit
from ringfence.roles.listeners import adopt
from ringfence.roles.log_file import log_file
from ringfence.roles.logs import catch_loop_crashes, configure_logging
from ringfence.roles.memory_guard import guard_memory
from ringfence.roles.process import REFUSED, ROLES, RoleProcess, hold_lifeline, read_lifeline, run_role
from ringfence.roles.refusal import RefusalError


def main() -> None:
    """Run one role under a supervisor: settings come down the lifeline, readiness goes up its own pipe."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.roles")
    parser.add_argument("name", choices=ROLES)
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--listen", type=int, nargs="*", default=())
    arguments = parser.parse_args()
    guard_memory()
    raise_file_limit()
    os.umask(0o077)
    settings = read_lifeline(arguments.lifeline)
    hold_lifeline(arguments.lifeline)
    configure_logging(arguments.name, settings.log_level, log_file(settings.data_dir, arguments.name, settings.log_mb))
    process = RoleProcess(arguments.name, settings, ready_fd=arguments.ready, listeners=adopt(arguments.listen))

    async def serve() -> None:
        catch_loop_crashes(asyncio.get_running_loop())
        await run_role(arguments.name, settings, process)

    try:
        uvloop.run(serve())
    except RefusalError as refusal:
        structlog.get_logger().error("refused", cause=refusal.cause, cure=refusal.cure)
        sys.exit(REFUSED)


main()
