"""How a remote server is spoken to, as an operator writes it: what every kind of remote source has.

Secrets are never written here: `env:NAME` or `file:PATH` says where one is, and a text in its
place is refused without being repeated.
"""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from tuilerie.catalogue.fields import Colour, Flag, Line, Number, PathText, Settings, Whole
from tuilerie.catalogue.remote_fields import (
    Headers,
    Hosts,
    Places,
    Port,
    ProxyAddress,
    SecretText,
    Sha256,
    Timeout,
)

__all__ = [
    "BreakerOptions",
    "ErrorPictureOptions",
    "KeyOptions",
    "LoginOptions",
    "RemoteAccessOptions",
    "RemoteOptions",
]


class LoginOptions(Settings):
    """A user and where the password is."""

    user: Line = Field(
        description="Name, or a reference like a password.", examples=["maps", "env:IGN_USER"]
    )
    password: SecretText = Field(
        description="Where the password is.", examples=["env:IGN_PASSWORD", "file:/run/secrets/ign"]
    )
    scheme: Literal["basic", "digest"] = Field(
        default="basic",
        description="basic: sent with every request; digest: the password itself is never sent.",
        examples=["digest"],
    )


class KeyOptions(Settings):
    """A key that goes into every query."""

    name: Line = Field(description="Of the parameter.", examples=["apikey"])
    value: SecretText = Field(description="Where the key is.", examples=["env:IGN_KEY"])


class BreakerOptions(Settings):
    """When a failing remote is left alone for a while."""

    failures: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=5, description="So many failures in a row.", examples=[10]
    )
    rate: Annotated[Number, Field(gt=0, le=1)] = Field(
        default=0.5, description="Or that share of the last `window` requests.", examples=[0.8]
    )
    window: Annotated[Whole, Field(ge=1, le=1000)] = Field(
        default=20, description="Requests that `rate` looks back on.", examples=[50]
    )
    open_s: Annotated[Number, Field(gt=0, le=3600)] = Field(
        default=5.0, description="For how long at first; doubled each time.", examples=[10]
    )
    max_open_s: Annotated[Number, Field(gt=0, le=3600)] = Field(
        default=300.0, description="For how long at most.", examples=[60]
    )


class ErrorPictureOptions(Settings):
    """A picture by which the remote says that it has none."""

    means: Literal["missing", "error"] = Field(
        default="missing",
        description="missing: nothing is there; error: the remote failed.",
        examples=["error"],
    )
    sha256: Sha256 | None = Field(
        default=None,
        description="Of the file, as `sha256sum` prints it.",
        examples=["e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"],
    )
    colour: Colour | None = Field(
        default=None, description="That every pixel of it has.", examples=["#ffffff"]
    )

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.sha256 is None) == (self.colour is None):
            raise PydanticCustomError("error_picture", "say either `sha256` or `colour`")
        return self


