"""Data sets and weights files for the tests of programs that train."""

import gzip
import json
import random
import struct
import zlib


def write_idx(path, array_bytes, extents, zipped=False):
    content = struct.pack(">BBBB", 0, 0, 8, len(extents)) + struct.pack(f">{len(extents)}I", *extents) + array_bytes
    path.write_bytes(gzip.compress(content, 1) if zipped else content)


def write_data(folder, train=1500, test=300, classes=10):
    """Pictures that a network can learn: a bright square whose place is the class, with noise."""
    folder.mkdir(parents=True)
    generator = random.Random(1)
    for part, count in (("train", train), ("t10k", test)):
        images, labels = bytearray(), bytearray()
        for i in range(count):
            label = generator.randrange(classes)
            picture = bytearray(generator.randrange(60) for _ in range(28 * 28))
            for y in range(6):
                for x in range(5):
                    picture[(3 + 14 * (label // 5) + y) * 28 + 5 * (label % 5) + x + 1] = 200
            images += picture
            labels.append(label)
        write_idx(folder / f"{part}-images-idx3-ubyte", bytes(images), (count, 28, 28))
        write_idx(folder / f"{part}-labels-idx1-ubyte.gz", bytes(labels), (count,), zipped=True)


def write_png(path, rows):
    """rows: of grey pixels"""
    chunk = lambda kind, content: (struct.pack(">I", len(content)) + kind + content
                                   + struct.pack(">I", zlib.crc32(kind + content)))
    header = struct.pack(">IIBBBBB", len(rows[0]), len(rows), 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                     + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + bytes(row) for row in rows), 1))
                     + chunk(b"IEND", b""))


def write_slow_png(path, side, seed):
    """A grey picture that takes its time to read."""
    generator = random.Random(seed)
    write_png(path, [generator.randbytes(side) for _ in range(side)])


def write_tensors(path, tensors):
    """tensors: {name: (shape, bytes of float32)}"""
    header, data = {}, b""
    for name, (shape, content) in tensors.items():
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [len(data), len(data) + len(content)]}
        data += content
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def tensors_of(path):
    """{name: (shape, bytes)} without what an optimiser left"""
    header, data = read_tensors(path)
    return {name: (one["shape"], data[slice(*one["data_offsets"])])
            for name, one in header.items() if name != "__metadata__" and not name.startswith("momentum.")}


def norm(tensor):
    return sum(value * value for (value,) in struct.iter_unpack("<f", tensor[1])) ** 0.5


def read_tensors(path):
    """The file's header and its data."""
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8:8 + length])
    return header, content[8 + length:]
