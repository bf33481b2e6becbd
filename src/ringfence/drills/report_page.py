"""The table of drills as a page of its own, to send or to keep: no script, nothing fetched."""

from collections.abc import Sequence
from html import escape

from ringfence.drills.report import Finding, Verdict

_STYLE = """
:root { color-scheme: light dark; font: 1rem/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { border-bottom: 1px solid; padding: .4rem .6rem; text-align: left; vertical-align: top }
dl { display: grid; gap: 0 1rem; grid-template-columns: max-content 1fr; margin: .3rem 0 0 }
dd { margin: 0 }
@media (max-width: 40rem) { dl { grid-template-columns: 1fr } }
"""


def page(verdicts: Sequence[Verdict]) -> str:
    """HTML of all that `report.lines` tells."""
    rows = "\n".join(map(_row, verdicts))
    stopped = sum(verdict.passed for verdict in verdicts)
    return f"""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Drills</title>
<style>{_STYLE}</style>
<h1>Drills</h1>
<p>{stopped} of {len(verdicts)} stopped. Each was played on a control build too, where it was at hand: an attack that
fails there proves nothing.</p>
<table>
<thead><tr><th scope="col">Drill</th><th scope="col">Attack</th><th scope="col">Control reached</th>
<th scope="col">Ours reached</th><th scope="col">Seconds</th><th scope="col">Result</th></tr></thead>
<tbody>
{rows}
</tbody>
</table>
</html>
"""


def _row(verdict: Verdict) -> str:
    cells = (
        escape(verdict.title) + _figures("", verdict.ours) + _figures("control, ", verdict.control),
        "not installed" if verdict.control is None else _of(verdict.control),
        _of(verdict.ours),
        f"{verdict.seconds:.1f}",
        "stopped" if verdict.passed else "<strong>FAILED</strong>",
    )
    return f'<tr><th scope="row">{escape(verdict.drill)}</th>{"".join(f"<td>{cell}</td>" for cell in cells)}</tr>'


def _figures(build: str, finding: Finding | None) -> str:
    if finding is None or not finding.rows:
        return ""
    told = "".join(f"<dt>{escape(build + name)}</dt><dd>{escape(value)}</dd>" for name, value in finding.rows)
    return f"<dl>{told}</dl>"


def _of(finding: Finding) -> str:
    return f"{finding.reached:,} of {finding.tenants:,}"
