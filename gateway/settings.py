"""The settings of the gateway's app."""

from __future__ import annotations

from catenary import names
from catenary.settings import AddressText, Settings, UrlsText


class GatewaySettings(Settings):
    listen: AddressText = "127.0.0.1:9090"
    """Where the app listens for its Envoy, `host:port` or `unix:/path`; the sidecar sets it."""

    manager: UrlsText = f"http://127.0.0.1:{names.MANAGER_PORT}"
    """The manager's URL: it knows the names of the pipelines; several managers with commas between them."""
