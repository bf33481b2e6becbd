"""An operator's templates are read as they are written, and a wrong one is named."""

from typing import Any

import pytest

from ringfence.domain.verify_templates.catalogue import PLAIN, WARNING, Templates
from ringfence.domain.verify_templates.own import read_own_templates

AC = "AC" + "a" * 32


def read(**fields: Any) -> Any:
    return read_own_templates({"template": [{"name": "Ticket", "text": {"en": "{{code}} is for {{who}}"}} | fields]})


def test_a_template_knows_what_a_program_must_give() -> None:
    (template,) = read(text={"en": "{{code}} {{who}} {{ttl}}", "de": "{{friendly_name}}: {{code}} {{What}}"})
    assert template.variables == {"who", "What"}
    assert template.payments == {}


def test_its_sid_is_the_files_or_that_of_its_name() -> None:
    (named,), (again,), (given,) = read(), read(), read(sid="HJ" + "1" * 32)
    assert named.sid == again.sid != given.sid
    (elsewhere,) = read(account=AC)
    assert elsewhere.sid != named.sid


def test_one_that_tells_what_is_paid_is_for_payments_too() -> None:
    (template,) = read(text={"en": "{{code}} pays {{payee}} {{amount}}"})
    assert template.payments == template.texts
    assert template.variables == frozenset()


def test_two_of_one_sid_are_refused() -> None:
    with pytest.raises(ValueError, match="same sid"):
        Templates([*read(), *read()])


def test_an_account_sees_its_own_and_everybodys() -> None:
    templates = Templates(read(account=AC))
    assert len(templates.of_account(AC)) == 3
    assert templates.of_account("AC" + "b" * 32) == [PLAIN, WARNING]


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"text": {"en": "no place"}}, "template 1: text in 'en'"),
        ({"text": {"en": "{{code}} {{ code }}"}}, "text in 'en'"),
        ({"text": {"en": "https://a.example/{{code}}"}}, "outside of links"),
        ({"text": {"en": "https://a.example/{{who}}={{code}}"}}, "outside of links"),
        ({"text": {"en": "{{who}}{{code}}"}}, "template 1: text in 'en': expected a space"),
        ({"text": {"en": "{{code}}-{{who}}"}}, "outside of links"),
        ({"text": {"en": "{{who}}:{{ code }}"}}, "text in 'en': expected a space"),
        ({"text": {"en": "{{code}}。{{who}}"}}, "outside of links"),
        ({"text": {"de": "{{code}}"}}, "expected one in 'en'"),
        ({"text": {"en": "{{code}}", "xx": "{{code}}"}}, "no language 'xx'"),
        ({"name": ""}, "name"),
        ({"sid": "HJ1"}, "sid"),
        ({"account": "VA" + "a" * 32}, "account"),
        ({"colour": "red"}, "colour"),
        ({"text": "{{code}}"}, "Expected"),
    ],
)
def test_what_is_wrong_is_named(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        read(**fields)
