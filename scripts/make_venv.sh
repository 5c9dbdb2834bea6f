#!/bin/sh
# Makes the virtual environment; says what to do where Python cannot.
# Debian ships Python without the venv module's pip: installed here when we may, named when we may not.
set -eu
python="$1"
venv="$2"

command -v "$python" >/dev/null 2>&1 || {
    echo "make: no '$python' here. Install Python 3.11 or newer, or say which: make PYTHON=/path/to/python3" >&2
    exit 1
}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "make: $("$python" --version) is too old; Python 3.11 or newer is needed (make PYTHON=…)" >&2
    exit 1
}
if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
        echo "make: Python lacks its venv module; installing Debian's python3-venv"
        apt-get update -qq
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3-venv
    else
        echo "make: Python lacks its venv module. As administrator: apt-get install python3-venv" >&2
        exit 1
    fi
fi
echo "make: setting up $venv (once, a minute or two)"
rm -rf "$venv"
"$python" -m venv "$venv"
# Debian's pip takes a minute longer to choose among the files of an index than a newer one; where none is to be
# had, the old one does
"$venv/bin/python" -m pip install --quiet --upgrade pip || true
