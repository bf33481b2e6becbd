"""`python -m ringfence.cli`: the command line."""

from ringfence.cli.main import main

main()
