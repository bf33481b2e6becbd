"""`ringfence up`: start everything, say where it is, and keep it running until Ctrl-C or SIGTERM."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

import msgspec

from ringfence.cli.console_link import has_members, make_console_link
from ringfence.cli.demo import demo_names
from ringfence.cli.in_use import forget_in_use, note_in_use
from ringfence.cli.installation import opened
from ringfence.cli.invocation import invocation
from ringfence.cli.key_secret import asked_key_secrets
from ringfence.cli.profile import keep_profile, profile_path, read_profile
from ringfence.cli.self_check import self_check
from ringfence.cli.terminal import Steps, Terminal
from ringfence.domain.sealing.slots import slot_seed
from ringfence.ports.keys import Caller, KeyRefusedError
from ringfence.roles.bootstrap import (
    create_first_account,
    first_account_sid,
    refuse_accounts_without_keys,
    refuse_without_key_service,
    stock_dev_numbers,
)
from ringfence.roles.credentials import Credentials
from ringfence.roles.installation_lock import InstallationLock
from ringfence.roles.listeners import bind_for, bind_near
from ringfence.roles.log_file import log_file
from ringfence.roles.logs import configure_logging
from ringfence.roles.memory_guard import guard_memory
from ringfence.roles.metrics import fresh_folder
from ringfence.roles.process import api_names, clock_of, prepare_clock
from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings
from ringfence.roles.settings_sources import unknown_variables
from ringfence.roles.supervisor import Supervisor
from ringfence.roles.voice_extra import CURE, missing_for_calls

# Roles that start at the first connection to a listener of theirs, and the setting with the port of each.
ON_DEMAND = {"console": "console_port", "key_origin": "keys_port"}


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """What `--json` prints, on one line, once everything serves. The secrets are null but at the first start."""

    base_url: str
    account_sid: str
    auth_token: str | None
    api_key: str | None
    api_secret: str | None
    console_url: str
    operator_url: str
    phones_url: str | None

    def __repr__(self) -> str:
        return f"Ready({self.account_sid})"


def up(settings: Settings, *, as_json: bool, check: bool, once: bool) -> None:
    """Run the installation in the foreground. RefusalError when it is up already, or its port is busy."""
    if not settings.dev:
        # Before the first account is made, whose secrets are told only once all serves.
        raise RefusalError("production needs a carrier, and none is built yet", 'mode = "dev"')
    for name, cure in unknown_variables(os.environ).items():
        Terminal().warn(f"{name} is not a setting → {cure}")
    secrets = asked_key_secrets(settings)
    if secrets:
        guard_memory()  # this process holds a passphrase, for a key service that must be started again
    os.umask(0o077)
    configure_logging("up", settings.log_level, log_file(settings.data_dir, "up", settings.log_mb))
    make_private(settings.data_dir)
    lock = InstallationLock(settings.data_dir)
    lock.take()
    try:
        bound = bind_for(settings.api_processes, settings.hosts, settings.port)
        listeners = dict(zip(api_names(settings.api_processes), bound, strict=True))
        for role, setting in ON_DEMAND.items():
            listeners[role] = bind_near(settings.hosts, getattr(settings, setting))
            settings = msgspec.structs.replace(settings, **{setting: listeners[role][0].getsockname()[1]})
        settings = msgspec.structs.replace(settings, port=bound[0][0].getsockname()[1])
        make_private(settings.run_dir)
        prepare_clock(settings, again=True)
        metrics = fresh_folder(settings.run_dir)
        note_in_use(settings)
        supervisor = Supervisor(
            settings,
            listeners=listeners,
            inherited=[lock.descriptor],
            metrics=metrics,
            warm=True,
            secrets=secrets,
        )
        asyncio.run(_serve(_Start(settings, supervisor, as_json=as_json, check=check), once=once))
    finally:
        forget_in_use(settings.data_dir)
        lock.drop()


async def _serve(start: "_Start", *, once: bool) -> None:
    stopping = asyncio.Event()
    starting = asyncio.create_task(start.run())
    asked = 0

    def stop() -> None:
        nonlocal asked
        asked += 1
        stopping.set()
        starting.cancel()
        if asked > 1:
            start.supervisor.kill()

    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await starting
            if not once:
                await stopping.wait()
    finally:
        await start.supervisor.stop()


class _Start:
    """One start, step by step."""

    def __init__(self, settings: Settings, supervisor: Supervisor, *, as_json: bool, check: bool) -> None:
        self.supervisor = supervisor
        self._settings = settings
        self._as_json = as_json
        self._check = check
        self._terminal = Terminal()

    async def run(self) -> None:
        """Start the roles in order, make the first account where there is none, and say that all serves."""
        settings = self._settings
        self.supervisor.warm_up()
        services = ["kms", *["simulator"] * settings.dev] if settings.owns_keys else []
        calls = not missing_for_calls()
        steps = Steps(self._terminal, 3 + len(services) + 2 * calls + self._check)
        if services:
            await refuse_accounts_without_keys(settings)
        else:
            await refuse_without_key_service(settings)
        # What calls need takes longest to start, and needs nobody.
        async with self._starting(*(settings.media_roles if calls else ())) as workers:
            async with self._starting(*services) as starts:
                for keys in starts[:1]:
                    with steps.step("keys"):
                        await keys
                with steps.step("database and first account"):
                    account_sid, told = await self._first_account()
                for simulator in starts[1:]:
                    with steps.step("phones"):
                        await simulator
            rest = ["dispatcher", *api_names(settings.api_processes), *["voice"] * calls]
            async with self._starting(*rest) as (dispatcher, *others):
                with steps.step("sender queues and webhooks"):
                    await dispatcher
                with steps.step("API"):
                    for api in others[: settings.api_processes]:
                        await api
                for voice in others[settings.api_processes :]:
                    with steps.step("sound of calls"):
                        await asyncio.gather(*workers)
                    with steps.step("calls"):
                        await voice
        for role in ON_DEMAND:
            self.supervisor.start_on_demand(role)
        if self._check:
            with steps.step("self-check: a text goes out and comes back"):
                await asyncio.to_thread(self_check, settings, told or read_profile(settings))
        self._tell(account_sid, told, await self._console_link(account_sid, told or read_profile(settings)))
        if missing := missing_for_calls():
            self._terminal.note(f"no calls: {', '.join(missing)} not installed → {CURE}")

    @contextlib.asynccontextmanager
    async def _starting(self, *roles: str) -> AsyncIterator[list[asyncio.Task[None]]]:
        """Starts roles that do not need one another, at the same time; leaves no start behind."""
        starts = [asyncio.create_task(self.supervisor.start(role), name=f"start {role}") for role in roles]
        try:
            yield starts
        finally:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)

    async def _first_account(self) -> tuple[str, Credentials | None]:
        async with opened(self._settings) as it:
            told = await create_first_account(it.store, it.keys, it.clock, dev=self._settings.dev)
            if told is not None and self._settings.dev:
                keep_profile(self._settings, told)
            account_sid = told.account_sid if told else await first_account_sid(it.store)
            if self._settings.dev:
                await stock_dev_numbers(it.store, it.keys, it.clock, account_sid)
            return account_sid, told

    async def _console_link(self, account_sid: str, held: Credentials | None) -> str | None:
        """A link into the console for a person who looks on, while the account has no member."""
        settings = self._settings
        if self._as_json or held is None or held.account_sid != account_sid or has_members(settings, account_sid):
            return None
        seed = slot_seed(held.auth_token, account_sid)
        caller = Caller(account=account_sid, credential=account_sid, seed=seed)
        try:
            return await make_console_link(settings, clock_of(settings), caller)
        except (KeyRefusedError, ConnectionError):
            # The profile's token is another's by now: `account console-link` asks for the right one.
            return None

    def _tell(self, account_sid: str, told: Credentials | None, link: str | None) -> None:
        settings = self._settings
        phones_url = f"{settings.url}/phones" if settings.dev else None
        if self._as_json:
            line = Ready(
                base_url=settings.url,
                account_sid=account_sid,
                auth_token=told.auth_token if told else None,
                api_key=told.api_key if told else None,
                api_secret=told.api_secret if told else None,
                console_url=settings.tenant_origin,
                operator_url=settings.operator_origin,
                phones_url=phones_url,
            )
            sys.stdout.write(msgspec.json.encode(line).decode() + "\n")
            sys.stdout.flush()
            return
        show = self._terminal.heading
        if phones_url:
            show("Phones", phones_url, "← open this one")
        show("API", settings.url, account_sid)
        if link is None:
            show("Console", settings.tenant_origin)
        else:
            show("Console", link, "your passkey; once, within ten minutes")
        show("Operator", settings.operator_origin, f"for staff; {invocation()} staff invite NAME")
        if told:
            kept = f"kept 0600 in {profile_path(settings)}" if settings.dev else "keep them"
            show("Token", told.auth_token, f"shown once; {kept}")
            show("Key", f"{told.api_key}  {told.api_secret}", "the same")
        elif settings.dev and read_profile(settings) is not None:
            show("Token", f"kept in {profile_path(settings)}")
        if demo_names():
            show("Try", f"{invocation()} demo {' | '.join(demo_names())}")
