"""Every language says the same: whose code it is, the code, and to keep it."""

import unicodedata

import pytest

from ringfence.domain.segments import segment
from ringfence.domain.verify_templates.locale import _REGIONS, DEFAULT, locale_of_region, supported_locale
from ringfence.domain.verify_templates.render import default_template, placeholders, render, spoken
from ringfence.domain.verify_templates.wordings import WORDINGS

VALUES = {"friendly_name": "Fade & Co", "code": "493817", "amount": "€ 12.50", "payee": "Mario"}
# The script that a language is written in, by the first word of its letters' Unicode names.
SCRIPTS = {
    "ar": "ARABIC",
    "el": "GREEK",
    "he": "HEBREW",
    "hi": "DEVANAGARI",
    "kn": "KANNADA",
    "ko": "HANGUL",
    "mr": "DEVANAGARI",
    "ru": "CYRILLIC",
    "te": "TELUGU",
    "th": "THAI",
    "uk": "CYRILLIC",
    "zh": "CJK",
    "zh-CN": "CJK",
    "zh-HK": "CJK",
}

locales = pytest.mark.parametrize("locale", sorted(WORDINGS))


def test_there_are_more_than_forty_languages() -> None:
    assert len(WORDINGS) >= 40


@locales
def test_a_text_names_the_service_and_the_code_once(locale: str) -> None:
    wording = WORDINGS[locale]
    assert placeholders(wording.code) == {"friendly_name", "code"}
    assert placeholders(wording.payment) == {"friendly_name", "code", "amount", "payee"}
    assert placeholders(wording.warning) == frozenset()
    for text in (wording.code, wording.payment):
        assert render(text, VALUES).count("493817") == 1
        assert "{" not in render(text, VALUES)


@locales
def test_the_code_stands_last(locale: str) -> None:
    """So that a phone that shows a line of a text shows where the code is, and one that fills it in finds it."""
    assert WORDINGS[locale].code.endswith("{{code}}")
    assert WORDINGS[locale].payment.endswith("{{code}}")


@locales
def test_a_text_with_a_short_name_is_one_sms(locale: str) -> None:
    assert segment(render(WORDINGS[locale].code, VALUES)).count == 1


@locales
def test_a_text_is_composed_and_has_no_stray_spaces(locale: str) -> None:
    for text in WORDINGS[locale]:
        assert unicodedata.is_normalized("NFC", text)
        assert text == text.strip()
        assert "  " not in text


@pytest.mark.parametrize(("locale", "script"), SCRIPTS.items())
def test_a_language_is_written_in_its_script(locale: str, script: str) -> None:
    for text in WORDINGS[locale]:
        bare = render(text, dict.fromkeys(VALUES, ""))
        letters = [char for char in bare if unicodedata.category(char) in ("Lo", "Lu", "Ll")]
        assert letters
        assert {unicodedata.name(char).split()[0] for char in letters} == {script}


def test_languages_do_not_share_a_sentence() -> None:
    distinct = set(WORDINGS.values())
    assert len(distinct) == len(WORDINGS) - 2  # British is English, and China's Chinese is Chinese.
    for sentences in zip(*distinct, strict=True):
        assert len(set(sentences)) == len(distinct)


def test_the_english_text_is_twilios() -> None:
    assert render(default_template("en"), VALUES) == "Your Fade & Co verification code is: 493817"


def test_a_warning_follows_the_code() -> None:
    assert render(default_template("en", warning=True), VALUES) == (
        "Your Fade & Co verification code is: 493817. "
        "Don't share this code with anyone; our employees will never ask for it."
    )


def test_a_payment_names_amount_and_payee() -> None:
    assert (
        render(default_template("en", payment=True), VALUES) == "Your Fade & Co code to pay € 12.50 to Mario is: 493817"
    )


def test_a_value_is_not_searched_for_places() -> None:
    """A service that is called {{code}} does not get the code where its name stands."""
    assert render("{{friendly_name}}: {{code}}", {"friendly_name": "{{code}}", "code": "1"}) == "{{code}}: 1"


def test_a_place_may_have_spaces() -> None:
    assert render("{{ code }}", {"code": "1"}) == "1"


def test_a_place_without_a_value_is_an_error() -> None:
    with pytest.raises(KeyError):
        render("{{ttl}}", {"code": "1"})


def test_a_code_is_read_digit_by_digit() -> None:
    assert spoken("4938") == "4, 9, 3, 8"


@pytest.mark.parametrize(
    ("region", "locale"),
    [
        ("US", "en"),
        ("GB", "en-GB"),
        ("AT", "de"),
        ("BR", "pt-BR"),
        ("PT", "pt"),
        ("TW", "zh-HK"),
        ("cn", "zh-CN"),
        ("XX", "en"),
    ],
)
def test_a_number_is_written_to_in_its_regions_language(region: str, locale: str) -> None:
    assert locale_of_region(region) == locale


def test_a_region_has_one_language_and_it_is_supported() -> None:
    regions = [region for listed in _REGIONS.values() for region in listed.split()]
    assert len(set(regions)) == len(regions)
    assert _REGIONS.keys() <= WORDINGS.keys()
    assert DEFAULT in WORDINGS


@pytest.mark.parametrize(
    ("asked", "locale"),
    [
        ("de", "de"),
        ("DE", "de"),
        ("de-AT", "de"),
        ("pt_BR", "pt-BR"),
        ("PT-br", "pt-BR"),
        ("zh-hk", "zh-HK"),
        ("zh-SG", "zh"),
    ],
)
def test_a_tag_finds_its_language(asked: str, locale: str) -> None:
    assert supported_locale(asked) == locale


@pytest.mark.parametrize("asked", ["", "xx", "-", "deu", "klingon", "en:US"])
def test_an_unknown_language_is_none(asked: str) -> None:
    assert supported_locale(asked) is None
