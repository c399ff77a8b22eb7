#!/usr/bin/env bash
# The main job, from nothing: builds a compact VGG for Fashion-MNIST as a program that trains, trains it on real
# images, builds a second program with the trained weights in it, and classifies PNG files with that.
#
#   scripts/demo.sh [SEED]      results are in build/demo
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1-}" in -h | --help) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;; esac

seed=${1-1}
data=/usr/share/datasets/fashion-mnist
run=build/demo
phases=()
start=$SECONDS
phase() { # names the time since the last one
  phases+=("$(printf '%5d s  %s' $((SECONDS - start)) "$1")")
  start=$SECONDS
}

scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
phase "set-up"

cmake --preset release >/dev/null
cmake --build --preset release --target fashion_vgg_train_program
phase "building fashion-vgg-train"

rm -rf "$run"
build/release/bin/fashion-vgg-train summary
build/release/bin/fashion-vgg-train train --data "$data" --output "$run" \
  --epochs 20 --learning-rate 0.05 --warm-up 0.3 --nesterov --flip --crop-padding 1 --init-fully-connected he_normal \
  --validation 0.02 --seed "$seed" | tee "$run.log"
phase "training"

cmake --preset release -DVGGEN_FASHION_WEIGHTS="$PWD/$run/best.safetensors" >/dev/null
cmake --build --preset release --target fashion_vgg_program
phase "building fashion-vgg, with the weights in it"

build/release/bin/fashion-vgg-train samples --data "$data" --output "$run/pictures" --count 10 >/dev/null
build/release/bin/fashion-vgg predict --top-k 3 "$run"/pictures/*.png
phase "classifying 10 pictures"

echo
printf '%s\n' "${phases[@]}"
echo "report:   $run/report.html"
echo "weights:  $run/best.safetensors"
echo "program:  build/release/bin/fashion-vgg predict PICTURE..."
tail -n1 "$run.log"
