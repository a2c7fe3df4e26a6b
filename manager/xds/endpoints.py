"""EDS: where the instances of a service are, which is where their sidecars listen."""

from __future__ import annotations

from collections.abc import Sequence

from envoy.config.core.v3 import address_pb2
from envoy.config.endpoint.v3 import endpoint_components_pb2, endpoint_pb2

from catenary.address import Address, UnixAddress
from manager.xds.resource import Resource, resource


def envoy_address(address: Address) -> address_pb2.Address:
    if isinstance(address, UnixAddress):
        return address_pb2.Address(pipe=address_pb2.Pipe(path=address.path))
    return address_pb2.Address(socket_address=address_pb2.SocketAddress(address=address.host, port_value=address.port))


def load_assignment(cluster: str, addresses: Sequence[Address]) -> endpoint_pb2.ClusterLoadAssignment:
    return endpoint_pb2.ClusterLoadAssignment(
        cluster_name=cluster,
        endpoints=[
            endpoint_components_pb2.LocalityLbEndpoints(
                lb_endpoints=[
                    endpoint_components_pb2.LbEndpoint(
                        endpoint=endpoint_components_pb2.Endpoint(address=envoy_address(address))
                    )
                    for address in addresses
                ]
            )
        ],
    )


def service_endpoints(service: str, addresses: Sequence[Address]) -> Resource:
    return resource(service, load_assignment(service, addresses))
