"""The blast radius as a page to send: one file of HTML with its style inside, no script, nothing fetched."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape

import msgspec

from ringfence.cli.ages import shown_time
from ringfence.domain.ledger.blast import GRANT, SESSION, Reach
from ringfence.kms.ledger.lines import Line

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ccc;vertical-align:top}"
    "td,pre{overflow-wrap:anywhere}pre{white-space:pre-wrap;background:#f4f4f4;padding:.8rem}"
    "code{font-family:ui-monospace,monospace;font-size:.9em}@media print{body{margin:0;max-width:none}}"
)
_SHOWN_WHOLE = 1_000
_WHAT_IT_IS = (
    "Content is kept sealed. A key that opens any of it is handed out by one process alone, which writes the opening "
    "into its ledger, on disk, before it does. This report is that ledger's account and rests on nothing else: what it "
    "does not list was not opened through this installation. It says what could be read with the keys that were handed "
    "out, not whether anybody looked."
)
_NEVER_TAKEN = (
    "Keys of these were ready to be handed out by the tenant's leave, and were not asked for. They are erased when the "
    "grant ends."
)
_HOW_TO_CHECK = (
    "The ledger is a Merkle tree (RFC 9162). Each account can read its own entries, each with a proof that it is in "
    "the tree, and anybody who kept an earlier checkpoint can show that nothing before it was changed. "
    "<code>ringfence ledger verify --against FILE</code> holds the ledger against this one:"
)


class BlastReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says. `lines` are the ledger's entries in order, `left` what was granted and never taken."""

    who: str
    from_ms: int
    until_ms: int
    made_ms: int
    lines: Sequence[Line]
    reached: Sequence[Reach]
    left: Mapping[str, tuple[str, ...]]
    checkpoint: str


def report_page(report: BlastReport) -> str:
    """The whole page. It names accounts, records and times; no content, which the ledger does not have."""
    title = f"What {report.who} opened"
    begin = shown_time(report.from_ms) if report.from_ms else "the beginning of the ledger"
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1>",
            f"<p>From {begin} until {shown_time(report.until_ms)}. Written at {shown_time(report.made_ms)}. ",
            "All times are UTC.</p>",
            f"<p>{_WHAT_IT_IS}</p>",
            *_summary(report.reached),
            *(part for reach in report.reached for part in _account(reach, report.lines)),
            *_left(report.left),
            *_proof(report.checkpoint),
            "</body></html>\n",
        ]
    )


def _summary(reached: Sequence[Reach]) -> Iterator[str]:
    if not reached:
        yield "<h2>Nobody was reached</h2><p>The ledger has no opening in this time.</p>"
        return
    yield f"<h2>Accounts reached: {len(reached)}</h2><table><thead><tr><th>account</th><th>openings</th>"
    yield "<th>objects</th><th>first</th><th>last</th></tr></thead><tbody>"
    for one in reached:
        yield f"<tr><td><code>{escape(one.account)}</code></td><td>{one.openings}</td><td>{len(one.objects)}</td>"
        yield f"<td>{shown_time(one.first_ms)}</td><td>{shown_time(one.last_ms)}</td></tr>"
    yield "</tbody></table>"


def _account(reach: Reach, lines: Sequence[Line]) -> Iterator[str]:
    yield f"<h2><code>{escape(reach.account)}</code></h2><table><thead><tr><th>entry</th><th>time</th><th>by</th>"
    yield "<th>act</th><th>what</th></tr></thead><tbody>"
    own = [line for line in lines if line.entry.account == reach.account and "." not in line.entry.verb]
    for line in own[:_SHOWN_WHOLE]:
        entry = line.entry
        through = [name for name in entry.scope if name.startswith((SESSION, GRANT))]
        what = [name for name in entry.scope if name not in through]
        yield f"<tr><td>{line.n}</td><td>{shown_time(entry.at_ms)}</td>"
        yield f"<td><code>{escape(' '.join((entry.actor, *through)))}</code></td><td>{escape(entry.verb)}</td>"
        yield f"<td><code>{escape(' '.join(what))}</code></td></tr>"
    yield "</tbody></table>"
    if len(own) > _SHOWN_WHOLE:
        yield f"<p>And {len(own) - _SHOWN_WHOLE} entries more; <code>--output json</code> names all.</p>"


def _left(left: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if left:
        yield f"<h2>Approved, and never taken</h2><p>{_NEVER_TAKEN}</p><table><tbody>"
        for account, names in left.items():
            yield f"<tr><td><code>{escape(account)}</code></td><td><code>{escape(' '.join(names))}</code></td></tr>"
        yield "</tbody></table>"


def _proof(checkpoint: str) -> Iterator[str]:
    yield f"<h2>How to check it</h2><p>{_HOW_TO_CHECK}</p>"
    yield f"<pre>{escape(checkpoint or 'There was no checkpoint yet.')}</pre>"
