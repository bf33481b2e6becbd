"""What verifications may say. Source: Twilio, "Templates" of Verify v2."""

from typing import Any

import msgspec

from ringfence.api.dates import iso8601
from ringfence.api.paging import Cursor
from ringfence.api.resource import ApiRequest, Resource
from ringfence.api.verify_v2.services import PRODUCT, VERSION
from ringfence.api.verify_v2.verifications import driven
from ringfence.domain.verify_templates.catalogue import Template as Known

templates = Resource("Templates", item="Template", listed="templates", product=PRODUCT, version=VERSION)


class TemplateFilter(msgspec.Struct, frozen=True, kw_only=True, rename="pascal"):
    friendly_name: str | None = None


class Template(msgspec.Struct, kw_only=True):
    """A template with all its translations."""

    sid: str
    account_sid: str
    friendly_name: str
    channels: list[str]
    translations: dict[str, dict[str, Any]]


def _shown(account: str, known: Known) -> Template:
    since = iso8601(known.since_ms)
    return Template(
        sid=known.sid,
        account_sid=account,
        friendly_name=known.friendly_name,
        channels=["sms", "voice"],
        translations={
            locale: {
                "is_default_translation": locale == known.default,
                "status": "approved",
                "locale": locale,
                "text": text,
                "date_updated": since,
                "date_created": since,
            }
            for locale, text in known.texts.items()
        },
    )


@templates.list(TemplateFilter)
async def list_templates(request: ApiRequest[TemplateFilter], cursor: Cursor) -> list[Template]:
    wanted = request.form.friendly_name
    found = [
        known
        for known in driven(request).templates.of_account(request.account.sid)
        if wanted in (None, "", known.friendly_name)
    ]
    sids = [known.sid for known in found]
    start = sids.index(cursor.before) + 1 if cursor.before in sids else 0
    return [_shown(request.account.sid, known) for known in found[start : start + cursor.limit]]
