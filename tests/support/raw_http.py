"""HTTP by hand: what is sent is what stands here, also where it is no HTTP."""

import contextlib
import socket


def connected(server):
    return socket.create_connection(("127.0.0.1", server.port), 30)


def head(server, line, headers, host=None):
    return f"{line}\r\nHost: {host or f'127.0.0.1:{server.port}'}\r\n{headers}\r\n".encode()


def until_closed(connection):
    found = b""
    with contextlib.suppress(ConnectionError):
        while data := connection.recv(65536):
            found += data
    return found.decode("latin-1")


def one_answer(connection):
    """Read one answer; the connection may stay open."""
    found = b""
    while b"\r\n\r\n" not in found:
        data = connection.recv(65536)
        if not data:
            return found.decode("latin-1")
        found += data
    before, _, body = found.partition(b"\r\n\r\n")
    length = next(
        (int(line[15:]) for line in before.decode().lower().split("\r\n") if line[:15] == "content-length:"), 0
    )
    while len(body) < length:
        body += connection.recv(65536)
    return (before + b"\r\n\r\n" + body).decode("latin-1")


def ask(server, line, headers="", body="", host=None):
    with connected(server) as connection:
        connection.sendall(head(server, line, headers, host) + body.encode())
        return one_answer(connection)


def status(answer):
    return int(answer.split(" ", 2)[1]) if answer else None


def healthy(server):
    return status(ask(server, "GET /_/health HTTP/1.1")) == 200
