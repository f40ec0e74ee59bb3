"""One place for configuration: environment variables (or a `.env` file), read once at start."""

from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

_DEVELOPMENT_SECRET = "development-only-secret-do-not-use-in-production"  # noqa: S105  (refused in production, see below)


class Settings(BaseSettings):
    """What an installation may set. Without DATABASE_URL and REDIS_URL, `serve` starts embedded servers under `data_dir`."""

    model_config = SettingsConfigDict(env_file=".env", extra="ignore", frozen=True)

    environment: Literal["development", "test", "production"] = "development"
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=1, le=65535)
    public_url: str = "http://127.0.0.1:8000"
    data_dir: Path = Path(".data")

    database_url: str | None = None
    """`postgresql://user:password@host:port/database`; PostgreSQL 15 or newer."""
    database_read_url: str | None = None
    """A replica for reads that may be a moment old; the primary when unset."""
    database_pool: int = Field(default=10, ge=2, le=200)
    redis_url: str | None = None

    secret_key: SecretStr = SecretStr(_DEVELOPMENT_SECRET)
    """Signs access tokens and cursors. At least 32 characters in production."""

    smtp_url: str | None = None
    """`smtp://[user:password@]host:port`, `smtps://…` for TLS; when unset, mail is written to `data_dir/mailbox`."""
    mail_from: str = "Leadwerk <leadwerk@localhost>"

    time_zone: str = "Europe/Vienna"
    """The organisation's civil time: lock days and working days are reckoned in it."""
    requests_per_minute: int = Field(default=1200, ge=1)
    """Requests one signed-in user may make per minute over all API processes."""
    sign_ins_per_minute: int = Field(default=10, ge=1)
    """Failed sign-ins per account and address per minute before 429."""
    files_url: str | None = None
    """`s3://bucket/prefix` of an S3-compatible store for attachments; when unset, they lie in `data_dir/files`."""
    files_endpoint: str | None = None
    """The store's address where it is not Amazon's, such as `https://s3.example.com`. Must be https in production."""
    files_region: str = "eu-central-1"
    files_key_id: str | None = None
    files_secret: SecretStr | None = None
    """Without both, the credentials that the environment or the machine provides."""
    worker_metrics_port: int | None = Field(default=None, ge=1, le=65535)
    """Where a worker process shows its Prometheus metrics, on `host`; nowhere when unset."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    lookup_providers: Annotated[tuple[Literal["vies", "northdata"], ...], NoDecode] = ()
    """Company directories that are asked when a company is entered, separated by commas. What people type goes out to them."""
    lookup_seconds: float = Field(default=4.0, gt=0, le=15)
    """How long a look-up waits for the directories, all tries together."""
    lookups_per_minute: int = Field(default=20, ge=1)
    """Questions to directories that one user may ask per minute over all API processes; kept answers don't count."""
    lookup_nothing_keep_minutes: int = Field(default=10, ge=0)
    """How long "there is no such company" is kept."""
    vies_url: str = "https://ec.europa.eu/taxation_customs/vies/rest-api"
    vies_keep_hours: int = Field(default=24, ge=0)
    northdata_url: str = "https://www.northdata.com/_api"
    northdata_key: SecretStr | None = None
    northdata_keep_hours: int = Field(default=168, ge=0)

    stale_after_months: int = Field(default=24, ge=1, le=240)
    """A customer that was neither changed nor visited, without activity and order for so long, is a finding of data quality."""

    clock_offset_seconds: int = 0
    """Moves the product's clock, to rehearse deadlines. Refused in production."""

    @field_validator("lookup_providers", mode="before")
    @classmethod
    def _by_commas(cls, value: object) -> object:
        if isinstance(value, str):
            return tuple(dict.fromkeys(name.strip().lower() for name in value.split(",") if name.strip()))
        return value

    @field_validator("vies_url", "northdata_url")
    @classmethod
    def _is_web_address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise ValueError("must look like https://host/path")
        return value

    @model_validator(mode="after")
    def _directories_are_complete(self) -> Self:
        if "northdata" in self.lookup_providers and not (self.northdata_key and self.northdata_key.get_secret_value()):
            raise ValueError("NORTHDATA_KEY must be set when LOOKUP_PROVIDERS names northdata")
        return self

    @field_validator("files_url")
    @classmethod
    def _is_bucket(cls, value: str | None) -> str | None:
        if not value:
            return None
        parts = urlsplit(value)
        if parts.scheme != "s3" or not parts.netloc or "@" in parts.netloc or parts.query or parts.fragment:
            raise ValueError("must look like s3://bucket/prefix")
        return value

    @field_validator("files_endpoint")
    @classmethod
    def _is_endpoint(cls, value: str | None) -> str | None:
        return cls._is_web_address(value) if value else None

    @model_validator(mode="after")
    def _production_is_strict(self) -> Self:
        if self.environment == "production":
            secret = self.secret_key.get_secret_value()
            if secret == _DEVELOPMENT_SECRET or len(secret) < 32:
                raise ValueError("SECRET_KEY must be set to at least 32 random characters in production")
            if self.clock_offset_seconds:
                raise ValueError("CLOCK_OFFSET_SECONDS is for rehearsals and must be 0 in production")
            if self.files_url is not None and (self.files_endpoint or "https://").startswith("http://"):
                raise ValueError("FILES_ENDPOINT must be https in production")
            urls = {"vies": self.vies_url, "northdata": self.northdata_url}
            if any(not urls[name].startswith("https://") for name in self.lookup_providers):
                raise ValueError("VIES_URL and NORTHDATA_URL must be https in production")
        return self


@lru_cache(maxsize=1)
def get_settings() -> Settings:
    """The settings of this process."""
    return Settings()
