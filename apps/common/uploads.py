"""Files from people: held to a limit, known by their content, and written anew (SEC-5).

`clean` returns what may be kept: an image is decoded and encoded again, so that nothing of the original but
its pixels survives; a PDF is read, searched for what acts by itself, and written anew. The name and the type
that a browser sends with a file mean nothing here.
"""

import io
import struct
import warnings
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadedfile import InMemoryUploadedFile, UploadedFile
from django.core.files.uploadhandler import FileUploadHandler
from django.http import HttpResponse
from django.utils.module_loading import import_string
from PIL import Image, ImageOps
from pypdf import PdfReader, PdfWriter
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, NameObject, StreamObject

from apps.common.errors import Invalid, Unavailable

JPEG, PDF = "image/jpeg", "application/pdf"
IMAGES = frozenset({"JPEG", "PNG", "WEBP"})
EXTENSIONS = {JPEG: "jpg", PDF: "pdf"}
LONGEST_SIDE = 4000  # pixels of an image that is kept; larger ones are made smaller
QUALITY = 90
MAX_OBJECTS = 20_000  # of a PDF
MAX_PAGES = 100

_ACTS = frozenset(
    {"/AA", "/EF", "/EmbeddedFile", "/EmbeddedFiles", "/GoToE", "/GoToR", "/ImportData", "/JS",
     "/JavaScript", "/Launch", "/Movie", "/Rendition", "/RichMedia", "/Sound", "/SubmitForm", "/XFA"}
)  # fmt: skip


class UploadRefused(Invalid):
    """The file isn't one that is taken here, or holds what isn't taken."""

    code = "upload_refused"


class UploadTooLarge(UploadRefused):
    """The file has more bytes than are taken."""

    code = "upload_too_large"


class UploadInfected(UploadRefused):
    """The antivirus found something in the file."""

    code = "upload_infected"


@dataclass(frozen=True, slots=True)
class Clean:
    """A file that may be kept: its bytes, and the type that they are."""

    content: bytes
    content_type: str


def clean(
    content: bytes, *, field: str, allowed: Collection[str] = (JPEG, PDF), max_bytes: int | None = None
) -> Clean:
    """Return what may be kept of a file. `allowed` names types of the result: every image becomes a JPEG.

    `max_bytes` is settings.UPLOAD_MAX_BYTES unless given; `field` is the form's, for the refusal.

    Raises UploadRefused, UploadTooLarge, UploadInfected; Unavailable if the antivirus doesn't answer.
    """
    limit = max_bytes or settings.UPLOAD_MAX_BYTES
    if len(content) > limit:
        sentence = f"The file is larger than {limit // 1_000_000} MB."
        raise UploadTooLarge(sentence, fields={field: [sentence]})
    if not content:
        raise _refused(field, "The file is empty.")
    _scan(content, field)
    if PDF in allowed and content.startswith(b"%PDF-"):
        return Clean(_pdf(content, field), PDF)
    if JPEG in allowed and _is_image(content):
        return Clean(_image(content, field), JPEG)
    wanted = "a PDF, JPEG, PNG or WebP" if PDF in allowed else "a JPEG, PNG or WebP"
    raise _refused(field, f"This is not {wanted} file, whatever its name says.")


def content_of(file: "UploadedFile[Any] | None") -> bytes:
    """Return the bytes of an uploaded file, at most one more than are taken."""
    return bytes(file.read(settings.UPLOAD_MAX_BYTES + 1)) if file is not None else b""


