"""`ringfence lookup`: what a number is, as a program's lookup would tell, by the profile that dev keeps."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ringfence.cli.installation_client import InstallationClient
from ringfence.cli.listing import Cell, Output, show
from ringfence.cli.profile import read_profile
from ringfence.domain.lookups.packages import FIELDS
from ringfence.domain.lookups.validation import is_country
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

COLUMNS = ("name", "value")
# What is told of a number alone; the others need to be told something themselves.
ASKED = ("line_type_intelligence", "caller_name", "line_status", "sim_swap", "call_forwarding", "sms_pumping_risk")


def lookup(settings: Settings, number: str, fields: Sequence[str], country: str | None, output: Output) -> None:
    """Show it, a member a line. RefusalError where there is no profile, or nothing that answers."""
    unknown = [field for field in fields if field not in FIELDS]
    if unknown:
        raise RefusalError(f"{unknown[0]!r} is no field of a lookup", f"give one of {', '.join(FIELDS)}", exit_code=2)
    if country and not is_country(country):
        raise RefusalError(f"{country!r} is no country", "give its code of two letters, as in GB", exit_code=2)
    profile = read_profile(settings)
    if profile is None:
        raise RefusalError("no credentials are kept here", "ask the API: GET /lookups/v2/PhoneNumbers/…")
    client = InstallationClient(settings.url, profile.account_sid, profile.auth_token)
    found = client.lookup(number, fields=",".join(fields or ASKED), country=country or "")
    show(output, COLUMNS, list(_rows(found)))


def _rows(found: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Cell]]:
    """Members by their path, but for the URL and the packages that nobody asked for."""
    for name, value in found.items():
        if isinstance(value, dict):
            yield from _rows(value, f"{before}{name}.")
        elif isinstance(value, list):
            yield before + name, ", ".join(value) or None
        elif name not in {"url", *FIELDS} or before:
            yield before + name, str(value).lower() if isinstance(value, bool) else value
