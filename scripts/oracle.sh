#!/usr/bin/env bash
# Makes .venv-oracle: PyTorch, which goldens are made with and compared to (tests/goldens). About 6 GB, because the
# wheels bring CUDA along.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv-oracle/installed-requirements.txt
if ! cmp -s tests/goldens/requirements.txt "$stamp"; then
  echo "oracle: installing wheels into .venv-oracle"
  [ -x .venv-oracle/bin/python ] || python3 -m venv .venv-oracle
  .venv-oracle/bin/python -m pip install --quiet --disable-pip-version-check -r tests/goldens/requirements.txt
  cp tests/goldens/requirements.txt "$stamp"
fi
