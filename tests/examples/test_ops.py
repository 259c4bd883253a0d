"""What runs a workspace elsewhere: files of containers, of CI and of systemd say commands that work."""

import ast
import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from textwrap import dedent

import pytest
import yaml

from tests.support.network import ADDRESS, IN_NETWORK, can_make_networks

OPS = Path(__file__).parents[2] / "examples" / "ops"
BIN = Path(sys.executable).parent
KEY = "0123456789abcdef0123"
# Instructions of a Dockerfile. Source: Docker's "Dockerfile reference"
INSTRUCTIONS = {"FROM", "ARG", "RUN", "USER", "VOLUME", "EXPOSE", "ENTRYPOINT", "CMD", "HEALTHCHECK", "ENV", "COPY"}

pytestmark = pytest.mark.slow


def dockerfile():
    """Return the instructions and what stands behind them."""
    text = re.sub(r"(?m)^#.*\n", "", (OPS / "Dockerfile").read_text(encoding="utf-8"))
    return [tuple(line.split(" ", 1)) for line in text.replace("\\\n", " ").splitlines() if line.strip()]


def told(name):
    return next(json.loads(re.sub(r"^.*?\[", "[", behind)) for first, behind in dockerfile() if first == name)


def compose():
    return yaml.safe_load((OPS / "compose.yaml").read_text(encoding="utf-8"))["services"]


SERVED = dedent("""
    import os, subprocess, sys, time, urllib.request
    from qsession_core import Workspace

    server = subprocess.Popen(COMMAND)
    try:
        for _ in range(600):
            if server.poll() is not None:
                sys.exit(f"the server ended with {server.returncode}")
            if HEALTH is None or subprocess.run(HEALTH, stderr=subprocess.DEVNULL).returncode == 0:
                break
            time.sleep(0.1)
        if CONNECTION:
            with Workspace.from_connection_string(CONNECTION) as workspace:
                print(len(workspace.get_targets()))
    finally:
        server.terminate()
    sys.exit(server.wait())
""")


@pytest.fixture
def served(tmp_path):
    if not can_make_networks():
        pytest.skip("this system lets nobody make a network namespace")

    def run(command, health, connection="", **environment):
        names = f"COMMAND, HEALTH, CONNECTION = {command!r}, {health!r}, {connection!r}\n"
        path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [*IN_NETWORK, sys.executable, "-c", names + SERVED],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**os.environ, "PATH": path, **environment},
            cwd=tmp_path,
        )

    return run


def test_the_dockerfile_has_instructions_that_there_are():
    assert {first for first, _ in dockerfile()} <= INSTRUCTIONS
    assert dockerfile()[0][0] == "FROM"
    assert [behind for first, behind in dockerfile() if first == "USER"] == ["qsession"]


def test_the_container_serves_is_healthy_and_ends_when_it_is_told(served, tmp_path):
    data = tmp_path / "data"
    command = [str(data) if word == "/data" else word for word in told("ENTRYPOINT") + told("CMD")]
    string = compose()["program"]["environment"]["AZURE_QUANTUM_CONNECTION_STRING"]
    string = (
        string.replace("${QSESSION_KEY}", KEY).replace("=qsession", f"={ADDRESS}").replace("//qsession", f"//{ADDRESS}")
    )
    done = served(command, told("HEALTHCHECK"), string, QSESSION_KEY=KEY)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout.splitlines()[-1]) > 5
    assert (data / "workspace.db").exists()


def test_compose_waits_for_the_health_of_the_service():
    services = compose()
    assert services["program"]["depends_on"] == {"qsession": {"condition": "service_healthy"}}
    assert services["qsession"]["build"] == "."
    assert all("${QSESSION_KEY" in json.dumps(service["environment"]) for service in services.values())


def test_the_unit_of_systemd_starts_what_serves(served, tmp_path):
    lines = dict(
        line.split("=", 1)
        for line in (OPS / "qsession.service").read_text(encoding="utf-8").splitlines()
        if "=" in line
    )
    command = [
        word.replace("/opt/qsession/bin/qsession", "qsession").replace("/var/lib/qsession", str(tmp_path))
        for word in lines["ExecStart"].split()
    ]
    health = [sys.executable, "-c", "import socket; socket.create_connection(('127.0.0.1', 8443), 1)"]
    done = served(command, health)
    assert done.returncode == 0, done.stderr
    assert "The certificate's SHA-256" in done.stdout
    assert (tmp_path / "key").stat().st_mode & 0o077 == 0


def test_the_steps_of_the_action_leave_a_service_for_the_next_ones(tmp_path):
    steps = yaml.safe_load((OPS / "github-action.yml").read_text(encoding="utf-8"))["jobs"]["test"]["steps"]
    start, use = [step["run"] for step in steps[-2:]]
    script = (
        f'set -e\n{start}\nset -a\n. <(sed \'s/=\\(.*\\)/="\\1"/\' "$GITHUB_ENV")\n{use}\nkill %1\nwait %1 || true\n'
    )
    path = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-c", script],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        cwd=tmp_path,
        env={**os.environ, "PATH": path, "GITHUB_ENV": str(tmp_path / "github.env")},
    )
    assert done.returncode == 0, done.stderr
    assert "ionq.simulator" in done.stdout


def test_the_other_files_can_be_read():
    container = json.loads((OPS / "devcontainer.json").read_text(encoding="utf-8"))
    assert container["containerEnv"]["QSESSION_LOCAL"].startswith("/")
    (block,) = re.findall(r"(?s)```python\n(.*?)```", (OPS / "jupyterhub.md").read_text(encoding="utf-8"))
    assert ast.parse(block)


def test_the_extras_that_they_install_are_there():
    extras = tomllib.loads((OPS.parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for path in OPS.iterdir():
        for found in re.findall(r"qsession\[([\w,]+)\]", path.read_text(encoding="utf-8")):
            assert set(found.split(",")) <= set(extras["optional-dependencies"])
