"""The templates that every account may choose from, each in all languages.

Source: Twilio, Verify v2, "Templates": a template's sid begins with HJ, and a service or a verification names it.
"""

import hashlib
from typing import Final, NamedTuple

from ringfence.domain.verify_templates.render import default_template
from ringfence.domain.verify_templates.wordings import WORDINGS


class Template(NamedTuple):
    """What a verification says in each locale; `since_ms` is when it was first there."""

    sid: str
    friendly_name: str
    warning: bool
    since_ms: int = 1_796_000_000_000

    def text(self, locale: str) -> str:
        """KeyError for a locale that is not supported."""
        return default_template(locale, warning=self.warning)

    def texts(self) -> dict[str, str]:
        """By locale."""
        return {locale: self.text(locale) for locale in WORDINGS}


def _template(friendly_name: str, *, warning: bool) -> Template:
    digest = hashlib.sha256(f"ringfence/template/{friendly_name}".encode()).hexdigest()
    return Template(f"HJ{digest[:32]}", friendly_name, warning)


TEMPLATES: Final = (
    _template("Verify Default", warning=False),
    _template("Verify Default with do not share", warning=True),
)


def template_of(sid: str) -> Template | None:
    """The template of this sid."""
    return next((template for template in TEMPLATES if template.sid == sid), None)
