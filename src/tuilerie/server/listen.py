"""The sockets that are listened on, bound before anything is read: a fault shows at once."""

from __future__ import annotations

import errno
import resource
import socket
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

__all__ = ["AddressError", "Listening", "bind", "bind_local", "raise_file_limit"]


class AddressError(OSError):
    """The address cannot be listened on; the message says which one and why."""


@dataclass(frozen=True, slots=True)
class Listening:
    """Where the server can be reached.

    Attributes:
        url: "http://127.0.0.1:8080", or "unix:/path" for a local socket.
        port: the real one where 0 was asked for; 0 for a local socket.
    """

    url: str
    host: str
    port: int


def bind(host: str, port: int, count: int, backlog: int) -> tuple[list[socket.socket], Listening]:
    """Listen on an address by one socket per worker.

    With SO_REUSEPORT the kernel deals connections out evenly among the sockets, without a herd
    of workers waking for each. Since that option would also let a second server join in on the
    same address, a socket without it is bound first: only one that finds nobody there succeeds.

    Raises:
        AddressError: taken, not ours, or not an address.
    """
    family, address = _resolve(host, port)
    probe = _socket(family, address, share=False)
    if count == 1:
        sockets = [probe]
    else:
        address = (address[0], probe.getsockname()[1], *address[2:])
        probe.close()
        sockets = [_socket(family, address, share=True) for _ in range(count)]
    for listener in sockets:
        listener.listen(backlog)
    real_port: int = sockets[0].getsockname()[1]
    shown = f"[{host}]" if ":" in host else host
    return sockets, Listening(f"http://{shown}:{real_port}", host, real_port)


def bind_local(path: Path, backlog: int) -> tuple[list[socket.socket], Listening]:
    """Listen on a Unix socket; one that a dead server left behind is replaced.

    Raises:
        AddressError: a living server is there, or the file cannot be made.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if path.is_socket() and _abandoned(path):
            path.unlink()
        listener.bind(str(path))
        path.chmod(_LOCAL_MODE)
        listener.listen(backlog)
    except OSError as error:
        listener.close()
        raise _not_usable(str(path), error) from error
    listener.setblocking(False)
    return [listener], Listening(f"unix:{path}", "", 0)


_LOCAL_MODE: Final = 0o666
"""The proxy in front runs as somebody else; who may reach it is for the directory to say."""


def _abandoned(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as caller:
        try:
            caller.connect(str(path))
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
    return False


def _resolve(host: str, port: int) -> tuple[socket.AddressFamily, tuple[Any, ...]]:
    try:
        found = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )
    except (OSError, UnicodeError, OverflowError) as error:
        msg = f"{host!r} is not an address of this machine: {error}"
        raise AddressError(errno.EADDRNOTAVAIL, msg) from error
    # "localhost" is often both; what people type and proxies are told is 127.0.0.1.
    found.sort(key=lambda entry: entry[0] != socket.AF_INET)
    family, _, _, _, address = found[0]
    return family, address


def _socket(
    family: socket.AddressFamily, address: tuple[Any, ...], *, share: bool
) -> socket.socket:
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if share:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listener.bind(address)
    except (OSError, OverflowError) as error:
        listener.close()
        raise _not_usable(f"{address[0]}:{address[1]}", error) from error
    listener.setblocking(False)
    return listener


def _not_usable(where: str, error: Exception) -> AddressError:
    number = error.errno if isinstance(error, OSError) and error.errno else errno.EINVAL
    why = {
        errno.EADDRINUSE: "another program listens there; stop it or choose another port",
        errno.EACCES: "not allowed; ports below 1024 need a privilege",
        errno.EADDRNOTAVAIL: "this machine has no such address",
    }.get(number, str(error))
    return AddressError(number, f"cannot listen on {where}: {why}")


def raise_file_limit() -> None:
    """Allow this process as many open files as the machine does: every connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = hard if hard != resource.RLIM_INFINITY else max(soft, _FILES)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, _FILES), hard))


_FILES: Final = 65536
