"""Files that people send, good and hostile, made on the spot."""

import io
import struct
import zlib

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import DictionaryObject, NameObject, TextStringObject


def image(kind="JPEG", size=(60, 40), **options):
    """Return a picture of one colour."""
    out = io.BytesIO()
    Image.new("RGB", size, "white").save(out, kind, **options)
    return out.getvalue()


def pdf(change=None, pages=1):
    """Return a PDF of blank pages; `change` is given its writer."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    if change:
        change(writer)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def acting_pdf(kind, key="", text="app.alert(1)", *, hidden=False):
    """Return a PDF that runs an action of this kind ("JavaScript", "Launch") when it is opened."""

    def change(writer):
        action = DictionaryObject({NameObject("/S"): NameObject(f"/{kind}")})
        if key:
            action[NameObject(f"/{key}")] = TextStringObject(text)
        where = writer.pages[0] if hidden else writer.root_object
        name = "/Whatever" if hidden else "/OpenAction"
        where[NameObject(name)] = writer._add_object(action)

    return pdf(change)


def bomb(width=60_000, height=60_000):
    """Return a PNG of a few hundred bytes that claims to have billions of pixels."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
