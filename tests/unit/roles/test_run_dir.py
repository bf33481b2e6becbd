"""The folder of sockets: near the data when the path is short enough, private in any case."""

import os
from pathlib import Path

import pytest

from ringfence.roles.refusal import RefusalError
from ringfence.roles.run_dir import LONGEST_SOCKET_NAME, SOCKET_PATH_MAX_BYTES, make_private, run_dir_of, sockets_in


def test_sockets_lie_in_the_data_folder() -> None:
    assert run_dir_of(Path("/srv/ringfence")) == Path("/srv/ringfence/run")


@pytest.mark.parametrize("extra", range(-2, 3))
def test_every_socket_path_fits_whatever_the_data_folder(extra: int) -> None:
    fits_exactly = SOCKET_PATH_MAX_BYTES - len(f"//run/{LONGEST_SOCKET_NAME}")
    folder = Path("/" + "d" * (fits_exactly + extra))
    assert (run_dir_of(folder) == folder / "run") == (extra <= 0)
    assert len(os.fsencode(run_dir_of(folder) / LONGEST_SOCKET_NAME)) <= SOCKET_PATH_MAX_BYTES


def test_a_path_too_long_gets_a_place_of_its_own_and_always_the_same() -> None:
    first, second = Path("/" + "a" * 120), Path("/" + "b" * 120)
    assert run_dir_of(first) == run_dir_of(first) != run_dir_of(second)
    assert run_dir_of(first).name.startswith(f"ringfence-{os.getuid()}-")


@pytest.mark.parametrize("data", ["/srv/ringfence", "/" + "a" * 120])
def test_another_installations_run_folder_leads_to_its_sockets(data: str) -> None:
    """Whoever names DATA/run need not know that a long path moved them."""
    assert sockets_in(Path(data) / "run") == run_dir_of(Path(data))
    assert sockets_in(Path("/var/lib/forwarded")) == Path("/var/lib/forwarded")


def test_a_folder_is_made_private_or_becomes_so(tmp_path: Path) -> None:
    make_private(tmp_path / "new" / "run")
    assert (tmp_path / "new" / "run").stat().st_mode & 0o777 == 0o700
    (tmp_path / "open").mkdir(mode=0o755)
    make_private(tmp_path / "open")
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o700


def test_a_link_is_refused_lest_someone_else_chose_where_it_points(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    with pytest.raises(RefusalError, match="not a folder of this user"):
        make_private(tmp_path / "link")
