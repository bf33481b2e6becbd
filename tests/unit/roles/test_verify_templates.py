"""The operator's templates come from a file, and a file that is none is refused by name."""

from pathlib import Path

import pytest

from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.verify_templates import verify_templates

GOOD = """
[[template]]
name = "Ticket"
text.en = "{{code}} opens {{ticket}}"
"""


def test_a_file_adds_to_what_everybody_has(tmp_path: Path) -> None:
    path = tmp_path / "templates.toml"
    path.write_text(GOOD)
    names = [
        template.friendly_name for template in verify_templates(Settings(verify_templates=str(path))).of_account("")
    ]
    assert names[2:] == ["Ticket"]
    assert len(verify_templates(Settings()).of_account("")) == 2


@pytest.mark.parametrize("text", [GOOD + "[[", GOOD.replace("{{code}}", ""), GOOD + GOOD, "template = 1", "\udcff"])
def test_what_is_wrong_is_refused_with_the_files_name(tmp_path: Path, text: str) -> None:
    path = tmp_path / "templates.toml"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(RefusalError, match=r"templates\.toml"):
        verify_templates(Settings(verify_templates=str(path)))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="No such file"):
        verify_templates(Settings(verify_templates=str(tmp_path / "none.toml")))
