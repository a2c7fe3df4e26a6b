"""Standard output as a file that a second process opens by its name, as Envoy does for its access log."""

from __future__ import annotations

import fcntl
import os

STDOUT = 1
_NAME = "/dev/stdout"


def share_output() -> None:
    """Let others open standard output beside this process: what each writes then stands behind what is there.

    Raises OSError where nobody can open it: it is closed, a socket (as under systemd), another user's terminal. Told to
    open that, an Envoy refuses its whole listener.
    """
    os.close(os.open(_NAME, os.O_WRONLY | os.O_APPEND))
    # Else this process and its children would write over what a second opener has written to a file.
    fcntl.fcntl(STDOUT, fcntl.F_SETFL, fcntl.fcntl(STDOUT, fcntl.F_GETFL) | os.O_APPEND)
