"""What people read: plain when nobody looks, coloured on a terminal unless NO_COLOR says otherwise."""

import contextlib
import time
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.text import Text

from ringfence.cli.visible_text import visible
from ringfence.roles.refusal import RefusalError


class Terminal:
    """Results go to standard output, what happens meanwhile and errors to standard error.

    What others wrote (texts, answers of programs, names) is shown, never obeyed.
    """

    def __init__(self) -> None:
        self._out = Console(highlight=False, soft_wrap=True)
        self._err = Console(stderr=True, highlight=False, soft_wrap=True)

    def say(self, text: str) -> None:
        """A line of result, as it is."""
        self._out.print(visible(text), markup=False)

    def note(self, text: str) -> None:
        """A line about what happens."""
        self._err.print(visible(text), markup=False)

    def refuse(self, refusal: RefusalError) -> None:
        """Cause and cure of what cannot be done."""
        cure = f" → {_shown(refusal.cure)}" if refusal.cure else ""
        self._err.print(f"[bold red]error:[/] {_shown(refusal.cause)}{cure}")

    def styled(self, *parts: tuple[str, str]) -> None:
        """A line of result, of (text, style) parts with a gap between."""
        line = Text("  ").join(Text(visible(text), style) for text, style in parts)
        line.rstrip()
        self._out.print(line)

    def warn(self, text: str) -> None:
        self._err.print(f"[bold yellow]note:[/] {_shown(text)}")

    def heading(self, label: str, text: str, remark: str = "") -> None:
        """One line of the table that `up` ends with."""
        self._out.print(
            f" [bold]{escape(label):<8}[/] {_shown(text)}" + (f"  [dim]{_shown(remark)}[/]" if remark else "")
        )

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """Aligned columns under `heads`; nothing is cut off."""
        rows = [[visible(cell) for cell in row] for row in rows]
        widths = [max(map(len, column)) for column in zip(heads, *rows, strict=True)]
        lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
        head = "  ".join(cell.ljust(width) for cell, width in zip(heads, widths, strict=True)).rstrip()
        self._out.print(f"[bold]{escape(head)}[/]")
        for line in lines:
            self.say(line)


def _shown(text: str) -> str:
    return escape(visible(text))


class Steps:
    """Numbered steps of long work: a spinner on a terminal, one line a step anywhere."""

    def __init__(self, terminal: Terminal, total: int) -> None:
        self._console = terminal._err
        self._total = total
        self._number = 0

    @contextlib.contextmanager
    def step(self, text: str) -> Iterator[None]:
        """Show `text` while the block runs, then how long it took."""
        self._number += 1
        place = escape(f"[{self._number}/{self._total}]")
        began = time.monotonic()
        with self._console.status(f"{place} {escape(text)}") if self._console.is_terminal else contextlib.nullcontext():
            yield
        self._console.print(f"{place} {escape(text)} [green]✓[/] [dim]{time.monotonic() - began:.1f} s[/]")
