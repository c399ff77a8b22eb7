#!/usr/bin/env bash
# Makes .venv-peers: the frameworks that vggen is compared with (bench/peers). Nothing else uses it.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv-peers/installed-requirements.txt
if ! cmp -s bench/peers/requirements.txt "$stamp"; then
  echo "peers: installing wheels into .venv-peers"
  [ -x .venv-peers/bin/python ] || python3 -m venv .venv-peers
  .venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
  cp bench/peers/requirements.txt "$stamp"
fi
