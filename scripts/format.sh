#!/usr/bin/env bash
# Formats the C++ sources. With --check it changes nothing and fails if a file is not formatted.
set -euo pipefail
cd "$(dirname "$0")/.."
formatter=.venv/bin/clang-format
[ -x "$formatter" ] || { echo "error: $formatter is missing; run scripts/setup.sh" >&2; exit 1; }
mode=(-i)
[ "${1-}" = --check ] && mode=(--dry-run --Werror)
git ls-files -z --cached --others --exclude-standard -- '*.cpp' '*.hpp' | xargs -0 "$formatter" "${mode[@]}"
