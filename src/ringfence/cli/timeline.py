"""`ringfence timeline`: a link to what happened to a text, call or verification.

It signs in once, by the profile that dev keeps.
"""

import os
import re
from collections.abc import Mapping

import msgspec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.invocation import invocation
from ringfence.cli.profile import read_profile
from ringfence.cli.terminal import Terminal
from ringfence.domain.base64url import encode_base64url
from ringfence.roles.credentials import Credentials
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

KEY_BYTES = 32
_KINDS = {"CA": ("Calls", "call"), "VE": ("Verifications", "verification")} | dict.fromkeys(
    ("SM", "MM", "VL"), ("Messages", "text")
)
NONCE_BYTES = 12


def timeline(settings: Settings, sid: str) -> None:
    """Print the link, and of a verification why its code did not arrive.

    RefusalError where there is no profile, nothing of that SID, or nothing that answers.
    """
    if not re.fullmatch(r"(SM|MM|VL|CA|VE)[0-9a-f]{32}", sid):
        raise RefusalError(
            f"{sid!r} is no SID of a text, a call or a verification",
            "give SM…, MM…, VL…, CA… or VE…, all 34 characters",
            exit_code=2,
        )
    profile = read_profile(settings)
    if profile is None:
        cure = f"open {settings.url}/timeline/{sid} and sign in there"
        raise RefusalError("no credentials are kept here", cure)
    client = InstallationClient(settings.url, profile.account_sid, profile.auth_token)
    kind, noun = _KINDS[sid[:2]]
    happened = client.timeline(kind, sid)
    if happened is None:
        raise RefusalError(
            f"account {profile.account_sid} has no {noun} {sid}", "compare it with the SID that the program got"
        )
    terminal = Terminal()
    if (outcome := happened.get("outcome")) is not None:
        _say_outcome(terminal, outcome)
    terminal.say(timeline_link(settings.url, client, profile, sid))
    terminal.note(f"it works once, within ten minutes; {invocation()} timeline {sid} makes another")


def _say_outcome(terminal: Terminal, outcome: Mapping[str, str | None]) -> None:
    """Beside the link, which alone is for whatever opens it."""
    terminal.note(outcome["message"] or "")
    for name in ("cause", "fix"):
        if words := outcome[name]:
            terminal.note(f"  {name}: {words}")


def timeline_link(base_url: str, client: InstallationClient, profile: Credentials, sid: str) -> str:
    """A link that signs in once, within ten minutes. What opens it stands behind the #, which browsers send nowhere."""
    key, nonce = os.urandom(KEY_BYTES), os.urandom(NONCE_BYTES)
    credential = {"account": profile.account_sid, "user": profile.account_sid, "secret": profile.auth_token}
    sealed = nonce + AESGCM(key).encrypt(nonce, msgspec.json.encode(credential), None)
    parcel_id = client.leave_parcel(encode_base64url(sealed))
    return f"{base_url}/timeline/{sid}#k={parcel_id}.{encode_base64url(key)}"
