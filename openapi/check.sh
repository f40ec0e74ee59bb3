#!/usr/bin/env bash
# Checks the committed API description: valid, well made, no breaking change, and a client can be generated and compiled from it.
# Needs Node 20 and npm; what it installs is pinned in package-lock.json.
set -euo pipefail
cd "$(dirname "$0")"
export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NO_UPDATE_NOTIFIER=1
python=../.venv/bin/python

if ! command -v npm >/dev/null; then
  echo "make contract needs Node 20 and npm" >&2
  exit 1
fi
if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  npm ci --no-progress --loglevel=error
  touch node_modules/.package-lock.json
fi

echo "valid:      $("$python" -m openapi_spec_validator openapi.json)"
node_modules/.bin/redocly lint --config redocly.yaml openapi.json

mkdir -p build
node_modules/.bin/openapi-typescript openapi.json --default-non-nullable false --output build/leadwerk.ts
node_modules/.bin/tsc --project tsconfig.json
echo "client:     the generated types and client-example.ts compile"

(cd .. && .venv/bin/python openapi/breaking.py)
