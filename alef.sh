#!/bin/sh
# Alef on one command. Finds Python, makes .venv beside this file, and hands over to launcher/.
set -eu
unset PYTHONHOME PYTHONSAFEPATH

here=$(readlink -f -- "$0" 2>/dev/null || printf '%s' "$0")
cd -- "$(dirname -- "$here")"

is_new_enough() {
    "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

if ! is_new_enough .venv/bin/python || [ ! -x .venv/bin/pip ]; then
    # A name on PATH may be a shim without a Python behind it, so each one is run.
    for python in python3.14 python3.13 python3.12 python3.11 python3 python; do
        if is_new_enough "$python"; then break; fi
        python=
    done
    if [ -z "$python" ]; then
        echo "alef: no Python 3.11 or newer on PATH." >&2
        echo "  Fix: apt install python3 python3-venv  (or https://www.python.org/downloads/)" >&2
        exit 1
    fi
    "$python" -m launcher.install.virtualenv
fi

exec .venv/bin/python -m launcher "$@"
