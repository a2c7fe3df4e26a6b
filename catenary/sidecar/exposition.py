"""What an Envoy exports, with Catenary's own metrics under their names and in seconds; the rest stays as it is.

Pure: bytes in Prometheus's text format in, the same out. Knows no network.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from catenary import envoy_stats

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

RETRIES = "catenary_gateway_retries_total"
_RETRIES_HELP = "Tries of a service's steps beyond the first."
_OURS = f"envoy_{envoy_stats.PREFIX}_".encode()
_TYPE = b"# TYPE "
_BOUNDS = {str(us).encode(): f"{us / 1e6:g}".encode() for us in envoy_stats.BUCKETS_US}
_CLUSTER = b"envoy_cluster_name"
_RETRIED = b"envoy_cluster_upstream_rq_retry{"
_RETRIED_OF_NO_SERVICE = _RETRIED + _CLUSTER + b'="_'


def gauge(name: str, help_text: str, values: dict[str, float]) -> bytes:
    """A family; `values` by what stands in the braces."""
    lines = [f"# HELP {name} {help_text}", f"# TYPE {name} gauge"]
    lines += [f"{name}{{{labels}}} {value:g}" if labels else f"{name} {value:g}" for labels, value in values.items()]
    return "".join(f"{line}\n" for line in lines).encode()


def exported(text: bytes, *, gateway: bool) -> bytes:
    """What an Envoy answers at `/stats/prometheus`, as Catenary exports it; a `gateway`'s with the services' retries.

    Takes about two seconds for a million lines: nothing for an event loop.
    """
    return b"".join(_lines(text, gateway))


def _lines(text: bytes, gateway: bool) -> Iterator[bytes]:
    retries: list[bytes] = []
    family = _Family("", False)
    # Line by line, so that other threads have their turns.
    for line in text.splitlines(keepends=True):
        if line.startswith(_OURS):
            yield family.line(line)
        elif line.startswith(_TYPE + _OURS):
            family = _Family.of(line)
            yield family.head(line.split()[-1].decode())
        else:
            if gateway and line.startswith(_RETRIED) and not line.startswith(_RETRIED_OF_NO_SERVICE):
                retries.append(line)
            yield line
    if retries:
        yield f"# HELP {RETRIES} {_RETRIES_HELP}\n# TYPE {RETRIES} counter\n".encode()
        for line in retries:
            yield RETRIES.encode() + line[len(_RETRIED) - 1 :].replace(_CLUSTER, b"service")


@dataclass(frozen=True, slots=True)
class _Family:
    """One of Catenary's, by its `stat` in Envoy."""

    stat: str
    in_us: bool

    @classmethod
    def of(cls, type_line: bytes) -> _Family:
        stat = type_line.split()[2][len(_OURS) :].decode()
        return cls(stat, stat.endswith("_us"))

    @property
    def name(self) -> str:
        name = f"{envoy_stats.PREFIX}_{self.stat}"
        return name.removesuffix("_us") + "_seconds" if self.in_us else name

    def head(self, kind: str) -> bytes:
        return f"# HELP {self.name} {envoy_stats.HELP.get(self.stat, '')}\n# TYPE {self.name} {kind}\n".encode()

    def line(self, line: bytes) -> bytes:
        line = line.replace(b'model="/', b'model="', 1)
        sample = line[len(_OURS) + len(self.stat) :]
        if self.in_us:
            sample = _in_seconds(sample)
        return self.name.encode() + sample


def _in_seconds(sample: bytes) -> bytes:
    """A histogram's sample, without the name: `_bucket{…,le="500"} 1`, `_sum{…} 123.4` or `_count{…} 1`."""
    if sample.startswith(b"_bucket"):
        labels, le, rest = sample.rpartition(b'le="')
        bound, quote, count = rest.partition(b'"')
        return labels + le + _BOUNDS.get(bound, bound) + quote + count
    if sample.startswith(b"_sum"):
        labels, _, total = sample.rpartition(b" ")
        return labels + f" {float(total) / 1e6:.9g}\n".encode()
    return sample
