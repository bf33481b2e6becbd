"""The countries of dialing permissions: their continents and calling codes. The United States and Canada are one.

Source: Twilio, "DialingPermissions Country resource".
"""

import functools
from importlib.resources import files

import phonenumbers

# Canada has no permission of its own.
UNITED = {"CA": "US"}
UNITED_NAME = "United States/Canada"


def permission_region(region: str) -> str:
    """The country whose permission decides about a region."""
    return UNITED.get(region, region)


def continent_of(region: str) -> str:
    """In capitals, as Twilio writes it; "" where it is not known."""
    return _continents().get(region, "")


def calling_codes(region: str) -> tuple[str, ...]:
    """Such as `+44`."""
    code = phonenumbers.country_code_for_region(region)
    return (f"+{code}",) if code else ()


@functools.cache
def countries() -> tuple[str, ...]:
    """ISO codes, in order."""
    return tuple(sorted(set(_continents()) - set(UNITED)))


@functools.cache
def _continents() -> dict[str, str]:
    lines = files("ringfence.domain.dialing").joinpath("continents.tsv").read_text("utf-8").splitlines()
    return {region: name for name, regions in (line.split("\t") for line in lines) for region in regions.split()}
