"""What nobody should send: pieces of requests, bodies and names for hypothesis to put together."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FUZZ = settings(
    derandomize=settings.get_current_profile_name() != "fuzz",
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
"""The same examples each time, unless the profile asks for many."""

SMUGGLED = b"GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n"

_PIECES = [
    *(
        b"..",
        b"%2e%2e",
        b"%2E%2e%2F",
        b"//",
        b"/./",
        b"\\",
        b"%5c",
        b";",
        b";a=b",
        b"%00",
        b"%0d%0a",
        b"%0a",
        b"\x00",
        b" ",
    ),
    *(
        b"%",
        b"%zz",
        b"%ff",
        b"\xff",
        b"\xc3\xbc",
        b"%ED%A0%80",
        b"%F0%9F%98%80",
        b"?",
        b"?wait=%ff",
        b"?a=\xff",
        b"#x",
        b"*",
        b"~",
    ),
    *(
        b"a" * 255,
        b"a" * 9_000,
        b"%2e%2e%2f" * 200,
        b"a/" * 500,
        b":80",
        b"@",
        b"{}",
        b"'\"<>",
        b"etc/passwd",
        b"health",
    ),
]
pieces = st.sampled_from(_PIECES) | st.binary(min_size=1, max_size=8)


def targets(routes: list[str]) -> st.SearchStrategy[bytes]:
    """A request's target: one of `routes` with something before, in or after it, or none at all."""
    route = st.sampled_from([r.encode() for r in routes])
    parts = st.lists(pieces, max_size=3).map(b"".join)
    odd = st.sampled_from([b"*", b"", b"x", b"http://x/health", b"http://", b"//x/health", b"/" + b"a" * 70_000])
    return route | st.tuples(route, parts).map(b"".join) | st.tuples(parts, route).map(b"".join) | odd


methods = st.sampled_from([b"GET", b"POST", b"PUT", b"DELETE"]) | st.sampled_from(
    [b"HEAD", b"OPTIONS", b"PATCH", b"TRACE", b"CONNECT", b"PRI", b"get", b"F-O", b"", b"G\xc9T", b"A" * 5_000]
)

_NAMES = [
    *(
        "x-request-id",
        "traceparent",
        "tracestate",
        "b3",
        "x-b3-traceid",
        "x-b3-sampled",
        "x-trace-id",
        "accept",
        "cookie",
    ),
    *("if-match", "if-none-match", "if-range", "range", "content-type", "content-encoding", "content-length", "expect"),
    *(
        "transfer-encoding",
        "connection",
        "upgrade",
        "te",
        "trailer",
        "keep-alive",
        "host",
        "via",
        "forwarded",
        "priority",
    ),
    *(
        "x-forwarded-for",
        "x-forwarded-proto",
        "x-forwarded-host",
        "x-envoy-max-retries",
        "x-envoy-retry-on",
        "x-envoy-force-trace",
    ),
    *("x-envoy-upstream-rq-timeout-ms", "x-envoy-original-path", "x-envoy-internal", "x-envoy-upstream-service-time"),
    *(
        "x-catenary-pipeline",
        "x-catenary-step",
        "x-catenary-begins-like",
        "x-catenary-local-reply",
        "x-catenary-answered",
        "server-timing",
        ":path",
        ":method",
        "a b",
        "",
        "\u00fc",
    ),
]
_VALUES = [
    *(
        b"",
        b"*",
        b"\xff\xfe",
        b"\x00",
        b"\x01",
        b"a,b,,",
        b"close",
        b"chunked",
        b"chunked, chunked",
        b"gzip, chunked",
        b"xchunked",
    ),
    *(
        b"0",
        b"-1",
        b"1e9",
        b"0x10",
        b"5, 6",
        b"9" * 30,
        b'"' + b"9" * 5_000 + b'"',
        b'"1"',
        b'W/"1"',
        b'"\xff"',
        b"a" * 9_000,
    ),
    *(
        b"gzip",
        b"deflate",
        b"br",
        b"zstd",
        b"identity",
        b"100-continue",
        b"foo",
        b"websocket",
        b"h2c",
        b"trailers",
        b"bytes=0-",
    ),
    *(
        b"00-" + b"0" * 32 + b"-" + b"0" * 16 + b"-00",
        b"00-" + b"g" * 32 + b"--",
        b"\xff-\xff-\xff-\xff",
        b"a/b",
        b"x:99999",
        b"[::1",
    ),
    *(
        b"application/json; charset=utf-16",
        b"multipart/form-data",
        b"text/event-stream",
        b"application/grpc",
        b"a" * 70_000,
    ),
]
header_lines = st.tuples(
    st.sampled_from([name.encode() for name in _NAMES]), st.sampled_from(_VALUES) | st.binary(max_size=12)
).map(lambda header: header[0] + b": " + header[1] + b"\r\n") | st.sampled_from(
    [
        b"x\r\n",
        b": x\r\n",
        b" folded: x\r\n",
        b"x-\xff: y\r\n",
        b"x: y\n",
        b"x: y\rz: a\r\n",
        b"x:\x00\r\n",
        b"x-n: y\r\n" * 150,
    ]
)

