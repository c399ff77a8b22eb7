#!/usr/bin/env bash
# Sets up everything, builds VGG16 as a static program, and classifies an image with it. The weights are random: the
# classes mean nothing, but every kernel runs.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset release
cmake --build --preset release --target vgg16_program
vgg16=build/release/bin/vgg16

"$vgg16" summary
[ -f build/random.safetensors ] || "$vgg16" init --seed 1 -o build/random.safetensors
"$vgg16" predict tests/data/images/photo.jpg --weights build/random.safetensors
"$vgg16" bench --weights build/random.safetensors
