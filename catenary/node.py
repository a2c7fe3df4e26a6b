"""What a sidecar's Envoy says of itself to the manager, as the node of its xDS requests.

The manager builds a sidecar's whole configuration from it, so that it need remember nothing of sidecars.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from catenary import names
from catenary.address import Address, TcpAddress, parse_address
from catenary.logs import LogFormat

Role = Literal["gateway", "sidecar"]
AppProtocol = Literal["http", "grpc"]
"""What an app speaks: HTTP/1.1; or gRPC, which is HTTP/2 without TLS and without an upgrade from HTTP/1.1."""

_BYTES = re.compile(r"[1-9][0-9]{0,17}")


@dataclass(frozen=True, slots=True)
class Node:
    """`listen` is where the Envoy takes requests, `app` where it passes them on; `body_bytes` limits a body.

    `access_log` is the form of a gateway's lines about requests; None: it writes none.
    """

    id: str
    service: str
    role: Role
    listen: TcpAddress
    app: Address
    body_bytes: int
    app_protocol: AppProtocol = "http"
    access_log: LogFormat | None = None

    def metadata(self) -> dict[str, str]:
        told = {
            "role": self.role,
            "listen": str(self.listen),
            "app": str(self.app),
            "body_bytes": str(self.body_bytes),
            "app_protocol": self.app_protocol,
        }
        return told | ({"access_log": self.access_log} if self.access_log else {})

    @classmethod
    def from_metadata(cls, node_id: str, cluster: str, metadata: Mapping[str, str]) -> Node:
        """The inverse of `metadata`; ValueError says what is wrong."""
        try:
            role = metadata["role"]
            listen = parse_address(metadata["listen"])
            app = parse_address(metadata["app"])
            body_bytes = metadata["body_bytes"]
            app_protocol = metadata["app_protocol"]
        except KeyError as error:
            raise ValueError(f"the node's metadata lacks {error}") from error
        for name in (node_id, cluster):
            if not names.is_name(name):
                raise ValueError(f"{name!r} is no name of a node or a service: {names.NAME_RULE}")
        if not _BYTES.fullmatch(body_bytes):
            raise ValueError(f"body_bytes is a number of bytes, which {body_bytes!r} is not")
        if role not in ("gateway", "sidecar"):
            raise ValueError(f"{role!r} is not a role")
        if app_protocol not in ("http", "grpc"):
            raise ValueError(f"{app_protocol!r} is not what an app speaks")
        access_log = metadata.get("access_log")
        if access_log not in (None, "text", "json"):
            raise ValueError(f"{access_log!r} is not a form of log lines")
        if not isinstance(listen, TcpAddress):
            raise ValueError(f"{listen} is not host:port")
        protocol = cast("AppProtocol", app_protocol)
        form = cast("LogFormat | None", access_log)
        return cls(node_id, cluster, cast("Role", role), listen, app, int(body_bytes), protocol, form)
