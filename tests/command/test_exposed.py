"""A server that other machines reach, in a network of its own: a namespace whose one address is not loopback."""

import json
import subprocess
import sys
from textwrap import dedent

import pytest

from tests.support.network import ADDRESS, IN_NETWORK, can_make_networks

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not can_make_networks(), reason="this system lets nobody make a network namespace"),
]

CLIENT = dedent("""
    import json, subprocess, sys
    from qsession_core import Program, Workspace, errors

    command = [sys.executable, "-m", "qsession_core", "serve", *sys.argv[1:], "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as server:
        told = json.loads(server.stdout.readline())
        text = told["connectionString"]
        flip = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])
        with Workspace.from_connection_string(text) as workspace:
            counts = workspace.get_target("ionq.simulator").submit(flip, shots=10).result().counts
        try:
            parts = [part for part in text.split(";") if not part.startswith(("AllowHttp", "TlsFingerprint"))]
            with Workspace.from_connection_string(";".join(parts)) as workspace:
                refused = str(workspace.get_targets())
        except errors.QSessionError as error:
            refused = type(error).__name__
        server.terminate()
        server.communicate()
    print(json.dumps({**told, "counts": counts, "refused": refused}))
""")


def run(*options):
    done = subprocess.run(
        [*IN_NETWORK, sys.executable, "-c", CLIENT, *options],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_plain_http_needs_both_sides_to_say_so():
    told = run("--expose", "--allow-http")
    assert told["endpoint"].startswith(f"http://{ADDRESS}:")
    assert told["connectionString"].endswith(f"AllowHttp={ADDRESS};")
    assert (told["counts"], told["refused"]) == ({"1": 10}, "ConfigurationError")


def test_a_certificate_of_its_own_is_pinned_by_the_connection_string():
    told = run("--expose", "--tls", "self", "--allow-host", ADDRESS)
    assert told["endpoint"].startswith(f"https://{ADDRESS}:")
    assert told["connectionString"].endswith(f"TlsFingerprint={told['tlsFingerprint']};")
    assert (told["counts"], told["refused"]) == ({"1": 10}, "TransportError")