class RemoteOptions(Settings):
    """How a remote server is spoken to."""

    enabled: Flag = Field(default=True, description="Whether it is asked at all.", examples=[False])
    login: LoginOptions | None = Field(
        default=None,
        description="User and password.",
        examples=[{"user": "maps", "password": "env:IGN_PASSWORD"}],
    )
    key: KeyOptions | None = Field(
        default=None,
        description="A key that goes into every query.",
        examples=[{"name": "apikey", "value": "env:IGN_KEY"}],
    )
    headers: Headers = Field(
        default=(),
        description="Further headers; what is secret by `env:` or `file:`.",
        examples=[{"X-Client": "maps", "X-Api-Key": "env:IGN_KEY"}],
        json_schema_extra={"default": {}},
    )
    credential_hosts: Hosts = Field(
        default=(),
        description=(
            "Further hosts that may be told user, key, headers and certificate, besides those of "
            "the source's own address; `*.name` for all below it."
        ),
        examples=[["tiles.example.org", "*.tiles.example.org"]],
    )
    client_certificate: PathText | None = Field(
        default=None, description="PEM file that says who we are.", examples=["secrets/client.pem"]
    )
    client_key: PathText | None = Field(
        default=None,
        description="PEM file of its key, if that is not in the same file.",
        examples=["secrets/client.key"],
    )
    client_key_password: SecretText | None = Field(
        default=None, description="Where the key's password is.", examples=["env:CLIENT_KEY"]
    )
    ca_bundle: PathText | None = Field(
        default=None,
        description="PEM file of the authorities to believe instead of the system's.",
        examples=["secrets/agency-ca.pem"],
    )
    verify: Flag = Field(
        default=True,
        description="Whether certificates are checked; better give `ca_bundle` than say false.",
        examples=[False],
    )
    proxy: ProxyAddress | None = Field(
        default=None, description="HTTP proxy to go through.", examples=["http://proxy:3128"]
    )
    proxy_login: LoginOptions | None = Field(
        default=None,
        description="User and password for the proxy; basic only.",
        examples=[{"user": "maps", "password": "env:PROXY_PASSWORD"}],
    )
    user_agent: Line = Field(
        default="", description="What we call ourselves.", examples=["maps.example.org"]
    )
    referer: Line = Field(
        default="",
        description="The page that we say we come from, for keys bound to one.",
        examples=["https://maps.example.org/"],
    )
    connect_timeout_s: Timeout = Field(
        default=5.0, description="For name, connection and TLS.", examples=[10]
    )
    read_timeout_s: Timeout = Field(
        default=20.0, description="Between two pieces of an answer.", examples=[60]
    )
    total_timeout_s: Timeout = Field(
        default=60.0, description="For everything, waiting and retries included.", examples=[120]
    )
    max_connections: Annotated[Whole, Field(ge=1, le=256)] = Field(
        default=20, description="Requests at once, of each worker.", examples=[2]
    )
    requests_per_s: Annotated[Number, Field(gt=0, le=10_000)] | None = Field(
        default=None, description="On average, of each worker; no bound if absent.", examples=[20]
    )
    retries: Annotated[Whole, Field(ge=0, le=10)] = Field(
        default=2, description="After failures that may pass.", examples=[0]
    )
    backoff_s: Annotated[Number, Field(gt=0, le=60)] = Field(
        default=0.25,
        description="Mean wait before the first retry; doubled at each, with jitter.",
        examples=[1],
    )
    max_retry_after_s: Annotated[Number, Field(ge=0, le=600)] = Field(
        default=10.0,
        description="How long a Retry-After of the remote is waited for; longer ones fail at once.",
        examples=[30],
    )
    missing_s: Annotated[Number, Field(ge=0, le=86_400)] = Field(
        default=60.0, description='How long "nothing there" is remembered.', examples=[3600]
    )
    max_bytes: Annotated[Whole, Field(ge=1024, le=2**30)] = Field(
        default=32 * 2**20, description="Of one answer, decompressed.", examples=[4_194_304]
    )
    allow_downgrade: Flag = Field(
        default=False, description="Follow redirects from https to http.", examples=[True]
    )
    breaker: BreakerOptions = Field(
        default=BreakerOptions(),
        description="When a failing remote is left alone.",
        examples=[{"failures": 10}],
    )
    error_pictures: Annotated[tuple[ErrorPictureOptions, ...], Field(max_length=100)] = Field(
        default=(),
        description="Pictures by which the remote says that it has none.",
        examples=[[{"colour": "#ffffff", "means": "missing"}]],
    )


class RemoteAccessOptions(Settings):
    """Which addresses remote sources may have; the operator's word, for all sources."""

    allow: Places = Field(
        default=(),
        description="Hosts and networks that sources added over the network may also ask.",
        examples=[["gis.example.org", "10.20.0.0/16"]],
    )
    deny: Places = Field(
        default=(),
        description="Hosts and networks that no source asks.",
        examples=[["*.internal.example.org", "192.168.0.0/16"]],
    )
    ports: Annotated[tuple[Port, ...], Field(min_length=1, max_length=100)] = Field(
        default=(80, 443, 8080, 8443),
        description="Ports that sources added over the network may ask.",
        examples=[[80, 443]],
    )
