import os
import socket
from pathlib import Path

import pytest

from ringfence.devproxy.peer import TABLES, uid_at

TABLE = """\
  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0
   1: 0100007F:9C40 0100007F:1F90 01 00000000:00000000 00:00000000 00000000  1000        0 2 1 0
   2: broken
"""
TABLE6 = """\
  sl  local_address                         remote_address                        st ...
   0: 0000000000000000FFFF00000100007F:9C41 0000000000000000FFFF00000100007F:1F90 01 0:0 0:0 0 1001 0 3
"""


@pytest.fixture
def tables(tmp_path: Path) -> tuple[Path, ...]:
    (tmp_path / "tcp").write_text(TABLE)
    (tmp_path / "tcp6").write_text(TABLE6)
    return tmp_path / "tcp", tmp_path / "tcp6", tmp_path / "absent"


@pytest.mark.parametrize(("port", "uid"), [(40_000, 1000), (40_001, 1001), (40_002, None)])
def test_the_owner_stands_beside_both_ends(tables: tuple[Path, ...], port: int, uid: int | None) -> None:
    assert uid_at(("127.0.0.1", port), ("127.0.0.1", 8080), tables) == uid
    assert uid_at(("127.0.0.1", port), ("127.0.0.1", 8081), tables) is None
    assert uid_at(("127.0.0.2", port), ("127.0.0.1", 8080), tables) is None


@pytest.mark.skipif(not TABLES[0].exists(), reason="the system does not tell")
def test_our_own_connection_is_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as client:
        assert uid_at(client.getsockname(), client.getpeername()) == os.getuid()
