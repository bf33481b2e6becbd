"""`python -m ringfence.roles NAME …`: how a supervisor starts a role. People use `ringfence role NAME`."""

import argparse

from ringfence.roles.process import ROLES
from ringfence.roles.serve_role import serve_role


def main() -> None:
    """Run one role with the descriptors that its supervisor names."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.roles")
    parser.add_argument("name", choices=ROLES)
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--listen", type=int, nargs="*", default=())
    arguments = parser.parse_args()
    serve_role(arguments.name, lifeline=arguments.lifeline, ready=arguments.ready, listen=arguments.listen)


main()