def attachment(content: bytes, *, content_type: str, name: str) -> HttpResponse:
    """Answer with a file that somebody uploaded, so that no browser runs it or keeps it."""
    response = HttpResponse(content, content_type=content_type)
    extension = EXTENSIONS.get(content_type, "bin")
    response["Content-Disposition"] = f'attachment; filename="{name}.{extension}"'
    response["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "no-store, private"
    return response


class BoundedUpload(FileUploadHandler):
    """Keeps files in memory, never in a readable file on disk, and never more of one than the limit.

    A longer file is cut one byte after the limit, so that whoever reads it can tell.
    """

    def handle_raw_input(
        self,
        input_data: Any,
        META: Any,  # noqa: N803  # the framework's name
        content_length: int,
        boundary: Any,
        encoding: Any = None,
    ) -> None:
        """Refuse a request that is larger as a whole. Raises RequestDataTooBig."""
        if content_length > settings.UPLOAD_MAX_REQUEST_BYTES:
            raise RequestDataTooBig("The files are larger than is taken at once.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        super().new_file(*args, **kwargs)
        self.kept = io.BytesIO()

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        room = settings.UPLOAD_MAX_BYTES + 1 - self.kept.tell()
        self.kept.write(raw_data[: max(0, room)])

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        size = self.kept.tell()
        self.kept.seek(0)
        return InMemoryUploadedFile(
            file=self.kept,
            field_name=self.field_name,
            name=str(self.file_name),
            content_type=str(self.content_type),
            size=size,
            charset=self.charset,
            content_type_extra=self.content_type_extra,
        )


def _refused(field: str, sentence: str) -> UploadRefused:
    return UploadRefused(sentence, fields={field: [sentence]})


def _scan(content: bytes, field: str) -> None:
    """Ask the antivirus, a callable that takes bytes and returns the name of what it found, or nothing."""
    if not settings.UPLOAD_SCANNER:
        return
    scanner: Callable[[bytes], str] = import_string(settings.UPLOAD_SCANNER)
    try:
        found = scanner(content)
    except Exception as error:  # what can't be scanned isn't taken
        raise Unavailable("Files can't be checked for viruses now. Try again in a moment.") from error
    if found:
        sentence = "The antivirus found something in this file."
        raise UploadInfected(sentence, fields={field: [sentence]})


def _is_image(content: bytes) -> bool:
    return content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")) or (
        content.startswith(b"RIFF") and content[8:12] == b"WEBP"
    )


def _image(content: bytes, field: str) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=sorted(IMAGES)) as image:
                if image.width * image.height > settings.UPLOAD_MAX_PIXELS:
                    raise _refused(field, "The image has too many pixels. Send a smaller one.")
                return _encoded(image)
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        struct.error,
        EOFError,
        IndexError,
        MemoryError,
    ) as error:
        raise _refused(field, "The image can't be read. Save it anew and send that.") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _refused(field, "The image has too many pixels. Send a smaller one.") from error


def _encoded(image: Image.Image) -> bytes:
    """Write the pixels of the first frame as a JPEG, upright, on white, without anything else."""
    image.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
    upright = ImageOps.exif_transpose(image)
    if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
        layer = upright.convert("RGBA")
        upright = Image.new("RGBA", layer.size, "white")
        upright.alpha_composite(layer)
    plain = upright.convert("RGB")
    plain.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
    plain.info = {}
    out = io.BytesIO()
    plain.save(out, "JPEG", quality=QUALITY, optimize=True)
    return out.getvalue()


def _pdf(content: bytes, field: str) -> bytes:
    try:
        reader = PdfReader(io.BytesIO(content))
        if reader.is_encrypted:
            raise _refused(field, "The PDF is encrypted. Send one that opens without a password.")
        if not 1 <= len(reader.pages) <= MAX_PAGES:
            raise _refused(field, f"The PDF must have 1 to {MAX_PAGES} pages.")
        writer = PdfWriter(clone_from=reader)
        found = next((name for name in _names(writer) if name in _ACTS), "")
        if found:
            raise _refused(
                field, f"The PDF holds scripts, actions or other files ({found[1:]}). Print it to a new PDF."
            )
        writer.root_object.pop(NameObject("/OpenAction"), None)  # a page to begin with, or an address to call
        out = io.BytesIO()
        writer.write(out)
    except Invalid:
        raise
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, OSError,
            RecursionError, AssertionError, NotImplementedError) as error:  # fmt: skip
        raise _refused(field, "The PDF can't be read. Print it to a new PDF and send that.") from error
    return out.getvalue()


def _names(writer: PdfWriter) -> Iterator[str]:
    """Go over the names of all objects that the new file would hold: keys, and values that are names."""
    seen: set[int] = set()
    todo: list[Any] = [writer.root_object, writer._info, *writer._objects]  # noqa: SLF001  # it has no other way
    while todo:
        part = todo.pop()
        part = part.get_object() if isinstance(part, IndirectObject) else part
        if id(part) in seen:
            continue
        if isinstance(part, DictionaryObject | ArrayObject):
            seen.add(id(part))
            if len(seen) > MAX_OBJECTS:
                raise ValueError("more objects than are read")
        match part:
            case DictionaryObject():
                yield from map(str, part.keys())
                todo.extend(part.raw_get(key) for key in part)
            case ArrayObject():
                todo.extend(part)
            case NameObject():
                yield str(part)
            case StreamObject():
                continue
