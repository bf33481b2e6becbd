"""Tenants as an operator makes them at the terminal: with `account create`, and with a link that the invitee uses."""

import asyncio
import re
import subprocess
import sys
from collections.abc import Mapping

import msgspec

from ringfence.drills.plain_http import Answer, ask
from ringfence.roles.installation_lock import InstallationLock
from ringfence.roles.settings import Settings
from ringfence.usecases.accounts.invitation import InvitedAccount

TERMINAL_WITHIN_S = 300
MADE = 201
_SID, _TOKEN = re.compile(r"\bAC[0-9a-f]{32}\b"), re.compile(r"\b[0-9a-f]{32}\b")
_LINK = re.compile(r"/invite#([\w-]+)")


async def created(settings: Settings) -> tuple[str, str]:
    """SID and Auth Token of an account that `ringfence account create` made. What that showed, staff have not seen."""
    told = await _at_the_terminal(settings, "create", "Clinic")
    sid, token = _SID.search(told), _TOKEN.search(told)
    if sid is None or token is None:
        raise AssertionError("the terminal showed no account: this drill would prove nothing")
    return sid[0], token[0]


async def invited(settings: Settings) -> tuple[InvitedAccount, str]:
    """An account that an invitee made by a link, and all that the terminal showed of it, which staff have seen."""
    told = await _at_the_terminal(settings, "invite", "Surgery")
    answer = await take_link(settings, told)
    if answer.status != MADE:
        raise AssertionError(f"an invitation was answered by {answer.status}: this drill would prove nothing")
    return msgspec.json.decode(answer.body, type=InvitedAccount), told


async def taken_again(settings: Settings, links: Mapping[str, str]) -> Mapping[str, Answer]:
    """Use the links of invitations that were taken once more: what each is answered, by the account that it made."""
    return {sid: await take_link(settings, told) for sid, told in links.items()}


async def take_link(settings: Settings, told: str) -> Answer:
    """Use the link that the terminal showed, as the page behind it does."""
    link = _LINK.search(told)
    if link is None:
        raise AssertionError("the terminal showed no link: this drill would prove nothing")
    return await ask(settings.port, "POST", "/invite/take", body=msgspec.json.encode({"secret": link[1]}))


async def _at_the_terminal(settings: Settings, *command: str) -> str:
    """What `ringfence account …` shows on the machine of a running installation."""
    whole = [sys.executable, "-m", "ringfence.cli", "account", *command, "--data", str(settings.data_dir)]
    lock = InstallationLock(settings.data_dir)
    lock.take()
    try:
        done = await asyncio.to_thread(
            subprocess.run, whole, capture_output=True, text=True, check=True, timeout=TERMINAL_WITHIN_S
        )
    finally:
        lock.drop()
    return done.stdout
