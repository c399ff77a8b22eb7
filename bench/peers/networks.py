"""VGG16 and VGG19 as lists of layers, their weights and their input: the same for everybody. What ends in -notop are the
convolutions and pools of the same network, with the same weights file."""

import functools
import pathlib
from typing import NamedTuple

import numpy as np

NO_TOP = "-notop"
BLOCKS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4), "vgg16" + NO_TOP: (2, 2, 3, 3, 3)}
SIDE, PICTURE_SIDE, CLASSES, MOST_IMAGES = 224, 256, 1000, 8


class Convolution(NamedTuple):
    name: str  # the weights file's, torchvision's
    inputs: int
    outputs: int


class Pool(NamedTuple):
    pass


class FullyConnected(NamedTuple):
    name: str
    inputs: int
    outputs: int
    relu: bool


def layers(model: str) -> list:
    """Convolutions are 3x3 with a relu, pools 2x2; dropout is nothing here."""
    found, index, channels = [], 0, 3
    for count, outputs in zip(BLOCKS[model], (64, 128, 256, 512, 512)):
        for _ in range(count):
            found.append(Convolution(f"features.{index}", channels, outputs))
            channels, index = outputs, index + 2
        found.append(Pool())
        index += 1
    return found if model.endswith(NO_TOP) else found + [FullyConnected("classifier.0", 512 * 7 * 7, 4096, True),
                                                         FullyConnected("classifier.3", 4096, 4096, True),
                                                         FullyConnected("classifier.6", 4096, CLASSES, False)]


def output_shape(model: str) -> tuple[int, ...]:
    """Of one image: of pool5, or the logits."""
    return (512, 7, 7) if model.endswith(NO_TOP) else (CLASSES,)


def weights_file(files: pathlib.Path, model: str) -> pathlib.Path:
    return files / f"{model.removesuffix(NO_TOP)}.safetensors"


def packed_weights_file(files: pathlib.Path, model: str) -> pathlib.Path:
    """The same, as vggen's program packed it for batch 1."""
    return files / f"{model}-packed.safetensors"


def read_weights(files: pathlib.Path, model: str) -> dict[str, np.ndarray]:
    """features.0.weight [outputs, inputs, 3, 3], features.0.bias [outputs], classifier.0.weight [outputs, inputs], …"""
    from safetensors.numpy import load_file

    return load_file(weights_file(files, model))


@functools.cache
def pictures() -> np.ndarray:
    """uint8 [8, 256, 256, 3]: coloured waves, each picture others."""
    random = np.random.default_rng(1)
    y, x = np.mgrid[0:PICTURE_SIDE, 0:PICTURE_SIDE] / PICTURE_SIDE
    found = np.zeros((MOST_IMAGES, PICTURE_SIDE, PICTURE_SIDE, 3))
    for picture in found:
        for channel in range(3):
            for _ in range(6):
                fx, fy, phase = random.uniform(-12, 12), random.uniform(-12, 12), random.uniform(0, 2 * np.pi)
                picture[..., channel] += np.sin(2 * np.pi * (fx * x + fy * y) + phase)
    return np.clip(127.5 + 40 * found, 0, 255).astype(np.uint8)


def network_input(batch: int) -> np.ndarray:
    """float32 [batch, 3, 224, 224]: what torchvision's preprocessing makes of the pictures, which have the side that it
    scales to, so that it only cuts out the centre."""
    edge = (PICTURE_SIDE - SIDE) // 2
    cut = pictures()[:batch, edge:edge + SIDE, edge:edge + SIDE].astype(np.float32) / 255
    scaled = (cut - np.float32([0.485, 0.456, 0.406])) / np.float32([0.229, 0.224, 0.225])
    return np.ascontiguousarray(scaled.transpose(0, 3, 1, 2))


def picture_files(files: pathlib.Path) -> list[pathlib.Path]:
    """The pictures as PNG files."""
    from PIL import Image

    found = []
    for number, picture in enumerate(pictures()):
        found.append(files / f"picture_{number}.png")
        if not found[-1].exists():
            Image.fromarray(picture).save(found[-1])
    return found
