"""`python -m ringfence.roles NAME …`: how a supervisor starts a role. People use `ringfence role NAME`."""

import argparse

from ringfence.roles.process import ROLES, role_of
from ringfence.roles.serve_role import serve_role


def main() -> None:
    """Run one role with the descriptors that its supervisor names."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.roles")
    parser.add_argument("name", help=" | ".join(ROLES))
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--listen", type=int, nargs="*", default=())
    arguments = parser.parse_args()
    if role_of(arguments.name) not in ROLES:
        parser.error(f"no role is called {arguments.name!r}")
    serve_role(arguments.name, lifeline=arguments.lifeline, ready=arguments.ready, listen=arguments.listen)


main()
