"""`ringfence account` and `ringfence number`, on a real store and a real key service."""

import re
import shutil
from pathlib import Path

import pytest

from ringfence.cli.number import read_stock, stock_row
from ringfence.roles.installation_lock import holder
from ringfence.roles.refusal import RefusalError


def value(text: str, label: str) -> str:
    found = re.search(rf"^ {label} +(\S+)", text, re.MULTILINE)
    assert found is not None, text
    return found[1]


def test_accounts_are_made_listed_and_given_a_new_token(ringfence_process, tmp_path: Path) -> None:
    made = ringfence_process("account", "create", "Acme")
    assert made.returncode == 0, made.stderr
    sid, token = value(made.stdout, "Account"), value(made.stdout, "Token")
    assert re.fullmatch(r"AC[0-9a-f]{32}", sid)
    assert re.fullmatch(r"[0-9a-f]{32}", token)
    child = ringfence_process("account", "create", "Acme north", "--parent", sid)
    rows = [line.split(maxsplit=3) for line in ringfence_process("account", "list").stdout.splitlines()[1:]]
    assert [row[1:] for row in rows if row[0] == sid] == [["active", "-", "Acme"]]
    assert [row[1:] for row in rows if row[0] == value(child.stdout, "Account")] == [["active", sid, "Acme north"]]

    wrong = ringfence_process("account", "rotate", sid, answer="0" * 32 + "\n")
    assert wrong.returncode == 1
    assert "that is not the Auth Token" in wrong.stderr
    rotated = ringfence_process("account", "rotate", sid, answer=token + "\n")
    assert rotated.returncode == 0, rotated.stderr
    assert value(rotated.stdout, "Token") != token
    assert ringfence_process("account", "rotate", sid, answer=token + "\n").returncode == 1
    assert holder(tmp_path / ".local/share/ringfence") is None


@pytest.mark.usefixtures("key_service")
def test_numbers_are_stocked_given_out_configured_and_listed(ringfence_process, tmp_path: Path) -> None:
    token = value(ringfence_process("account", "create", "Acme").stdout, "Token")
    (tmp_path / "stock.csv").write_text("number,locality\n+12025550140,Washington\n+447700900001,\n")
    refused = ringfence_process("number", "stock", "stock.csv")
    assert refused.returncode == 2
    assert "stock.csv:3: its kind is not known → give a column kind" in refused.stderr
    (tmp_path / "stock.csv").write_text("number,kind\n+12025550140,\n+447700900001,mobile\n")
    assert ringfence_process("number", "stock", "stock.csv").stdout.startswith("2 new of 2 numbers\n")
    assert "now belongs to AC" in ringfence_process("number", "add", "(202) 555-0140").stdout
    taken = ringfence_process("number", "add", "+12025550140")
    assert taken.returncode == 1
    assert taken.stderr.startswith("error: ")
    configured = ringfence_process(
        "number", "configure", "+12025550140", "--sms-url", "http://localhost:5000/sms", answer=token + "\n"
    )
    assert configured.stdout == "+12025550140  texts go to POST http://localhost:5000/sms\n", configured.stderr
    assert ringfence_process("number", "list").stdout.splitlines()[1].startswith("+12025550140  US      local")


def test_without_an_account_there_is_nothing_to_give_a_number_to(ringfence_process) -> None:
    done = ringfence_process("number", "list")
    assert done.returncode == 1
    assert "there is no account yet → ringfence up" in done.stderr


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("", r"stock\.csv:1: the heading"),
        ("numbers\n+1", r"stock\.csv:1: the heading"),
        ("number,colour\n", r"stock\.csv:1: the heading"),
        ("number\n12\n", r"stock\.csv:2: that is not a phone number"),
        ("number,kind\n+12025550140,carrier-pigeon\n", r"stock\.csv:2: its kind is not known"),
        ('number\n"+1\n', r"stock\.csv: not CSV"),
        (b"number\n\xff\n", r"stock\.csv: not CSV"),
    ],
)
def test_a_wrong_inventory_is_refused_by_line(tmp_path: Path, text: str | bytes, cause: str) -> None:
    file = tmp_path / "stock.csv"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RefusalError, match=cause) as refused:
        read_stock(file)
    assert refused.value.exit_code == 2


def test_an_inventory_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RefusalError, match="No such file"):
        read_stock(tmp_path / "stock.csv")


