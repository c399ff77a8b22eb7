"""Writes each peer's own model file from the weights that all share. What is there already stays.

    python conversion.py FILES vgg16|vgg19|vgg16-notop
"""

import pathlib
import subprocess
import sys

import networks
from networks import Convolution, FullyConnected, Pool


def onnx_file(files: pathlib.Path, model: str) -> pathlib.Path:
    return files / f"{model}.onnx"


def ncnn_files(files: pathlib.Path, model: str) -> tuple[pathlib.Path, pathlib.Path]:
    return files / f"{model}.param", files / f"{model}.bin"


def mnn_file(files: pathlib.Path, model: str) -> pathlib.Path:
    return files / f"{model}.mnn"


def write_onnx(files: pathlib.Path, model: str) -> None:
    """input [n, 3, 224, 224] to logits [n, 1000], or to what pool5 gives [n, 512, 7, 7]."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = networks.read_weights(files, model)
    nodes, x = [], "input"

    def add(kind: str, x: str, inputs: list[str] | None = None, **attributes) -> str:
        y = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, [x, *(inputs or [])], [y], **attributes))
        return y

    for layer in networks.layers(model):
        match layer:
            case Convolution():
                x = add("Conv", x, [f"{layer.name}.weight", f"{layer.name}.bias"], kernel_shape=[3, 3], pads=[1, 1, 1, 1])
                x = add("Relu", x)
            case Pool():
                x = add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
            case FullyConnected():
                if layer.name == "classifier.0":
                    x = add("Flatten", x)
                x = add("Gemm", x, [f"{layer.name}.weight", f"{layer.name}.bias"], transB=1)
                if layer.relu:
                    x = add("Relu", x)
    nodes[-1].output[0] = "logits"
    side = networks.SIDE
    graph = helper.make_graph(
        nodes, model, [helper.make_tensor_value_info("input", TensorProto.FLOAT, ["n", 3, side, side])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["n", *networks.output_shape(model)])],
        [numpy_helper.from_array(value, name) for name, value in weights.items()
         if any(name in node.input for node in nodes)])
    whole = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    whole.ir_version = 8
    onnx.save(whole, onnx_file(files, model))


def write_ncnn(files: pathlib.Path, model: str) -> None:
    """data to logits. Relus are part of the layers, as ncnnoptimize makes them."""
    weights = networks.read_weights(files, model)
    side = networks.SIDE
    lines, x = [f"Input data 0 1 data 0={side} 1={side} 2=3"], "data"
    param, binary = ncnn_files(files, model)
    with open(binary, "wb") as out:
        layers = networks.layers(model)
        for number, layer in enumerate(layers):
            y = "logits" if layer is layers[-1] else f"t{number}"
            if isinstance(layer, Pool):
                lines.append(f"Pooling {y} 1 1 {x} {y} 0=0 1=2 2=2")
            else:
                weight = weights[f"{layer.name}.weight"]
                if isinstance(layer, Convolution):
                    lines.append(f"Convolution {y} 1 1 {x} {y} 0={layer.outputs} 1=3 4=1 5=1 6={weight.size} 9=1")
                else:
                    lines.append(f"InnerProduct {y} 1 1 {x} {y} 0={layer.outputs} 1=1 2={weight.size} 9={int(layer.relu)}")
                out.write(b"\0\0\0\0")  # the weights are float32
                out.write(weight.tobytes())
                out.write(weights[f"{layer.name}.bias"].tobytes())
            x = y
    param.write_text(f"7767517\n{len(lines)} {len(lines)}\n" + "\n".join(lines) + "\n")


def write_mnn(files: pathlib.Path, model: str) -> None:
    converter = pathlib.Path(sys.executable).parent / "mnnconvert"
    done = subprocess.run([converter, "-f", "ONNX", "--modelFile", onnx_file(files, model), "--MNNModel",
                           mnn_file(files, model), "--bizCode", model], capture_output=True, text=True)
    if done.returncode != 0 or not mnn_file(files, model).exists():
        sys.exit(f"error: mnnconvert failed:\n{done.stdout}{done.stderr}")


def main() -> None:
    files, model = pathlib.Path(sys.argv[1]), sys.argv[2]
    for made, write in ((onnx_file(files, model), write_onnx), (ncnn_files(files, model)[0], write_ncnn),
                        (mnn_file(files, model), write_mnn)):
        if not made.exists() or made.stat().st_mtime < networks.weights_file(files, model).stat().st_mtime:
            print(f"converting {model} to {made.suffix[1:]}", flush=True)
            write(files, model)


if __name__ == "__main__":
    main()
