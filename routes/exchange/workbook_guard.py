"""What a workbook must be before it is parsed: small when unpacked, without macros or links.

A workbook is an archive that somebody may have made to hurt: sizes are read from its directory
before anything is unpacked, and what openpyxl should never meet is refused.
"""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path

from routes.errors import DataError, Problem
from routes.files import MAX_FILE_BYTES, read_input

MAX_PARTS = 500
MAX_PART_BYTES = 128 * 2**20
MAX_UNPACKED_BYTES = 256 * 2**20
MAX_RATIO = 200  # of a part's size to its packed size, from a megabyte on
_FORBIDDEN = (
    (re.compile(r"vbaProject|\.bin$", re.IGNORECASE), "holds macros or binary parts"),
    (re.compile(r"^xl/externalLinks/", re.IGNORECASE), "has links to other workbooks"),
    (re.compile(r"^xl/(embeddings|activeX|ctrlProps)/", re.IGNORECASE), "holds embedded objects"),
    (re.compile(r"^xl/(connections\.xml|queryTables/)", re.IGNORECASE), "has data connections"),
)
_HARMLESS = re.compile(r"^xl/printerSettings/[^/]+\.bin$", re.IGNORECASE)
# how a text starts that a parser accepts: UTF-8 or UTF-16 without a mark, marked UTF-16, EBCDIC
_MARKUP = re.compile(rb"(?:\xef\xbb\xbf)?[\s\x00]*<")
_ENCODED = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff", b"\x4c\x6f\xa7\x94")
_ENCODING = re.compile(rb"""(?:\xef\xbb\xbf)?<\?xml[^>]*?\sencoding\s*=\s*["']([^"']*)""")
_CELL = re.compile(rb"<c\b([^>]*?)(?:/>|>(.*?)</c>)", re.DOTALL)
_NAME = re.compile(rb'\br="([A-Z]{1,3}[0-9]{1,7})"')


def read_workbook(path: Path) -> bytes:
    """The content of a workbook, read once: what is parsed is what was checked.

    Raises DataError for a file that is none, is too large, or could do more than hold cells.
    """
    content = read_input(path, MAX_FILE_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            _check_sizes(path, parts)
            for part in parts:
                _check_text(path, part.filename, archive.read(part))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise _refusal(path, f"is not a workbook that can be read ({error})") from error
    return content


def find_unsaved_formulas(content: bytes, part: str) -> list[str]:
    """Cells of a sheet whose formula has no saved value, such as "B5": they would read as blank."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(part)
    found = []
    for cell in _CELL.finditer(text):
        inside = cell.group(2) or b""
        if re.search(rb"<f[ />]", inside) and b"<v>" not in inside:
            name = _NAME.search(cell.group(1))
            found.append(name.group(1).decode() if name else "?")
    return found


def _check_sizes(path: Path, parts: list[zipfile.ZipInfo]) -> None:
    if len(parts) > MAX_PARTS:
        raise _refusal(path, f"the workbook has more than {MAX_PARTS} parts")
    total = sum(part.file_size for part in parts)
    if total > MAX_UNPACKED_BYTES:
        raise _refusal(path, f"unpacked it would be {total // 2**20:,} MiB")
    for part in parts:
        if part.file_size > MAX_PART_BYTES:
            raise _refusal(path, f"its part {part.filename} is too large")
        if part.file_size > 2**20 and part.file_size > MAX_RATIO * max(part.compress_size, 1):
            raise _refusal(path, f"its part {part.filename} is packed more than {MAX_RATIO} times")
        if part.flag_bits & 1:
            raise _refusal(path, "the workbook is locked with a password")
        for pattern, what in _FORBIDDEN:
            if pattern.search(part.filename) and not _HARMLESS.match(part.filename):
                raise _refusal(path, f"the workbook {what}")
    names = [part.filename for part in parts]
    if len(set(names)) < len(names):
        raise _refusal(path, "two parts of the workbook have one name")


def _check_text(path: Path, part: str, text: bytes) -> None:
    """Refuse entities, and encodings in which they could hide, in whatever a parser would accept.

    A sheet may be any part, whatever its name; a picture ends a parser at its first byte.
    """
    if not _MARKUP.match(text) and not text.startswith(_ENCODED):
        return
    declared = _ENCODING.match(text)
    if declared and declared.group(1).lower() not in (b"utf-8", b"us-ascii"):
        raise _refusal(path, f"its part {part} is not UTF-8 text")
    try:
        text.decode("utf-8")
    except UnicodeDecodeError:
        raise _refusal(path, f"its part {part} is not UTF-8 text") from None
    if b"\0" in text:
        raise _refusal(path, f"its part {part} is not UTF-8 text")
    if b"<!DOCTYPE" in text or b"<!ENTITY" in text:
        raise _refusal(path, f"its part {part} defines entities of its own")


def _refusal(path: Path, rule: str) -> DataError:
    return DataError([Problem(path.name, rule, "Save it anew as a plain .xlsx workbook.")])
