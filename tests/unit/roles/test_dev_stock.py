"""The inventory of a dev installation: real in form, fiction in fact, and always the same."""

from ringfence.domain.number import parse_e164
from ringfence.roles.dev_stock import BUSINESS_NUMBER, CUSTOMER_NUMBER, dev_stock


def test_every_country_of_the_demo_has_numbers_of_the_kinds_it_knows() -> None:
    kinds: dict[str, set[str]] = {}
    for row in dev_stock():
        kinds.setdefault(row.region, set()).add(row.kind)
    assert kinds == {"US": {"local", "tollfree"}, "GB": {"local", "mobile", "tollfree"}, "DE": {"local", "mobile"}}


def test_each_number_is_one_of_its_region_in_e164() -> None:
    for row in dev_stock():
        parsed = parse_e164(row.number)
        assert parsed is not None, row.number
        assert (parsed.e164, parsed.region) == (row.number, row.region)


def test_no_number_is_there_twice_and_the_list_is_always_the_same() -> None:
    numbers = [row.number for row in dev_stock()]
    assert len(numbers) == len(set(numbers))
    assert dev_stock() == dev_stock()


def test_the_business_can_be_bought_and_the_customer_cannot() -> None:
    numbers = {row.number for row in dev_stock()}
    assert BUSINESS_NUMBER in numbers
    assert CUSTOMER_NUMBER not in numbers
