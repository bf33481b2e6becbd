"""Pages before their scripts run: no button does, or sends, anything yet but to ask for another page."""

import re
from importlib import resources

TEMPLATES = resources.files("ringfence.console").joinpath("templates")
# A tag, within which a value may hold what Jinja has between its own brackets.
TAGS = re.compile(r"<(/?form|button)\b((?:[^>{]|{{.*?}}|{%.*?%})*)>")

STILL = re.compile(r'\s(disabled|hidden|popovertarget="pages")(\s|$)')


def buttons(text: str) -> list[tuple[str, bool]]:
    """What each has, and whether it sends a form that asks for a page."""
    found, asks = [], False
    for name, has in TAGS.findall(text):
        if name == "button":
            found.append((has, asks and 'type="button"' not in has))
        else:
            asks = name == "form" and 'method="get"' in has
    return found


def test_until_its_script_hears_it_a_button_is_disabled() -> None:
    """A form without an enabled button is not sent by Enter either. A menu needs no script."""
    looked_at = 0
    for template in TEMPLATES.iterdir():
        for has, asks in buttons(template.read_text()):
            assert asks or STILL.search(has), f"{template.name}: <button{has}>"
            looked_at += 1
    assert looked_at > 50


def test_a_form_that_changes_something_has_a_script() -> None:
    for template in TEMPLATES.iterdir():
        for name, has in TAGS.findall(template.read_text()):
            if name == "form":
                assert re.search(r' (method="get"|data-act=|data-new=|id=)', has), f"{template.name}: <form{has}>"


BOX = re.compile(
    r'<div class="scroll(?: listed)?" tabindex="0" role="(?:group|region)" '
    r'aria-label(?:ledby)?="[^"]+"(?: data-live)?>\s*<table>'
)


def test_a_table_is_moved_within_a_box_that_has_a_name_and_is_reached_by_keyboard() -> None:
    looked_at = 0
    for template in TEMPLATES.iterdir():
        text = template.read_text()
        assert len(BOX.findall(text)) == text.count("<table"), template.name
        looked_at += text.count("<table")
    assert looked_at > 30
