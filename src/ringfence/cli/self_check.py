"""A text goes out and comes back: the shortest proof that an installation works, over its public port alone."""

import secrets
import time
from collections.abc import Callable

from ringfence.cli.installation_client import InstallationClient
from ringfence.roles.credentials import Credentials
from ringfence.roles.dev_stock import BUSINESS_NUMBER, CHECK_NUMBER
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

LIMIT_MS = 15_000
_POLL_S = 0.05


def self_check(settings: Settings, credentials: Credentials | None) -> None:
    """Text a handset from the demo's number, answer from the handset, find the answer; then remove all traces.

    RefusalError says which step failed.
    """
    if not settings.dev:
        raise RefusalError("the self-check needs the simulator, and production has none", "run it in dev")
    if credentials is None:
        raise RefusalError("the self-check needs the first account's token, and no profile holds it", "ringfence reset")
    client = InstallationClient(f"http://localhost:{settings.port}", credentials.account_sid, credentials.auth_token)
    word = f"self-check {secrets.token_hex(4)}"
    client.add_handset(CHECK_NUMBER, "Self-check")
    try:
        sent = client.post("/Messages.json", To=CHECK_NUMBER, From=BUSINESS_NUMBER, Body=word)
        _until(lambda: _holds(client.texts_of(CHECK_NUMBER), word), "the text did not reach the handset")
        client.text_from(CHECK_NUMBER, BUSINESS_NUMBER, word)
        _until(lambda: _holds(_received(client), word), "the answer did not come back")
        _until(
            lambda: bool(client.get(f"/Messages/{sent['sid']}.json")["status"] == "delivered"),
            "no delivery receipt came",
        )
        for sid in [sent["sid"], *(text["sid"] for text in _received(client))]:
            client.delete(f"/Messages/{sid}.json")
    finally:
        client.remove_handset(CHECK_NUMBER)


def _received(client: InstallationClient) -> list[dict[str, str]]:
    texts: list[dict[str, str]] = client.get("/Messages.json", From=CHECK_NUMBER, PageSize="20")["messages"]
    return texts


def _holds(texts: list[dict[str, str]], word: str) -> bool:
    return any(text["body"] == word for text in texts)


def _until(condition: Callable[[], bool], otherwise: str) -> None:
    deadline = time.monotonic() + LIMIT_MS / 1000
    while not condition():
        if time.monotonic() > deadline:
            raise RefusalError(f"self-check: {otherwise}", "its log is above; `ringfence doctor` checks what it needs")
        time.sleep(_POLL_S)
