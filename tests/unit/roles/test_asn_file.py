"""The table of networks comes from a file, packed or not, and a wrong one is refused by file and line."""

import gzip
from pathlib import Path

import pytest

from ringfence.roles.asn_file import asn_networks
from ringfence.roles.refusal import RefusalError
from ringfence.roles.settings import Settings

TEXT = "1.0.0.0\t1.0.0.255\t13335\tUS\tCLOUDY É\n"


def networks(path: Path, data: bytes) -> str:
    path.write_bytes(data)
    table = asn_networks(Settings(asn_file=str(path)))
    assert table is not None
    return str(table.of("1.0.0.7"))


def test_a_table_is_read_packed_or_not(tmp_path: Path) -> None:
    assert networks(tmp_path / "asn.tsv", TEXT.encode()) == "AS13335 CLOUDY É"
    assert networks(tmp_path / "asn.tsv.gz", gzip.compress(TEXT.encode())) == "AS13335 CLOUDY É"
    assert asn_networks(Settings()) is None


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("asn.tsv", TEXT.encode() + b"x", "asn.tsv: line 2"),
        ("asn.tsv", b"\xff\xfe", "asn.tsv"),
        ("asn.tsv.gz", TEXT.encode(), "no whole .gz file"),
        ("asn.tsv.gz", gzip.compress(TEXT.encode(), mtime=0)[:-9], "no whole .gz file"),
    ],
)
def test_a_wrong_one_is_refused(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    with pytest.raises(RefusalError) as refused:
        networks(tmp_path / name, data)
    assert why in refused.value.cause


def test_one_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="No such file"):
        asn_networks(Settings(asn_file=str(tmp_path / "none.tsv")))
