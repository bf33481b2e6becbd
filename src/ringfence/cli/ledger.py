"""`ringfence ledger`: who opened what, and whether the record of it is whole.

It reads the key service's own folder, whether it runs or not.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli.ages import age_ms, shown_time
from ringfence.cli.key_secret import asked_key_secret
from ringfence.cli.ledger_cosigners import Cosigners, Named, Require, tell_cosigned
from ringfence.cli.ledger_witness import witness
from ringfence.cli.listing import Cell, Output, OutputForm, show
from ringfence.cli.options import Config, Data, settings_of
from ringfence.cli.terminal import Terminal
from ringfence.domain.how_many import how_many
from ringfence.domain.ledger.checkpoint import Checkpoint, parse_checkpoint
from ringfence.domain.ledger.note import NoteError, open_note
from ringfence.kms.hsm_seal import HsmAwayError
from ringfence.kms.key_files import KeyFileError
from ringfence.kms.key_rest import WrongSecretError
from ringfence.kms.ledger.keys import load_ledger_keys
from ringfence.kms.ledger.lines import LedgerBrokenError, Line
from ringfence.kms.ledger.reading import LedgerReader
from ringfence.kms.unlock import unlock
from ringfence.ports.witnesses import WitnessState
from ringfence.roles.process import clock_of
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings
from ringfence.roles.witness_file import WitnessFile, parse_witnesses

COLUMNS = ("n", "at", "account", "actor", "verb", "scope")
SCOPE_SHOWN = 5
_EVIDENCE = "keep the folder as evidence, and hold it against a checkpoint kept elsewhere: `ledger verify --against`"

commands = typer.Typer(help="Who opened what, and whether the record of it is whole.", no_args_is_help=True)
Of = Annotated[str | None, typer.Option("--account", metavar="SID", help="Of what was opened: whose.")]
By = Annotated[str | None, typer.Option("--key", metavar="SID", help="Who opened: the SID of a credential.")]
Since = Annotated[str | None, typer.Option("--since", metavar="AGE", help="Not older than: 90s, 2h, 3d.")]


@commands.command("show")
def show_entries(
    account: Of = None,
    key: By = None,
    since: Since = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="How many, the newest.")] = 50,
    output: OutputForm = Output.TABLE,
    config: Config = None,
    data: Data = None,
) -> None:
    """List entries, the oldest first."""
    settings = settings_of(config, data)
    with open_ledger(settings) as ledger:
        found = list(_chosen(ledger, settings, account, key, since))[-limit:]
    rows = [_row(line, whole=output is not Output.TABLE) for line in found]
    show(output, COLUMNS, rows)
    if output is Output.TABLE:
        _show_witnesses(settings)


@commands.command()
def checkpoint(
    key: Annotated[bool, typer.Option("--key", help="The key that it is signed with, for who checks it.")] = False,
    config: Config = None,
    data: Data = None,
) -> None:
    """Print the last signed checkpoint. Who keeps it can show later that nothing before it was changed."""
    with open_ledger(settings_of(config, data)) as ledger:
        if key:
            sys.stdout.write(ledger.verifier.encode() + "\n")
            return
        note = ledger.note()
    if not note:
        raise RefusalError("the ledger has no checkpoint yet", "one is signed a second after the first entry")
    sys.stdout.write(note)


@commands.command()
def verify(
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", metavar="FILE", help="A checkpoint kept from before: the ledger must begin with it."),
    ] = None,
    cosigned_by: Named = None,
    require: Require = None,
    config: Config = None,
    data: Data = None,
) -> None:
    """Read the whole ledger and hold it against its tree, its checkpoint, and checkpoints that were kept.

    Witnesses that count are those that are named, else those of `ledger_witnesses`, which need not have signed but
    where --require says so.
    """
    terminal = Terminal()
    settings = settings_of(config, data)
    asked = [each.verifier.encode() for each in parse_witnesses(settings.ledger_witnesses)]
    cosigners = Cosigners(cosigned_by or asked, require if cosigned_by or require else 0)
    with open_ledger(settings) as ledger:
        sound = ledger.check()
        terminal.say(
            f"{how_many(sound.entries, 'entry holds', 'entries hold')} together; "
            f"the first {how_many(sound.signed, 'is', 'are')} under the checkpoint"
        )
        terminal.say(f"signed by {ledger.verifier.name}, root {sound.root.hex()}")
        for path in against or []:
            kept = _kept(ledger, path)
            if kept.size > sound.entries:
                counts = how_many(kept.size, "entry")
                raise LedgerBrokenError(f"{path}: it counts {counts}, and the ledger has {sound.entries}")
            if ledger.root(kept.size) != kept.root:
                changed = how_many(kept.size, "entry is not what it was", "entries are not what they were")
                raise LedgerBrokenError(f"{path}: the first {changed}")
            terminal.say(f"begins with the {how_many(kept.size, 'entry')} of {path}")
        cosigned = cosigners.checked(ledger.cosigned(), ledger.verifiers)
        if cosigned is not None:
            at = cosigned.checkpoint
            if at.size > sound.entries or ledger.root(at.size) != at.root:
                raise LedgerBrokenError(f"the ledger is not what {cosigned.by[0].verifier.name} cosigned")
            tell_cosigned(cosigned, sound.entries)


@commands.command()
def export(
    folder: Annotated[Path, typer.Argument(help="Where to. What is there already is brought up to date.")],
    config: Config = None,
    data: Data = None,
) -> None:
    """Write checkpoint and tiles for a web server (C2SP tlog-tiles). They tell how many entries there are, no more."""
    with open_ledger(settings_of(config, data)) as ledger:
        signed = ledger.export(folder)
    Terminal().say(f"{how_many(signed.size, 'entry')} of {signed.origin} in {folder}")


@commands.command("witness")
def look(
    source: Annotated[str, typer.Argument(help="An installation's URL, or a folder that `export` wrote.")],
    folder: Annotated[Path, typer.Argument(help="What was seen is kept here.", metavar="DIR")],
    key: Annotated[
        str | None, typer.Option("--key", metavar="KEY", help="The ledger's key; needed the first time.")
    ] = None,
    name: Annotated[str, typer.Option("--name", metavar="NAME", help="The witness's, beside its signature.")] = (
        "witness"
    ),
    cosigned_by: Named = None,
    require: Require = None,
) -> None:
    """Look at a ledger from outside, once: say whether anything was changed since the last time, and cosign it."""
    witness(source, folder, key=key, name=name, cosigners=Cosigners(cosigned_by or (), require))


def _show_witnesses(settings: Settings) -> None:
    """How it stands with each witness that is set."""
    states = WitnessFile(settings.data_dir).read()
    for each in parse_witnesses(settings.ledger_witnesses):
        state = states.get(each.name, WitnessState())
        signed = how_many(state.size, "entry")
        shown = f"cosigned {signed} at {shown_time(state.at_ms)}" if state.size else "cosigned nothing yet"
        if state.trouble:
            what = "REFUSES" if state.refuses else "is away"
            shown += f"; {what} since {shown_time(state.since_ms)}: {state.trouble}"
        Terminal().say(f"witness {each.name} {shown}")


def _chosen(
    ledger: LedgerReader, settings: Settings, account: str | None, key: str | None, since: str | None
) -> Iterable[Line]:
    from_ms = 0 if since is None else clock_of(settings).now_ms() - age_ms(since)
    if key is not None:
        lines = ledger.lines_of("actor", key)
    elif account is not None:
        lines = ledger.lines_of("account", account)
    else:
        lines = ledger.lines()
    for line in lines:
        if line.entry.at_ms >= from_ms and account in (None, line.entry.account):
            yield line


def _row(line: Line, *, whole: bool) -> Sequence[Cell]:
    entry = line.entry
    shown = entry.scope if whole else entry.scope[:SCOPE_SHOWN]
    more = len(entry.scope) - len(shown)
    scope = " ".join(shown) + (f" and {more} more" if more else "")
    return line.n, shown_time(entry.at_ms), entry.account or None, entry.actor, entry.verb, scope


def _kept(ledger: LedgerReader, path: Path) -> Checkpoint:
    try:
        text, _ = open_note(path.read_text(encoding="utf-8"), ledger.verifiers)
        return parse_checkpoint(text)
    except (OSError, ValueError) as error:
        raise RefusalError(f"{path}: {error}", "give a file that `ringfence ledger checkpoint` wrote") from None
    except NoteError as error:
        raise RefusalError(f"{path}: {error}", "give a checkpoint of this ledger") from None


@contextmanager
def open_ledger(settings: Settings) -> Iterator[LedgerReader]:
    """The ledger of the installation, and what is wrong with it as a refusal."""
    try:
        files = unlock(settings.kms_dir, asked_key_secret(settings))
        yield LedgerReader(settings.kms_dir, load_ledger_keys(files))
    except LedgerBrokenError as error:
        raise RefusalError(str(error), _EVIDENCE) from None
    except FileNotFoundError:
        raise RefusalError(f"there is no ledger in {settings.kms_dir}", "it begins with the first `up`") from None
    except PermissionError:
        raise RefusalError(f"{settings.kms_dir} is closed to this user", "run it as the key service's user") from None
    except HsmAwayError as error:
        raise RefusalError(str(error), "`ringfence doctor` says what is missing") from None
    except WrongSecretError as error:
        raise RefusalError(str(error), "give the right one") from None
    except KeyFileError as error:
        raise RefusalError(f"{settings.kms_dir / 'keys'}: {error}", "it begins with the first `up`") from None
