"""How well a claim about a number's owner agrees with what is known of them.

Source: Twilio, "Lookup v2 Identity Match" (the words of a match and a score of 0 to 100). How near a near match is, is
ours: Twilio does not say.
"""

import difflib
import unicodedata
from collections.abc import Mapping
from typing import Any

import msgspec

from ringfence.domain.lookups.packages import IdentityMatch, Match

HIGH_SIMILARITY = 0.85
SOME_SIMILARITY = 0.6
_SCORES: dict[Match, int] = {"exact_match": 100, "high_partial_match": 90, "partial_match": 50, "no_match": 0}
# Of these, nearly right is wrong.
_WHOLE = frozenset({"state", "postal_code", "address_country_code", "national_id", "date_of_birth"})
_MATCHES = {
    "first_name": "first_name_match",
    "last_name": "last_name_match",
    "address": "address_lines_match",
    "city": "city_match",
    "state": "state_match",
    "postal_code": "postal_code_match",
    "address_country_code": "address_country_match",
    "national_id": "national_id_match",
    "date_of_birth": "date_of_birth_match",
}


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who somebody says they are, or is known to be; "" for what is not said. The date of birth is YYYYMMDD."""

    first_name: str = ""
    last_name: str = ""
    address_line1: str = ""
    address_line2: str = ""
    city: str = ""
    state: str = ""
    postal_code: str = ""
    address_country_code: str = ""
    national_id: str = ""
    date_of_birth: str = ""

    def __repr__(self) -> str:
        return "Identity(…)"

    @property
    def known(self) -> dict[str, str]:
        """What is said, by name, as it is compared."""
        said = {name: getattr(self, name) for name in _MATCHES if name != "address"}
        said["address"] = f"{self.address_line1} {self.address_line2}"
        return {name: plain for name, text in said.items() if (plain := _plain(text))}


def match(claimed: Identity, known: Identity) -> IdentityMatch:
    """A word for each thing that was claimed, and the mean of those that could be compared."""
    words = {name: _compared(name, text, known.known) for name, text in claimed.known.items()}
    scores = [_SCORES[word] for word in words.values() if word in _SCORES]
    matches: dict[str, Any] = {_MATCHES[name]: word for name, word in words.items()}
    return IdentityMatch(**matches, summary_score=round(sum(scores) / len(scores)) if scores else 0)


def _compared(name: str, claimed: str, known: Mapping[str, str]) -> Match:
    if name not in known:
        return "no_data_available"
    if claimed == known[name]:
        return "exact_match"
    if name in _WHOLE:
        return "no_match"
    likeness = difflib.SequenceMatcher(None, claimed, known[name], autojunk=False).ratio()
    if likeness >= HIGH_SIMILARITY:
        return "high_partial_match"
    return "partial_match" if likeness >= SOME_SIMILARITY else "no_match"


def _plain(text: str) -> str:
    """Without case, accents and punctuation."""
    letters = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(each if each.isalnum() else " " for each in letters if not unicodedata.combining(each))
    return " ".join(kept.split())
