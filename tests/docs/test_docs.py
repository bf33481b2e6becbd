"""The documentation is in step with the program: links lead somewhere, tables are whole, commands exist."""

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from ringfence.cli.init import described, shown_default
from ringfence.cli.main import app
from ringfence.roles.settings import NAMES

ROOT = Path(__file__).parents[2]
COMMANDS: Any = typer.main.get_command(app)
COMMANDS.commands |= {each.name: each.called(each.name) for each in COMMANDS.on_call}


def pages() -> list[Path]:
    done = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, capture_output=True, text=True, check=True)
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).exists()]


PAGES = pages()


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head).strip().lower().replace(" ", "-") for head in heads}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        other = (page.parent / path).resolve() if path else page
        assert other.exists(), target
        assert not anchor or anchor in anchors(other), target


def test_every_page_of_the_documentation_can_be_reached() -> None:
    index = (ROOT / "docs/README.md").read_text() + (ROOT / "docs/why/README.md").read_text()
    reachable = {path.name for path in (ROOT / "docs/why").glob("*.md")} | {"README.md"}
    reachable |= {Path(target).name for target in re.findall(r"\]\(([^)#]+)", index)}
    assert {page.name for page in PAGES if page.is_relative_to(ROOT / "docs")} <= reachable


def test_every_setting_is_documented_as_it_is() -> None:
    rows = re.findall(r"^\| `\w+` \| `RINGFENCE_.*$", (ROOT / "docs/reference/settings.md").read_text(), re.MULTILINE)
    assert rows == [
        f"| `{name}` | `RINGFENCE_{name.upper()}` | `{shown_default(name)}` | {described(name)} |" for name in NAMES
    ]


def test_every_setting_is_read_somewhere() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "src/ringfence").rglob("*.py"))
    assert [name for name in NAMES if not re.search(rf"settings\.{name}\b|self\.{name}\b", code)] == []


def test_every_metric_is_documented_and_no_other() -> None:
    code = "\n".join(path.read_text() for path in (ROOT / "src/ringfence").rglob("*.py"))
    made = set(re.findall(r"(?:Counter|Gauge|Histogram)\(\s*\"(\w+)\"", code))
    shown = set(re.findall(r"^\| `(\w+)`", (ROOT / "docs/reference/metrics.md").read_text(), re.MULTILINE))
    assert made == shown


def every_command(group: Any, path: str) -> Iterator[tuple[str, Any]]:
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from every_command(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


@pytest.mark.parametrize(("path", "command"), [*every_command(COMMANDS, "ringfence")])
def test_every_command_and_option_is_documented(path: str, command: Any) -> None:
    text = (ROOT / "docs/reference/commands.md").read_text()
    assert re.search(rf"`{path}[ `]", text)
    options = {option for parameter in command.params for option in parameter.opts if option.startswith("--")}
    assert [option for option in sorted(options) if f"`{option}" not in text] == []


def shell_lines() -> list[tuple[str, str]]:
    found = []
    for page in PAGES:
        for block in re.findall(r"```(?:console|bash|sh)\n(.*?)```", page.read_text(), re.DOTALL):
            joined = re.sub(r"\\\n\s*", " ", block)
            found += [(page.name, line.strip()) for line in joined.splitlines() if line.strip()]
    return found


@pytest.mark.parametrize(("page", "line"), [each for each in shell_lines() if each[1].startswith("ringfence ")])
def test_every_shown_ringfence_command_exists_with_its_options(page: str, line: str) -> None:
    words = shlex.split(line, comments=True)[1:]
    if "--" in words:
        words = words[: words.index("--")]
    command = COMMANDS
    while hasattr(command, "commands") and words and not words[0].startswith("-"):
        assert words[0] in command.commands, line
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} <= known, line


@pytest.mark.parametrize(("page", "line"), [each for each in shell_lines() if each[1].startswith("make ")])
def test_every_shown_make_target_exists(page: str, line: str) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert {word for word in line.split()[1:] if "=" not in word and not word.startswith("#")} <= targets
