"""Run as root by `unshare --mount`: the units of deploy/systemd/roles, each as its user, and what each may read.

The machine is not changed: users, folders and the program are where the units have them in this namespace alone. What
systemd would do for a unit is done with mount(8), setpriv(1) and unshare(1), as far as they can. Prints what was found,
as one line of JSON.
"""

import asyncio
import contextlib
import json
import os
import pwd
import re
import shlex
import shutil
import site
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ringfence.carriers.simulator.exchange import Exchange
from ringfence.carriers.simulator.link import serve_link
from ringfence.carriers.simulator.network import Network
from ringfence.domain.clock import SystemClock
from ringfence.drills.plain_http import ask
from ringfence.ports.store import StockRow
from ringfence.store.postgres import PostgresStore
from ringfence.testing.postgres_server import PostgresServer, postgres_server_of_its_own

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy/systemd/roles"
UNITS, KEYS_UNIT = sorted(FOLDER.glob("*.service")), FOLDER / "ringfence-keys.service"
KEYS = "ringfence_keys"
SOCKETS = Path("/run") / KEYS
PROGRAM, PYTHON = (Path("/opt/ringfence/bin") / name for name in ("ringfence", "python"))
NUMBER, CUSTOMER = "+12025550123", "+12025550177"
FIRST_UID = 61_000
WITHIN_S = 120.0
# Whoever is let in by the server's own user, and a key service's user, who runs the operator's commands, as the API.
PEERS = f"units {KEYS} ringfence_api\nunits /^(ringfence_.*)$ \\1\n"
LET_IN = "local all ringfence,ringfence_owner trust\nlocal all all peer map=units\n"
# What a user can read of a list of paths, and which sockets do not cut it off.
LOOK = """
import json, socket, sys
readable, open_to = [], []
for path in json.loads(sys.stdin.read()):
    try:
        if path.endswith(".sock"):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.settimeout(1.0)
                peer.connect(path)
                try:
                    cut_off = peer.recv(1) == b""
                except TimeoutError:
                    cut_off = False
            if not cut_off:
                open_to.append(path)
        else:
            with open(path, "rb") as file:
                file.read(1)
            readable.append(path)
    except OSError:
        pass
print(json.dumps([readable, open_to]))
"""


def sh(*command: str) -> None:
    subprocess.run(command, check=True)


