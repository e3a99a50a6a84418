"""What is made of files that people send, hostile ones above all (SEC-5)."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from pypdf import PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, NameObject, TextStringObject

from apps.common import uploads
from apps.common.errors import Invalid, Unavailable
from tests.factories.uploads import acting_pdf, bomb, image, pdf

pytestmark = pytest.mark.spec("SEC-5")
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'


def clean(content, **options):
    return uploads.clean(content, field="file", **options)


def refused(content, **options):
    with pytest.raises(uploads.UploadRefused) as refusal:
        clean(content, **options)
    assert list(refusal.value.fields) == ["file"]
    return refusal.value.detail


def archive():
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as file:
        file.writestr("evil.html", "<script>")
    return out.getvalue()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_image_becomes_a_jpeg_of_the_same_pixels(kind):
    kept = clean(image(kind))
    assert kept.content_type == "image/jpeg"
    again = Image.open(io.BytesIO(kept.content))
    assert (again.format, again.size, again.getpixel((5, 5))) == ("JPEG", (60, 40), (255, 255, 255))


def test_nothing_but_pixels_survives():
    exif = Image.Exif()
    exif[0x010E] = "secret description"
    exif[0x0112] = 6  # lies on its side
    exif.get_ifd(0x8825)[1] = "N"
    text = PngImagePlugin.PngInfo()
    text.add_text("Comment", "secret comment")
    for given_ in (
        image(exif=exif, comment=b"secret comment", icc_profile=b"secret profile"),
        image("PNG", pnginfo=text, exif=exif),
        image("WEBP", exif=exif, xmp=b"secret xmp"),
        image() + b"secret tail" + SVG,
        image("PNG") + archive(),
    ):
        kept = clean(given_).content
        assert b"secret" not in kept
        assert b"svg" not in kept
        assert b"PK\x03\x04" not in kept
        assert not Image.open(io.BytesIO(kept)).getexif()
    assert Image.open(io.BytesIO(clean(image(exif=exif)).content)).size == (40, 60)  # and stands upright


def test_transparent_and_large_and_odd_images():
    out = io.BytesIO()
    Image.new("RGBA", (4500, 10), (0, 0, 0, 0)).save(out, "PNG")
    kept = Image.open(io.BytesIO(clean(out.getvalue()).content))
    assert (kept.size, kept.getpixel((3, 3))) == ((4000, 9), (255, 255, 255))
    for mode in ("1", "L", "LA", "P", "I;16", "CMYK"):
        out = io.BytesIO()
        Image.new(mode, (20, 20)).save(out, "JPEG" if mode == "CMYK" else "PNG")
        assert clean(out.getvalue()).content_type == "image/jpeg"
    out = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("white", "black")]
    frames[0].save(out, "WEBP", save_all=True, append_images=frames[1:], lossless=True)
    assert Image.open(io.BytesIO(clean(out.getvalue()).content)).getpixel((5, 5)) == (255, 255, 255)


STRANGE = {
    "nothing": b"", "nul": b"\x00", "text": b"hello", "svg": SVG, "xml": b"<?xml version='1.0'?>" + SVG,
    "html": b"<html><script>alert(1)</script>", "gif": image("GIF"), "bmp": image("BMP"),
    "tiff": image("TIFF"),
    "zip": archive(), "exe": b"MZ" + bytes(100), "postscript": b"%!PS-Adobe", "late_pdf": b" " + pdf(),
    "gif_before_jpeg": b"GIF89a" + image(), "jpeg_mark": b"\xff\xd8\xff", "png_mark": b"\x89PNG\r\n\x1a\n",
    "webp_mark": b"RIFF\x00\x00\x00\x00WEBP", "torn_jpeg": image()[:200], "torn_png": image("PNG")[:60],
    "pdf_mark": b"%PDF-", "empty_pdf": b"%PDF-1.7\nnothing", "torn_pdf": pdf()[:100],
    "svg_as_png": b"\x89PNG\r\n\x1a\n" + SVG, "svg_as_jpeg": b"\xff\xd8\xff\xe0" + SVG,
}  # fmt: skip


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_no_picture_and_no_pdf_is_refused(name):
    assert refused(STRANGE[name])


def test_an_image_of_too_many_pixels_is_refused_before_it_is_decoded(settings):
    assert len(bomb()) < 1000
    assert "too many pixels" in refused(bomb())
    settings.UPLOAD_MAX_PIXELS = 60 * 40 - 1
    assert "too many pixels" in refused(image())
    settings.UPLOAD_MAX_PIXELS = 60 * 40
    clean(image())


def test_the_limit_is_ten_megabytes_and_not_a_byte_more(settings):
    assert settings.UPLOAD_MAX_BYTES == 10_000_000
    full = image() + bytes(10_000_000 - len(image()))
    assert clean(full).content_type == "image/jpeg"
    with pytest.raises(uploads.UploadTooLarge):
        clean(full + b"\x00")
    with pytest.raises(uploads.UploadTooLarge):
        clean(image(), max_bytes=10)


def test_a_plain_pdf_is_written_anew():
    kept = clean(pdf(pages=2) + b"\n<script>secret tail</script>")
    assert kept.content_type == "application/pdf"
    assert len(PdfReader(io.BytesIO(kept.content)).pages) == 2
    assert b"secret" not in kept.content


def test_where_a_pdf_begins_to_be_read_is_taken_out():
    def begin(writer):
        writer.root_object[NameObject("/OpenAction")] = ArrayObject(
            [writer.pages[0].indirect_reference, NameObject("/Fit")]
        )

    kept = clean(pdf(begin)).content
    assert "/OpenAction" not in PdfReader(io.BytesIO(kept)).root_object


def attached(writer):
    writer.add_attachment("evil.exe", b"MZ")


def in_a_form_field(writer):
    script = DictionaryObject(
        {NameObject("/S"): NameObject("/JavaScript"), NameObject("/JS"): TextStringObject("x")}
    )
    field = DictionaryObject({NameObject("/AA"): DictionaryObject({NameObject("/K"): script})})
    writer.pages[0][NameObject("/Annots")] = ArrayObject([writer._add_object(field)])


def with_names(writer):
    tree = DictionaryObject({NameObject("/JavaScript"): DictionaryObject()})
    writer.root_object[NameObject("/Names")] = tree


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (acting_pdf("JavaScript", "JS"), "JS"),
        (acting_pdf("JavaScript", "JS", hidden=True), "JS"),
        (acting_pdf("Launch", "F", "cmd.exe"), "Launch"),
        (acting_pdf("Launch", hidden=True), "Launch"),
        (acting_pdf("SubmitForm", "F", "https://evil.example"), "SubmitForm"),
        (acting_pdf("GoToR", "F", "other.pdf"), "GoToR"),
        (pdf(attached), "Embedded"),
        (pdf(in_a_form_field), ""),
        (pdf(with_names), "JavaScript"),
        (acting_pdf("JavaScript", "JS").replace(b"/Java", b"/J#61va").replace(b"/JS", b"/#4aS"), ""),
    ],
    ids=["script", "hidden", "launch", "launch2", "form", "other", "attached", "field", "names", "spelt"],
)  # fmt: skip
def test_a_pdf_that_acts_is_refused(content, found):
    said = refused(content)
    assert "scripts, actions or other files" in said
    assert found in said


def test_a_pdf_with_a_password_or_too_many_pages_is_refused():
    assert "encrypted" in refused(pdf(lambda writer: writer.encrypt("", "owner")))
    assert "encrypted" in refused(pdf(lambda writer: writer.encrypt("secret")))
    assert "pages" in refused(pdf(pages=101))


def test_only_what_is_asked_for_is_taken():
    assert "JPEG, PNG or WebP" in refused(pdf(), allowed=(uploads.JPEG,))
    refused(image(), allowed=(uploads.PDF,))


def finds_nothing(content):
    assert content
    return ""


def finds_something(content):
    return "Eicar-Test-Signature"


def breaks(content):
    raise OSError("no scanner")


def test_the_antivirus_is_asked_and_what_it_cannot_scan_is_not_taken(settings):
    settings.UPLOAD_SCANNER = f"{__name__}.finds_nothing"
    clean(image())
    settings.UPLOAD_SCANNER = f"{__name__}.finds_something"
    with pytest.raises(uploads.UploadInfected):
        clean(image())
    settings.UPLOAD_SCANNER = f"{__name__}.breaks"
    with pytest.raises(Unavailable):
        clean(image())


SEEDS = [image(), image("PNG"), image("WEBP"), pdf(), acting_pdf("JavaScript", "JS")]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SEEDS), st.data())
def test_damaged_files_are_read_or_refused_and_nothing_else(seed, data):
    content = bytearray(seed)
    for _ in range(data.draw(st.integers(1, 8))):
        where = data.draw(st.integers(0, len(content) - 1))
        content[where] = data.draw(st.integers(0, 255))
    content = bytes(content[: data.draw(st.integers(1, len(content)))])
    try:
        kept = clean(content)
    except Invalid:
        return
    assert kept.content_type in {"image/jpeg", "application/pdf"}
    if kept.content_type == "application/pdf":
        assert b"/JavaScript" not in kept.content
