"""Every act that the key service writes down has words for people who judge it."""

import re
from pathlib import Path

from ringfence.domain.ledger.act_meanings import MEANINGS, meaning_of
from ringfence.kms.duties import VERBS

SOURCES = Path(__file__).parents[4] / "src" / "ringfence" / "kms"
DUTY_ACTS = {*VERBS.values(), "refused.open_duty"}
WRITTEN = re.compile(
    r"_(?:write_down|write_down_later|write_down_of|open_archive)\((?:[^()]|\([^()]*\))*?\"([a-z_]+)\""
)
CHOSEN = re.compile(r"verb = \"([a-z_]+)\" if \w+ else \"([a-z_]+)\"")


def test_every_act_that_is_written_down_has_a_meaning() -> None:
    written = {verb for path in SOURCES.rglob("*.py") for verb in WRITTEN.findall(path.read_text())}
    assert {"grant_open", "open_epochs", "sealing_key", "index_keys", "slot_boxes", "rotate_grants"} <= written
    # And those that are one of two.
    written |= {verb for path in SOURCES.rglob("*.py") for pair in CHOSEN.findall(path.read_text()) for verb in pair}
    assert {"open_owner_link", "open_console_link"} <= written
    assert written - {"kms"} <= MEANINGS.keys()


def test_an_act_without_one_counts_as_one_that_opened_content() -> None:
    assert meaning_of("something_new") == ("did something_new", "content")
    assert meaning_of("grant_open").opens == "content"
    assert {meaning_of(verb).opens for verb in ("sealing_key", "slot_boxes", "index_keys")} == {"keys"}


def test_what_becomes_of_a_duty_has_words_and_opens_nothing_but_the_opening() -> None:
    assert {meaning_of(verb).opens for verb in DUTY_ACTS} == {"nothing"}
    assert MEANINGS.keys() >= DUTY_ACTS
    assert meaning_of("open_duty").opens == "content"
