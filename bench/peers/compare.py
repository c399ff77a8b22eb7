"""Times vggen's VGG16 and a peer's on this machine, by turns in one run.

    scripts/peers.sh
    .venv-peers/bin/python bench/peers/compare.py --program build/release/bin/vgg16 [--threads 2] [--batch 1]

Both run the same network (random weights) on the same number of threads. Rounds alternate, so that what else
the machine does hits both alike; what counts is the ratio of the medians.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time

import numpy as np


def vgg16_onnx(batch, path):
    """Writes configuration D as an ONNX model: convolutions, relus, pools, Gemm; softmax at the end."""
    import onnx
    from onnx import TensorProto, helper

    rng = np.random.default_rng(1)
    nodes, weights = [], []

    def add(kind, x, inputs=(), **attributes):
        y = f"t{len(nodes)}"
        nodes.append(helper.make_node(kind, [x, *inputs], [y], **attributes))
        return y

    def parameters(shape):
        fan_in = int(np.prod(shape[1:]))
        names = []
        for kind, s in (("w", shape), ("b", shape[:1])):
            name = f"{kind}{len(weights)}"
            value = (rng.standard_normal(s, dtype=np.float32) * np.float32(np.sqrt(2 / fan_in)))
            weights.append(onnx.numpy_helper.from_array(value, name))
            names.append(name)
        return names

    x, channels = "input", 3
    for outputs, count in ((64, 2), (128, 2), (256, 3), (512, 3), (512, 3)):
        for _ in range(count):
            x = add("Conv", x, parameters((outputs, channels, 3, 3)), kernel_shape=[3, 3], pads=[1, 1, 1, 1])
            x = add("Relu", x)
            channels = outputs
        x = add("MaxPool", x, kernel_shape=[2, 2], strides=[2, 2])
    x = add("Flatten", x)
    for i, (inputs, outputs) in enumerate(((25088, 4096), (4096, 4096), (4096, 1000))):
        x = add("Gemm", x, parameters((outputs, inputs)), transB=1)
        if i < 2:
            x = add("Relu", x)
    x = add("Softmax", x, axis=1)
    graph = helper.make_graph(
        nodes, "vgg16", [helper.make_tensor_value_info("input", TensorProto.FLOAT, [batch, 3, 224, 224])],
        [helper.make_tensor_value_info(x, TensorProto.FLOAT, [batch, 1000])], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.save(model, path)


def onnxruntime_runner(batch, threads):
    import onnxruntime

    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/vgg16.onnx"
        vgg16_onnx(batch, path)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        # its threads spin between runs by default, and would take the processor away from whoever is next
        options.add_session_config_entry("session.intra_op.allow_spinning", "1")
        options.add_session_config_entry("session.force_spinning_stop", "1")
        session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    image = np.random.default_rng(2).standard_normal((batch, 3, 224, 224), dtype=np.float32)
    return f"onnxruntime {onnxruntime.__version__}", lambda: session.run(None, {"input": image})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", required=True, help="the vgg16 program")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--runs", type=int, default=10, help="runs in a round")
    options = parser.parse_args()

    name, run = onnxruntime_runner(options.batch, options.threads)
    run()
    ours, theirs = [], []
    for number in range(options.rounds):
        bench = subprocess.run(
            [options.program, "bench", "--json", "--runs", str(options.runs), "--threads", str(options.threads),
             "--batch", str(options.batch)], check=True, stdout=subprocess.PIPE)
        ours.append(json.loads(bench.stdout)["median_ms"])
        times = []
        run()
        for _ in range(options.runs):
            start = time.perf_counter()
            run()
            times.append((time.perf_counter() - start) * 1e3)
        theirs.append(statistics.median(times))
        print(f"round {number + 1}: vggen {ours[-1]:.1f} ms, {name} {theirs[-1]:.1f} ms", flush=True)
    ratio = statistics.median(ours) / statistics.median(theirs)
    print(json.dumps({"batch": options.batch, "threads": options.threads, "peer": name,
                      "vggen_ms": statistics.median(ours), "peer_ms": statistics.median(theirs), "ratio": ratio}))


if __name__ == "__main__":
    main()
