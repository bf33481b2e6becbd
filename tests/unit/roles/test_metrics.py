"""Figures of all roles on one page."""

import os
import subprocess
import sys
from pathlib import Path

from prometheus_client import REGISTRY

from ringfence.roles.metrics import FOLDER_VARIABLE, forget_process, fresh_folder, metrics_registry

PROGRAM = """
import sys
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest
from ringfence.roles.metrics import metrics_registry
own = metrics_registry()
kept = own if sys.argv[1] == "show" else CollectorRegistry()
Counter("sent", "Texts.", ["carrier"], registry=kept).labels("x").inc(2)
Gauge("running", "Now.", registry=CollectorRegistry(), multiprocess_mode="livesum").set(3)
if sys.argv[1] == "show":
    print(generate_latest(own).decode())
"""


def run(folder: Path, what: str) -> tuple[int, str]:
    environment = os.environ | {FOLDER_VARIABLE: str(folder)}
    with subprocess.Popen(
        [sys.executable, "-c", PROGRAM, what], env=environment, stdout=subprocess.PIPE, text=True
    ) as process:
        out, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    return process.pid, out


def test_one_page_adds_up_what_all_processes_counted(tmp_path: Path) -> None:
    folder = fresh_folder(tmp_path)
    run(folder, "count")
    run(folder, "count")
    _, page = run(folder, "show")
    assert 'sent_total{carrier="x"} 6.0' in page
    assert page.count("# TYPE sent_total counter") == 1


def test_what_was_under_way_in_a_dead_process_is_forgotten_and_what_it_did_is_not(tmp_path: Path) -> None:
    folder = fresh_folder(tmp_path)
    dead, _ = run(folder, "count")
    forget_process(folder, dead)
    forget_process(folder, dead)
    _, page = run(folder, "show")
    assert "running 3.0" in page
    assert 'sent_total{carrier="x"} 4.0' in page


def test_each_start_counts_from_zero(tmp_path: Path) -> None:
    run(fresh_folder(tmp_path), "count")
    _, page = run(fresh_folder(tmp_path), "show")
    assert 'sent_total{carrier="x"} 2.0' in page


def test_without_a_supervisor_a_process_shows_its_own() -> None:
    assert metrics_registry() is REGISTRY
