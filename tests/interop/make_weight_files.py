"""Writes the small files of weights in tests/data/weights: the same tiny VGG as PyTorch, Keras and ONNX write it, and as
vggen should read it. Run it in the venv of tests/interop/run.sh; what it writes is checked in.

    make_weight_files.py FOLDER
"""

import collections
import os
import pathlib
import sys
import typing

os.environ["KERAS_BACKEND"] = "jax"
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"

import h5py
import keras
import numpy as np
import onnx
import onnxruntime
import safetensors.torch
import torch
from keras.src.legacy.saving import legacy_h5_format

import torch_vgg


class Shape(typing.NamedTuple):
    blocks: tuple  # outputs of the convolutions, block by block
    top: tuple
    extent: int


TINY = Shape(((4, 4), (6,)), (8, 8, 5), 8)
TINY_A = Shape(((4,), (4,), (6, 6), (6, 6), (8, 8)), (8, 8, 5), 32)  # as many convolutions as configuration A


def network(batch_norm: bool, shape: Shape = TINY) -> torch.nn.Module:
    vgg = torch_vgg.make_vgg(shape.blocks, shape.top, shape.extent, batch_norm)
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, tensor in vgg.state_dict().items():
            if tensor.dtype == torch.float32:
                tensor.copy_(torch.randn(tensor.shape, generator=generator))
                if name.endswith("running_var"):
                    tensor.abs_().add_(0.5)
    return vgg


def keras_layers(shape: Shape, names: bool, batch_norm=False) -> list:
    """The layers of the same network in Keras, with the names of keras.applications or Keras's own."""
    def named(name):
        return {"name": name} if names else {}

    layers = []
    for b, block in enumerate(shape.blocks, 1):
        for i, outputs in enumerate(block, 1):
            activation = None if batch_norm else "relu"
            layers.append(keras.layers.Conv2D(outputs, 3, padding="same", activation=activation, **named(f"block{b}_conv{i}")))
            if batch_norm:
                layers += [keras.layers.BatchNormalization(epsilon=1e-3), keras.layers.Activation("relu")]
        layers.append(keras.layers.MaxPooling2D(2, **named(f"block{b}_pool")))
    layers.append(keras.layers.Flatten())
    for i, outputs in enumerate(shape.top, 1):
        last = i == len(shape.top)
        layers.append(keras.layers.Dense(outputs, activation=None if last else "relu",
                                         **named("predictions" if last else f"fc{i}")))
    return layers


def keras_model(vgg: torch.nn.Module, names: bool, batch_norm=False, shape: Shape = TINY):
    return fill_keras(keras.Sequential([keras.layers.Input((shape.extent, shape.extent, 3)),
                                        *keras_layers(shape, names, batch_norm)]), vgg, shape)


def fill_keras(model, vgg: torch.nn.Module, shape: Shape):
    """Gives a Keras model the weights of the same network."""
    convolutions = [m for m in vgg.features if isinstance(m, torch.nn.Conv2d)]
    norms = iter([m for m in vgg.features if isinstance(m, torch.nn.BatchNorm2d)])
    connected = iter([m for m in vgg.classifier if isinstance(m, torch.nn.Linear)])
    channels, first = shape.blocks[-1][-1], True
    convolutions = iter(convolutions)
    for layer in model.layers:
        kind = type(layer).__name__
        if kind == "Conv2D":
            m = next(convolutions)
            layer.set_weights([m.weight.detach().numpy().transpose(2, 3, 1, 0), m.bias.detach().numpy()])
        elif kind == "BatchNormalization":
            m = next(norms)
            layer.set_weights([t.detach().numpy() for t in (m.weight, m.bias, m.running_mean, m.running_var)])
        elif kind == "Dense":
            m = next(connected)
            weight = m.weight.detach().numpy()
            if first:  # [out, c, places] to [out, places, c]
                weight = weight.reshape(len(weight), channels, -1).transpose(0, 2, 1).reshape(len(weight), -1)
                first = False
            layer.set_weights([weight.T.copy(), m.bias.detach().numpy()])
    return model


def write_keras1(vgg: torch.nn.Module, path: pathlib.Path) -> None:
    """As Keras 1 named weights: block1_conv1/block1_conv1_W_1:0."""
    model = keras_model(vgg, True)
    with h5py.File(path, "w") as file:
        for layer in model.layers:
            for kind, value in zip("Wb", layer.get_weights()):
                file.create_dataset(f"{layer.name}/{layer.name}_{kind}_1:0", data=value)


def write_keras2_in_pieces(vgg: torch.nn.Module, path: pathlib.Path) -> None:
    """Keras's own layout of its second version, with lists of names so long that it writes them in pieces: here, those of
    more than 64 bytes. The layers' names are backwards, so that only the list tells their order."""
    layers = keras_layers(TINY_A, False)
    for i, layer in enumerate(layers):
        layer.name = f"layer_{chr(ord('z') - i)}"
    model = fill_keras(keras.Sequential([keras.layers.Input((TINY_A.extent, TINY_A.extent, 3)), *layers]), vgg, TINY_A)
    check_keras(vgg, model, TINY_A)
    limit, legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT = legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT, 64
    try:
        with h5py.File(path, "w") as file:
            legacy_h5_format.save_weights_to_hdf5_group(file, model)
            assert "layer_names" not in file.attrs and "layer_names1" in file.attrs
    finally:
        legacy_h5_format.HDF5_OBJECT_HEADER_LIMIT = limit


