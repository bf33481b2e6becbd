"""Which words a verification is sent in: by language, with the service's name, its warning, or what is being paid."""

from collections.abc import Mapping, Sequence

from ringfence.domain.custom_message import read_custom_message
from ringfence.domain.errors import ApiError, describe
from ringfence.domain.spoken_code import CODE_PLACE, Wording
from ringfence.domain.verification_code import LIFE_MS
from ringfence.domain.verify_service import VerifyService
from ringfence.domain.verify_templates.catalogue import PLAIN, WARNING, Template, Templates
from ringfence.domain.verify_templates.locale import locale_of_region, supported_locale
from ringfence.domain.verify_templates.render import render

INVALID = 60200
_OPENING = "<#> "


def template_for(templates: Templates, account: str, service: VerifyService, asked: str) -> Template:
    """The request's template, else the service's, else the default one. ApiError 60200 for one that is not there."""
    if asked:
        named = templates.find(account, asked)
        if named is None:
            raise ApiError(INVALID, "Invalid parameter `TemplateSid`: not one of this account's templates")
        return named
    chosen = templates.find(account, service.default_template_sid)
    return chosen or (WARNING if service.do_not_share_warning_enabled else PLAIN)


def wordings(
    service: VerifyService,
    region: str,
    template: Template = PLAIN,
    *,
    locale: str = "",
    name: str = "",
    amount: str = "",
    payee: str = "",
    message: str = "",
    substitutions: Mapping[str, str] | None = None,
) -> tuple[Wording, ...]:
    """In the language asked for (or the region's), then in the template's own; the code's place is left.

    A program's own `message` is taken as it is, in that language. ApiError 60224 where `substitutions` lack a variable
    of the template, 60200 where its words would not do.
    """
    chosen = (supported_locale(locale) if locale else None) or locale_of_region(region)
    if message:
        return (Wording(chosen, message),)
    texts = template.payments if amount else template.texts
    if not texts:
        raise ApiError(INVALID, "Invalid parameter `TemplateSid`: what is being paid must be read too")
    given = substitutions or {}
    if missing := sorted(template.variables - given.keys()):
        raise ApiError(60224, f"{describe(60224)}: {missing[0]}")
    values = {each: given[each] for each in template.variables} | {
        "friendly_name": name or service.friendly_name,
        "code": CODE_PLACE,
        "ttl": str(LIFE_MS // 60_000),
        "amount": amount,
        "payee": payee,
    }
    words = tuple(
        Wording(each, render(texts[each], values))
        for each in dict.fromkeys((chosen, template.default))
        if each in texts
    )
    if template not in (PLAIN, WARNING):
        _check(words)
    return words


def _check(words: Sequence[Wording]) -> None:
    """What is put in, a service's name too, makes no link of the code, and no second place for it."""
    for each in words:
        try:
            read_custom_message(each.text)
        except ValueError as error:
            raise ApiError(INVALID, f"Invalid parameter: the template's words, filled: {error}") from None


def around(service: VerifyService, app_hash: str) -> tuple[str, str]:
    """What a text begins and ends with, for the app or the site that is to read the code by itself.

    Sources: Android, "SMS Retriever API"; WICG, "Origin-bound one-time codes delivered via SMS".
    """
    bound = f"\n\n@{service.code_host} #{CODE_PLACE}" if service.code_host else ""
    return (_OPENING, f"\n{app_hash}{bound}") if app_hash else ("", bound)
