"""Writes tests/data/goldens/training_*.safetensors: ten steps of training, as PyTorch does them.

    scripts/oracle.sh
    .venv-oracle/bin/python tests/goldens/make_training_goldens.py [--search] [--noise TRIES] [--perturb]
                                                                   [--out FOLDER] [--full FOLDER]

The networks are the paper's configurations A and D, and A with batch norms, at 3x32x32 with a classifier of flatten, fully_connected 64, relu,
dropout 0.5, fully_connected 64, relu, dropout 0.5, fully_connected 10, trained on cross-entropy, the mean of a batch
of 8. Weights are seeded.py's initial(), of seed 1. There are 256 images, test_input((256, 3, 32, 32)) of seed 1, and
image i is of class (7 i + 3) % 10. Which of them each step takes is in the golden file itself (see below).

A is also trained to give a box for each of ten classes: its last layer has 40 outputs, 4 a class, and the loss is the
mean over the batch of half the squared distance of the image's class's from its target, number k of which is
((4 i + k) * 5 % 16 + 1) / 16.

Dropout of the layer of index L (the input is 0, every later layer counts one) in step s: element e of the activation
[n, channels], e = n * channels + c, takes word e % 4 of philox(seed 1, (e / 4, s, L, 2)), u = (word >> 8) * 2^-24, and
is dropped where u < 0.5, else multiplied by 2.

SGD in PyTorch's convention (velocity = 0.9 velocity + gradient; weight -= rate * velocity), weight decay 5e-4 on
weights and biases, learning rate 0.01 (of boxes 0.0001), reduced on a plateau of the loss: ReduceLROnPlateau with factor 0.1, patience 1
and its defaults, told the loss of each step.

Each file has
    images [10, 8]       int64, those of each step
    logits [8, 10]       of step 0, before its update, with its dropout; [8, 40] where they are boxes
    losses [10]          of each step, before its update
    learning_rates [10]  that each step is made with
and for each parameter tensor, by torchvision's name (features.0.weight), its gradient of step 0 without weight decay
(gradient.NAME.*) and its values after the ten steps (final.NAME.*):
of a batch norm's running mean and variance its values alone, and where they are (gradient.NAME.positions);
    .norm [1]            the root of the sum of squares
    .projections [3]     dot products with seeded vectors: uniform(size, 1, seed 1, TEST_INPUT, 1000 + 3 * index + j)
    .samples [64]        some elements; all where the tensor has no more than 64
    .positions [64]      int64, their indices into the flat tensor; of the gradient only, and the same for both
where `index` counts the parameter tensors, running means and variances too. The bias of a convolution before a batch
norm has no gradient, which the mean takes away: what is there is rounding. All is computed in float64 and rounded to float32 at the end; how far
float32 is away is printed.

Why images are chosen: where a relu's input or two candidates of a pool are equal but for rounding, two correct
implementations in float32 go different ways. Neither is wrong; but one gradient in a thousand parts changes, and the
later steps make much of it. D has some 276,000 relus an image: of 32 images taken as they come five are, in step 0,
within one standard deviation of the noise below of a tie. So --search has each step take the 8 images, of those not
taken yet, that are furthest from any. Distance counts in noise: a twin of the network, whose initial weights have
relative noise of 4e-7, several times float32's rounding, is trained along, and the root of the mean square of what a
layer's outputs differ by is that layer's unit. So drift through the steps counts, too. (A search for weights that some
tries of noise do not lead astray finds what passes those tries: D with one image a step, rate 0.001 and weights of
seed 30 passed ten, and of twelve others one led 4.4e-4 away.)

--noise trains from weights with other noise of that size, and prints how far losses, gradients and final weights
then are away: how far correct implementations may differ.

--full also writes FOLDER/training_*_full.safetensors with all elements (gradient.NAME, final.NAME) in float32, for a
comparison by hand. --perturb changes one weight of each layer, the one of the largest gradient, by 1 % of the layer's
largest, trains two steps, and prints how far the losses, gradients and weights then are from those without: what a
comparison can see.

With batch norms an image's outputs depend on the whole batch: so --search takes, in each step, the best of some
random batches.
"""

import argparse
import collections
import pathlib
import sys

import numpy as np
import torch
from safetensors.numpy import load_file, save_file

import seeded

BLOCKS = {"vgg11": (1, 1, 2, 2, 2), "vgg16": (2, 2, 3, 3, 3), "vgg11_bn": (1, 1, 2, 2, 2), "vgg11_boxes": (1, 1, 2, 2, 2)}
SEED, BATCH, STEPS, SAMPLES = 1, 8, 10, 64
RATE, BOX_RATE = 0.01, 0.0001
CANDIDATES = 256  # images
NOISE = 4e-7
BATCHES = 96  # that a step of a network with batch norms is chosen from
DROPOUT = 2  # random_stream


