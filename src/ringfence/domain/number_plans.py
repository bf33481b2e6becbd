"""The region of a number that is written in E.164 already, straight from libphonenumber's metadata.

phonenumbers asks itself much that such a number has answered: how it is written, from where it is dialled. Where
anything but the usual holds (a national prefix, a leading zero, an impossible length), the answer is left to it.
"""

import functools
import re
from collections.abc import Sequence
from typing import Any

import phonenumbers
from phonenumbers.phonemetadata import PhoneMetadata

_CODE_MAX_DIGITS = 3


class _Region:
    """How one country or territory of a numbering plan knows its numbers."""

    def __init__(self, name: str) -> None:
        metadata: Any = PhoneMetadata.metadata_for_region(name, None)
        self.name = name
        self._leads = re.compile(metadata.leading_digits) if metadata.leading_digits else None
        described = [
            metadata.fixed_line,
            metadata.toll_free,
            metadata.premium_rate,
            metadata.shared_cost,
            metadata.voip,
            metadata.personal_number,
            metadata.pager,
            metadata.uan,
            metadata.voicemail,
        ]
        if not metadata.same_mobile_and_fixed_line_pattern:
            described.append(metadata.mobile)
        self._general = re.compile(_pattern([metadata.general_desc]))
        self._kinds = re.compile(_pattern(described))

    def holds(self, national: str) -> bool:
        """True when the number is one of its own: by its first digits where those are enough, else by all of them."""
        if self._leads is not None:
            return self._leads.match(national) is not None
        return self._general.fullmatch(national) is not None and self._kinds.fullmatch(national) is not None


class _Plan:
    """The numbers behind one calling code."""

    def __init__(self, code: str) -> None:
        names = phonenumbers.COUNTRY_CODE_TO_REGION_CODE[int(code)]
        metadata: Any = PhoneMetadata.metadata_for_region_or_calling_code(int(code), names[0])
        prefix = metadata.national_prefix_for_parsing
        self.main = names[0]
        self.regions = tuple(_Region(name) for name in names) if len(names) > 1 else ()
        self.national_prefix = re.compile(prefix) if prefix else None
        self.lengths = frozenset(metadata.general_desc.possible_length)


_plan = functools.cache(_Plan)


def region_of(e164: str) -> str | None:
    """The region of "+" and ASCII digits, or that of its plan's main country; None where phonenumbers must be asked."""
    for end in range(2, _CODE_MAX_DIGITS + 2):
        if int(e164[1:end]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE:
            plan, national = _plan(e164[1:end]), e164[end:]
            break
    else:
        return None
    if len(national) not in plan.lengths or national[0] == "0":
        return None
    if plan.national_prefix is not None and plan.national_prefix.match(national) is not None:
        return None
    for region in plan.regions:
        if region.holds(national):
            return region.name
    return plan.main


def _pattern(descriptions: Sequence[Any]) -> str:
    """Matches what any of them does; one that lists lengths matches no others."""
    alternatives = []
    for description in descriptions:
        if description is not None and description.national_number_pattern:
            lengths = "|".join(rf"\d{{{length}}}" for length in description.possible_length if length > 0)
            known = rf"(?=(?:{lengths})\Z)" if description.possible_length else ""
            alternatives.append(
                f"{known}(?:{description.national_number_pattern})" if lengths or not known else r"(?!)"
            )
    return "|".join(f"(?:{alternative})" for alternative in alternatives) or r"(?!)"