def settings_of(path: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in re.findall(r"^(\w+)=(.*)$", path.read_text(), re.MULTILINE):
        found.setdefault(name, []).append(value)
    return found


def furnish(base: Path, port: int) -> None:
    """Users, the program, settings and empty folders, where the units look for them."""
    shutil.copytree("/etc", base / "etc", symlinks=True)
    users = re.findall(r'^u (\w+) - "[^"]*" (\S+)$', (FOLDER / "ringfence.sysusers").read_text(), re.MULTILINE)
    with (base / "etc/passwd").open("a") as passwd, (base / "etc/group").open("a") as group:
        for uid, (name, home) in enumerate(users, FIRST_UID):
            passwd.write(f"{name}:x:{uid}:{uid}::{home}:/usr/sbin/nologin\n")
            group.write(f"{name}:x:{uid}:\n")
    (base / "etc/ringfence").mkdir()
    sip = '["udp:127.0.0.1:0", "tcp:127.0.0.1:0", "ws:127.0.0.1:0"]'
    (base / "etc/ringfence/ringfence.toml").write_text(
        f'port = {port}\nconsole_port = 0\nkeys_port = 0\nhosts = ["127.0.0.1"]\nsip_listen = {sip}\n'
    )
    sh("mount", "--bind", str(base / "etc"), "/etc")
    for folder in ("/opt", "/run", "/var/lib"):
        # What others are to reach beneath a folder that they may not enter is bound before that is hidden.
        sh("mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", folder)
    for name, source in (("python", sys.base_prefix), ("src", str(ROOT / "src")), ("site", site.getsitepackages()[0])):
        (Path("/opt") / name).mkdir()
        sh("mount", "--bind", source, f"/opt/{name}")
    PROGRAM.parent.mkdir(parents=True)
    paths = "LD_LIBRARY_PATH=/opt/python/lib PYTHONPATH=/opt/src:/opt/site PYTHONDONTWRITEBYTECODE=1"
    for program, module in ((PROGRAM, "-m ringfence.cli"), (PYTHON, "")):
        command = f"exec /opt/python/bin/python{sys.version_info[0]}.{sys.version_info[1]} {module}"
        program.write_text(f'#!/bin/sh\nexport {paths}\n{command} "$@"\n')
        program.chmod(0o755)
    Path("/run/postgresql").mkdir()


def prepare(server: PostgresServer) -> None:
    """The database and its roles, who are let in by who asks."""
    data = server.folder / "data"
    (data / "pg_hba.conf").write_text(LET_IN)
    (data / "pg_ident.conf").write_text(PEERS)
    server.run("postgres", "SELECT pg_reload_conf()")
    server.run("postgres", "CREATE DATABASE ringfence")
    scripts = ROOT / "deploy/postgresql"
    server.run("ringfence", (scripts / "roles.sql").read_text())
    subprocess.run(
        [PROGRAM, "migrate"],
        env={"RINGFENCE_DATABASE_URL": server.url("ringfence", "ringfence_owner"), "PATH": os.environ["PATH"]},
        check=True,
        stdout=sys.stderr,
    )
    server.run("ringfence", (scripts / "restrict.sql").read_text())
    sh("mount", "--bind", str(server.folder), "/run/postgresql")


def as_user(user: str, *command: str) -> list[str]:
    uid = str(pwd.getpwnam(user).pw_uid)
    alone = ("--clear-groups", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all")
    return ["setpriv", f"--reuid={uid}", f"--regid={uid}", *alone, "--", *command]


def start(unit: Path) -> "subprocess.Popen[bytes]":
    """What systemd does for a unit, as far as it goes here; then its ExecStart."""
    found = settings_of(unit)
    (user,), (command,) = found["User"], found["ExecStart"]
    mounts = ["mount -t tmpfs tmpfs /tmp", "mount -t tmpfs -o mode=0 tmpfs /root"]
    for kind, top in (("State", "/var/lib"), ("Runtime", "/run")):
        for name in found.get(f"{kind}Directory", ()):
            folder = Path(top) / name
            folder.mkdir(exist_ok=True)
            folder.chmod(int(found[f"{kind}DirectoryMode"][0], 8))
            shutil.chown(folder, user, user)
            mounts.append(f"mount --bind {folder} {folder}")
    # ProtectSystem=strict: what is left to be written to are the mounts above.
    mounts += [f"mount -o remount,bind,ro {top}" for top in ("/var/lib", "/run", "/etc", "/opt", "/")]
    variables = [f"PATH={os.environ['PATH']}", f"HOME=/var/lib/{user}", *found["Environment"]]
    limited = f"umask {found['UMask'][0]}; ulimit -c {found['LimitCORE'][0]}; exec {command}"
    whole = shlex.join(as_user(user, "env", "-i", *variables, "sh", "-c", limited))
    network = ["--net"] if found.get("PrivateNetwork") == ["yes"] else []
    script = " && ".join([*mounts, f"exec {whole}"])
    return subprocess.Popen(["unshare", "--mount", *network, "sh", "-c", script], stdout=sys.stderr)


async def a_text(port: int) -> str:
    """How a text ended: of an account whose owner came by an operator's link."""
    store = PostgresStore("postgresql://ringfence_owner@/ringfence?host=/run/postgresql")
    await store.open()
    try:
        await store.stock([StockRow(number=NUMBER, region="US", kind="local")])
    finally:
        await store.close()
    url = "RINGFENCE_DATABASE_URL=postgresql://ringfence_api@/ringfence?host=/run/postgresql"
    where = ("--config", "/etc/ringfence/ringfence.toml", "--data", f"/var/lib/{KEYS}")
    sockets = f"RINGFENCE_KEY_SOCKETS={SOCKETS}"
    (users,) = (each for each in settings_of(KEYS_UNIT)["Environment"] if "USERS" in each)
    invite = as_user(KEYS, "env", url, sockets, users, str(PROGRAM), "account", "invite", "Clinic", *where)
    told = await asyncio.to_thread(subprocess.run, invite, capture_output=True, text=True, check=False)
    link = re.search(r"/invite#([\w-]+)", told.stdout)
    if link is None:
        raise AssertionError(f"no invitation: {told.stdout} {told.stderr}")
    body = json.dumps({"secret": link[1]}).encode()
    made = json.loads((await ask(port, "POST", "/invite/take", body=body)).body)
    account, who = f"/2010-04-01/Accounts/{made['sid']}", (made["sid"], made["auth_token"])
    rented = await ask(port, "POST", f"{account}/IncomingPhoneNumbers.json", form={"PhoneNumber": NUMBER}, basic=who)
    assert rented.status == 201, rented.body
    form = {"To": CUSTOMER, "From": NUMBER, "Body": "Your table is ready"}
    sent = await ask(port, "POST", f"{account}/Messages.json", form=form, basic=who)
    assert sent.status == 201, sent.body
    status, path = "", f"{account}/Messages/{json.loads(sent.body)['sid']}.json"
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(WITHIN_S):
            while status not in ("delivered", "failed", "undelivered"):
                await asyncio.sleep(0.2)
                status = json.loads((await ask(port, "GET", path, basic=who)).body)["status"]
    return status


async def answers(port: int, roles: "dict[str, subprocess.Popen[bytes]]") -> None:
    """Return once the API answers, and every role runs still."""
    async with asyncio.timeout(WITHIN_S):
        while True:
            ended = [name for name, process in roles.items() if process.poll() is not None]
            assert not ended, f"ended at once: {ended}"
            with contextlib.suppress(ConnectionError):
                if (await ask(port, "GET", "/")).status < 500:
                    return
            await asyncio.sleep(0.2)


def looked(user: str, paths: Sequence[str]) -> tuple[list[str], list[str]]:
    done = subprocess.run(
        as_user(user, str(PYTHON), "-c", LOOK),
        input=json.dumps(paths),
        capture_output=True,
        text=True,
        check=True,
    )
    readable, open_to = json.loads(done.stdout)
    return readable, open_to


def facts_of(roles: "dict[str, subprocess.Popen[bytes]]") -> dict[str, Any]:
    """Who can read what, and what the kernel says of each process."""
    users = sorted({settings_of(unit)["User"][0] for unit in UNITS})
    homes = [Path(f"/var/lib/{user}") for user in users]
    files = [str(path) for home in homes for path in home.rglob("*") if path.is_file()]
    sockets = [str(path) for place in (SOCKETS, *homes) for path in place.rglob("*.sock")]
    memory = [f"/proc/{process.pid}/{what}" for process in roles.values() for what in ("maps", "environ", "mem")]
    reach = {user: looked(user, [*files, *sockets, *memory]) for user in users}
    status = [Path(f"/proc/{process.pid}/status").read_text() for process in roles.values()]
    limits = [Path(f"/proc/{process.pid}/limits").read_text() for process in roles.values()]

    def told(pattern: str, of: Sequence[str]) -> list[str]:
        return sorted({found for text in of for found in re.findall(pattern, text)})

    return {
        "own files": {user: sum(f"/{user}/" in path for path in found) for user, (found, _) in reach.items()},
        "others' files": {
            user: [path for path in found if f"/{user}/" not in path] for user, (found, _) in reach.items()
        },
        "sockets": {user: sorted(found) for user, (_, found) in reach.items()},
        "users": told(r"Uid:\s+(\d+)", status),
        "umask": told(r"Umask:\s+(\d+)", status),
        "capabilities": told(r"Cap\w+:\s+(\w+)", status),
        "no new privileges": told(r"NoNewPrivs:\s+(\d)", status),
        "core file size": told(r"Max core file size\s+(\S+\s+\S+)", limits),
    }


@contextlib.contextmanager
def running() -> Iterator["dict[str, subprocess.Popen[bytes]]"]:
    """The roles, the key service first, as After= has it."""
    roles: dict[str, subprocess.Popen[bytes]] = {}
    try:
        roles[KEYS_UNIT.stem] = start(KEYS_UNIT)
        until = time.monotonic() + WITHIN_S
        while not (SOCKETS / "kms-console.sock").exists() and roles[KEYS_UNIT.stem].poll() is None:
            assert time.monotonic() < until, "the key service does not come up"
            time.sleep(0.1)
        roles |= {unit.stem: start(unit) for unit in UNITS if unit != KEYS_UNIT}
        yield roles
    finally:
        for process in roles.values():
            process.terminate()
        for process in roles.values():
            process.wait(30)


async def scene(port: int) -> dict[str, Any]:
    uids = [pwd.getpwnam(f"ringfence_{name}").pw_uid for name in ("api", "dispatcher")]
    with running() as roles:
        # The world's edge: no unit is there for it.
        network = Network(SystemClock())
        network.add_handset(CUSTOMER, "Ann")
        exchange = Exchange(network)
        link = await serve_link(SOCKETS / "simulator.sock", exchange, uids)
        keeping_time = asyncio.create_task(exchange.run())
        try:
            await answers(port, roles)
            text = await a_text(port)
            assert all(process.poll() is None for process in roles.values()), "a role ended"
            return {"text": text, **await asyncio.to_thread(facts_of, roles)}
        finally:
            keeping_time.cancel()
            await link.close()


def main() -> None:
    port = int(sys.argv[1])
    with tempfile.TemporaryDirectory(prefix="ringfence-units-") as folder:
        base = Path(folder)
        base.chmod(0o755)
        furnish(base, port)
        with postgres_server_of_its_own() as server:
            server.folder.chmod(0o755)
            prepare(server)
            print(json.dumps(asyncio.run(scene(port))))
            sh("umount", "/run/postgresql")
        sh("umount", "-l", "/etc")


main()
