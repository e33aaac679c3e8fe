"""Settings: read from HELPDESK_* environment variables, checked once at start, refused loudly."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from pydantic import Field, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from helpdesk.core import notifying
from helpdesk.core.addresses import as_browsers_write, free_port, has_real_port, local_url, names_a_place

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ("en", "es", "pt")
SECRET_LENGTH, SECRET_VARIETY = 32, 10  # characters, and different ones among them: a random one in hexadecimal has 14
PLACEHOLDERS = ("change", "example", "password", "secret")
# Read by the tests and by `make`, not by the program.
FOREIGN_NAMES = {"HELPDESK_CHROMIUM"}
FOREIGN_PREFIXES = ("HELPDESK_TEST_",)


class BadSettings(Exception):
    """The settings are wrong. The text has one line per problem, with the name of the variable."""


class Settings(BaseSettings):
    """The settings of one process. Field names are the variable names without HELPDESK_, in lower case.

    They are what the constructor is given and nothing else: `load_settings` reads the environment.
    """

    model_config = SettingsConfigDict(env_prefix="HELPDESK_", extra="forbid", frozen=True, populate_by_name=True)

    database_url: str = "sqlite:///instance/helpdesk.sqlite3"
    redis_url: str | None = None
    secret_key: str = ""
    env: Literal["development", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    public_url: str = ""
    trusted_proxies: int = Field(0, ge=0, le=10)
    smtp_url: str | None = None
    name: str = Field("Help desk", min_length=1, max_length=80)
    locale: str = "en"
    time_zone: str = "UTC"
    mail_from: str = "help@localhost"
    notify_urls: str = Field("", repr=False)
    plugins: str = "plugins.outage_notice"
    # `async` is a keyword: the variable is HELPDESK_ASYNC
    async_mode: Literal["gevent", "threading"] = Field("gevent", validation_alias="HELPDESK_ASYNC")
    search_seconds: float = Field(5.0, ge=0.1, le=300)
    mails_per_hour: int = Field(100_000, ge=1)
    replies_per_hour: int = Field(20_000, ge=1)
    audience_limit: int = Field(5_000_000, ge=1)
    instance_dir: Path = Path("instance")
    clock_file: Path | None = None
    failpoints: str = ""

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        *_others: PydanticBaseSettingsSource,
        **_more: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return (init_settings,)

    @field_validator("database_url")
    @classmethod
    def _database(cls, value: str) -> str:
        if value.startswith("sqlite:///"):
            path = value.removeprefix("sqlite:///")
            return value if path in ("", ":memory:") else f"sqlite:///{Path(path).absolute()}"
        if value.startswith(("postgresql://", "postgresql+psycopg://")) and has_real_port(value):
            return "postgresql+psycopg://" + value.split("://", 1)[1]
        raise ValueError("use sqlite:///path or postgresql+psycopg://user:password@host/database")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: str | None) -> str | None:
        is_address = value and value.startswith(("redis://", "rediss://")) and names_a_place(value)
        is_file = value and value.startswith("unix://") and len(urlsplit(value).path) > 1
        if value and not (is_address or is_file):
            raise ValueError("use redis://host:port/number, rediss:// with TLS, or unix:///path?db=number")
        return value or None

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: str | None) -> str | None:
        if value and (urlsplit(value).scheme not in ("smtp", "smtps") or not names_a_place(value)):
            raise ValueError("use smtp://user:password@host:587?starttls=1")
        return value or None

    @field_validator("public_url")
    @classmethod
    def _public_url(cls, value: str) -> str:
        parts = urlsplit(value)
        is_web = parts.scheme in ("http", "https") and names_a_place(value)
        if value and (not is_web or parts.path.strip("/") or set(value) & set("?#@")):
            raise ValueError("use the address people type, such as https://help.example.org, without a path")
        return as_browsers_write(parts) if value else ""

    @field_validator("locale")
    @classmethod
    def _locale(cls, value: str) -> str:
        try:
            language = Locale.parse(value, sep="-" if "-" in value else "_").language
        except (ValueError, UnknownLocaleError):
            language = ""
        if language not in LOCALES:
            raise ValueError(f"choose one of {', '.join(LOCALES)}")
        return value

    @field_validator("time_zone")
    @classmethod
    def _time_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("use a name such as Europe/Madrid") from error
        return value

    @field_validator("mail_from")
    @classmethod
    def _mail_from(cls, value: str) -> str:
        local, _, domain = value.rpartition("@")
        if not local or not domain or any(c.isspace() or ord(c) < 32 for c in value):
            raise ValueError("use an address such as help@example.org")
        return value

    @field_validator("notify_urls")
    @classmethod
    def _notify_urls(cls, value: str) -> str:
        found = [
            (number, notifying.find_problem(url)) for number, url in enumerate(notifying.split_addresses(value), 1)
        ]
        problems = [f"number {number} {problem}" for number, problem in found if problem]
        if problems:  # without the addresses: they hold secrets
            raise ValueError("; ".join(problems))
        return value

    @model_validator(mode="after")
    def _fill(self) -> Settings:
        if not self.public_url:
            object.__setattr__(self, "public_url", local_url(self.host, self.port))  # before anybody has it: frozen
        return self

    @model_validator(mode="after")
    def _production(self) -> Settings:
        if self.env != "production":
            return self
        problems = []
        if _is_weak(self.secret_key):
            problems.append("HELPDESK_SECRET_KEY needs at least 32 characters in production, drawn at random")
        if not self.public_url.startswith("https://"):
            problems.append("HELPDESK_PUBLIC_URL must start with https:// in production")
        if self.clock_file is not None:
            problems.append("HELPDESK_CLOCK_FILE is only for tests")
        if self.failpoints:
            problems.append("HELPDESK_FAILPOINTS is only for tests")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @property
    def is_production(self) -> bool:
        return self.env == "production"

    @property
    def plugin_names(self) -> tuple[str, ...]:
        return tuple(name for name, _hash in self._plugins())

    @property
    def plugin_hashes(self) -> dict[str, str]:
        """What the package of a plugin must be, for those named as `name@sha256:…`."""
        return {name: digest for name, digest in self._plugins() if digest}

    @property
    def notify_addresses(self) -> tuple[str, ...]:
        """The channels for chat and SMS. Secret: only their schemes may be shown."""
        return notifying.split_addresses(self.notify_urls)

    def _plugins(self) -> list[tuple[str, str]]:
        parts = [text.strip().partition("@") for text in self.plugins.split(",") if text.strip()]
        return [(name.strip(), digest.strip()) for name, _at, digest in parts]


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings that these variables name, by default those of the process.

    Raises `BadSettings` with every problem found.

    In development a missing secret is generated once into the instance folder, readable by the owner alone.
    """
    environ = os.environ if environ is None else environ
    names = {_variable(name, field): name for name, field in Settings.model_fields.items()}
    problems = [
        f"{name}: no such setting; see docs/operating.md for the list"
        for name in sorted(environ)
        if name.startswith("HELPDESK_")
        and name not in names.keys() | FOREIGN_NAMES
        and not name.startswith(FOREIGN_PREFIXES)
    ]
    try:
        given: dict[str, Any] = {_argument(name): environ[name] for name in names if name in environ}
        settings = Settings(**given)
        problems += _find_exposed(settings, environ) if settings.is_production else []
    except ValidationError as error:
        for item in error.errors():
            where = "HELPDESK_" + str(item["loc"][0]).upper().removeprefix("HELPDESK_") + ": " if item["loc"] else ""
            problems.append(where + item["msg"].removeprefix("Value error, "))
    except OSError as error:
        problems.append(f"{error.filename}: {error.strerror}. This account must be able to look at it")
    if problems:
        raise BadSettings("\n".join(problems))
    if settings.port == 0 and not given.get("public_url"):  # links and the origin of sockets name the port
        port = free_port(settings.host)
        settings = settings.model_copy(update={"port": port, "public_url": local_url(settings.host, port)})
    if not settings.secret_key:
        try:
            secret = _development_secret(settings.instance_dir)
        except OSError as error:
            raise BadSettings(f"HELPDESK_INSTANCE_DIR: {error.filename}: {error.strerror}") from error
        settings = settings.model_copy(update={"secret_key": secret})
    return settings


