"""`ringfence role NAME`: one role in this process, for operators who supervise by other means."""

import asyncio
import os

import msgspec
import uvloop

from ringfence.cli.key_secret import asked_key_secret
from ringfence.cli.terminal import Terminal
from ringfence.roles.file_limit import raise_file_limit
from ringfence.roles.installation_lock import LoneRoleLock
from ringfence.roles.listeners import bind
from ringfence.roles.log_file import log_file
from ringfence.roles.logs import catch_loop_crashes, configure_logging
from ringfence.roles.memory_guard import guard_memory
from ringfence.roles.process import ROLES, STANDBY, RoleProcess, prepare_clock, run_role
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.settings_sources import unknown_variables
from ringfence.roles.wiped_memory import begin_wiping

# Roles that listen, and the setting with the port of each.
PORTS = {"api": "port", "console": "console_port", "key_origin": "keys_port"}


def role(settings: Settings, name: str) -> None:
    """Run it until SIGTERM or Ctrl-C."""
    if name not in (*ROLES, STANDBY, *settings.media_roles):
        raise RefusalError(f"no role is called {name!r}", f"one of: {', '.join(ROLES)}", exit_code=2)
    begin_wiping()
    for variable, cure in unknown_variables(os.environ).items():
        Terminal().warn(f"{variable} is not a setting → {cure}")
    secret = asked_key_secret(settings) if name in ("kms", STANDBY) else b""
    guard_memory()
    raise_file_limit()
    os.umask(0o077)
    configure_logging(name, settings.log_level, log_file(settings.data_dir, name, settings.log_mb))
    make_private(settings.data_dir)
    lock = LoneRoleLock(settings.data_dir, name)
    lock.take()
    make_private(settings.run_dir)
    setting = PORTS.get(name)
    listeners = bind(settings.hosts, getattr(settings, setting)) if setting else []
    if setting:
        settings = msgspec.structs.replace(settings, **{setting: listeners[0].getsockname()[1]})
    prepare_clock(settings, again=False)
    process = RoleProcess(name, settings, listeners=listeners, secret=secret)

    async def serve() -> None:
        catch_loop_crashes(asyncio.get_running_loop())
        await run_role(name, settings, process)

    try:
        uvloop.run(serve())
    finally:
        lock.drop()
