#!/usr/bin/env bash
# Fuzzes the readers of weights with clang's libFuzzer and sanitizers, one format after the other, from the files in
# tests/data/weights and tests/data/fuzz.
#
#   tests/fuzz/run.sh [SECONDS [FORMAT...]]    of each format; default: 60, safetensors torch keras onnx
#
# The first input that crashes, leaks, hangs or takes much memory ends the run; it is left in build/fuzz/found. Files
# that reach new code are kept in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1-60}
shift || true
formats=("$@")
[ ${#formats[@]} -gt 0 ] || formats=(safetensors torch keras onnx)
scripts/setup.sh --fuzz
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target "${formats[@]/%/_fuzz}"

for format in "${formats[@]}"; do
  # at most a small factor of the file's size in one piece of memory
  limits=(-max_len=16384 -malloc_limit_mb=8)
  if [ "$format" = keras ]; then
    # HDF5's files have larger seeds, and its library asks for whatever a file says: refused, as in a program, where a
    # limit of address space does that
    limits=(-max_len=131072 -malloc_limit_mb=2048)
    export ASAN_OPTIONS=allocator_may_return_null=1:max_allocation_size_mb=256
  else
    unset ASAN_OPTIONS
  fi
  mkdir -p "build/fuzz/corpus/$format" build/fuzz/found
  seeds=(tests/data/weights)
  [ ! -d "tests/data/fuzz/$format" ] || seeds+=("tests/data/fuzz/$format")
  echo "fuzz: $format for $seconds s"
  # one process: HDF5's reader forks, and a fork server would be a second one
  "build/fuzz/tests/${format}_fuzz" "build/fuzz/corpus/$format" "${seeds[@]}" "${limits[@]}" -rss_limit_mb=2048 \
    -timeout=30 -max_total_time="$seconds" "-artifact_prefix=build/fuzz/found/$format-" -print_final_stats=1
done