def _is_weak(secret: str) -> bool:
    """Short, of few characters, or what an example says."""
    is_varied = len(secret) >= SECRET_LENGTH and len(set(secret)) >= SECRET_VARIETY
    return not is_varied or any(word in secret.lower() for word in PLACEHOLDERS)


def _variable(name: str, field: FieldInfo) -> str:
    return str(field.validation_alias or f"HELPDESK_{name.upper()}")


def _argument(variable: str) -> str:
    """The name under which the constructor takes it: an alias is a variable's whole name."""
    name = variable.removeprefix("HELPDESK_").lower()
    return name if name in Settings.model_fields else variable


def _find_exposed(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """What must not be so where people's data are: debugging, and files that every account of the machine can read."""
    problems = []
    if environ.get("FLASK_DEBUG", "0") not in ("", "0"):
        problems.append("FLASK_DEBUG must be off in production")
    exposed = [path for path in _private_files(settings) if is_open_to_all(path)]
    return problems + [
        f"{path}: every account of this machine may read it. Run `chmod o-rwx` on it" for path in exposed
    ]


def _private_files(settings: Settings) -> list[Path]:
    found = [settings.instance_dir / "secret_key", settings.instance_dir / "attachments"]
    if settings.database_url.startswith("sqlite:///"):
        path = settings.database_url.removeprefix("sqlite:///")
        found += [Path(path + end) for end in ("", "-wal", "-shm")] if path not in ("", ":memory:") else []
    return found


def is_open_to_all(path: Path) -> bool:
    """Whether accounts that are neither the owner nor of its group can reach and read (or change) this file or folder.

    A file that is not there is not open. Windows has other means: there it is always False.
    """
    if os.name == "nt" or not path.exists():
        return False
    path = path.resolve()
    is_reachable = all(folder.stat().st_mode & stat.S_IXOTH for folder in path.parents)
    return is_reachable and bool(path.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))


def _development_secret(folder: Path) -> str:
    path = folder / "secret_key"
    try:
        return path.read_text().strip()
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
        secret = secrets.token_urlsafe(48)
        try:
            fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
        except FileExistsError:  # another process was first
            return path.read_text().strip()
        with os.fdopen(fd, "w") as file:
            file.write(secret)
        return secret
