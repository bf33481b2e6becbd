"""The blast radius as a page to send: one file of HTML with its style inside, no script, nothing fetched.

It is written for people who decide whom to tell and what to claim: what was asked of the ledger, what it says, in words
and with times, what it cannot say, and how somebody who trusts nobody checks it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from html import escape

import msgspec

from ringfence import __version__
from ringfence.cli.ages import shown_time
from ringfence.domain.access.scope import epoch_of
from ringfence.domain.how_many import how_many
from ringfence.domain.ledger.act_meanings import meaning_of
from ringfence.domain.ledger.blast import THROUGH, Reach
from ringfence.domain.sealing.epoch import HOUR_MS, ended_ms
from ringfence.kms.ledger.lines import Line

_STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#111}"
    "table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}"
    "th,td{text-align:left;padding:.3rem .6rem .3rem 0;border-bottom:1px solid #ccc;vertical-align:top}"
    "body{overflow-wrap:anywhere}pre{white-space:pre-wrap;background:#f4f4f4;padding:.8rem}"
    "code{font-family:ui-monospace,monospace;font-size:.9em}"
    "@media screen and (max-width:45rem){table,tbody,tr,th,td{display:block}th,td{padding:.1rem 0;border:0}"
    "tr{padding:.5rem 0;border-bottom:1px solid #ccc}"
    "thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    "td[data-head]::before{content:attr(data-head) ': ';color:#555}}"
    "@media print{body{margin:0;max-width:none}tr{break-inside:avoid}thead{display:table-header-group}}"
)
_SHOWN_WHOLE = 1_000
REFUSED = "refused."
_WHAT_IT_IS = (
    "Content (texts, numbers, sound) is stored sealed. Keys that open it are handed out by one process alone, the key "
    "service, which writes each opening into its ledger, on disk, before it hands out the key. This report is that "
    "ledger's account of one question, and rests on nothing else."
)
_NOT_KNOWN = (
    "Whether anybody looked. The ledger says which keys were handed out, and so what could be read, not what was.",
    "Whose hand it was. An entry names the credential, session or person under whose name the key was asked for. "
    "Whether that was its owner or a thief the ledger does not know.",
    "Whose telephone numbers and words were in the records. Only each account itself can read that: in its console, "
    "the page “Whom it touched” makes the list from this ledger.",
    "What was read without asking the key service: in the memory of a process that somebody took over, at a carrier, "
    "in a program of the tenant's own, or from a copy of what had been opened before.",
    "How many records a whole hour has. A key of an hour opens all of them.",
    "What the time really was: times are those of the clock of the machine on which the key service runs.",
)
_NEVER_TAKEN = (
    "Keys of these were ready to be handed out by the tenant's leave, and were not asked for. They are erased when the "
    "grant ends."
)
_HOW_TO_CHECK = (
    "Run <code>ringfence ledger verify --against FILE</code> on the installation, where FILE is a checkpoint that was "
    "kept before, such as the one below. It reads every entry, makes the tree anew, and says whether the ledger "
    "begins with what was signed then.",
    "Ask witnesses outside: <code>/ledger/cosigned</code> of the installation serves what they signed, and "
    "<code>ringfence ledger verify --cosigned-by KEY --require N</code> holds the ledger against it.",
    "Each account reads its own entries, by the numbers given here, each with a proof that it is in the tree (RFC "
    "9162): <code>GET /ringfence/v1/Accounts/{AccountSid}/Ledger</code>, or its console's page “Ledger”. An entry that "
    "this report leaves out, or has otherwise, is noticed there.",
    "Ask the same question again: the same options of <code>ringfence blast</code> give the same entries.",
)


class BlastReport(msgspec.Struct, frozen=True, kw_only=True):
    """What the page says. `lines` are the ledger's entries in order, `left` what was granted and never taken.

    `gaps` are (how many, first ms, last ms) of entries that the ledger says it lost. `signed` of its entries are under
    the `checkpoint`, a signed note.
    """

    who: str
    from_ms: int
    until_ms: int
    made_ms: int
    lines: Sequence[Line]
    reached: Sequence[Reach]
    left: Mapping[str, tuple[str, ...]]
    gaps: Sequence[tuple[int, int, int]]
    signed: int
    checkpoint: str


def report_page(report: BlastReport) -> str:
    """The whole page. It names accounts, records and times; no content, which the ledger does not have."""
    title = f"What {report.who} opened"
    return "".join(
        [
            '<!doctype html><html lang="en"><head><meta charset="utf-8">',
            '<meta name="viewport" content="width=device-width">',
            "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
            f"<title>{escape(title)}</title><style>{_STYLE}</style></head><body>",
            f"<h1>{escape(title)}</h1><p>{_WHAT_IT_IS}</p>",
            *_asked(report),
            *_summary(report),
            *(part for reach in report.reached for part in _account(reach, report)),
            *_refused(report.lines),
            *_left(report.left),
            *_not_known(report),
            *_proof(report),
            "</body></html>\n",
        ]
    )


def _asked(report: BlastReport) -> Iterator[str]:
    begin = shown_time(report.from_ms) if report.from_ms else "the ledger's first entry"
    yield "<h2>What was asked</h2>"
    yield from _table(
        (),
        [
            ("Of whom", escape(report.who)),
            ("From", begin),
            ("Until", shown_time(report.until_ms)),
            ("Written", f"{shown_time(report.made_ms)}, by ringfence {__version__}"),
            ("Times", "UTC (Z), to the second"),
            ("Ledger", f"<code>{escape(report.checkpoint.partition(chr(10))[0] or 'not signed yet')}</code>"),
            ("Entries under its checkpoint", f"{report.signed:,}"),
            ("Entries that answer the question", f"{len(report.lines):,}"),
        ],
    )


def _summary(report: BlastReport) -> Iterator[str]:
    reached = report.reached
    if not reached:
        yield "<h2>Nobody was reached</h2><p>The ledger has no opening in this time.</p>"
        return
    openings = sum(each.openings for each in reached)
    hours = {(each.account, hour) for each in reached for name in each.objects if (hour := _hour_of(name)) is not None}
    read = [each for each in reached if any(_opens_content(name) for name in each.objects)]
    yield f"<h2>Accounts reached: {len(reached)}</h2>"
    first, last = min(each.first_ms for each in reached), max(each.last_ms for each in reached)
    yield f"<p>Accounts whose content could be read: {len(read)}. Openings: {openings:,}. Objects: "
    yield f"{sum(len(each.objects) for each in reached):,}, of which whole hours: {len(hours):,}. "
    yield f"The first opening was at {shown_time(first)}, the last at {shown_time(last)}.</p>"
    yield from _table(
        ("account", "openings", "objects", "content", "first", "last"),
        [
            (
                f"<code>{escape(each.account)}</code>",
                f"{each.openings:,}",
                f"{len(each.objects):,}",
                "could be read" if each in read else "not by these",
                shown_time(each.first_ms),
                shown_time(each.last_ms),
            )
            for each in reached
        ],
    )


def _account(reach: Reach, report: BlastReport) -> Iterator[str]:
    own = [line for line in report.lines if line.entry.account == reach.account and "." not in line.entry.verb]
    yield f"<h2><code>{escape(reach.account)}</code></h2>"
    yield from _table(
        ("entry", "time", "by", "act", "what"), [_row(line, report.signed) for line in own[:_SHOWN_WHOLE]]
    )
    if len(own) > _SHOWN_WHOLE:
        rest = how_many(len(own) - _SHOWN_WHOLE, "entry more is", "entries more are", ",")
        yield f"<p><strong>Not all are listed:</strong> {rest} counted above. "
        yield "<code>--output json</code> names all.</p>"
    acts = dict.fromkeys(line.entry.verb for line in own)
    yield (
        "<p>Acts: " + "; ".join(f"<code>{escape(act)}</code> {escape(meaning_of(act).words)}" for act in acts) + ".</p>"
    )


def _row(line: Line, signed: int) -> tuple[str, ...]:
    entry = line.entry
    through = [name for name in entry.scope if name.startswith(THROUGH)]
    what = [name for name in entry.scope if name not in through]
    return (
        f"{line.n}" if line.n < signed else f"{line.n}, not under the checkpoint yet",
        shown_time(entry.at_ms),
        f"<code>{escape(' '.join((entry.actor, *through)))}</code>",
        f"<code>{escape(entry.verb)}</code>",
        " ".join(_named(entry.verb, name) for name in what),
    )


def _named(verb: str, name: str) -> str:
    hour = _hour(verb, name)
    if hour is None:
        return f"<code>{escape(name)}</code>"
    start = datetime.fromtimestamp((ended_ms(hour) - HOUR_MS) / 1_000, UTC)
    return f"<code>{escape(name)}</code> (the hour of {start:%Y-%m-%d %H}:00Z)"


def _hour_of(thing: str) -> int | None:
    """The hour that an object of a `Reach` is, whose name is VERB:NAME."""
    verb, _, name = thing.partition(":")
    return _hour(verb, name) if _opens_content(thing) else None


def _hour(verb: str, name: str) -> int | None:
    return epoch_of(f"epoch:{name}") if verb == "open_epochs" else epoch_of(name)


def _opens_content(thing: str) -> bool:
    return meaning_of(thing.partition(":")[0]).opens == "content"


def _refused(lines: Sequence[Line]) -> Iterator[str]:
    found: dict[tuple[str, str, str], list[int]] = {}
    for line in lines:
        if line.entry.verb.startswith(REFUSED):
            found.setdefault((line.entry.account, line.entry.actor, line.entry.verb), []).append(line.entry.at_ms)
    if found:
        yield f"<h2>Refused: {sum(map(len, found.values())):,}</h2><p>These opened nothing.</p>"
        yield from _table(
            ("account", "by", "act", "times", "first", "last"),
            [
                (
                    *(f"<code>{escape(name)}</code>" for name in key),
                    f"{len(at):,}",
                    shown_time(at[0]),
                    shown_time(at[-1]),
                )
                for key, at in found.items()
            ],
        )


def _left(left: Mapping[str, tuple[str, ...]]) -> Iterator[str]:
    if left:
        yield f"<h2>Approved, and never taken</h2><p>{_NEVER_TAKEN}</p>"
        rows = [
            (f"<code>{escape(account)}</code>", " ".join(_named("", name) for name in names))
            for account, names in left.items()
        ]
        yield from _table(("account", "what"), rows)


def _not_known(report: BlastReport) -> Iterator[str]:
    yield "<h2>What this does not say</h2><ul>"
    yield from (f"<li>{each}</li>" for each in _NOT_KNOWN)
    if report.gaps:
        lost = sum(count for count, _, _ in report.gaps)
        first, last = min(at for _, at, _ in report.gaps), max(at for _, _, at in report.gaps)
        missing = how_many(lost, "entry that is", "entries that are", ",")
        yield f"<li>What is in {missing} missing, as the ledger says itself, between "
        yield f"{shown_time(first)} and {shown_time(last)}. Only openings for delivery, refusals and ends of grants "
        yield "are written late enough to be lost: no key that anybody else was given is among them.</li>"
    else:
        yield "<li>What was in entries that were lost: the ledger knows of none in this time.</li>"
    yield "</ul>"


def _proof(report: BlastReport) -> Iterator[str]:
    yield "<h2>How to check it</h2><ol>"
    yield from (f"<li>{each}</li>" for each in _HOW_TO_CHECK)
    yield f"</ol><p>The last checkpoint, over {how_many(report.signed, 'entry', form=',')}, as it was signed:</p>"
    yield f"<pre>{escape(report.checkpoint or 'There was no checkpoint yet.')}</pre>"


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Cells are HTML; without heads the first of each row is one. On a narrow screen each row is a card."""
    yield "<table>"
    if heads:
        yield "<thead><tr>" + "".join(f'<th scope="col">{head}</th>' for head in heads) + "</tr></thead>"
    yield "<tbody>"
    for row in rows:
        yield "<tr>"
        if heads:
            yield from (f'<td data-head="{head}">{cell}</td>' for head, cell in zip(heads, row, strict=True))
        else:
            yield f'<th scope="row">{row[0]}</th>'
            yield from (f"<td>{cell}</td>" for cell in row[1:])
        yield "</tr>"
    yield "</tbody></table>"
