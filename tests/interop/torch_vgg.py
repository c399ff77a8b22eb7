"""A VGG in PyTorch, whose modules are numbered as torchvision numbers them."""

import torch


def make_vgg(blocks: tuple, top: tuple, extent: int, batch_norm: bool) -> torch.nn.Module:
    """Of square images; blocks: the outputs of the convolutions, block by block. It gives logits."""
    features, inputs = [], 3
    for block in blocks:
        for outputs in block:
            features.append(torch.nn.Conv2d(inputs, outputs, 3, padding=1))
            if batch_norm:
                features.append(torch.nn.BatchNorm2d(outputs))
            features.append(torch.nn.ReLU())
            inputs = outputs
        features.append(torch.nn.MaxPool2d(2))
    classifier, inputs = [], inputs * (extent >> len(blocks)) ** 2
    for outputs in top:
        classifier += [torch.nn.Linear(inputs, outputs), torch.nn.ReLU(), torch.nn.Dropout()]
        inputs = outputs

    class Vgg(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.features = torch.nn.Sequential(*features)
            self.classifier = torch.nn.Sequential(*classifier[:-2])

        def forward(self, x):
            return self.classifier(torch.flatten(self.features(x), 1))

    return Vgg().eval()
