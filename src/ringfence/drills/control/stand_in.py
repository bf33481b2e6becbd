"""A process of the control's own in the place of a role of ours, started by a supervisor like any role."""

import argparse
import sys

from ringfence.roles.serve_role import serve_role


def play(role: str) -> None:
    """Run the main module's `run` as this role."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--listen", type=int, nargs="*", default=())
    arguments = parser.parse_args()
    # A role is found by its module's name.
    sys.modules[f"ringfence.roles.{role}"] = sys.modules["__main__"]
    serve_role(role, lifeline=arguments.lifeline, ready=arguments.ready, listen=arguments.listen)
