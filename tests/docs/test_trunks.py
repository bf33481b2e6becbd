"""The page about trunks has every field as it is."""

import json
import re
import typing
from pathlib import Path

from ringfence.carriers.sip.trunk import Trunk

PAGE = Path(__file__).parents[2] / "docs/reference/trunks.md"


def test_every_field_of_a_trunk_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `\w+` \| .*$", PAGE.read_text(), re.MULTILINE)
    hints = typing.get_type_hints(Trunk, include_extras=True)
    defaults = Trunk(name="x", host="x")
    assert rows == [
        f"| `{name}` | {'needed' if name in {'name', 'host'} else f'`{json.dumps(getattr(defaults, name))}`'} | "
        f"{hints[name].__metadata__[0].description} |"
        for name in Trunk.__struct_fields__
    ]
