"""`ringfence keys`: what anybody may know of the code that touches keys in browsers."""

import sys

import typer

from ringfence.key_origin.bundle_files import bundle_files, bundle_hash

commands = typer.Typer(help="The code that touches keys in browsers.", no_args_is_help=True)


@commands.command("bundle-hash")
def bundle_hash_of_this_version() -> None:
    """Print the SHA-256 of what this version's key origin serves. The ledger has it too: verb note.serve_bundle."""
    sys.stdout.write(bundle_hash(bundle_files()) + "\n")
