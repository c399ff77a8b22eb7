"""Writes tests/data/goldens: what PyTorch computes for the zoo, from weights and inputs of seed 1 (seeded.py).

    scripts/oracle.sh
    .venv-oracle/bin/python tests/goldens/make_network_goldens.py [FOLDER]

NAME.safetensors has the logits [n, 1000]. vgg16_32 also has, of conv1_2 (after its relu), pool3 and pool5, each [n, c,
h, w]: LAYER.norm [1], the root of the sum of squares; LAYER.positions [64], seeded indices into the flat tensor; and
LAYER.samples [64], the values there. All is computed in float64 and rounded to float32.
"""

import collections
import pathlib
import sys

import numpy as np
import torch
import torchvision
from safetensors.numpy import save_file

import seeded

OUT = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent.parent / "data" / "goldens"
BLOCKS = {"vgg11": (1, 1, 2, 2, 2), "vgg13": (2, 2, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg16_c": (2, 2, 3, 3, 3),
          "vgg19": (2, 2, 4, 4, 4)}
FEATURES = {"conv1_2": 4, "pool3": 17, "pool5": 31}  # of vgg16: modules up to each layer, its relu too
# torchvision's modules that have weights and biases in its vgg16
TORCHVISION_VGG16 = [f"features.{n}" for n in (0, 2, 5, 7, 10, 12, 14, 17, 19, 21, 24, 26, 28)] + \
                    [f"classifier.{n}" for n in (0, 3, 6)]


def network(name, side):
    """A configuration of the paper for side x side images, its modules named as torchvision's."""
    base = name.removesuffix("_lrn")
    modules, inputs = [], 3
    for block, (count, outputs) in enumerate(zip(BLOCKS[base], (64, 128, 256, 512, 512))):
        for number in range(count):
            one = base == "vgg16_c" and number == 2
            modules += [torch.nn.Conv2d(inputs, outputs, 1 if one else 3, padding=0 if one else 1), torch.nn.ReLU()]
            if name.endswith("_lrn") and block == 0:
                # x / (2 + 1e-4 / 5 * sum of 5 squares) ^ 0.75: PyTorch, Caffe and vggen divide alpha by n, which the
                # formula of Krizhevsky et al. 2012 does not
                modules.append(torch.nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=2))
            inputs = outputs
        modules.append(torch.nn.MaxPool2d(2))
    top = [torch.nn.Linear(512 * (side // 32) ** 2, 4096), torch.nn.ReLU(), torch.nn.Dropout(),
           torch.nn.Linear(4096, 4096), torch.nn.ReLU(), torch.nn.Dropout(), torch.nn.Linear(4096, 1000)]
    return torch.nn.Sequential(collections.OrderedDict(
        features=torch.nn.Sequential(*modules), flatten=torch.nn.Flatten(), classifier=torch.nn.Sequential(*top)))


def seeded_network(name, side):
    module = network(name, side).eval()
    with torch.no_grad():
        for index, (parameter_name, parameter) in enumerate(module.named_parameters()):
            values = seeded.initial(parameter_name, tuple(parameter.shape), index, 1)
            parameter.copy_(torch.from_numpy(values))
    return module


def seeded_torchvision_vgg16():
    """torchvision's own module, loaded by name: its names, shapes and order are those of seeded files."""
    module = torchvision.models.vgg16()
    shapes = {name: tuple(value.shape) for name, value in module.state_dict().items()}
    names = [f"{layer}.{kind}" for layer in TORCHVISION_VGG16 for kind in ("weight", "bias")]
    module.load_state_dict({name: torch.from_numpy(seeded.initial(name, shapes[name], index, 1))
                            for index, name in enumerate(names)})
    return module.eval()


def relative_error(a, b):
    return np.abs(a - b).max() / np.abs(b).max()


def logits_of(name, module, shape):
    """Logits in float64, of a module that is left in float64."""
    x = torch.from_numpy(seeded.test_input(shape))
    with torch.no_grad():
        single = module(x).numpy()
        logits = module.double()(x.double()).numpy()
    print(f"{name}: float32 differs from float64 by {relative_error(single, logits):.1e}, "
          f"largest logit {np.abs(logits).max():.2f}")
    return logits


def features_of(module, shape):
    """What is kept of the layers FEATURES, of a module in float64."""
    kept, x = {}, torch.from_numpy(seeded.test_input(shape)).double()
    for index, (layer, modules) in enumerate(FEATURES.items()):
        with torch.no_grad():
            values = module.features[:modules](x).numpy().ravel()
        shares = (seeded.uniform(64, 1.0, 1, seeded.TEST_INPUT, 1 + index).astype(np.float64) + 1) / 2  # in [0, 1)
        positions = (shares * values.size).astype(np.int64)
        kept |= {f"{layer}.norm": np.array([np.linalg.norm(values)], np.float32), f"{layer}.positions": positions,
                 f"{layer}.samples": values[positions].astype(np.float32)}
    return kept


def write(name, logits, features=None):
    save_file({"logits": logits.astype(np.float32)} | (features or {}), OUT / f"{name}.safetensors")


OUT.mkdir(exist_ok=True)
for name in ("vgg11", "vgg11_lrn", "vgg13", "vgg16_c", "vgg16", "vgg19"):
    module = seeded_network(name, 32)
    shape = (1, 3, 32, 32)
    logits = logits_of(name + "_32", module, shape)
    write(name + "_32", logits, features_of(module, shape) if name == "vgg16" else None)
write("vgg16_32_batch8", logits_of("vgg16_32_batch8", seeded_network("vgg16", 32), (8, 3, 32, 32)))
logits = logits_of("vgg16_224", seeded_network("vgg16", 224), (1, 3, 224, 224))
torchvisions = logits_of("torchvision's vgg16", seeded_torchvision_vgg16(), (1, 3, 224, 224))
if relative_error(torchvisions, logits) > 1e-12:
    sys.exit("error: torchvision's vgg16, its weights loaded by name, gives other logits")
write("vgg16_224", logits)
