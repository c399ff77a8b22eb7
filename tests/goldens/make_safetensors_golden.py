"""Writes tests/data/safetensors/from_wheel.safetensors: a small file as the safetensors library writes it.

    python tests/goldens/make_safetensors_golden.py     # needs safetensors and numpy; made with 0.8.0

tests/io/safetensors_test.cpp expects these very names, shapes and numbers.
"""

import pathlib

import numpy as np
from safetensors import TensorSpec, serialize_file

OUT = pathlib.Path(__file__).parent.parent / "data" / "safetensors" / "from_wheel.safetensors"
ARRAYS = {
    "conv.weight": np.arange(12, dtype=np.float32).reshape(2, 1, 3, 2) / 4,
    "conv.bias": np.array([-1.5, 2.5], np.float32),
    "double": np.array([[1 / 3]], np.float64),
    "half": np.array([0.5, -2, 65504], np.float16),
    "brain": np.array([0x3F80, 0xC020], np.uint16),  # 1 and -2.5 in bfloat16
    "long": np.array([-(2**63), 2**63 - 1], np.int64),
    "int": np.array([-7], np.int32),
    "short": np.array([-300, 300], np.int16),
    "signed byte": np.array([-128, 127], np.int8),
    "byte": np.array([0, 255], np.uint8),
    "flags": np.array([True, False, True]),
    "scalar": np.array(42, np.float32),
    "empty": np.zeros((0, 3), np.float32),
    'naïve "name"\n': np.array([1], np.uint8),
}

# TensorSpec rather than safetensors.numpy.save_file, for NumPy has no bfloat16.
DTYPES = {name: array.dtype.name for name, array in ARRAYS.items()} | {"brain": "bfloat16"}
tensors = {
    name: TensorSpec(
        dtype=DTYPES[name], shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes
    )
    for name, array in ARRAYS.items()
}
OUT.parent.mkdir(parents=True, exist_ok=True)
# One text only: the library writes several in no fixed order.
serialize_file(tensors, str(OUT), {"note": 'ünïcode and "quotes"'})
OUT.chmod(0o644)  # it gives its files 0600
