"""Which files may be attached, decided from name and bytes alone. The name is normalised first, then checked."""

from __future__ import annotations

import io
import re
import struct
import unicodedata
import zipfile
from dataclasses import dataclass

FILES_PER_MESSAGE = 5
FILE_BYTES = 10 * 1024 * 1024
QUOTA_BYTES = 500 * 1024 * 1024
STAFF_QUOTA_BYTES = 20 * 1024 * 1024 * 1024
PIXELS = 50_000_000
UNPACKED_BYTES = 200 * 1024 * 1024
UNPACKED_ENTRIES = 5_000
NAME_LENGTH = 120

IMAGES = {"png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
TEXTS = ("txt", "log", "csv", "md", "json", "ini", "conf", "eml")
OFFICE = {
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
EXTENSIONS = (*IMAGES, "pdf", *TEXTS, *OFFICE)
# What a browser may be told about a stored file; everything else is a mere stream of bytes.
SHOWN_TYPES = frozenset({*IMAGES.values(), "application/pdf", "text/plain"})

_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0e-\x1a\x1c-\x1f\x7f]")


class Refused(Exception):
    """The file may not be attached; `reason` is too_large, too_many_pixels, type, content, empty or archive."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class CheckedFile:
    """A file that may be stored: the normalised name, the type by content, and the bytes."""

    name: str
    content_type: str
    data: bytes


def normalise_name(name: str) -> str:
    """A safe name to show: no folders, no invisible or control characters, NFC, at most 120 characters."""
    name = unicodedata.normalize("NFC", name)
    name = "".join(c for c in name if unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"))
    name = " ".join(re.split(r"[/\\]", name)[-1].split()).strip(". ")
    stem, dot, extension = name.rpartition(".")
    if not dot:
        return name[:NAME_LENGTH] or "file"
    extension = extension.strip()[:10]
    return f"{stem[: NAME_LENGTH - len(extension) - 1].rstrip('. ') or 'file'}.{extension}"


def check_file(name: str, data: bytes) -> CheckedFile:
    """The file under its normalised name. Raises Refused. Type by content and extension together."""
    name = normalise_name(name)
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension not in EXTENSIONS:
        raise Refused("type")
    if not data:
        raise Refused("empty")
    if len(data) > FILE_BYTES:
        raise Refused("too_large")
    if extension in IMAGES:
        return CheckedFile(name, _check_image(IMAGES[extension], data), data)
    if extension == "pdf":
        if not data.startswith(b"%PDF-"):
            raise Refused("content")
        return CheckedFile(name, "application/pdf", data)
    if extension in OFFICE:
        _check_office(extension, data)
        return CheckedFile(name, OFFICE[extension], data)
    _check_text(data)
    return CheckedFile(name, "text/plain", data)


def _check_text(data: bytes) -> None:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            data = data.decode("utf-16").encode()
        except UnicodeDecodeError as error:
            raise Refused("content") from error
    if _CONTROL.search(data):
        raise Refused("content")


def _check_image(content_type: str, data: bytes) -> str:
    try:
        found, width, height = image_size(data)
    except (ValueError, IndexError, struct.error) as error:
        raise Refused("content") from error
    if found != content_type or width < 1 or height < 1:
        raise Refused("content")
    if width * height > PIXELS:
        raise Refused("too_many_pixels")
    return found


def image_size(data: bytes) -> tuple[str, int, int]:
    """(type, width, height) from the header. Raises ValueError, IndexError or struct.error for anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and data[12:16] == b"IHDR":
        return ("image/png", *struct.unpack(">II", data[16:24]))
    if data.startswith((b"GIF87a", b"GIF89a")):
        return ("image/gif", *struct.unpack("<HH", data[6:10]))
    if data.startswith(b"\xff\xd8\xff"):
        return ("image/jpeg", *_jpeg_size(data))
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return ("image/webp", *_webp_size(data))
    raise ValueError("not an image")


def _jpeg_size(data: bytes) -> tuple[int, int]:
    at = 2
    while at < len(data):
        if data[at] != 0xFF:
            raise ValueError("lost between segments")
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        (length,) = struct.unpack(">H", data[at + 2 : at + 4])
        if 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height, width = struct.unpack(">HH", data[at + 5 : at + 9])
            return width, height
        at += 2 + length
    raise ValueError("no frame")


def _webp_size(data: bytes) -> tuple[int, int]:
    kind = data[12:16]
    if kind == b"VP8X":
        return 1 + int.from_bytes(data[24:27], "little"), 1 + int.from_bytes(data[27:30], "little")
    if kind == b"VP8L" and data[20] == 0x2F:
        bits = int.from_bytes(data[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    if kind == b"VP8 " and data[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack("<HH", data[26:30])
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("unknown WebP")


def _check_office(extension: str, data: bytes) -> None:
    """Office files are archives: only their list of contents is read, nothing is unpacked but a short marker."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > UNPACKED_ENTRIES or sum(e.file_size for e in entries) > UNPACKED_BYTES:
                raise Refused("archive")
            names = {e.filename for e in entries}
            if extension.startswith("od"):
                marker = archive.getinfo("mimetype")
                good = marker.file_size < 200 and archive.read(marker).decode("ascii", "replace") == OFFICE[extension]
            else:
                folder = {"docx": "word/", "xlsx": "xl/", "pptx": "ppt/"}[extension]
                good = "[Content_Types].xml" in names and any(n.startswith(folder) for n in names)
    except Refused:
        raise
    except Exception as error:  # crafted bytes make zipfile and zlib raise nearly anything
        raise Refused("content") from error
    if not good or any("vbaproject" in n.lower() for n in names):
        raise Refused("content")
