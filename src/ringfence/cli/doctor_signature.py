"""`ringfence doctor signature`: why an app refuses a webhook's signature: what it hashed, and what was signed."""

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl

import msgspec
import typer
import uvloop

from ringfence.cli.installation import Installation, opened
from ringfence.cli.profile import read_profile
from ringfence.cli.signature_search import Searched, Seen, search
from ringfence.cli.tenant import tenant_of
from ringfence.cli.terminal import Terminal
from ringfence.cli.webhook_watch import refuse_unless_up
from ringfence.domain.attempt import Exchange
from ringfence.domain.how_many import how_many
from ringfence.domain.sealing.attempt import open_attempt
from ringfence.domain.sealing.record import RecordSealer
from ringfence.ports.outbox import EventFilter
from ringfence.roles.bootstrap import first_account_sid
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

TOKEN_VARIABLE = "TWILIO_AUTH_TOKEN"  # noqa: S105 - a variable's name
LOOKED_AT = 10_000
REFUSED = (401, 403)
FAILED = 1


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What was given on the command line."""

    url: str | None
    signature: str | None
    params: Sequence[str]
    body: str | None
    event: int | None
    account: str | None
    token_variables: Sequence[str]
    known_urls: Sequence[str]
    prefixes: Sequence[str]

    def __repr__(self) -> str:
        return "Question(…)"


def doctor_signature(settings: Settings, question: Question) -> int:
    """Say what was signed and the cure; the exit code is 1 where nothing matches."""
    if question.event is not None:
        exchange = uvloop.run(_exchange(settings, question.event, question.account))
        seen = Seen(question.url or exchange.url, _pairs(question) or _form_of(exchange), exchange.body)
        signature, known = exchange.signature, [exchange.url, *question.known_urls]
    elif question.url is None or question.signature is None:
        cure = "give --url and --signature as the app saw them, or --event ID of a webhook from here"
        raise RefusalError("there is nothing to check", cure, exit_code=2)
    else:
        body = _body(question.body)
        pairs = _pairs(question) or _form_in(body)
        seen = Seen(question.url, pairs, body)
        signature, known = question.signature, list(question.known_urls)
    tokens = _tokens(settings, question)
    try:
        if "://" not in seen.url:
            raise ValueError("a path alone")
        searched = search(seen, signature, tokens, known_urls=known, prefixes=question.prefixes)
    except ValueError:
        cure = "give it as the app hashed it: https://host/path?query"
        raise RefusalError("--url or --public-url: not a whole URL", cure, exit_code=2) from None
    return _tell(searched, seen, told_url=question.url is not None)


def _tell(searched: Searched, seen: Seen, *, told_url: bool) -> int:
    terminal = Terminal()
    found = searched.found
    if found is None:
        terminal.say(f"✗ none of {how_many(searched.tried, 'form')} of this request has that signature")
        terminal.say("  the token: it belongs to another account, or was changed since → compare it with the account's")
        terminal.say(
            "  the fields: something on the way changed a value → log the raw body, and give it as --body @FILE"
        )
        terminal.say("  the URL: another host or path was signed → give the one that is configured as --public-url")
        return FAILED
    terminal.say(f"signed   {found.url}")
    terminal.say(f"token    {found.token}")
    if not told_url:
        terminal.say("✓ the signature is right; what does the app hash? → give its URL as --url")
        return 0
    if not found.differences:
        terminal.say("✓ the signature is right for what the app was asked: it hashes something else than it said here")
        return 0
    terminal.say(f"hashed   {seen.url}")
    for difference in found.differences:
        terminal.say(f"✗ {difference.kind}: {difference.was}")
        terminal.say(f"  → {difference.cure}")
    return 0


def _tokens(settings: Settings, question: Question) -> Mapping[str, str]:
    """Tokens by what they are called here: of the environment, then of the profile, else asked for."""
    variables = question.token_variables or (TOKEN_VARIABLE,)
    if missing := [name for name in question.token_variables if not os.environ.get(name)]:
        raise RefusalError(f"{missing[0]} is not in the environment", f"export {missing[0]}=…", exit_code=2)
    tokens = {f"${name}": os.environ[name] for name in variables if os.environ.get(name)}
    profile = read_profile(settings)
    if profile is not None and profile.auth_token not in tokens.values():
        tokens[f"the token of {profile.account_sid}"] = profile.auth_token
    if not tokens:
        tokens["the token given"] = typer.prompt("Auth Token", hide_input=True, err=True)
    return tokens


def _pairs(question: Question) -> list[tuple[str, str]]:
    pairs = []
    for text in question.params:
        name, sign, value = text.partition("=")
        if not sign:
            raise RefusalError(
                "--param: not NAME=VALUE", "give each field of the form: --param Body=Hello", exit_code=2
            )
        pairs.append((name, value))
    return pairs


def _body(given: str | None) -> bytes:
    """The text itself, @FILE, or - for standard input."""
    if given is None:
        return b""
    if given == "-":
        return sys.stdin.buffer.read()
    if not given.startswith("@"):
        return given.encode()
    try:
        return Path(given[1:]).read_bytes()
    except OSError as error:
        raise RefusalError(f"--body: {given[1:]}: {error.strerror}", "name another file", exit_code=2) from None


def _form_in(body: bytes) -> list[tuple[str, str]]:
    """The fields of a form; none for JSON and other bodies."""
    text = body.decode(errors="replace").strip()
    return [] if text[:1] in ("{", "[", "<", "") else parse_qsl(text, keep_blank_values=True)


def _form_of(exchange: Exchange) -> list[tuple[str, str]]:
    return parse_qsl(exchange.body.decode(), keep_blank_values=True) if exchange.method != "GET" else []


async def _exchange(settings: Settings, event_id: int, account: str | None) -> Exchange:
    """The request that an event's program refused, else the first of its last attempt."""
    refuse_unless_up(settings)
    async with opened(settings) as it:
        owner = account or await first_account_sid(it.store)
        attempt = await _last_attempt(it, settings, owner, event_id)
        refused = [exchange for exchange in attempt if exchange.status in REFUSED]
        return (refused or attempt)[0]


async def _last_attempt(it: Installation, settings: Settings, owner: str, event_id: int) -> tuple[Exchange, ...]:
    dead = await it.store.latest_events(owner, EventFilter(state="dead"), limit=LOOKED_AT)
    event = next((each for each in dead if each.id == event_id), None)
    row = await it.store.message(owner, event.message_sid) if event is not None else None
    if row is None:
        raise RefusalError(f"event {event_id} is not one that failed for good", "`ringfence events list`")
    caller = await tenant_of(it, settings, owner)
    keys = await it.keys.open_epochs(caller, owner, [row.epoch])
    details = [each.detail for each in await it.store.attempts(owner, row.sid) if each.event_id == event_id]
    if row.epoch in keys and details and details[-1]:
        attempt = open_attempt(RecordSealer(keys[row.epoch], owner), row.sid, event_id, details[-1])
        if attempt.exchanges:
            return attempt.exchanges
    raise RefusalError(
        f"what was said for event {event_id} is not kept",
        'webhook_detail = "all" keeps it; then ringfence events resend',
    )
