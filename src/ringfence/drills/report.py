"""What a drill found, and the table it is told in."""

from collections.abc import Sequence

import msgspec


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One drill on one build. `reached` counts tenants whose canary is in the attacker's bytes; `rows` are figures
    that are told beside it and never folded into it.

    `proves` is false where what is to work did not: that nobody was reached says nothing where nobody comes in.
    """

    drill: str
    design: str
    tenants: int
    reached: int
    seconds: float
    proves: bool = True
    rows: tuple[tuple[str, str], ...] = ()


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """A drill on both builds; `control` is None where that build is not installed."""

    drill: str
    title: str
    ours: Finding
    control: Finding | None

    @property
    def passed(self) -> bool:
        """Ours worked and reached nobody, and the control, where it ran, reached everybody: a drill that cannot fail
        proves nothing."""
        stopped = self.ours.proves and self.ours.reached == 0
        return stopped and (self.control is None or self.control.reached == self.control.tenants)

    @property
    def seconds(self) -> float:
        """How long both builds took together."""
        return self.ours.seconds + (self.control.seconds if self.control else 0.0)

    def told(self) -> "Told":
        """For programs."""
        return Told(
            drill=self.drill,
            title=self.title,
            of=self.ours.tenants,
            control_reached=None if self.control is None else self.control.reached,
            ours_reached=self.ours.reached,
            stopped=self.passed,
            secondary=dict(self.ours.rows),
            control_secondary={} if self.control is None else dict(self.control.rows),
            seconds=round(self.seconds, 3),
        )


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict as JSON has it. `of` is how many there were to reach; `control_reached` is null without that build."""

    drill: str
    title: str
    of: int
    control_reached: int | None
    ours_reached: int
    stopped: bool
    secondary: dict[str, str]
    control_secondary: dict[str, str]
    seconds: float


def lines(verdicts: Sequence[Verdict]) -> list[str]:
    """A table for people, one drill a block."""
    out = [f"{'drill':<6}{'control reached':>18}{'ours reached':>16}{'seconds':>10}  what"]
    for verdict in verdicts:
        control = "not installed" if verdict.control is None else _of(verdict.control)
        mark = "stopped" if verdict.passed else "FAILED"
        out.append(
            f"{verdict.drill:<6}{control:>18}{_of(verdict.ours):>16}{verdict.seconds:>10.1f}  {verdict.title}: {mark}"
        )
        for name, value in verdict.ours.rows:
            out.append(f"{'':<6}  {name}: {value}")
        for name, value in verdict.control.rows if verdict.control else ():
            out.append(f"{'':<6}  control, {name}: {value}")
    return out


def _of(finding: Finding) -> str:
    return f"{finding.reached} of {finding.tenants}"
