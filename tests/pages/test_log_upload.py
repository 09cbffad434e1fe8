"""A request log dropped on the Workload page."""

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from app_pages import ROOT, linked, start, words
from request_logs import CANARY, HEADER, ROWS, csv_text
from streamlit.testing.v1 import AppTest

from pages.shared import log_upload


def workload() -> AppTest:
    return start().switch_page("pages/inputs/workload.py").run()


def drop(app: AppTest, content: bytes, name: str = "log.csv") -> AppTest:
    return app.file_uploader(key="log_file").upload(name, content, "text/csv").run()


@pytest.mark.parametrize(
    "content",
    [
        b"a" + b"," * 100_000 + b"\n1\n",
        b'{"data":' * 9_000,
        b"PAR1" * 9,
        csv_text(["2026-10-05T09:00:00Z,-5,1"] * 2).encode(),
    ],
)
def test_a_refused_log_keeps_every_input_and_is_read_once(content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    reads = list[Any]()
    real = log_upload.read_usage
    monkeypatch.setattr(log_upload, "read_usage", lambda *given, **more: (reads.append(1), real(*given, **more))[1])
    before = linked(workload())
    app = drop(workload(), content)
    assert not app.exception
    assert "log.csv" in app.error[0].value.replace("\\", "")
    app.run()
    assert len(app.error) == 1
    assert len(reads) == 1
    assert linked(app) == before


def test_a_log_without_a_header_shows_nothing_of_its_first_row() -> None:
    rows = [f'{row},"{CANARY}, and more",sk-CANARY0123,canary@example.org' for row in ROWS]
    app = drop(workload(), "\n".join(rows).encode())
    assert "no header row" in words(app)
    shown = words(app) + repr([box.options for box in app.selectbox])
    assert "CANARY" not in shown
    assert "canary@" not in shown


KILLED = f"""
import os, signal, sys
sys.path[:0] = ["tests/helpers"]
from app_pages import start
from calculators.logs import request_log
from pathlib import Path

def die(*_):
    assert list(Path(os.environ["TMPDIR"]).iterdir()), "nothing was in use"
    os.kill(os.getpid(), signal.SIGKILL)

request_log.check_totals = die
app = start().switch_page("pages/inputs/workload.py").run()
log = "{HEADER},prompt\\n" + "".join(f"2026-10-05T09:00:{{n % 60:02}}Z,{{n}},1,{CANARY}\\n" for n in range(30_000))
app.file_uploader(key="log_file").upload("log.csv", log.encode(), "text/csv").run()
"""


def test_a_page_that_is_killed_while_it_reads_leaves_nothing_of_the_log(tmp_path: Path) -> None:
    """SIGKILL cannot be caught. What is left for a moment is an empty folder with names of ours."""
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    process = subprocess.run([sys.executable, "-c", KILLED], env=environment, cwd=ROOT, check=False)
    assert process.returncode == -signal.SIGKILL
    left = [path for path in tmp_path.rglob("*") if path.is_file() and not path.is_symlink()]
    assert [path for path in left if CANARY.encode() in path.read_bytes()] == []


def test_sums_without_requests_take_the_mean_input_of_one_instead() -> None:
    days = "".join(f"2026-10-{day:02},60000,6000\n" for day in range(1, 9))
    app = drop(workload(), f"date,input_tokens,output_tokens\n{days}".encode(), "sums.csv")
    fields = {number.label: number for number in app.number_input if (number.key or "").startswith("ask_")}
    assert list(fields) == ["Number of requests", "Or: mean input tokens per request"]
    press = next(button for button in app.button if button.label == "Read the file")
    for number in fields.values():
        number.set_value(3_000.0)
    press.click().run()
    assert (
        "of two fields fill in one" in app.error[0].value
    )  # 3,000 requests of 3,000 tokens are not what the file holds
    fields = {number.label: number for number in app.number_input if (number.key or "").startswith("ask_")}
    fields["Number of requests"].set_value(None)
    next(button for button in app.button if button.label == "Read the file").click().run()
    assert not app.exception
    taken = linked(app).workload
    assert (taken.input_tok, taken.output_tok, taken.lengths_basis, taken.p95_basis) == (3_000, 300, "typed", "assumed")
    assert "Basis of the p95: assumed." in words(app)
