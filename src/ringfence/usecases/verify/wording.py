"""Which words a verification is sent in: by language, with the service's name, its warning, or what is being paid."""

from ringfence.domain.spoken_code import CODE_PLACE, Wording
from ringfence.domain.verify_service import VerifyService
from ringfence.domain.verify_templates.locale import DEFAULT, locale_of_region, supported_locale
from ringfence.domain.verify_templates.render import default_template, render

_OPENING = "<#> "


def wordings(
    service: VerifyService,
    region: str,
    *,
    locale: str = "",
    name: str = "",
    amount: str = "",
    payee: str = "",
    warning: bool = False,
    message: str = "",
) -> tuple[Wording, ...]:
    """In the language asked for (or the region's), then in English; the code's place is left.

    A program's own `message` is taken as it is, in that language.
    """
    chosen = (supported_locale(locale) if locale else None) or locale_of_region(region)
    if message:
        return (Wording(chosen, message),)
    values = {
        "friendly_name": name or service.friendly_name,
        "code": CODE_PLACE,
        "amount": amount,
        "payee": payee,
    }
    return tuple(
        Wording(
            each,
            render(default_template(each, warning=warning, payment=bool(amount)), values),
        )
        for each in dict.fromkeys((chosen, DEFAULT))
    )


def around(service: VerifyService, app_hash: str) -> tuple[str, str]:
    """What a text begins and ends with, for the app or the site that is to read the code by itself.

    Sources: Android, "SMS Retriever API"; WICG, "Origin-bound one-time codes delivered via SMS".
    """
    bound = f"\n\n@{service.code_host} #{CODE_PLACE}" if service.code_host else ""
    return (_OPENING, f"\n{app_hash}{bound}") if app_hash else ("", bound)
