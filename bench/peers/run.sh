#!/usr/bin/env bash
# Compares vggen with ncnn, ONNX Runtime, OpenVINO, MNN and PyTorch on this machine, all in float32. Makes its own venv,
# builds what it needs, and leaves results.json, results.md and results.png in build/peers.
#
#   bench/peers/run.sh              everything: about an hour, on an otherwise idle machine
#   bench/peers/run.sh --quick      that it works
#   bench/peers/run.sh --help       what else there is
set -euo pipefail
cd "$(dirname "$0")/../.."
scripts/setup.sh
stamp=.venv-peers/installed-requirements.txt
if ! cmp -s bench/peers/requirements.txt "$stamp"; then
  echo "peers: installing wheels into .venv-peers (about 6 GB)"
  [ -x .venv-peers/bin/python ] || python3 -m venv .venv-peers
  .venv-peers/bin/python -m pip install --quiet --disable-pip-version-check -r bench/peers/requirements.txt
  cp bench/peers/requirements.txt "$stamp"
fi
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset release >/dev/null
cmake --build --preset release --target vgg16_program vgg16_bf16_program vgg19_program vgg16_notop_program \
  vgg16_train_program vgg16_cifar_train_program
exec .venv-peers/bin/python bench/peers/compare.py "$@"
