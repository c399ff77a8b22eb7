"""The page of write_sample_report is sound HTML that needs nothing but itself.

    test_page.py WRITE_SAMPLE_REPORT
"""
import base64
import math
import re
import subprocess
import sys
import tempfile
import zlib
from html.parser import HTMLParser
from pathlib import Path

WITHOUT_END = {"meta", "img", "br"}
OUTWARD = {"src", "href", "srcset", "data", "action", "poster", "background"}
NUMBERS = {"x", "y", "x1", "x2", "y1", "y2", "cx", "cy", "r", "dx"}


class Page(HTMLParser):
    """Checks a page while it reads it."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.pictures = 0
        self.numbers = 0

    def check_attribute(self, tag: str, name: str, value: str) -> None:
        assert not name.startswith("on"), f"found the script {name}={value}"
        if name in OUTWARD:
            start, data = value.split(",", 1)
            assert start == "data:image/png;base64", f"found {name}={value[:60]}, expected a picture in the page"
            check_png(base64.b64decode(data, validate=True))
            self.pictures += 1
        if name in NUMBERS or (name in {"width", "height"} and tag == "rect"):
            assert math.isfinite(float(value)) and abs(float(value)) < 2000, (tag, name, value)
            self.numbers += 1
        if name in {"width", "height"}:
            assert float(value) >= 0, (tag, name, value)
        if name == "d":
            assert re.fullmatch(r"([ML]-?[\d.]+ -?[\d.]+)+", value), value[:200]
        if name == "style":
            assert re.fullmatch(r"--s:[01]\.\d{3}", value), value

    def handle_starttag(self, tag: str, attributes: list) -> None:
        assert tag not in {"script", "link", "iframe", "object", "embed"}, f"found <{tag}>"
        names = [name for name, _ in attributes]
        assert len(set(names)) == len(names), f"found an attribute twice in <{tag}>: {names}"
        for name, value in attributes:
            self.check_attribute(tag, name, value or "")
        if tag == "img":
            assert "alt" in names
        if tag not in WITHOUT_END:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attributes: list) -> None:
        assert "svg" in self.open, f"found <{tag}/> outside of SVG"
        self.handle_starttag(tag, attributes)
        self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"found </{tag}>, expected the end of {self.open}"
        self.open.pop()


def check_png(data: bytes) -> None:
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    at = 8
    while at < len(data):
        length = int.from_bytes(data[at : at + 4])
        crc = int.from_bytes(data[at + 8 + length : at + 12 + length])
        assert zlib.crc32(data[at + 4 : at + 8 + length]) == crc
        at += 12 + length
    assert data[-8:-4] == b"IEND"


def check(text: str, name: str) -> None:
    page = Page()
    page.feed(text)
    page.close()
    assert not page.open, f"{name}: found the end of the file in {page.open}"
    assert text.startswith("<!DOCTYPE html>")
    style = text[text.index("<style>") : text.index("</style>")]
    assert "@import" not in style and "url(" not in style
    assert style.count("{") == style.count("}")
    used = set(re.findall(r"var\((--[\w-]+)", style))
    assert used <= set(re.findall(r"(--[\w-]+):", style)) | {"--s"}, used
    print(f"{name}: {len(text):,} bytes, {page.pictures} pictures, {page.numbers} numbers of SVG")


with tempfile.TemporaryDirectory() as folder:
    for epochs, classes in (60, 10), (1, 1), (3, 30), (1000, 200):
        file = Path(folder) / f"{epochs} epochs, {classes} classes.html"
        subprocess.run([sys.argv[1], file, str(epochs), str(classes)], check=True)
        check(file.read_text(encoding="utf-8"), file.name)
