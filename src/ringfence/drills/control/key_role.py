"""The control's key service as a process, in the place of ours."""

import argparse
import asyncio
import sys

from ringfence.drills.control.platform_keys import PlatformKeys
from ringfence.kms.server import serve_delivery_keys, serve_tenant_keys
from ringfence.roles import process as role_process
from ringfence.roles.run_dir import make_private
from ringfence.roles.settings import Settings


async def run(settings: Settings, process: role_process.RoleProcess) -> None:
    """Serve both sockets until cancelled."""
    make_private(settings.kms_dir)
    keys = PlatformKeys(settings.kms_dir, process.clock)
    await keys.open()
    tenant = await serve_tenant_keys(keys, settings.socket("kms-api"))
    delivery = await serve_delivery_keys(keys, settings.socket("kms-dispatcher"))
    process.ready()
    try:
        await asyncio.Event().wait()
    finally:
        await tenant.close()
        await delivery.close()
        await keys.close()


def main() -> None:
    """Started by a supervisor like any role."""
    parser = argparse.ArgumentParser()
    parser.add_argument("name")
    parser.add_argument("--lifeline", type=int, required=True)
    parser.add_argument("--ready", type=int, required=True)
    parser.add_argument("--listen", type=int, nargs="*", default=())
    arguments = parser.parse_args()
    settings = role_process.read_lifeline(arguments.lifeline)
    role_process.hold_lifeline(arguments.lifeline)
    # run_role finds a role by its module's name.
    sys.modules["ringfence.roles.kms"] = sys.modules["__main__"]
    process = role_process.RoleProcess("kms", settings, ready_fd=arguments.ready)
    asyncio.run(role_process.run_role("kms", settings, process))


if __name__ == "__main__":
    main()
