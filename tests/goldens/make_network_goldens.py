"""Writes tests/data/goldens: what PyTorch computes for the zoo, from weights and inputs of seed 1 (seeded.py).

    scripts/oracle.sh
    .venv-oracle/bin/python tests/goldens/make_network_goldens.py

NAME.safetensors has the logits [n, 1000], computed in float64 and rounded to float32.
"""

import pathlib

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file

import seeded

OUT = pathlib.Path(__file__).parent.parent / "data" / "goldens"
BLOCKS = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg16_c": (2, 2, 3, 3, 3),
          "vgg19": (2, 2, 4, 4, 4)}


def network(name, side):
    """A configuration of the paper for side x side images, as a list of modules."""
    base = name.removesuffix("_lrn")
    modules, inputs = [], 3
    for block, (count, outputs) in enumerate(zip(BLOCKS[base], (64, 128, 256, 512, 512))):
        for number in range(count):
            one = base == "vgg16_c" and number == 2
            modules += [torch.nn.Conv2d(inputs, outputs, 1 if one else 3, padding=0 if one else 1), torch.nn.ReLU()]
            if name.endswith("_lrn") and block == 0:
                modules.append(torch.nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2))
            inputs = outputs
        modules.append(torch.nn.MaxPool2d(2))
    features = 512 * (side // 32) ** 2
    modules += [torch.nn.Flatten(), torch.nn.Linear(features, 4096), torch.nn.ReLU(), torch.nn.Linear(4096, 4096),
                torch.nn.ReLU(), torch.nn.Linear(4096, 1000)]
    return torch.nn.Sequential(*modules)


def seed_parameters(module):
    with torch.no_grad():
        for index, (name, parameter) in enumerate(module.named_parameters()):
            values = seeded.initial(tuple(parameter.shape), index, 1, name.endswith("bias"))
            parameter.copy_(torch.from_numpy(values))
    return module.eval()


def write(name, module, shape):
    x = torch.from_numpy(seeded.test_input(shape))
    with torch.no_grad():
        single = module(x).numpy()
        logits = module.double()(x.double()).numpy().astype(np.float32)
    difference = np.abs(single - logits).max() / np.abs(logits).max()
    print(f"{name}: float32 differs from float64 by {difference:.1e}, largest logit {np.abs(logits).max():.2f}")
    save_file({"logits": logits}, OUT / f"{name}.safetensors")


OUT.mkdir(exist_ok=True)
for name in ("vgg11", "vgg11_lrn", "vgg13", "vgg16_c", "vgg16", "vgg19"):
    write(f"{name}_32", seed_parameters(network(name, 32)), (1, 3, 32, 32))
write("vgg16_32_batch8", seed_parameters(network("vgg16", 32)), (8, 3, 32, 32))
# torchvision's own module: its names, shapes and order are vggen's
write("vgg16_224", seed_parameters(torchvision.models.vgg16()), (1, 3, 224, 224))
