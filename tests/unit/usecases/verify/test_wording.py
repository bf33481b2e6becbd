"""The words of an operator's template are judged as they are sent: whatever fills a place makes no link of the code."""

import pytest

from ringfence.domain.errors import ApiError
from ringfence.domain.verify_service import VerifyService
from ringfence.domain.verify_templates.own import read_own_templates
from ringfence.usecases.verify.wording import wordings

SHOP = VerifyService(friendly_name="Shop")


def code_of_refusal(text: str, **how: object) -> int:
    (template,) = read_own_templates({"template": [{"name": "Own", "text": {"en": text}}]})
    with pytest.raises(ApiError) as refused:
        wordings(SHOP, "US", template, **how)  # type: ignore[arg-type]
    return refused.value.code


def test_a_services_name_makes_no_link() -> None:
    assert code_of_refusal("{{friendly_name}}x{{code}}", name="https://a.example/") == 60200


def test_nor_does_what_is_paid() -> None:
    assert code_of_refusal("{{amount}} {{payee}}x{{code}}", amount="5", payee="a.example/") == 60200


def test_nor_does_a_variable() -> None:
    assert code_of_refusal("{{what}}x{{code}}", substitutions={"what": "localhost/?"}) == 60200
    assert code_of_refusal("{{code}} {{what}}", substitutions={"what": "{{code}}"}) == 60200


def test_words_that_are_too_long_once_they_are_filled_are_refused() -> None:
    assert code_of_refusal("{{code}} " + "{{what}} " * 5, substitutions={"what": "x" * 100}) == 60200
