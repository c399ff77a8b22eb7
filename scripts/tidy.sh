#!/usr/bin/env bash
# Runs clang-tidy over the product's sources, or over the files given. Needs a configured release build
# (build/release/compile_commands.json) and clang-tidy-19 (scripts/setup.sh --full).
set -euo pipefail
cd "$(dirname "$0")/.."
command -v clang-tidy-19 >/dev/null || { echo "error: clang-tidy-19 is missing; run scripts/setup.sh --full" >&2; exit 1; }
[ -f build/release/compile_commands.json ] || { echo "error: no release build; run scripts/test.sh" >&2; exit 1; }
if [ $# -gt 0 ]; then files=("$@"); else mapfile -t files < <(git ls-files -- 'runtime/*.cpp' 'tools/*.cpp' 'generators/*.cpp' 'schedules/*.cpp'); fi
printf '%s\0' "${files[@]}" | xargs -0 -n 1 -P "$(nproc)" clang-tidy-19 --quiet -p build/release
