"""Starts the app: `python serve.py [--port 8501] [--host 127.0.0.1]`.

The heavy packages are imported here, before Streamlit starts its threads: Streamlit imports them lazily, and when many
people open a fresh server at once those imports race and fail. Then everything imported is moved out of the garbage
collector's sight, because Streamlit runs a full collection after every rerun.
"""

import argparse
import gc
import ipaddress
import sys
import threading
import time
import urllib.request
from pathlib import Path

import genai_prices  # noqa: F401
import ibis  # noqa: F401
import numpy  # noqa: F401
import pandas  # noqa: F401
import plotly.graph_objects
import plotly.io  # noqa: F401
import pyarrow  # noqa: F401
from streamlit import net_util
from streamlit.web import cli

from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from pages.shared.upload_limits import bound_uploads

ROOT = Path(__file__).resolve().parent


def main() -> int:
    parser = argparse.ArgumentParser(description="Start Crossover.")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on; localhost unless told otherwise")
    options = parser.parse_args()
    try:
        load_catalog()
    except DataError as error:
        print(f"The data files do not load:\n{error}", file=sys.stderr)
        return 2
    if not is_loopback(options.host):
        print(f"Listening on {options.host}: anybody who can reach this machine can open the app. It has no sign-in.")
    bound_uploads()
    net_util._external_ip = options.host  # else Streamlit asks an outside service when a strange origin connects
    threading.Thread(target=warm_up, args=(options.host, options.port), daemon=True).start()
    sys.argv = [
        "streamlit",
        "run",
        str(ROOT / "app.py"),
        f"--server.port={options.port}",
        f"--server.address={options.host}",
    ]
    return int(cli.main(standalone_mode=False) or 0)


def warm_up(host: str, port: int) -> None:
    """Run the app once as nobody, so that the first visitor finds it warm and a deep link finds its page at once; then
    freeze everything that is loaded."""
    address = "127.0.0.1" if host in ("0.0.0.0", "localhost") else host  # noqa: S104
    for _ in range(120):
        time.sleep(0.25)
        try:
            urllib.request.urlopen(f"http://{address}:{port}/_stcore/script-health-check", timeout=30).read()
            break
        except OSError:
            continue
    gc.collect()
    gc.freeze()


def is_loopback(host: str) -> bool:
    """Whether only this machine can connect to `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


if __name__ == "__main__":
    sys.exit(main())
