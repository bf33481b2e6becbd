"""Read the templates that an operator writes. What raises ValueError says which template, and what is wrong with it.

Source: Twilio, "Verify Templates", "Custom templates": {{code}}, {{friendly_name}} and {{ttl}} are filled by the
platform, every other variable by the program.
"""

import re
from collections.abc import Mapping
from typing import Final

import msgspec

from ringfence.domain.custom_message import read_custom_message
from ringfence.domain.sid import is_sid
from ringfence.domain.spoken_code import CODE_PLACE
from ringfence.domain.verify_templates.catalogue import PAYMENT, Template, template_sid
from ringfence.domain.verify_templates.locale import DEFAULT
from ringfence.domain.verify_templates.render import placeholders, render
from ringfence.domain.verify_templates.wordings import WORDINGS

NAME_MAX_CHARACTERS: Final = 64
_ANY: Final = "x"
# A value beside the code could make a link of it.
_BETWEEN: Final = r"[./\\@?=&#%:_~\-\u3002\uff0e\uff61]*"
_TOUCHING: Final = re.compile(rf"\}}\}}{_BETWEEN}\{{\{{\s*code\s*\}}\}}|\{{\{{\s*code\s*\}}\}}{_BETWEEN}\{{\{{")


class Written(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A template as the file has it."""

    name: str
    text: dict[str, str]
    sid: str = ""
    account: str = ""
    default: str = DEFAULT


class _File(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    template: tuple[Written, ...] = ()


def read_own_templates(table: Mapping[str, object]) -> tuple[Template, ...]:
    """The [[template]] tables of a file."""
    try:
        written = msgspec.convert(table, _File)
    except msgspec.ValidationError as error:
        raise ValueError(str(error)) from None
    return tuple(_template(nth, each) for nth, each in enumerate(written.template, 1))


def _template(nth: int, written: Written) -> Template:
    try:
        return _checked(written)
    except ValueError as error:
        raise ValueError(f"template {nth}: {error}") from None


def _checked(written: Written) -> Template:
    if not 0 < len(written.name) <= NAME_MAX_CHARACTERS or not written.name.isprintable():
        raise ValueError(f"name: expected 1 to {NAME_MAX_CHARACTERS} characters")
    if written.sid and not is_sid(written.sid, "HJ"):
        raise ValueError("sid: expected HJ and 32 hexadecimal digits")
    if written.account and not is_sid(written.account, "AC"):
        raise ValueError("account: expected AC and 32 hexadecimal digits")
    if unknown := sorted(written.text.keys() - WORDINGS.keys()):
        raise ValueError(f"text: no language {unknown[0]!r} here")
    if written.default not in written.text:
        raise ValueError(f"text: expected one in {written.default!r}, the default")
    for locale, text in written.text.items():
        try:
            read_custom_message(with_any_values(text))
            if _TOUCHING.search(text):
                raise ValueError(f"expected a space, a letter or a bracket between {CODE_PLACE} and another place")
        except ValueError as error:
            raise ValueError(f"text in {locale!r}: {error}") from None
    pays = all(placeholders(text) >= PAYMENT for text in written.text.values())
    return Template(
        written.sid or template_sid(f"{written.account}/{written.name}"),
        written.name,
        texts=written.text,
        payments=written.text if pays else {},
        default=written.default,
        account=written.account,
    )


def with_any_values(text: str) -> str:
    """The words with each place filled but the code's."""
    return render(text, dict.fromkeys(placeholders(text), _ANY) | {"code": CODE_PLACE})
