"""The kernels of a database of tuned schedules, as vggen-compile reads a model.

    tuned_cases.py FILE > cases.json
"""

import json
import sys

with open(sys.argv[1], encoding="utf-8") as file:
    kernels = [entry["kernel"] for entry in json.load(file)["kernels"] if entry["schedule"] != "split"]
json.dump({"name": "operators", "header": "", "network": "", "batches": [],
           "groups": [{"fused": kernel, "split": []} for kernel in kernels]}, sys.stdout)
