"""Packages that say nothing but why, and line types by plan."""

import msgspec
import pytest

from ringfence.domain.lookups.line_type import planned_type
from ringfence.domain.lookups.packages import FIELDS, Packages, failed


@pytest.mark.parametrize("field", FIELDS)
def test_every_field_can_say_why_it_is_missing(field: str) -> None:
    package = failed(field, 60600)
    assert isinstance(package, msgspec.Struct)
    shown = {name: value for name, value in msgspec.structs.asdict(package).items() if value is not None}
    assert shown == {"error_code": "60600" if field == "reassigned_number" else 60600}
    assert repr(Packages(**{field: package})) == f"Packages({field})"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("number", "kind"),
    [
        ("+442079460000", "landline"),
        ("+447400123456", "mobile"),
        ("+12025550177", "unknown"),
        ("+18005550199", "tollFree"),
        ("+19005551234", "premium"),
        ("+491806012345", "sharedCost"),
        ("+445600123456", "nonFixedVoip"),
        ("+447012345678", "personal"),
        ("+447640123456", "pager"),
        ("+445512345678", "uan"),
        ("+80012345678", "tollFree"),
        ("+870773111632", "mobile"),
    ],
)
def test_the_plan_tells_the_type(number: str, kind: str) -> None:
    assert planned_type(number) == kind
