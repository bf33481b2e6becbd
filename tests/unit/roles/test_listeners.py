"""The public port: on every address, and a busy one says who has it and what to do."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.roles.listeners import ACCEPTED_A_TURN, bind, bind_for, widen
from ringfence.roles.port_owner import owner_of
from ringfence.roles.refusal import RefusalError


def close(listeners: list[socket.socket]) -> None:
    for listener in listeners:
        listener.close()


def test_both_loopback_addresses_share_one_free_port() -> None:
    listeners = bind(("127.0.0.1", "::1"), 0)
    assert [listener.getsockname()[0] for listener in listeners] == ["127.0.0.1", "::1"]
    assert len({listener.getsockname()[1] for listener in listeners}) == 1
    close(listeners)


def test_a_server_gets_each_listener_many_times_over_because_it_takes_one_connection_of_each_in_a_turn() -> None:
    listeners = bind(("127.0.0.1", "::1"), 0)
    wide = widen(listeners)
    assert wide[:2] == listeners
    addresses = [listener.getsockname() for listener in wide]
    assert [addresses.count(listener.getsockname()) for listener in listeners] == [ACCEPTED_A_TURN] * 2
    assert not any(listener.getblocking() for listener in wide)
    close(wide)


def test_each_of_several_processes_gets_sockets_of_its_own_on_one_port() -> None:
    groups = bind_for(3, ("127.0.0.1", "::1"), 0)
    addresses = [[listener.getsockname()[:2] for listener in group] for group in groups]
    port = addresses[0][0][1]
    assert addresses == [[("127.0.0.1", port), ("::1", port)]] * 3
    assert not any(listener.getblocking() for group in groups for listener in group)
    # Neither one process nor several get a port that others share.
    for processes in (1, 2):
        with pytest.raises(RefusalError, match="busy"):
            bind_for(processes, ("127.0.0.1", "::1"), port)
    for group in groups:
        close(group)


def test_connections_are_dealt_out_among_them() -> None:
    groups = bind_for(2, ("127.0.0.1",), 0)
    clients = [socket.create_connection(groups[0][0].getsockname()) for _ in range(64)]
    for (listener,) in groups:
        # None would be here once in 2^64 times.
        listener.accept()[0].close()
    for client in clients:
        client.close()
    for group in groups:
        close(group)


def test_one_process_has_a_port_that_nobody_can_share() -> None:
    ((listener,),) = bind_for(1, ("127.0.0.1",), 0)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        with pytest.raises(OSError):
            other.bind(listener.getsockname())
    listener.close()


def test_a_port_can_be_bound_again_at_once() -> None:
    listeners = bind(("127.0.0.1",), 0)
    port = listeners[0].getsockname()[1]
    with socket.create_connection(("127.0.0.1", port)):
        listeners[0].accept()[0].close()
    close(listeners)
    close(bind(("127.0.0.1",), port))


def test_a_busy_port_names_its_owner_and_the_way_out() -> None:
    holder = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); "
            "time.sleep(60)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout is not None
    try:
        port = int(holder.stdout.readline())
        name = Path(f"/proc/{holder.pid}/comm").read_text().strip()
        with pytest.raises(RefusalError) as refused:
            bind(("127.0.0.1", "::1"), port)
        assert refused.value.cause == f"port {port} busy (pid {holder.pid}, {name})"
        free = int(refused.value.cure.removeprefix("--port "))
        assert free > port
        close(bind(("127.0.0.1", "::1"), free))
    finally:
        holder.kill()
        holder.wait()
        holder.stdout.close()


def test_a_port_busy_on_one_address_only_is_busy() -> None:
    with socket.socket(socket.AF_INET6) as other:
        other.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        other.bind(("::1", 0))
        other.listen()
        with pytest.raises(RefusalError, match=rf"busy \(pid {os.getpid()}, "):
            bind(("127.0.0.1", "::1"), other.getsockname()[1])


def test_an_address_that_is_not_ours_is_left_out_unless_it_is_the_only_one() -> None:
    listeners = bind(("198.51.100.7", "127.0.0.1"), 0)
    assert [listener.getsockname()[0] for listener in listeners] == ["127.0.0.1"]
    close(listeners)
    with pytest.raises(RefusalError, match="Cannot assign requested address"):
        bind(("198.51.100.7",), 0)
    with pytest.raises(RefusalError, match="Cannot assign requested address"):
        bind(("198.51.100.7", "198.51.100.8"), 0)


def test_a_port_without_listener_has_no_owner() -> None:
    with socket.socket() as bound_only:
        bound_only.bind(("127.0.0.1", 0))
        assert owner_of(bound_only.getsockname()[1]) is None


def test_a_system_without_proc_names_nobody(tmp_path: Path) -> None:
    assert owner_of(1, tmp_path) is None


def test_of_other_users_processes_only_the_port_is_known(tmp_path: Path) -> None:
    (tmp_path / "net").mkdir()
    (tmp_path / "net" / "tcp").write_text(
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
        "   0: 0100007F:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 777 1 0\n"
        "   1: 0100007F:0051 00000000:0000 01 00000000:00000000 00:00000000 00000000     0        0 778 1 0\n"
    )
    (tmp_path / "12" / "fd").mkdir(parents=True)
    (tmp_path / "12" / "fd" / "3").symlink_to("socket:[778]")
    assert owner_of(80, tmp_path) is None
    assert owner_of(81, tmp_path) is None
    (tmp_path / "12" / "fd" / "4").symlink_to("socket:[777]")
    (tmp_path / "12" / "comm").write_text("node\n")
    found = owner_of(80, tmp_path)
    assert found is not None
    assert (found.pid, found.name) == (12, "node")
