"""One proxy with all it needs, for as long as a program runs: and the environment that leads the program to it."""

import contextlib
import tempfile
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

from ringfence.devproxy.arrivals import Arrivals, Opened
from ringfence.devproxy.authority import open_authority
from ringfence.devproxy.environment import environment_for
from ringfence.devproxy.installation_side import InstallationSide
from ringfence.devproxy.proxy import Proxy
from ringfence.devproxy.tunnel import Upstream
from ringfence.domain.web_url import InvalidUrlError, parse_url
from ringfence.roles.installation_lock import holder
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

ACCOUNT_VARIABLE = "TWILIO_ACCOUNT_SID"
TOKEN_VARIABLE = "TWILIO_AUTH_TOKEN"  # noqa: S105
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - named to be replaced
LOOK_S = 3.0
MAX_SAID = 1_000


@contextlib.asynccontextmanager
async def proxied(
    settings: Settings,
    before: Mapping[str, str],
    *,
    opened: Opened,
    authority_folder: Path,
    say: Callable[[str], None],
    sms_url: str | None = None,
    voice_url: str | None = None,
) -> AsyncIterator[dict[str, str]]:
    """The environment for a program, while the proxy runs. RefusalError: in production, or with nothing to lead to."""
    host = _checked(settings, {"--sms-url": sms_url, "--voice-url": voice_url})
    try:
        upstream = Upstream(before)
    except ValueError as error:
        raise RefusalError(f"{error}", "unset it, or name an HTTP proxy", exit_code=2) from None
    say = _once(say)
    arrivals = Arrivals(opened, say, sms_url=sms_url, voice_url=voice_url)
    await arrivals.begin(before.get(ACCOUNT_VARIABLE, ""), before.get(TOKEN_VARIABLE, ""))
    authority = open_authority(authority_folder)
    proxy = Proxy(authority, InstallationSide(host, settings.port, arrivals, say), upstream, say)
    await proxy.start()
    try:
        with tempfile.TemporaryDirectory(prefix="ringfence-run-") as folder:
            yield environment_for(
                before,
                proxy_url=proxy.url,
                port=proxy.port,
                authority_pem=authority.certificate_pem,
                folder=Path(folder),
            )
    finally:
        await proxy.close()


def _checked(settings: Settings, urls: Mapping[str, str | None]) -> str:
    """The address at which the installation answers."""
    if not settings.dev:
        cure = "give the program's Twilio client the base URL of ringfence in place of https://api.twilio.com"
        raise RefusalError("a program is led here unchanged in dev only, and this is production", cure)
    for flag, url in urls.items():
        if url is None:
            continue
        try:
            parse_url(url)
        except InvalidUrlError as error:
            cause = f"{flag}: {error}"
            raise RefusalError(cause, "write it as http://localhost:5000/sms", exit_code=2) from None
    if holder(settings.data_dir) is None:
        raise RefusalError(f"ringfence is not up on {settings.data_dir}", "start it in another terminal: ringfence up")
    host = next((each for each in settings.hosts if each == "127.0.0.1"), settings.hosts[0])
    host = ANY_ADDRESS.get(host, host)
    _look(host, settings.port)
    return host


def _look(host: str, port: int) -> None:
    shown = f"[{host}]" if ":" in host else host
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"http://{shown}:{port}/healthz", timeout=LOOK_S) as answer:
            answer.read()
    except (OSError, ValueError) as error:
        why = f"{error.code}" if isinstance(error, urllib.error.HTTPError) else "nothing"
        cause = f"ringfence is up, but at port {port} of {host} {why} answers"
        raise RefusalError(cause, "name its port: ringfence run --port N -- COMMAND") from None


def _once(say: Callable[[str], None]) -> Callable[[str], None]:
    """Says each line once."""
    said: set[str] = set()

    def say_once(line: str) -> None:
        if line not in said and len(said) < MAX_SAID:
            said.add(line)
            say(line)

    return say_once
