#!/usr/bin/env bash
# Makes .venv-oracle: PyTorch, which goldens are made with and compared to (tests/goldens). Safe to run again: quick
# when nothing is to be done. About 5.4 GB, because PyPI's torch is linked against CUDA.
set -euo pipefail
cd "$(dirname "$0")/.."
stamp=.venv-oracle/installed-requirements.txt
if ! cmp -s tests/goldens/requirements.txt "$stamp"; then
  echo "oracle: installing wheels into .venv-oracle"
  [ -x .venv-oracle/bin/python ] || python3 -m venv .venv-oracle
  .venv-oracle/bin/python -m pip install --quiet --disable-pip-version-check --no-deps -r tests/goldens/requirements.txt
  .venv-oracle/bin/python -c 'import torch, torchvision, safetensors.torch' # the list of requirements is complete
  cp tests/goldens/requirements.txt "$stamp"
fi
echo "oracle: ready ($(.venv-oracle/bin/python -c 'from importlib.metadata import version
print("torch", version("torch") + ", torchvision", version("torchvision"))'))"
