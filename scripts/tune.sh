#!/usr/bin/env bash
# Tunes a model for this machine and builds it anew: measures schedules for its kernels and keeps the fastest in
# schedules/tuned. Takes about half a minute a kernel; the machine should be idle. Interrupted, it goes on where it was.
#
#   scripts/tune.sh vgg16 [option of vggen-tune...]      --help lists them: --minutes, --only, --again, --runner …
set -euo pipefail
cd "$(dirname "$0")/.."
case "${1-}" in
  '' | -h) sed -n '2,5s/^# \{0,1\}//p' "$0"; exit 0 ;;
  --help) set -- vgg16 --help ;;
esac
model=${1//-/_}
shift
scripts/setup.sh
export PATH="$PWD/.venv/bin:$PATH"
cmake --preset release >/dev/null
[ -e "build/release/tune/$model.sh" ] || {
  echo "error: there is no model '$model'; there are: $(cd build/release/tune && ls *.sh | sed 's/\.sh$//' | tr '\n' ' ')" >&2
  exit 1
}
cmake --build --preset release --target "${model}_tune_inputs"
"build/release/tune/$model.sh" "$@"
cmake --build --preset release --target "$model"_kernels
if cmake --build --preset release --target help | grep -q "^${model}_program:"; then
  cmake --build --preset release --target "${model}_program"
fi
