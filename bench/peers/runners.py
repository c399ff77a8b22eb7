"""The peers: each loads its model and gives a function that runs it. All in float32 unless their own default precision
is asked for; that this is so is read back from them where they tell."""

import pathlib
from typing import Callable, NamedTuple

import numpy as np

import conversion
import networks
from networks import Convolution, FullyConnected, Pool


class Setup(NamedTuple):
    files: pathlib.Path
    model: str
    batch: int
    threads: int
    default_precision: bool  # whatever the peer chooses by itself


class Runner(NamedTuple):
    version: str
    run: Callable[[], np.ndarray]  # logits [batch, 1000]
    settings: str  # for people: what was set and read back


def load_ncnn(setup: Setup) -> Runner:
    """It has no batches: images run one after the other."""
    import ncnn

    net = ncnn.Net()
    net.opt.num_threads = setup.threads
    if not setup.default_precision:
        for option in ("use_fp16_packed", "use_fp16_storage", "use_fp16_arithmetic", "use_bf16_storage",
                       "use_int8_inference"):
            setattr(net.opt, option, False)
            assert getattr(net.opt, option) is False, option
    param, binary = conversion.ncnn_files(setup.files, setup.model)
    if net.load_param(str(param)) != 0 or net.load_model(str(binary)) != 0:
        raise RuntimeError(f"cannot load {param}")
    images = [ncnn.Mat(image).clone() for image in networks.network_input(setup.batch)]

    def run() -> np.ndarray:
        found = []
        for image in images:
            extractor = net.create_extractor()
            extractor.input("data", image)
            code, logits = extractor.extract("logits")
            assert code == 0, code
            found.append(np.array(logits))
        return np.stack(found)

    assert net.opt.num_threads == setup.threads
    halves = [o for o in ("fp16_packed", "fp16_storage", "fp16_arithmetic", "bf16_storage") if getattr(net.opt, "use_" + o)]
    return Runner(f"ncnn {ncnn.__version__}", run, "on: " + ", ".join(halves) if halves else "fp16, bf16 and int8 off")


def load_onnxruntime(setup: Setup) -> Runner:
    """Its CPU provider computes float32 models in float32."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = setup.threads
    options.inter_op_num_threads = 1
    # its threads spin within a run, but not on after it: somebody else is measured then
    options.add_session_config_entry("session.force_spinning_stop", "1")
    session = onnxruntime.InferenceSession(conversion.onnx_file(setup.files, setup.model), options,
                                           providers=["CPUExecutionProvider"])
    assert session.get_providers() == ["CPUExecutionProvider"]
    images = networks.network_input(setup.batch)
    return Runner(f"ONNX Runtime {onnxruntime.__version__}", lambda: session.run(None, {"input": images})[0],
                  "CPUExecutionProvider")


def load_openvino(setup: Setup) -> Runner:
    import openvino

    core = openvino.Core()
    model = core.read_model(conversion.onnx_file(setup.files, setup.model))
    model.reshape([setup.batch, 3, networks.SIDE, networks.SIDE])
    options = {"INFERENCE_NUM_THREADS": setup.threads, "NUM_STREAMS": 1, "PERFORMANCE_HINT": "LATENCY"}
    if not setup.default_precision:
        options["INFERENCE_PRECISION_HINT"] = "f32"
    compiled = core.compile_model(model, "CPU", options)
    precision = compiled.get_property("INFERENCE_PRECISION_HINT").to_string()
    assert setup.default_precision or precision == "f32", precision
    assert compiled.get_property("INFERENCE_NUM_THREADS") == setup.threads
    request, images = compiled.create_infer_request(), networks.network_input(setup.batch)

    def run() -> np.ndarray:
        request.infer({0: images})
        return request.get_output_tensor(0).data.copy()

    return Runner(f"OpenVINO {openvino.__version__.split('-')[0]}", run, f"precision {precision}")


def load_mnn(setup: Setup) -> Runner:
    """It does not tell its precision; high is float32."""
    import MNN

    precision = "low" if setup.default_precision else "high"
    manager = MNN.nn.create_runtime_manager(
        ({"backend": "CPU", "precision": precision, "numThread": setup.threads},))
    net = MNN.nn.load_module_from_file(str(conversion.mnn_file(setup.files, setup.model)), ["input"], ["logits"],
                                       runtime_manager=manager)
    images = MNN.expr.const(networks.network_input(setup.batch), [setup.batch, 3, networks.SIDE, networks.SIDE],
                            MNN.expr.NCHW)

    def run() -> np.ndarray:
        # the memory format of an image is MNN's own choice
        found = MNN.expr.convert(net.forward(images), MNN.expr.NCHW)
        return np.array(found.read(), np.float32).reshape(setup.batch, *networks.output_shape(setup.model))

    return Runner(f"MNN {MNN.version()}", run, f"precision {precision}")


def torch_module(setup: Setup):
    import torch
    from torch import nn

    torch.set_num_threads(setup.threads)
    torch.set_num_interop_threads(1)
    torch.set_float32_matmul_precision("highest")
    assert torch.get_num_threads() == setup.threads and torch.get_float32_matmul_precision() == "highest"
    weights, modules = networks.read_weights(setup.files, setup.model), []
    for layer in networks.layers(setup.model):
        match layer:
            case Convolution():
                modules += [nn.Conv2d(layer.inputs, layer.outputs, 3, padding=1), nn.ReLU(inplace=True)]
            case Pool():
                modules.append(nn.MaxPool2d(2))
            case FullyConnected():
                if layer.name == "classifier.0":
                    modules.append(nn.Flatten())
                modules.append(nn.Linear(layer.inputs, layer.outputs))
                if layer.relu:
                    modules.append(nn.ReLU(inplace=True))
    module = nn.Sequential(*modules)
    with torch.no_grad():
        for parameter, value in zip(module.parameters(), in_order(weights, setup.model)):
            parameter.copy_(torch.from_numpy(value))
    assert all(parameter.dtype == torch.float32 for parameter in module.parameters())
    return module.eval().to(memory_format=torch.channels_last)


def in_order(weights: dict[str, np.ndarray], model: str) -> list[np.ndarray]:
    return [weights[f"{layer.name}.{kind}"] for layer in networks.layers(model) if not isinstance(layer, Pool)
            for kind in ("weight", "bias")]


def load_torch(setup: Setup) -> Runner:
    import torch

    module = torch_module(setup)
    images = torch.from_numpy(networks.network_input(setup.batch)).to(memory_format=torch.channels_last)

    def run() -> np.ndarray:
        with torch.inference_mode():
            return module(images).numpy()

    return Runner(f"PyTorch {torch.__version__.split('+')[0]}", run, "float32, channels last")


def load_torch_compiled(setup: Setup) -> Runner:
    import torch
    import torch._inductor.config

    torch._inductor.config.freezing = True  # weights become constants, laid out as its kernels want them
    module = torch.compile(torch_module(setup))
    images = torch.from_numpy(networks.network_input(setup.batch)).to(memory_format=torch.channels_last)

    def run() -> np.ndarray:
        with torch.no_grad():
            return module(images).numpy()

    return Runner(f"PyTorch {torch.__version__.split('+')[0]}, compiled", run, "float32, channels last, frozen")


PEERS = {"ncnn": load_ncnn, "onnxruntime": load_onnxruntime, "openvino": load_openvino, "mnn": load_mnn,
         "torch": load_torch, "torch-compiled": load_torch_compiled}
MODULES = {"ncnn": "ncnn", "onnxruntime": "onnxruntime", "openvino": "openvino", "mnn": "MNN", "torch": "torch",
           "torch-compiled": "torch"}
