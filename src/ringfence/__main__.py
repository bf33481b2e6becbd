"""`python -m ringfence`: the command line."""

from ringfence.cli.main import main

main()