def test_a_spreadsheets_csv_is_read_with_its_mark_and_line_ends(tmp_path: Path) -> None:
    file = tmp_path / "stock.csv"
    file.write_bytes(b"\xef\xbb\xbfnumber,kind,locality,area,postal_code\r\n+442079460001,,London,ENG,SW1\r\n")
    (row,) = read_stock(file)
    assert (row.number, row.region, row.kind) == ("+442079460001", "GB", "local")
    assert (row.locality, row.area, row.postal_code) == ("London", "ENG", "SW1")


@pytest.mark.parametrize(
    ("number", "kind"), [("+12025550140", "local"), ("+18005550140", "tollfree"), ("+491713920001", "mobile")]
)
def test_the_kind_is_found_out_where_it_can_be(number: str, kind: str) -> None:
    assert stock_row({"number": number}).kind == kind


def test_a_stated_kind_wins() -> None:
    assert stock_row({"number": "+12025550140", "kind": "mobile"}).kind == "mobile"


@pytest.mark.long
def test_a_new_key_service_is_refused_on_a_database_whose_accounts_it_could_not_open(ringfence_process, tmp_path: Path):
    assert ringfence_process("account", "create", "Acme").returncode == 0
    kms = tmp_path / ".local/share/ringfence/kms"
    kms.rename(tmp_path / "kept")
    refused = ringfence_process("account", "list")
    assert refused.returncode == 1
    assert "their keys are not in" in refused.stderr
    assert not (kms / "kms.db").exists()
    shutil.rmtree(kms, ignore_errors=True)
    (tmp_path / "kept").rename(kms)
    assert ringfence_process("account", "list").returncode == 0


@pytest.mark.long
def test_a_report_on_sign_ins_has_its_columns_where_there_are_none(ringfence_process) -> None:
    assert ringfence_process("account", "create", "Acme").returncode == 0
    done = ringfence_process("verify", "report", "--output", "tsv")
    assert (done.returncode, done.stdout) == (0, "service\tchannel\tsign_ins\tphishable\tstepped_down\tadvice\n")
    assert ringfence_process("verify", "report", "--days", "0").returncode == 2


@pytest.mark.long
@pytest.mark.parametrize("command", [("verify", "report"), ("number", "list"), ("events", "list")])
def test_an_account_that_is_not_there_is_not_taken_for_one_without_anything(ringfence_process, command) -> None:
    assert ringfence_process("account", "create", "Acme").returncode == 0
    refused = ringfence_process(*command, "--account", "AC0")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "there is no account AC0 → ringfence account list" in refused.stderr


def test_a_lost_token_is_replaced_by_the_recovery_kit(ringfence_process, tmp_path: Path) -> None:
    made = ringfence_process("account", "create", "Acme")
    sid, token = value(made.stdout, "Account"), value(made.stdout, "Token")
    kit = ringfence_process("account", "recovery-kit", sid, "--pdf", "kit.pdf", answer=token + "\n")
    assert kit.returncode == 0, kit.stderr
    page = (tmp_path / "kit.pdf").read_bytes().decode("latin-1")
    groups = " ".join(re.findall(r"/F2 17 Tf .* \((.*)\) Tj", page)).split()
    assert len(groups) == 13
    assert (tmp_path / "kit.pdf").stat().st_mode & 0o777 == 0o600
    assert not any(group in kit.stdout + kit.stderr for group in groups)
    nowhere = ringfence_process("account", "recovery-kit", sid, "--pdf", "no/kit.pdf", answer=token + "\n")
    assert (nowhere.returncode, "no/kit.pdf: No such file or directory" in nowhere.stderr) == (1, True)
    recovered = ringfence_process("account", "recover", sid, answer="-".join(groups).lower() + "\n")
    assert recovered.returncode == 0, recovered.stderr
    assert value(recovered.stdout, "Token") != token


def test_a_recovery_kit_is_not_written_over_another(ringfence, tmp_path: Path) -> None:
    (tmp_path / "kit.pdf").write_bytes(b"another's")
    refused = ringfence("account", "recovery-kit", "AC" + "a" * 32, "--pdf", "kit.pdf")
    assert (refused.returncode, "kit.pdf is there already" in refused.stderr) == (1, True)
    assert (tmp_path / "kit.pdf").read_bytes() == b"another's"
