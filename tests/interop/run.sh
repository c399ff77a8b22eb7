#!/usr/bin/env bash
# Takes whole VGGs through files from PyTorch, Keras and ONNX Runtime to vggen and back, and compares logits. Makes a
# venv of its own (about 7 GB) and takes about a quarter of an hour.
#
#   tests/interop/run.sh            all
#   tests/interop/run.sh --help     what else there is
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh
stamp=.venv-interop/installed-requirements.txt
if ! cmp -s tests/interop/requirements.txt "$stamp"; then
  echo "interop: installing wheels into .venv-interop (about 7 GB)"
  [ -x .venv-interop/bin/python ] || python3 -m venv .venv-interop
  .venv-interop/bin/python -m pip install --quiet --disable-pip-version-check -r tests/interop/requirements.txt
  cp tests/interop/requirements.txt "$stamp"
fi
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset release >/dev/null
cmake --build --preset release --target vgg16_program vgg19_program vgg16_cifar_train_program vggen-convert
exec .venv-interop/bin/python tests/interop/interop.py --bin build/release/bin "$@"
