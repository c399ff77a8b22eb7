#!/usr/bin/env bash
# Sets up everything, builds it and runs the tests.
#
#   scripts/test.sh          the quick ones, and the check of the format
#   scripts/test.sh --full   everything: sanitizers, emulated targets, every shape of the zoo, clang-tidy, fuzzing
set -euo pipefail
cd "$(dirname "$0")/.."

full=0
case "${1-}" in
  '') ;;
  --full) full=1 ;;
  -h | --help) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 0 ;;
  *) echo "error: unknown argument '$1' (see $0 --help)" >&2; exit 2 ;;
esac

if [ $full = 1 ]; then scripts/setup.sh --full; else scripts/setup.sh; fi
export PATH="$PWD/.venv/bin:$PATH"
scripts/format.sh --check

cmake --preset release
if [ $full = 0 ]; then
  cmake --build --preset release
  ctest --preset release -L quick --parallel "$(nproc)"
else
  cmake --build --preset release --target all full_tests
  ctest --preset release --parallel "$(nproc)"
  scripts/tidy.sh
  for preset in asan tsan; do
    cmake --preset "$preset" -DVGGEN_HOST_TOOLS="$PWD/build/release/bin"
    cmake --build --preset "$preset" --target all full_tests
    ctest --preset "$preset" --parallel "$(nproc)"
  done
  tests/fuzz/run.sh 30
fi