def write_onnx_transposed(source: pathlib.Path, path: pathlib.Path) -> None:
    """The same network, whose first convolution and fully connected layers take their weights through Transpose nodes: the
    first of the latter as MatMul and Add, the others as Gemm."""
    model = onnx.load(source)
    graph, nodes, products = model.graph, [], 0
    constants = {tensor.name: tensor for tensor in graph.initializer}
    for node in graph.node:
        is_first = node.op_type == "Conv" and not any(n.op_type == "Conv" for n in nodes)
        if node.op_type == "Gemm" or is_first:
            tensor = constants[node.input[1]]
            values, order = onnx.numpy_helper.to_array(tensor), (3, 2, 0, 1) if is_first else (1, 0)
            tensor.CopyFrom(onnx.numpy_helper.from_array(values.transpose(np.argsort(order)).copy(), tensor.name))
            turned = onnx.helper.make_node("Transpose", [tensor.name], [tensor.name + ".turned"], perm=order)
            if node.op_type == "Gemm" and products % 2 == 1:  # without perm: backwards
                del turned.attribute[:]
            nodes.append(turned)
            node.input[1] = turned.output[0]
        if node.op_type == "Gemm":
            # stored as [in, out], Transpose makes it [out, in] for transB, and twice for a MatMul
            products += 1
            if products == 1:
                nodes.append(onnx.helper.make_node("Transpose", [node.input[1]], ["again"], perm=(1, 0)))
                nodes.append(onnx.helper.make_node("MatMul", [node.input[0], "again"], ["product"]))
                nodes.append(onnx.helper.make_node("Add", ["product", node.input[2]], [node.output[0]]))
                continue
        nodes.append(node)
    nodes = [onnx.NodeProto.FromString(node.SerializeToString()) for node in nodes]
    del graph.node[:]
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    onnx.save(model, path)
    x = np.random.default_rng(1).standard_normal((1, 3, TINY.extent, TINY.extent)).astype(np.float32)
    found, expected = (onnxruntime.InferenceSession(p).run(None, {graph.input[0].name: x})[0] for p in (path, source))
    assert np.abs(found - expected).max() < 1e-5 * np.abs(expected).max(), "the transposed network computes something else"


def check_keras(vgg: torch.nn.Module, model, shape: Shape) -> None:
    x = np.random.default_rng(1).standard_normal((2, 3, shape.extent, shape.extent)).astype(np.float32)
    expected = vgg(torch.from_numpy(x)).detach().numpy()
    found = np.asarray(model(x.transpose(0, 2, 3, 1)))
    error = np.abs(found - expected).max() / np.abs(expected).max()
    assert error < 1e-5, f"the Keras network computes something else: {error}"


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    plain, norm = network(False), network(True)
    for name, vgg in (("tiny", plain), ("tiny_bn", norm)):
        state = vgg.state_dict()
        kept = {k: v.contiguous() for k, v in state.items() if v.dtype == torch.float32}
        safetensors.torch.save_file(kept, folder / f"{name}.safetensors")
        torch.save(state, folder / f"{name}.pth")
        torch.onnx.export(vgg, (torch.zeros(1, 3, TINY.extent, TINY.extent),), folder / f"{name}.onnx", dynamo=False,
                          training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    a, a_norm = network(False, TINY_A), network(True, TINY_A)
    for name, vgg in (("tiny_a", a), ("tiny_a_bn", a_norm)):
        kept = {k: v.contiguous() for k, v in vgg.state_dict().items() if v.dtype == torch.float32}
        safetensors.torch.save_file(kept, folder / f"{name}.safetensors")
        model = keras_model(vgg, False, batch_norm=vgg is a_norm, shape=TINY_A)
        if vgg is a:  # Keras's epsilon of batch norms is another one
            check_keras(vgg, model, TINY_A)
        model.save_weights(folder / f"{name}_keras3.weights.h5")
    keras_model(plain, False).save_weights(folder / "tiny_keras3.weights.h5")  # whose blocks nothing tells
    torch.save(plain.state_dict(), folder / "tiny_stream.pth", _use_new_zipfile_serialization=False)
    torch.save({"epoch": 3, "state_dict": collections.OrderedDict(("module." + k, v) for k, v in plain.state_dict().items()),
                "best": 0.5}, folder / "tiny_checkpoint.pth")
    torch.save({k: v.half() for k, v in plain.state_dict().items()}, folder / "tiny_half.pth")
    transposed = plain.state_dict()
    transposed["classifier.3.weight"] = transposed["classifier.3.weight"].T.contiguous().T  # strides of a transpose
    torch.save(transposed, folder / "tiny_strided.pth")
    torch.save(plain.features, folder / "tiny_module.pth")  # refused: a pickle of classes
    keras_model(plain, True).save_weights(folder / "tiny_keras3_named.weights.h5")
    write_keras1(plain, folder / "tiny_keras1.h5")
    # the layout of Keras 2, of which Keras 3 still writes whole models
    keras_model(plain, True).save(folder / "tiny_keras2_whole.h5")
    write_keras2_in_pieces(a, folder / "tiny_a_keras2_pieces.h5")
    write_onnx_transposed(folder / "tiny.onnx", folder / "tiny_transposed.onnx")
    onnx.save(onnx.load(folder / "tiny.onnx"), folder / "tiny_external.onnx", save_as_external_data=True,
              location="tiny_external.data", size_threshold=0)


if __name__ == "__main__":
    main()
