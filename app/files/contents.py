"""What a file is called and what it is: names made harmless, types told by content and never by what the sender says."""

import re
import unicodedata

LONGEST = 150
"""Characters of a name; with umlauts and the like it fits into the 255 bytes of any file system."""

_FORBIDDEN = re.compile(r'[<>:"|?*]')
_RESERVED = re.compile(r"(?i)^(con|prn|aux|nul|com\d|lpt\d)(\.|$)")

UNKNOWN = "application/octet-stream"
_STARTS: tuple[tuple[bytes, str], ...] = (
    (b"%PDF-", "application/pdf"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"GIF87a", "image/gif"),
    (b"GIF89a", "image/gif"),
    (b"II*\x00", "image/tiff"),
    (b"MM\x00*", "image/tiff"),
    (b"ID3", "audio/mpeg"),
)
_BRANDS = {
    b"heic": "image/heic",
    b"heix": "image/heic",
    b"mif1": "image/heif",
    b"avif": "image/avif",
    b"qt  ": "video/quicktime",
    b"M4A ": "audio/mp4",
    b"isom": "video/mp4",
    b"iso2": "video/mp4",
    b"mp41": "video/mp4",
    b"mp42": "video/mp4",
    b"M4V ": "video/mp4",
}
_OFFICE = "application/vnd.openxmlformats-officedocument."
_ZIPPED = {
    "docx": f"{_OFFICE}wordprocessingml.document",
    "xlsx": f"{_OFFICE}spreadsheetml.sheet",
    "pptx": f"{_OFFICE}presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
}
_COMPOUND = {
    "doc": "application/msword",
    "xls": "application/vnd.ms-excel",
    "ppt": "application/vnd.ms-powerpoint",
    "msg": "application/vnd.ms-outlook",
}
_TEXTS = {
    "txt": "text/plain",
    "csv": "text/csv",
    "ics": "text/calendar",
    "vcf": "text/vcard",
    "eml": "message/rfc822",
    "json": "application/json",
}
_NO_TEXT = re.compile(rb"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")


def safe_name(name: str) -> str:
    """The name without folders, control and direction characters and what file systems refuse; its extension stays."""
    name = unicodedata.normalize("NFC", name.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c if unicodedata.category(c)[0] != "Z" else " " for c in name)
    name = "".join(c for c in name if unicodedata.category(c)[0] != "C")
    name = _FORBIDDEN.sub("_", name).strip(" .")
    if _RESERVED.match(name):
        name = f"_{name}"
    if len(name) > LONGEST:
        stem, dot, extension = name.rpartition(".")
        short = dot and len(extension) <= 20
        name = f"{stem[: LONGEST - 1 - len(extension)].rstrip()}.{extension}" if short else name[:LONGEST]
    while len(name.encode()) > 250:
        stem, dot, extension = name.rpartition(".")
        name = f"{stem[:-1]}{dot}{extension}" if stem else name[:-1]
    return name or "file"


def type_of(head: bytes, name: str) -> str:
    """The content's type, from a list of harmless ones; what a browser would run (HTML, SVG, XML, scripts) is not on it."""
    extension = name.rpartition(".")[2].lower()
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp":
        return _BRANDS.get(head[8:12], UNKNOWN)
    if head.startswith(b"PK\x03\x04"):
        return _ZIPPED.get(extension, "application/zip")
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return _COMPOUND.get(extension, UNKNOWN)
    if extension in _TEXTS and not _NO_TEXT.search(head):
        return _TEXTS[extension]
    return UNKNOWN
