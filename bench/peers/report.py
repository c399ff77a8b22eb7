"""Results as JSON, as a Markdown table, and as a picture."""

import json
import pathlib

TITLES = {"vggen": "vggen", "vggen-bf16": "vggen, bf16 weights",
          "vggen-packed": "vggen, packed weights", "ncnn": "ncnn", "onnxruntime": "ONNX Runtime",
          "openvino": "OpenVINO", "mnn": "MNN", "torch": "PyTorch", "torch-compiled": "PyTorch, compiled"}
COLOURS = {"vggen": "#d1495b", "ncnn": "#30638e", "onnxruntime": "#5b8e7d", "openvino": "#8d6a9f", "mnn": "#edae49",
           "torch": "#9aa5b1", "torch-compiled": "#c3ccd5"}


def quartiles(values: list[float]) -> tuple[float, float]:
    values = sorted(values)
    return values[len(values) // 4], values[(3 * len(values)) // 4]


def table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, ["---"] * len(header), *rows]) + "\n"


def case_title(case: dict) -> str:
    model = case["model"].upper().replace("-NOTOP", "'s convolutions")
    return f"{model}, batch {case['batch']}, {case['threads']} thread{'s' if case['threads'] > 1 else ''}"


def inference_table(cases: list[dict]) -> str:
    rows = []
    for case in cases:
        for name, result in sorted(case["results"].items(), key=lambda item: item[1]["median_ms"]):
            low, high = quartiles(result["rounds_ms"])
            rows.append([case_title(case), TITLES[name], f"{result['median_ms'] / case['batch']:.1f}",
                         f"{low / case['batch']:.1f} – {high / case['batch']:.1f}", f"{result['vggen_ratio']:.2f}",
                         f"{result['logits_error']:.0e}"])
    return table(["case", "", "ms an image", "quartiles", "vggen's time / its time", "logits differ by"], rows)


def cold_table(cases: list[dict]) -> str:
    rows = []
    for case in cases:
        ours = case["results"].get("vggen")
        for name, result in sorted(case["results"].items(), key=lambda item: item[1]["first_result_ms"]):
            def ratio(key: str) -> str:
                return f"{ours[key] / result[key]:.2f}" if ours else ""
            rows.append([case["model"].upper(), TITLES[name], f"{result['first_result_ms']:.0f}",
                         f"{result['process_ms']:.0f}", ratio("first_result_ms"), f"{result['peak_bytes'] / 1e6:.0f}",
                         ratio("peak_bytes")])
    return table(["model", "", "ms to the first result", "with Python and imports", "vggen's / its",
                  "peak memory, MB", "vggen's / its"], rows)


def training_table(cases: list[dict]) -> str:
    rows = []
    for case in cases:
        for name, result in case["results"].items():
            rows.append([case["title"], TITLES[name], f"{result['median_ms']:.0f}", f"{result['images_per_second']:.1f}",
                         f"{1 / result['vggen_ratio']:.2f}", f"{result['peak_bytes'] / 1e6:.0f}"])
    return table(["training", "", "ms a step", "images/s", "vggen's images/s / its", "peak memory, MB"], rows)


def as_markdown(results: dict) -> str:
    versions = ", ".join(results["versions"].values())
    parts = [f"{results['machine']}; {results['date']}; {results['rounds']} rounds of up to {results['runs']} runs by turns, "
             f"medians; {versions}.\n"]
    for key, title, make in (("inference", "Inference, float32", inference_table),
                             ("default_precision", "Peers' own default precisions, and vggen's bf16 weights", inference_table),
                             ("convolutions", "Convolutions and pools by themselves, float32", inference_table),
                             ("cold", "From the process's start to the first result", cold_table),
                             ("training", "Training steps", training_table)):
        if results[key]:
            parts += [f"## {title}\n", make(results[key])]
    if results["failed"]:
        parts += ["## Failed\n", *(f"- {f['what']}: {f['why']}\n" for f in results["failed"])]
    return "\n".join(parts)


def plot(results: dict, file: pathlib.Path) -> None:
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    cases = results["inference"]
    names = [name for name in TITLES if any(name in case["results"] for case in cases)]
    figure, axes = pyplot.subplots(figsize=(10, 1.2 + 1.15 * len(cases)), facecolor="white")
    height = 0.86 / len(names)
    for row, case in enumerate(cases):
        for place, name in enumerate(names):
            if name not in case["results"]:
                continue
            milliseconds = case["results"][name]["median_ms"] / case["batch"]
            times = 1 / case["results"][name]["vggen_ratio"]
            y = row + (place - (len(names) - 1) / 2) * height
            axes.barh(y, times, height * 0.9, color=COLOURS[name], label=TITLES[name] if row == 0 else None)
            axes.text(times + 0.03, y, f"{milliseconds:.0f} ms", va="center", fontsize=7, color="#444")
    axes.set_yticks(range(len(cases)), [case_title(case) for case in cases])
    axes.invert_yaxis()
    axes.axvline(1, color="#d1495b", linewidth=0.8, alpha=0.6)
    axes.set_xlabel("time for an image, relative to vggen (shorter is faster)")
    axes.set_title(f"VGG in float32: {results['machine']}, {results['date']}", fontsize=11, loc="left")
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    axes.tick_params(left=False)
    axes.legend(frameon=False, fontsize=8, loc="upper center", bbox_to_anchor=(0.4, -0.12), ncols=len(names))
    figure.tight_layout()
    figure.savefig(file, dpi=150)


def write(results: dict, folder: pathlib.Path) -> None:
    (folder / "results.json").write_text(json.dumps(results, indent=1) + "\n")
    (folder / "results.md").write_text(as_markdown(results))
    if results["inference"]:
        plot(results, folder / "results.png")
    print(as_markdown(results))
    print(f"results: {folder / 'results.json'}, results.md, results.png")
