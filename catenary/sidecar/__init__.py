"""The sidecar supervisor: one app and its Envoy as one instance of a service.

Starts both, waits until the app answers through its Envoy, keeps the instance in the manager's registry while it does,
and on TERM leaves, drains and stops. Restarts nothing: if either dies both go, and whoever started the supervisor (the
launcher, a container's restart policy) decides. Knows nothing of pipelines, nor of what the manager tells the Envoy.
"""

from catenary.sidecar.settings import SidecarSettings
from catenary.sidecar.supervisor import run

__all__ = ["SidecarSettings", "run"]
