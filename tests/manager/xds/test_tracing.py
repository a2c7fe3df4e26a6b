"""Where spans go."""

from __future__ import annotations

import pytest

from catenary.address import TcpAddress
from catenary.errors import SetupError
from catenary.settings import read_settings
from manager.settings import ManagerSettings
from manager.xds.tracing import Zipkin


@pytest.mark.parametrize(
    ("url", "collector", "path"),
    [
        ("http://zipkin:9411", TcpAddress("zipkin", 9411), "/api/v2/spans"),
        ("http://zipkin:9411/", TcpAddress("zipkin", 9411), "/api/v2/spans"),
        ("http://10.0.0.7/tempo/spans", TcpAddress("10.0.0.7", 80), "/tempo/spans"),
    ],
)
def test_the_setting_names_a_server_and_perhaps_a_path(url: str, collector: TcpAddress, path: str) -> None:
    zipkin = read_settings(ManagerSettings, zipkin=url).zipkin
    assert Zipkin.at(zipkin, 5) == Zipkin(collector, path, 5)


@pytest.mark.parametrize("url", ["zipkin:9411", "https://zipkin", "http://", "http://zipkin:port"])
def test_what_is_no_such_server_is_refused(url: str) -> None:
    with pytest.raises(SetupError, match="CATENARY_ZIPKIN"):
        read_settings(ManagerSettings, zipkin=url)
