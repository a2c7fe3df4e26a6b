"""The manager, but its gateways speak HTTP/1.1 to the sidecars: `python bench/http1_manager.py` for `-m manager`."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from envoy.config.cluster.v3 import cluster_pb2
from envoy.config.core.v3 import protocol_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2

from manager import main, snapshot
from manager.xds.clusters import service_cluster
from manager.xds.resource import Resource, packed, resource


def http1_cluster(service: str) -> Resource:
    """As the manager's own, but for the protocol."""
    cluster = cluster_pb2.Cluster()
    service_cluster(service).body.Unpack(cluster)
    [(name, packed_options)] = cluster.typed_extension_protocol_options.items()
    options = http_protocol_options_pb2.HttpProtocolOptions()
    packed_options.Unpack(options)
    options.explicit_http_config.http_protocol_options.CopyFrom(protocol_pb2.Http1ProtocolOptions())
    cluster.typed_extension_protocol_options[name].CopyFrom(packed(options))
    return resource(service, cluster)


snapshot.service_cluster = http1_cluster
sys.exit(main.main())
