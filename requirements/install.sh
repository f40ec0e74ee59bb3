#!/usr/bin/env bash
# install.sh run|dev|peers: makes .venv hold exactly what requirements/<name>.txt pins; does nothing when it already does.
# What the bench compares with (peers) has an environment of its own, .venv-peers.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1
lock=requirements/$name.txt
venv=.venv
wheels=(--only-binary :all:)
if [ "$name" = peers ]; then
    venv=.venv-peers
    # Of dedupe's dependencies this one comes as source for Python 3.11: it takes a C compiler.
    wheels+=(--no-binary affinegap)
fi
done_mark=$venv/installed-$name.txt

if cmp --silent "$lock" "$done_mark" && "$venv/bin/python" -c ''; then
    exit 0
fi

say() { echo "leadwerk: $*" >&2; }

find_python() {
    local candidate
    for candidate in "${PYTHON:-}" python3.11 python3 python; do
        if [ -n "$candidate" ] && "$candidate" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' 2>/dev/null; then
            echo "$candidate"
            return
        fi
    done
    say "Python 3.11 is needed and was not found (python3.11). PYTHON=/path/to/python3.11 makes it known."
    exit 1
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(find_python)
    # A moved checkout or a removed interpreter leaves an environment that cannot be mended.
    if [ -e "$venv" ] && ! "$venv/bin/python" -c '' 2>/dev/null; then rm -rf "$venv"; fi
    if ! "$python" -m venv "$venv"; then
        say "Python could not make an environment. On Debian and Ubuntu: apt install python3.11-venv"
        exit 1
    fi
fi

say "installing $lock into $venv (once; half a minute or so)"
# Wheels only: a compiler can't be counted on.
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-input "${wheels[@]}" --require-hashes \
    --requirement "$lock"
cp "$lock" "$done_mark"
