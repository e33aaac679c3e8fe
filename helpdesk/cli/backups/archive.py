"""The file of a backup: a tar with the data, and at its end a manifest that says what must be in it.

Nothing in an archive is believed: names are matched, sizes and checksums compared, and nothing is ever unpacked by the
paths that stand in it.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import re
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from pydantic import TypeAdapter, ValidationError

FORMAT = "helpdesk-backup-1"
MANIFEST, MANIFEST_SUM = "manifest.json", "manifest.json.sha256"
DATABASE = "database.sqlite3"
LARGEST_MANIFEST = 200_000_000
CHUNK = 1 << 20
ATTACHMENT_NAME = re.compile(r"attachments/([0-9a-f]{2})/(\1[0-9a-f]{2,80})")
TABLE_NAME = re.compile(r"tables/([a-z][a-z0-9_]{0,62})\.copy")
# What is inside and needs the same care as the running system, and what is not and has to be kept elsewhere.
SECRETS = {
    "inside": ["password hashes", "hashes of sessions, API tokens and links", "texts, mails and attachments of people"],
    "outside": ["HELPDESK_SECRET_KEY", "HELPDESK_DATABASE_URL", "HELPDESK_REDIS_URL", "HELPDESK_SMTP_URL"],
}


class BadBackup(Exception):
    """The file is no backup, or not a whole one. The text says what is wrong."""


@dataclass(frozen=True)
class Stored:
    bytes: int
    sha256: str


@dataclass
class Manifest:
    """What a backup holds. `schema` is version table -> revisions, `tables` table -> number of rows."""

    program: str
    made_at: str
    database: str
    schema: dict[str, list[str]]
    tables: dict[str, int]
    epoch: str
    seq: int
    with_attachments: bool
    missing_attachments: list[str] = field(default_factory=list)
    columns: dict[str, list[str]] = field(default_factory=dict)
    sequences: dict[str, tuple[int, bool]] = field(default_factory=dict)
    files: dict[str, Stored] = field(default_factory=dict)
    secrets: dict[str, list[str]] = field(default_factory=lambda: dict(SECRETS))
    format: str = FORMAT

    @property
    def attachments(self) -> list[str]:
        return [name for name in self.files if ATTACHMENT_NAME.fullmatch(name)]


class Writer:
    """Adds files to an archive and remembers their sizes and checksums."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self.files: dict[str, Stored] = {}

    def add(self, name: str, path: Path) -> None:
        """Raises FileNotFoundError when it is gone."""
        with open(path, "rb") as source:
            info = tarfile.TarInfo(name)
            info.size, info.mode = os.fstat(source.fileno()).st_size, 0o600
            counted = _Counted(source)
            self._tar.addfile(info, counted)
        self.files[name] = Stored(info.size, counted.digest.hexdigest())

    def finish(self, manifest: Manifest) -> None:
        manifest.files = self.files
        text = json.dumps(asdict(manifest), indent=1).encode()
        for name, data in ((MANIFEST, text), (MANIFEST_SUM, hashlib.sha256(text).hexdigest().encode())):
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(data), 0o600
            self._tar.addfile(info, io.BytesIO(data))


class _Counted:
    """A file that is hashed while it is read."""

    def __init__(self, source: IO[bytes]) -> None:
        self._source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._source.read(size)
        self.digest.update(data)
        return data


@contextmanager
def writing(target: Path) -> Iterator[Writer]:
    """A writer of `target`, which appears under its name only when everything went well. For the owner's eyes alone."""
    part = target.with_name(target.name + ".part")
    part.unlink(missing_ok=True)  # what is there may be somebody's link, or open to others
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file, tarfile.open(fileobj=file, mode="w") as tar:
            yield Writer(tar)
            tar.close()
            file.flush()
            os.fsync(file.fileno())
        part.replace(target)
    finally:
        part.unlink(missing_ok=True)


def unpack(path: Path, folder: Path) -> Manifest:
    """Take the archive apart into `folder` and compare all of it with its manifest. Raises BadBackup, OSError."""
    found: dict[str, Stored] = {}
    texts: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r:") as tar:
            for member in tar:
                # Asked first: to look for the target of a link may fail, or read what it leads to.
                source = tar.extractfile(member) if member.isreg() else None
                if source is None:
                    raise BadBackup(f"it holds {member.name!r}, which is no plain file")
                if member.name in (MANIFEST, MANIFEST_SUM):
                    texts[member.name] = source.read(LARGEST_MANIFEST)
                else:
                    found[member.name] = _write(source, folder / _place(member.name))
    except (tarfile.TarError, EOFError) as error:
        raise BadBackup(f"it cannot be read to its end: {error}") from error
    manifest = _read_manifest(texts)
    for name in sorted(found.keys() | manifest.files.keys()):
        if found.get(name) != manifest.files.get(name):
            raise BadBackup(f"{name} is not as the manifest says: damaged, missing or added later")
    return manifest


def _place(name: str) -> Path:
    if name == DATABASE or ATTACHMENT_NAME.fullmatch(name) or TABLE_NAME.fullmatch(name):
        return Path(name)
    raise BadBackup(f"it holds {name!r}, which does not belong into a backup")


def _write(source: IO[bytes], target: Path) -> Stored:
    target.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(target, "xb") as file:
        while chunk := source.read(CHUNK):
            file.write(chunk)
            digest.update(chunk)
            size += len(chunk)
    return Stored(size, digest.hexdigest())


def _read_manifest(texts: dict[str, bytes]) -> Manifest:
    if MANIFEST not in texts or MANIFEST_SUM not in texts:
        raise BadBackup("its manifest is missing: it is no backup of this program, or its end is cut off")
    if hashlib.sha256(texts[MANIFEST]).hexdigest().encode() != texts[MANIFEST_SUM].strip():
        raise BadBackup("its manifest is damaged")
    try:
        values = json.loads(texts[MANIFEST])
    except ValueError as error:
        raise BadBackup(f"its manifest is no JSON: {error}") from error
    found = values.get("format") if isinstance(values, dict) else None
    if found != FORMAT:  # asked first: another format may have other fields
        raise BadBackup(f"its format is {found!r}, this program reads {FORMAT!r}")
    try:
        return TypeAdapter(Manifest).validate_python(values)
    except ValidationError as error:
        places = ", ".join(".".join(map(str, problem["loc"])) for problem in error.errors()[:5])
        raise BadBackup(f"its manifest is not complete or not as this program writes it: {places}") from error
