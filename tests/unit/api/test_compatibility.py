from pathlib import Path

from ringfence.api.app import operations
from ringfence.api.compatibility import operations_markdown, rewritten

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "compatibility.md"


def test_the_page_is_in_step_with_the_code() -> None:
    page = PAGE.read_text("utf-8")
    assert page == rewritten(page), "run python -m ringfence.api.compatibility docs/reference/compatibility.md"


def test_what_works_and_what_does_not_are_told_apart() -> None:
    listed = operations_markdown()
    assert "| api | `/2010-04-01/Accounts/{AccountSid}/Messages` | GET, POST |  |" in listed
    assert "| api | `/2010-04-01/Accounts/{AccountSid}/Balance` |  | GET |" in listed
    assert listed.startswith(f"{len(operations())} of 705 operations are finished.")


def test_only_the_list_is_rewritten() -> None:
    page = "head <!-- operations: begin -->old<!-- operations: end --> tail"
    assert rewritten(page).startswith(f"head <!-- operations: begin -->\n{len(operations())} of")
    assert rewritten(page).endswith("<!-- operations: end --> tail")
    assert "old" not in rewritten(page)
