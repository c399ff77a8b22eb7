"""VGG16 on whole images against its layers in PyTorch, made convolutions and applied to the same pixels: scores at every
place, averaged."""

import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
import torchvision
from PIL import Image

PHOTO = pathlib.Path("examples/style_transfer/pictures/chelsea.jpg")
SCALES = (224, 256, 384, 480)
TOLERANCE = 1e-4  # of logits, relative to the largest


def dense_logits(module: torch.nn.Module, x: torch.Tensor) -> np.ndarray:
    """The mean of the scores of all 224x224 windows, each 32 pixels from the next, which share their convolutions."""
    with torch.no_grad():
        x = module.features(x)
        layers = [layer for layer in module.classifier if isinstance(layer, torch.nn.Linear)]
        for i, layer in enumerate(layers):
            extent = 7 if i == 0 else 1
            x = torch.nn.functional.conv2d(x, layer.weight.view(layer.out_features, -1, extent, extent), layer.bias)
            if i + 1 < len(layers):
                x = torch.relu(x)
        return x.mean((0, 2, 3)).numpy()


def check(bin_folder: pathlib.Path, randomise) -> bool:
    module = torchvision.models.vgg16(weights=None).eval()
    randomise(module, 3)
    rows, good = [], True
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        torch.save(module.state_dict(), folder / "vgg16.pth")
        weights = folder / "vgg16.safetensors"
        subprocess.run([bin_folder / "vggen-convert", folder / "vgg16.pth", weights], check=True, stdout=subprocess.DEVNULL)
        done = subprocess.run([bin_folder / "vgg16-dense", "scores", PHOTO, "--weights", weights, "--preprocess", "unit",
                               "--scales", ",".join(map(str, SCALES)), "--json"], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"vgg16-dense: {done.stderr}")
        picture = Image.open(PHOTO).convert("RGB")
        for scale, view in zip(SCALES, json.loads(done.stdout)["views"]):
            resized = torchvision.transforms.functional.resize(picture, scale)
            assert (resized.height, resized.width) == (view["height"], view["width"])
            x = torch.from_numpy(np.asarray(resized, np.float32).transpose(2, 0, 1)[None] / np.float32(255))
            expected = dense_logits(module, x)
            error = float(np.abs(np.array(view["logits"]) - expected).max() / np.abs(expected).max())
            good = good and error <= TOLERANCE
            rows.append(f"| {resized.height}x{resized.width}, {view['places'][0]}x{view['places'][1]} places | {error:.1e} |")
    print("\n| VGG16 on a whole photo, largest relative difference of logits | |\n| --- | --- |\n" + "\n".join(rows))
    print(f"\neach at most {TOLERANCE:.0e}: {'yes' if good else 'NO'}")
    return good