_DEEP = [
    *(
        b"[" * 100_000,
        b"[" * 100_000 + b"]" * 100_000,
        b'{"a":' * 100_000 + b"1" + b"}" * 100_000,
        b'[{"a":' + b"[" * 400 + b"]" * 400 + b"}]",
    ),
]
_TEXTS = [
    *(
        b"",
        b" ",
        b"x",
        b"\xff",
        b"\xef\xbb\xbf[]",
        b"[]\x00",
        b"NaN",
        b"[NaN]",
        b"-Infinity",
        b'[{"a":1e400}]',
        b'[{"a":' + b"9" * 5_000 + b"}]",
    ),
    *(
        b'{"a":"\\ud800"}',
        b'{"\\ud800":1}',
        b'{"a":1,"a":2}',
        b'{"":""}',
        b"[[]]",
        b"[null]",
        b"null",
        b"true",
        b'"x"',
        b"0",
        b"{}",
        b"[]",
        b"[{}]",
    ),
    *(b'[{"a":1},', b"[" + b"{}," * 5_000 + b"{}]", b"\x1f\x8b", b"PAR1", b"\x80\x04."),
]
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=10)
    | st.sampled_from([2**63, 2**64, -(2**70), 1e308]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)
"""What a JSON library may make of a body, with the numbers that JSON does not have."""

bodies = st.sampled_from(_TEXTS) | st.sampled_from(_DEEP) | st.binary(max_size=40)


def _fixed(body: bytes) -> bytes:
    return b"content-length: %d\r\n\r\n" % len(body) + body


def _encoded(encoding: bytes, encode: object, cut: int) -> object:
    def framed(body: bytes) -> bytes:
        packed = encode(body)  # type: ignore[operator]
        return b"content-encoding: " + encoding + b"\r\n" + _fixed(packed[: len(packed) - cut])

    return framed


def _chunked(body: bytes) -> bytes:
    return b"transfer-encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (len(body), body) if body else b"\r\n"


framed_bodies = st.one_of(
    bodies.map(_fixed),
    bodies.map(_chunked),
    bodies.map(_encoded(b"gzip", gzip.compress, 0)),
    bodies.map(_encoded(b"gzip", gzip.compress, 9)),
    bodies.map(_encoded(b"deflate", zlib.compress, 0)),
    bodies.map(_encoded(b"gzip", bytes, 0)),
    st.sampled_from(
        [
            b"\r\n",
            b"content-length: 10\r\n\r\nshort",
            b"content-length: 0\r\ncontent-length: 35\r\n\r\n" + SMUGGLED,
            b"content-length: 35\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
            b"transfer-encoding: chunked\r\ntransfer-encoding: identity\r\n\r\n0\r\n\r\n" + SMUGGLED,
            b"transfer-encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + SMUGGLED,
            b"transfer-encoding: chunked\r\n\r\nzz\r\n",
            b"transfer-encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
            b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\nx\r\n",
            b"transfer-encoding: chunked\r\n\r\n2;x=y\r\n{}\r\n0\r\nhost: y\r\nx-trailer: \xff\r\n\r\n",
            b"transfer-encoding: chunked\r\n\r\n-1\r\n\r\n",
        ]
    ),
)


def requests(routes: list[str]) -> st.SearchStrategy[bytes]:
    """Requests as bytes, most of them well enough formed to get past the first parser."""
    version = st.sampled_from([b"HTTP/1.1"] * 8 + [b"HTTP/1.0", b"HTTP/2.0", b"HTTP/9.9", b"http/1.1", b"", b"\xff"])
    head = st.tuples(methods, targets(routes), version).map(b" ".join)
    host = st.sampled_from([b"host: x\r\n"] * 8 + [b"", b"host: \xff\r\n", b"host: a\r\nhost: b\r\n", b"host: a b\r\n"])
    lines = st.lists(header_lines, max_size=4).map(b"".join)
    return st.tuples(head, st.just(b"\r\n"), host, lines, framed_bodies).map(b"".join)


garbage = st.one_of(
    st.binary(max_size=200),
    st.binary(max_size=200).map(lambda frames: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frames),
    st.sampled_from(
        [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200, b"GET /", b"\r\n" * 500, b"\x00" * 70_000]
    ),
).map(lambda start: start + b"\r\n\r\n")
