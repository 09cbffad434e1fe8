#!/bin/sh
# Makes .venv with the pinned packages: `setup.sh app` for running, `setup.sh dev` for tests too, with a browser where one
# can be had. Only root, or a user whose sudo asks for no password, installs system packages; all others are told which.
set -eu
what=${1:-app}
python=${PYTHON:-python3}

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; elif command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then sudo -n "$@"; else return 1; fi
}

install() { # apt packages, if possible
    command -v apt-get >/dev/null 2>&1 && as_root true || return 1
    echo "Installing system packages: $*"
    as_root apt-get update -qq && as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq "$@" >/dev/null
}

need() { # apt packages, or a sentence that says which
    install "$@" || {
        echo "Please install $*, on Debian or Ubuntu with: sudo apt-get install $*. Then run make again." >&2
        exit 1
    }
}

command -v "$python" >/dev/null 2>&1 || need python3 python3-venv
version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "Python 3.11 or newer is needed; $python is $version. With another one: make PYTHON=/path/to/python3.11 ..." >&2
    exit 1
}
if ! .venv/bin/python -m pip --version >/dev/null 2>&1; then
    rm -rf .venv
    "$python" -m venv .venv >/dev/null 2>&1 || {
        rm -rf .venv
        need "python$version-venv"
        "$python" -m venv .venv
    }
fi

files="-r requirements.txt"
[ "$what" = dev ] && files="-r requirements-dev.txt"
.venv/bin/python -m pip install --quiet --disable-pip-version-check $files -c constraints.txt
[ "$what" = dev ] || exit 0

# A browser for the tests. Debian packages a real Chromium; Ubuntu's is a snap that may not start, so there Playwright's.
playwright=".venv/bin/python -m playwright"
names="google-chrome google-chrome-stable"
grep -qiE '^ID(_LIKE)?=.*ubuntu' /etc/os-release 2>/dev/null && ubuntu=yes || ubuntu=no
[ $ubuntu = yes ] || names="chromium chromium-browser $names"
for name in $names; do
    command -v "$name" >/dev/null 2>&1 && "$name" --version >/dev/null 2>&1 && exit 0
done
[ $ubuntu = no ] && install chromium && exit 0
echo "Fetching a Chromium for the browser tests, 10 minutes at most"
if timeout 600 $playwright install chromium >/dev/null 2>&1; then
    as_root $playwright install-deps chromium >/dev/null 2>&1 || true
else
    echo "There is none to be had here: make test will leave the browser tests out and say how to get one."
fi
