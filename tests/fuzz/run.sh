#!/usr/bin/env bash
# Fuzzes the readers of weights with clang's libFuzzer and sanitizers, from the files in tests/data/weights.
#
#   tests/fuzz/run.sh [SECONDS]      default: 60
#
# What it finds is left in build/fuzz/found; files that reach new code are kept in build/fuzz/corpus.
set -euo pipefail
cd "$(dirname "$0")/../.."
seconds=${1-60}
scripts/setup.sh --fuzz
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --target weights_fuzz
mkdir -p build/fuzz/corpus build/fuzz/found
# one process: HDF5's reader forks, and a fork server would be a second one
exec build/fuzz/tests/weights_fuzz build/fuzz/corpus tests/data/weights -max_total_time="$seconds" -timeout=60 \
  -rss_limit_mb=2048 -max_len=65536 -artifact_prefix=build/fuzz/found/ -print_final_stats=1
