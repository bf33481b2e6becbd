"""Which language a verification speaks: the one asked for, else the one of the number's region, else English.

Source: Twilio, "Verify supported languages": the locale follows the number's country unless `Locale` overrides it.
"""

from typing import Final

from ringfence.domain.verify_templates.wordings import WORDINGS

DEFAULT: Final = "en"

_REGIONS: Final[dict[str, str]] = {
    "af": "NA",
    "ar": "AE BH DZ EG IQ JO KW LB LY MA MR OM PS QA SA SD SY TN YE",
    "ca": "AD",
    "cs": "CZ",
    "da": "DK FO GL",
    "de": "AT CH DE LI",
    "el": "CY GR",
    "en-GB": "GB GG IM JE",
    "es": "AR BO CL CO CR CU DO EC ES GQ GT HN MX NI PA PE PR PY SV UY VE",
    "et": "EE",
    "fi": "AX FI",
    "fr": "BF BI BJ CD CF CG CI FR GA GF GN GP LU MC MG ML MQ NC NE PF PM RE SN TG WF YT",
    "he": "IL",
    "hr": "HR",
    "hu": "HU",
    "id": "ID",
    "it": "IT SM VA",
    "ja": "JP",
    "ko": "KR",
    "lt": "LT",
    "ms": "BN MY",
    "nb": "NO SJ",
    "nl": "AW BE BQ CW NL SR SX",
    "pl": "PL",
    "pt": "AO CV GW MZ PT ST TL",
    "pt-BR": "BR",
    "ro": "MD RO",
    "ru": "BY KG KZ RU",
    "sk": "SK",
    "sv": "SE",
    "th": "TH",
    "tl": "PH",
    "tr": "TR",
    "uk": "UA",
    "vi": "VN",
    "zh-CN": "CN",
    "zh-HK": "HK MO TW",
}
_BY_REGION: Final = {region: locale for locale, regions in _REGIONS.items() for region in regions.split()}
_BY_FOLDED: Final = {locale.casefold(): locale for locale in WORDINGS}


def locale_of_region(region: str) -> str:
    """The locale in which people of a region (ISO 3166-1 alpha-2) are written to."""
    return _BY_REGION.get(region.upper(), DEFAULT)


def supported_locale(asked: str) -> str | None:
    """The locale that a BCP 47 tag names; its language's where the region is not known; None for another language."""
    tag = asked.replace("_", "-").casefold()
    return _BY_FOLDED.get(tag) or _BY_FOLDED.get(tag.partition("-")[0])
