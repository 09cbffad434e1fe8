#!/bin/sh
# Makes .venv with the pinned packages: `setup.sh app` for running, `setup.sh dev` for tests too (with a browser).
# System packages are installed where that is possible (root or passwordless sudo, apt); otherwise it says what to do.
set -eu
what=${1:-app}
python=${PYTHON:-python3}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

install() { # apt packages, or a sentence that says which
    echo "Installing system packages: $*"
    if ! command -v apt-get >/dev/null 2>&1 || ! { as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null; }; then
        echo "Could not install $*. Please install them by hand, then run make again." >&2
        return 1
    fi
}

command -v "$python" >/dev/null 2>&1 || install python3 python3-venv
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $("$python" -V). Run: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
}
if [ ! -x .venv/bin/pip ]; then
    "$python" -m venv .venv 2>/dev/null || { rm -rf .venv; install python3-venv && "$python" -m venv .venv; }
fi

files="-r requirements.txt"
[ "$what" = dev ] && files="-r requirements-dev.txt"
.venv/bin/python -m pip install --quiet --disable-pip-version-check $files -c constraints.txt

if [ "$what" = dev ]; then
    for name in chromium chromium-browser google-chrome google-chrome-stable; do
        path=$(command -v "$name" 2>/dev/null) && "$path" --version >/dev/null 2>&1 && exit 0
    done
    # Debian packages a real Chromium; Ubuntu's is a snap, so there Playwright's own build comes first.
    if grep -qi '^ID=debian' /etc/os-release 2>/dev/null; then
        install chromium && exit 0
    fi
    if .venv/bin/playwright install chromium; then
        as_root .venv/bin/playwright install-deps chromium || echo "If the browser tests fail to start it, run: sudo .venv/bin/playwright install-deps chromium"
        exit 0
    fi
    install chromium
fi
