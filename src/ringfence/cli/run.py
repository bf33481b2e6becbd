"""`ringfence run -- COMMAND`: a program written for Twilio, not a line changed, on the running installation."""

import os
import sys
from collections.abc import Sequence

import uvloop

from ringfence.cli.installation import opened
from ringfence.cli.profile import authority_folder, read_profile
from ringfence.cli.terminal import Terminal
from ringfence.devproxy.command import run_command
from ringfence.devproxy.session import ACCOUNT_VARIABLE, TOKEN_VARIABLE, proxied
from ringfence.roles.settings import Settings


def run(settings: Settings, command: Sequence[str], *, sms_url: str | None, voice_url: str | None) -> None:
    """Run `command` with what it sends to twilio.com led here, and end with its exit code."""
    code = uvloop.run(_run(settings, command, sms_url, voice_url))
    sys.exit(code)


async def _run(settings: Settings, command: Sequence[str], sms_url: str | None, voice_url: str | None) -> int:
    async with proxied(
        settings,
        surroundings(settings),
        opened=lambda: opened(settings),
        authority_folder=authority_folder(settings),
        say=said,
        sms_url=sms_url,
        voice_url=voice_url,
    ) as environment:
        return await run_command(command, environment, said)


def said(line: str) -> None:
    """A line for the owner of the program, beside what the program prints itself."""
    Terminal().note(f"ringfence: {line}")


def surroundings(settings: Settings) -> dict[str, str]:
    """This process's environment; where it names no account, the first account and its token are in it."""
    environment = dict(os.environ)
    profile = read_profile(settings) if settings.dev else None
    if profile is not None and not environment.get(ACCOUNT_VARIABLE) and not environment.get(TOKEN_VARIABLE):
        environment |= {ACCOUNT_VARIABLE: profile.account_sid, TOKEN_VARIABLE: profile.auth_token}
    return environment
