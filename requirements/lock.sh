#!/usr/bin/env bash
# Resolves pyproject.toml anew and writes the lock files, for every platform, with hashes. The resolver has an
# environment of its own, so that it doesn't get into the product's.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.venv-lock
trap 'rm -rf "$tools"' EXIT
"${PYTHON:-python3.11}" -m venv "$tools"
"$tools/bin/python" -m pip install --quiet --disable-pip-version-check uv

lock() {
    "$tools/bin/uv" pip compile "$@" --upgrade --quiet --universal --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-annotate --no-header --python-version 3.11
}
lock pyproject.toml --output-file requirements/run.txt
lock pyproject.toml --group dev --output-file requirements/dev.txt
lock --group peers --output-file requirements/peers.txt
