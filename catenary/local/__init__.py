"""The local launcher: a whole stack as processes of this machine, with real Envoys.

Owns which processes there are and their life; the supervisor of each Envoy is `catenary.sidecar`.
"""