class SeededDropout(torch.nn.Module):
    """Dropout of half the elements, by the layer's index and the step, which the trainer sets."""

    def __init__(self, layer):
        super().__init__()
        self.layer, self.step = layer, 0

    def forward(self, x):
        block = np.arange((x.numel() + 3) // 4, dtype=np.uint64)
        same = np.zeros_like(block)
        words = seeded.philox((SEED & 0xFFFFFFFF, SEED >> 32),
                              (block, same + np.uint64(self.step), same + np.uint64(self.layer),
                               same + np.uint64(DROPOUT)))
        u = (np.stack(words, axis=1).ravel()[:x.numel()] >> np.uint64(8)) * 2.0**-24
        mask = np.where(u < 0.5, np.float32(0), np.float32(1 / (1 - 0.5))).reshape(x.shape)
        return x * torch.from_numpy(mask).to(x.dtype)


def network(name):
    """With torchvision's names of modules, and seeded weights."""
    modules, inputs = [], 3
    for count, outputs in zip(BLOCKS[name], (64, 128, 256, 512, 512)):
        for _ in range(count):
            modules.append(torch.nn.Conv2d(inputs, outputs, 3, padding=1))
            if name.endswith("_bn"):
                modules.append(torch.nn.BatchNorm2d(outputs))
            modules.append(torch.nn.ReLU())
            inputs = outputs
        modules.append(torch.nn.MaxPool2d(2))
    outputs = 40 if name.endswith("_boxes") else 10
    first = len(modules) + 2  # index of the classifier's first layer: after the input, the features and the flatten
    top = [torch.nn.Linear(512, 64), torch.nn.ReLU(), SeededDropout(first + 2),
           torch.nn.Linear(64, 64), torch.nn.ReLU(), SeededDropout(first + 5), torch.nn.Linear(64, outputs)]
    module = torch.nn.Sequential(collections.OrderedDict(
        features=torch.nn.Sequential(*modules), flatten=torch.nn.Flatten(), classifier=torch.nn.Sequential(*top)))
    with torch.no_grad():
        for index, (parameter_name, tensor) in enumerate(tensors_of(module).items()):
            tensor.copy_(torch.from_numpy(seeded.initial(parameter_name, tuple(tensor.shape), index, SEED)))
    return module


def loss_of(outputs, images):
    """The mean over a batch: of boxes half the squared distance, else the cross-entropy."""
    labels = (7 * images + 3) % 10
    if outputs.shape[1] == 10:
        return torch.nn.functional.cross_entropy(outputs, labels)
    targets = ((4 * images[:, None] + torch.arange(4)) * 5 % 16 + 1).to(outputs.dtype) / 16
    chosen = outputs.view(-1, 10, 4)[torch.arange(len(images)), labels]
    return (chosen - targets).square().sum() / 2 / len(images)


def tensors_of(module):
    """Parameters, and running means and variances, by name and in vggen's order."""
    return {name: tensor for name, tensor in module.state_dict().items() if not name.endswith("num_batches_tracked")}


def cancelled(module):
    """Names of the biases whose gradient a batch norm takes away."""
    layers = list(module.features)
    return {f"features.{i}.bias" for i, (layer, after) in enumerate(zip(layers, layers[1:]))
            if isinstance(after, torch.nn.BatchNorm2d)}


def noisy(name, seed):
    """The network in float64, with relative noise in its weights."""
    module = network(name).double()
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.mul_(1 + NOISE * torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    return module


class Training:
    """A network in training."""

    def __init__(self, module, dtype):
        self.module, self.step, self.cancelled = module.to(dtype), 0, cancelled(module)
        self.images = torch.from_numpy(seeded.test_input((CANDIDATES, 3, 32, 32))).to(dtype)
        rate = RATE if module.classifier[-1].out_features == 10 else BOX_RATE
        self.optimiser = torch.optim.SGD(module.parameters(), lr=rate, momentum=0.9, weight_decay=5e-4)
        self.schedule = torch.optim.lr_scheduler.ReduceLROnPlateau(self.optimiser, mode="min", factor=0.1, patience=1)

    def rate(self):
        return self.optimiser.param_groups[0]["lr"]

    def forward(self, images):
        for part in self.module.modules():
            if isinstance(part, SeededDropout):
                part.step = self.step
        return self.module(self.images[images])

    def backward(self, images):
        """Returns logits and loss; the gradients stay in the parameters."""
        logits = self.forward(images)
        loss = loss_of(logits, torch.as_tensor(images))
        self.optimiser.zero_grad()
        loss.backward()
        return logits.detach(), loss.item()

    def update(self, loss):
        self.optimiser.step()
        self.schedule.step(loss)
        self.step += 1


def train(module, dtype, images):
    """What the steps come to, as float64 arrays. images: [steps, 8]."""
    training = Training(module, dtype)
    trace = {"images": images, "losses": [], "learning_rates": []}
    for step, chosen in enumerate(images):
        logits, loss = training.backward(chosen)
        if step == 0:
            trace["logits"] = logits.double().numpy()
            trace["gradients"] = {name: p.grad.double().numpy().copy() for name, p in module.named_parameters()}
        trace["losses"].append(loss)
        trace["learning_rates"].append(training.rate())
        training.update(loss)
    trace["cancelled"] = cancelled(module)
    trace["final"] = {name: tensor.double().numpy().copy() for name, tensor in tensors_of(module).items()}
    return trace | {key: np.array(trace[key]) for key in ("losses", "learning_rates")}


def decisions(training, images):
    """What relus and pools of a batch decide by, in order: inputs of relus [n, ...], and inputs of pools as windows
    [n, c, y, x, 4]."""
    found, hooks = [], []
    for part in training.module.modules():
        if isinstance(part, torch.nn.ReLU):
            hooks.append(part.register_forward_pre_hook(lambda _, inputs: found.append(inputs[0])))
        if isinstance(part, torch.nn.MaxPool2d):
            hooks.append(part.register_forward_pre_hook(
                lambda _, inputs: found.append(inputs[0].unfold(2, 2, 2).unfold(3, 2, 2).flatten(-2))))
    with torch.no_grad():
        training.forward(images)
    for hook in hooks:
        hook.remove()
    return found


def distances_from_ties(training, twin, images):
    """Of each image of a batch, how far its closest decision is from a tie, in units of the layer's noise."""
    distances = torch.full((len(images),), torch.inf, dtype=torch.float64)
    for values, others in zip(decisions(training, images), decisions(twin, images)):
        if values.dim() == 5:  # of a pool; where all but one are zero it has nothing to decide
            first, second = values.topk(2, -1).values.unbind(-1)
            margins = torch.where(second > 0, first - second, torch.inf) / 2**0.5
        else:
            margins, unit = values.abs(), (values - others).square().mean().sqrt()  # a pool has the unit before it
        distances = torch.minimum(distances, margins.flatten(1).amin(1) / unit)
    return distances.numpy()


def furthest_images(training, twin, left):
    """The 8 images that are furthest from ties, each by itself, and the median image's distance."""
    distances = np.concatenate([distances_from_ties(training, twin, left[i:i + BATCH])
                                for i in range(0, len(left), BATCH)])
    return np.sort(left[np.argsort(-distances)[:BATCH]]), np.median(distances)


def furthest_batch(training, twin, left, generator):
    """The same of random batches, as wholes."""
    batches = [np.sort(generator.choice(left, BATCH, replace=False)) for _ in range(BATCHES)]
    distances = [distances_from_ties(training, twin, batch).min() for batch in batches]
    return batches[int(np.argmax(distances))], np.median(distances)


def search(name):
    """The images [steps, 8] that are furthest from ties."""
    generator = np.random.default_rng(SEED)
    training, twin = Training(network(name), torch.float64), Training(noisy(name, 0), torch.float64)
    left, chosen = np.arange(CANDIDATES), []
    for step in range(STEPS):
        batch, median = (furthest_batch(training, twin, left, generator) if training.cancelled
                         else furthest_images(training, twin, left))
        # dropout goes by an image's place in the batch, so this is to be seen again
        print(f"{name}, step {step}: images {batch}, {distances_from_ties(training, twin, batch).min():.1f} times the "
              f"noise from a tie; the median {'batch' if training.cancelled else 'image'} {median:.1f}", flush=True)
        for each in (training, twin):
            each.update(each.backward(batch)[1])
        left = np.setdiff1d(left, batch)
        chosen.append(batch)
    return np.array(chosen, np.int64)


def positions_of(size, index):
    if size <= SAMPLES:
        return np.arange(size, dtype=np.int64)
    shares = (seeded.uniform(SAMPLES, 1.0, SEED, seeded.TEST_INPUT, 2000 + index).astype(np.float64) + 1) / 2
    return (shares * size).astype(np.int64)


def kept_of(trace):
    """The tensors of a file."""
    kept = {key: trace[key].astype(np.float32) for key in ("logits", "losses", "learning_rates")}
    kept["images"] = trace["images"]
    for index, name in enumerate(trace["final"]):
        size = trace["final"][name].size
        positions = positions_of(size, index)
        vectors = [seeded.uniform(size, 1.0, SEED, seeded.TEST_INPUT, 1000 + 3 * index + j).astype(np.float64)
                   for j in range(3)]
        kept[f"gradient.{name}.positions"] = positions
        for key, tensors in (("gradient", trace["gradients"]), ("final", trace["final"])):
            if name not in tensors:
                continue
            values = tensors[name].ravel()
            kept |= {f"{key}.{name}.norm": np.array([np.linalg.norm(values)], np.float32),
                     f"{key}.{name}.projections": np.array([v @ values for v in vectors], np.float32),
                     f"{key}.{name}.samples": values[positions].astype(np.float32)}
    return kept


def furthest(tensors, expected, without=()):
    """The largest distance of a tensor, as a share of its norm, and its name."""
    return max((np.linalg.norm(tensors[name] - expected[name]) / np.linalg.norm(expected[name]), name)
               for name in expected if name not in without)


def furthest_norm(tensors, expected, without=()):
    return max(abs(np.linalg.norm(tensors[name]) / np.linalg.norm(expected[name]) - 1)
               for name in expected if name not in without)


def furthest_loss(losses, expected):
    return np.abs(losses / expected[:len(losses)] - 1).max()


def distances_text(other, trace):
    distance, worst = furthest(other["gradients"], trace["gradients"], trace["cancelled"])
    moved, moved_worst = furthest(other["final"], trace["final"])
    return (f"away by {furthest_loss(other['losses'], trace['losses']):.1e} (losses), "
            f"{np.abs(other['logits'] - trace['logits']).max() / np.abs(trace['logits']).max():.1e} (logits), "
            f"{distance:.1e} (gradient of {worst}), {moved:.1e} (final {moved_worst})")


def print_perturbations(name, trace):
    """Two steps after changing one weight of each layer: that of the largest gradient."""
    base = train(network(name), torch.float64, trace["images"][:2])
    for parameter in [key for key in trace["gradients"] if key.endswith("weight")]:
        module = network(name).double()
        weights = module.get_parameter(parameter)
        with torch.no_grad():
            position = np.abs(trace["gradients"][parameter]).argmax()
            weights.view(-1)[position] += 0.01 * weights.abs().max()
        changed = train(module, torch.float64, trace["images"][:2])
        distance, worst = furthest(changed["gradients"], base["gradients"], base["cancelled"])
        moved, _ = furthest(changed["final"], base["final"])
        print(f"  {name}, one weight of {parameter} changed: losses by "
              f"{furthest_loss(changed['losses'], base['losses']):.1e}, norms of gradients by "
              f"{furthest_norm(changed['gradients'], base['gradients'], base['cancelled']):.1e}, the gradient of {worst} by "
              f"{distance:.1e}, weights after two steps by {moved:.1e}")


def print_noise(name, trace, tries):
    """How far noise in the initial weights leads away."""
    for seed in range(1, tries + 1):  # 0 is search()'s
        other = train(noisy(name, seed), torch.float64, trace["images"])
        print(f"  {name}, noise {seed}: {distances_text(other, trace)}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, default=pathlib.Path(__file__).parent.parent / "data" / "goldens")
    parser.add_argument("--full", type=pathlib.Path, help="also write all elements, into this folder")
    parser.add_argument("--perturb", action="store_true", help="also say what a changed weight changes (minutes)")
    parser.add_argument("--search", action="store_true", help="choose the images anew (minutes), instead of taking "
                        "those of the file that is there")
    parser.add_argument("--noise", type=int, default=0, metavar="TRIES", help="also say what noise changes (minutes)")
    parser.add_argument("--networks", nargs="+", choices=BLOCKS, default=list(BLOCKS), metavar="NAME",
                        help="of these alone: " + ", ".join(BLOCKS))
    options = parser.parse_args()
    torch.set_num_threads(1)
    options.out.mkdir(parents=True, exist_ok=True)
    for name in options.networks:
        file = options.out / f"training_{name}_32.safetensors"
        images = search(name) if options.search else load_file(file)["images"]
        trace = train(network(name), torch.float64, images)
        single = train(network(name), torch.float32, images)
        print(f"{name}: losses {np.array2string(trace['losses'], precision=4)}, rates "
              f"{np.array2string(trace['learning_rates'])}")
        print(f"{name}: float32 is {distances_text(single, trace)}", flush=True)
        if not furthest_loss(single["losses"], trace["losses"]) < 1e-5:
            sys.exit(f"error: {name}: float32 and float64 part; choose other images (--search)")
        save_file(kept_of(trace), file)
        if options.full:
            options.full.mkdir(parents=True, exist_ok=True)
            save_file({f"{key}.{parameter}": values.astype(np.float32)
                       for key, tensors in (("gradient", trace["gradients"]), ("final", trace["final"]))
                       for parameter, values in tensors.items()}, options.full / f"training_{name}_32_full.safetensors")
        if options.perturb:
            print_perturbations(name, trace)
        if options.noise:
            print_noise(name, trace, options.noise)


if __name__ == "__main__":
    main()
