"""What every process of Catenary shares: names, messages, errors, settings, store, sidecar, launcher and command line.

Imports none of `gateway`, `manager`, `repository` and `runtimes`; they import it.
"""

__version__ = "0.1.0"
