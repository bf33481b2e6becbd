"""The templates that an account may choose from: those that everybody has, each in all languages, and the operator's.

Source: Twilio, Verify v2, "Templates": a template's sid begins with HJ, and a service or a verification names it.
"""

import hashlib
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Final

import msgspec

from ringfence.domain.verify_templates.locale import DEFAULT
from ringfence.domain.verify_templates.render import default_template, placeholders
from ringfence.domain.verify_templates.wordings import WORDINGS

FILLED: Final = frozenset({"friendly_name", "code", "ttl"})
"""Places that are filled in every template. Twilio's names."""
PAYMENT: Final = frozenset({"amount", "payee"})


class Template(msgspec.Struct, frozen=True, dict=True):
    """What a verification says in each locale; `since_ms` is when it was first there.

    `payments` is what it says for a payment, empty where it has no words for one. `account` may use it, "" for all.
    """

    sid: str
    friendly_name: str
    texts: Mapping[str, str]
    payments: Mapping[str, str]
    default: str = DEFAULT
    account: str = ""
    since_ms: int = 1_796_000_000_000

    @cached_property
    def variables(self) -> frozenset[str]:
        """Names that a program must give the values of."""
        return frozenset().union(*map(placeholders, self.texts.values())) - FILLED - PAYMENT


def template_sid(friendly_name: str) -> str:
    """The sid of a template that was given none: the same wherever it has this name."""
    digest = hashlib.sha256(f"ringfence/template/{friendly_name}".encode()).hexdigest()
    return f"HJ{digest[:32]}"


def _standard(friendly_name: str, *, warning: bool) -> Template:
    return Template(
        template_sid(friendly_name),
        friendly_name,
        texts={locale: default_template(locale, warning=warning) for locale in WORDINGS},
        payments={locale: default_template(locale, warning=warning, payment=True) for locale in WORDINGS},
    )


PLAIN: Final = _standard("Verify Default", warning=False)
WARNING: Final = _standard("Verify Default with do not share", warning=True)


class Templates:
    """All templates of an installation; `own` are its operator's. ValueError where two have the same sid."""

    def __init__(self, own: Iterable[Template] = ()) -> None:
        self.own = tuple(own)
        self._all = (PLAIN, WARNING, *self.own)
        self._by_sid = {template.sid: template for template in self._all}
        if len(self._by_sid) != len(self._all):
            raise ValueError("two templates have the same sid")

    def of_account(self, account: str) -> list[Template]:
        """Those it may use, in the order of the file."""
        return [template for template in self._all if template.account in ("", account)]

    def find(self, account: str, sid: str) -> Template | None:
        """The template of this sid, where the account may use it."""
        found = self._by_sid.get(sid)
        return found if found is not None and found.account in ("", account) else None
