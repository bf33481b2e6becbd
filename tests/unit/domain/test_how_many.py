"""So many of a thing, as English says it."""

import pytest

from ringfence.domain.how_many import how_many


@pytest.mark.parametrize(
    ("count", "one", "said"),
    [
        (0, "object", "0 objects"),
        (1, "object", "1 object"),
        (2, "object", "2 objects"),
        (1, "entry", "1 entry"),
        (2, "entry", "2 entries"),
        (2, "day", "2 days"),
        (2, "key", "2 keys"),
        (2, "witness", "2 witnesses"),
    ],
)
def test_one_is_one_and_all_others_are_many(count: int, one: str, said: str) -> None:
    assert how_many(count, one) == said


def test_what_english_makes_otherwise_is_given_and_a_number_is_written_as_asked() -> None:
    assert how_many(1, "entry is", "entries are") == "1 entry is"
    assert how_many(3, "entry is", "entries are") == "3 entries are"
    assert how_many(12_345, "entry", form=",") == "12,345 entries"
    assert how_many(12_345, "entry") == "12345 entries"
