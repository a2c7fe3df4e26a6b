"""Models of the custom runtime: `metadata.json`, `model.py` and whatever that one reads or imports from its folder."""

from __future__ import annotations

from repository.formats.declared import declared_signature
from repository.formats.format import Broken, Files, Incomplete, Signature

CODE = "model.py"
CODE_BYTES = 1024 * 1024
"""Longer source is written by no person; to read it would keep the interpreter from all else for minutes."""
_BESIDE = frozenset({"README.md", "request.json", "response.json"})


class Custom:
    runtime = "custom"

    def belongs(self, path: str) -> bool:
        return path not in _BESIDE

    def signature(self, files: Files) -> Signature:
        signature = declared_signature(files)
        code = files.read(CODE)
        if not code.strip():
            raise Incomplete(f"{CODE} is empty")
        if len(code) > CODE_BYTES:
            raise Broken(f"{CODE} is larger than {CODE_BYTES} bytes")
        try:
            # Without Python's own objects for the syntax tree, which ast.parse makes, it takes a fraction of the time.
            compile(code, CODE, "exec", dont_inherit=True)
        except SyntaxError as error:
            raise Broken(f"{CODE}, line {error.lineno}: {error.msg}") from error
        except (ValueError, MemoryError, RecursionError) as error:
            # Null bytes, and nesting that is too deep for Python's parser.
            raise Broken(f"{CODE} is not Python: {error}") from error
        return signature
