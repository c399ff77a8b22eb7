"""Whole VGGs through other frameworks' files, both ways: the logits must be the same.

    tests/interop/run.sh [--networks NAME,...] [--tolerance 1e-4]
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import typing

os.environ["KERAS_BACKEND"] = "jax"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import numpy as np
import onnxruntime
import torch
from PIL import Image

import torch_vgg

D, E = ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)), ((64, 2), (128, 2), (256, 4), (512, 4), (512, 4))


class Network(typing.NamedTuple):
    program: str
    blocks: tuple
    top: tuple
    extent: int


NETWORKS = {"vgg16": Network("vgg16", D, (4096, 4096, 1000), 224),
            "vgg19": Network("vgg19", E, (4096, 4096, 1000), 224),
            "vgg16-32x32": Network("vgg16-cifar-train", D, (512, 512, 10), 32)}


def torch_network(network: Network, batch_norm: bool) -> torch.nn.Module:
    """torchvision's own at 224x224; the same modules otherwise."""
    if network.extent == 224:
        import torchvision

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
    def __init__(self, options: argparse.Namespace, folder: pathlib.Path):
        self.bin, self.tolerance, self.folder, self.rows, self.failed = options.bin, options.tolerance, folder, [], False

    def convert(self, source: pathlib.Path, name: str, *options: str) -> pathlib.Path:
        written = self.folder / name
        subprocess.run([self.bin / "vggen-convert", source, written, *options], check=True, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        return written

    def picture(self, extent: int) -> tuple[pathlib.Path, np.ndarray]:
        pixels = np.random.default_rng(7).integers(0, 256, (extent, extent, 3), np.uint8)
        path = self.folder / f"{extent}.png"
        Image.fromarray(pixels).save(path)
        return path, pixels.transpose(2, 0, 1)[None].astype(np.float32) / np.float32(255)

    def vggen_logits(self, network: Network, weights: pathlib.Path) -> np.ndarray:
        path, _ = self.picture(network.extent)
        done = subprocess.run([self.bin / network.program, "predict", path, "--weights", weights, "--preprocess", "unit",
                               "--json"], check=True, stdout=subprocess.PIPE, text=True)
        return np.array(json.loads(done.stdout)[0]["logits"])

    def compare(self, what: str, found: np.ndarray, expected: np.ndarray) -> None:
        error = float(np.abs(found - expected).max() / np.abs(expected).max())
        good = error <= self.tolerance
        self.failed |= not good
        self.rows.append((what, error, good))
        print(f"{what:62} {error:8.1e} {'' if good else 'FAILED'}", flush=True)

    def run(self, name: str, batch_norm: bool) -> None:
        network, title = NETWORKS[name], name + (" with batch norm" if batch_norm else "")
        _, x = self.picture(network.extent)

        module = torch_network(network, batch_norm)
        randomise(module, 1)
        with torch.no_grad():
            expected = module(torch.from_numpy(x)).numpy()[0]
        for kind, zip_file in (("zip", True), ("stream", False)):
            path = self.folder / "torch.pth"
            torch.save(module.state_dict(), path, _use_new_zipfile_serialization=zip_file)
            here = self.convert(path, "torch.safetensors", "--fold-batch-norm")
            self.compare(f"{title}: PyTorch ({kind}) to vggen", self.vggen_logits(network, here), expected)
        path = self.folder / "exported.onnx"
        torch.onnx.export(module, (torch.from_numpy(x),), path, dynamo=False)
        here = self.convert(path, "onnx.safetensors", "--fold-batch-norm")
        self.compare(f"{title}: ONNX of PyTorch to vggen", self.vggen_logits(network, here), expected)

        # from the state dict to ONNX Runtime and Keras, and into PyTorch again
        written = self.convert(self.folder / "torch.pth", "written.onnx")
        session = onnxruntime.InferenceSession(written, providers=["CPUExecutionProvider"])
        self.compare(f"{title}: vggen's ONNX in ONNX Runtime", session.run(None, {"input": x})[0][0], expected)
        written = self.convert(self.folder / "torch.pth", "written.safetensors")
        again = torch_network(network, batch_norm)
        from safetensors.torch import load_file

        again.load_state_dict(load_file(written), strict=not batch_norm)  # num_batches_tracked is not kept
        with torch.no_grad():
            self.compare(f"{title}: vggen's safetensors in PyTorch", again.eval()(torch.from_numpy(x)).numpy()[0], expected)
        if not batch_norm:  # Keras's own epsilon is another one
            written = self.convert(self.folder / "torch.pth", "written.h5")
            model = keras_network(network, batch_norm)
            model.load_weights(written)
            self.compare(f"{title}: vggen's .h5 in Keras", np.asarray(model(x.transpose(0, 2, 3, 1)))[0], expected)

        model = keras_network(network, batch_norm)
        randomise_keras(model, 2)
        expected = np.asarray(model(x.transpose(0, 2, 3, 1)))[0]
        for end in (".weights.h5",) if batch_norm else (".weights.h5", ".h5"):
            path = self.folder / f"keras{end}"
            model.save_weights(path) if end == ".weights.h5" else model.save(path)
            here = self.convert(path, "keras.safetensors", "--fold-batch-norm")
            self.compare(f"{title}: Keras ({end}) to vggen", self.vggen_logits(network, here), expected)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--bin", type=pathlib.Path, default=pathlib.Path("build/release/bin"), help="vggen's programs")
    parser.add_argument("--networks", type=lambda t: t.split(","), default=list(NETWORKS), metavar="NAME,...",
                        help=f"of {', '.join(NETWORKS)}")
    parser.add_argument("--tolerance", type=float, default=1e-4, help="of logits, relative to the largest")
    options = parser.parse_args()
    for name in options.networks:
        if name not in NETWORKS:
            parser.error(f"there is no '{name}'; there are: {', '.join(NETWORKS)}")
    with tempfile.TemporaryDirectory() as folder:
        interop = Interop(options, pathlib.Path(folder))
        for name in options.networks:
            for batch_norm in (False, True):
                interop.run(name, batch_norm)
    if interop.failed:
        sys.exit(1)


if __name__ == "__main__":
    main()
