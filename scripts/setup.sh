#!/usr/bin/env bash
# Installs what building and testing vggen needs: Debian packages (as root or through sudo), and pinned wheels
# in .venv. Safe to run again: quick when nothing is to be done. With --full also what only the full tests need: a
# compiler and an emulator for arm64, and clang-tidy; with --fuzz a compiler that fuzzes.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=(
  g++ make git pkg-config python3 python3-venv
  libboost-dev         # Hana and CRC (headers only)
  doctest-dev libbenchmark-dev
  libpng-dev libjpeg62-turbo-dev zlib1g-dev
  nlohmann-json3-dev libcli11-dev libxxhash-dev
  dataset-fashion-mnist # a data set to train on and to test with
  protobuf-compiler libprotobuf-dev
  libhdf5-dev libonnx-dev libzip-dev # weights of other frameworks
  # OpenCL and Vulkan on the processor: kernels for devices run there, too
  ocl-icd-libopencl1 pocl-opencl-icd libvulkan1 mesa-vulkan-drivers
)
case "${1-}" in
  --full) packages+=(g++-aarch64-linux-gnu qemu-user clang-tidy-19) ;;
  --fuzz) packages+=(clang-19 libclang-rt-19-dev) ;;
esac

as_root() {
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else
    echo "error: these packages are missing and this user cannot install them (no sudo): ${missing[*]}" >&2
    exit 1
  fi
}

missing=()
for package in "${packages[@]}"; do
  if [ "$(dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null || true)" != installed ]; then
    missing+=("$package")
  fi
done
if [ ${#missing[@]} -gt 0 ]; then
  command -v apt-get >/dev/null || {
    echo "error: this script knows Debian's apt-get only; please install by hand: ${missing[*]}" >&2
    exit 1
  }
  echo "setup: installing Debian packages: ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get update -qq
  as_root apt-get install -qq -y --no-install-recommends "${missing[@]}" >/dev/null
fi

# The interpreter: Halide's wheels exist from Python 3.9 on.
python=python3
stamp=.venv/installed-requirements.txt
if ! cmp -s scripts/requirements.txt "$stamp"; then
  echo "setup: installing wheels into .venv"
  [ -x .venv/bin/python ] || "$python" -m venv .venv
  .venv/bin/python -m pip install --quiet --disable-pip-version-check -r scripts/requirements.txt
  cp scripts/requirements.txt "$stamp"
fi
echo "setup: ready ($(.venv/bin/cmake --version | head -n1), halide $(.venv/bin/python -c \
  'from importlib.metadata import version; print(version("halide"))'))"
