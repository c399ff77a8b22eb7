"""Compares a program's predictions with torchvision's for the same weights and images.

    build/release/bin/vgg16 predict photo.jpg --weights w.safetensors --json > predictions.json
    .venv-oracle/bin/python tests/goldens/compare_with_pytorch.py --weights w.safetensors \\
        --logits predictions.json [--image photo.jpg] [--model vgg16]

Preprocesses as torchvision's weights ask for, so the file's metadata must not ask for anything else. Fails where
max|a-b| / max|b| of the logits is above 1e-4.
"""

import argparse
import json
import sys

import numpy as np
import torch
import torchvision
from PIL import Image
from safetensors.torch import load_file
from torchvision.transforms import v2

parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
parser.add_argument("--weights", required=True)
parser.add_argument("--logits", required=True, help="what predict --json printed")
parser.add_argument("--image", nargs="+", help="in the order of the predictions; without, those that they name")
parser.add_argument("--model", default="vgg16")
options = parser.parse_args()

model = getattr(torchvision.models, options.model)().eval()
model.load_state_dict(load_file(options.weights))
# what torchvision's own weights ask for
transform = v2.Compose([v2.Resize(256, antialias=True), v2.CenterCrop(224), v2.PILToTensor(),
                        v2.ToDtype(torch.float32, scale=True),
                        v2.Normalize((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))])
with open(options.logits) as file:
    predictions = json.load(file)
images = options.image or [prediction["image"] for prediction in predictions]
if not predictions or len(images) != len(predictions):
    sys.exit(f"error: {options.logits} has {len(predictions)} predictions, for {len(images)} images")
good = True
for image, prediction in zip(images, predictions):
    with torch.no_grad():
        expected = model(transform(Image.open(image).convert("RGB"))[None])[0].numpy()
    logits = np.array(prediction["logits"])
    if logits.shape != expected.shape:
        sys.exit(f"error: {image}: {logits.size} logits, expected {expected.size}")
    error = np.abs(logits - expected).max() / np.abs(expected).max()
    good = good and error <= 1e-4
    print(f"{image}: {error:.1e}")
sys.exit(0 if good else 1)
