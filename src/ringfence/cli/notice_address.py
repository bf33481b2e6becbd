"""`ringfence account notices`: where an account's program is told what its operator must tell it."""

from typing import Annotated

import typer

from ringfence.cli.account_row import account_row
from ringfence.cli.installation import Installation, operate
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.terminal import Terminal
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.roles.refusal import RefusalError
from ringfence.usecases.accounts.notice_address import set_notice_address


def notices(
    sid: Annotated[str, typer.Argument(help="Which account.", metavar="SID")],
    url: Annotated[str, typer.Argument(help="Its address; left out: is there one?", metavar="URL")] = "",
    stop: Annotated[bool, typer.Option("--stop", help="Tell nobody by webhook any more.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Say where an account is told by webhook what was opened of it, and what of it was frozen."""
    if url and stop:
        raise RefusalError("an address, and none", "name it, or --stop", exit_code=2)
    if url:
        try:
            parse_url(url)
        except InvalidUrlError as error:
            raise RefusalError(f"that is no address for webhooks: {error}", "https://…", exit_code=2) from None

    async def work(it: Installation) -> None:
        await account_row(it, sid)
        if url or stop:
            await set_notice_address(it.store, it.keys, it.clock, sid, url)
        (kept,) = await it.store.notice_addresses([sid])
        Terminal().say("it is told there" if kept else "it is told in its console alone")

    operate(settings_of(config, data), work)
