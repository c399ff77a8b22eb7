#!/usr/bin/env bash
# Takes whole VGGs through files from PyTorch, Keras and ONNX to vggen and back, and compares logits; and features of a
# real file of Keras's. Makes two venvs, that of scripts/oracle.sh with PyTorch (5.4 GB) and one with the others (0.8 GB).
#
#   tests/interop/run.sh            all
#   tests/interop/run.sh --help     what else there is
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh
scripts/oracle.sh
stamp=.venv-interop/installed-requirements.txt
if ! cmp -s tests/interop/requirements.txt "$stamp"; then
  echo "interop: installing wheels into .venv-interop"
  [ -x .venv-interop/bin/python ] || python3 -m venv .venv-interop
  # PyTorch is not installed twice: this venv also finds what is in the other one
  packages='import sysconfig; print(sysconfig.get_path("purelib"))'
  .venv-oracle/bin/python -c "$packages" >"$(.venv-interop/bin/python -c "$packages")/oracle.pth"
  .venv-interop/bin/python -m pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
  cp tests/interop/requirements.txt "$stamp"
fi
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset release >/dev/null
cmake --build --preset release --target interop_programs
exec .venv-interop/bin/python tests/interop/interop.py --bin build/release/bin "$@"
