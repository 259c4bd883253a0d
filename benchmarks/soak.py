"""Many clients on one served workspace, honest and hostile jobs 1 : 10, kills and full disks now and then.

Honest jobs have results that are known beforehand. What must come out: none is lost (the service acknowledged it, and
it never ended), none doubled (one name, two jobs), none wrong (another result, or Failed). The last third has no kills:
there the memory of one process is followed, and its growth printed.

    python benchmarks/soak.py                 a minute
    python benchmarks/soak.py --minutes 10
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import random
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

ENDED = {"Succeeded", "Failed", "Cancelled"}
HOSTILE_SHARE = 1 / 11
THINKING_SECONDS = 8.0  # on average, between two jobs of one client
HOSTILE_PATIENCE = 4.0  # then a client cancels its hostile job
DISTURBANCE_SECONDS = 15.0
FULL_SECONDS, FULL_BYTES = 3.0, 16 * 1024
DRAIN_SECONDS = 90.0
WARM_SECONDS = 5  # of a life; libraries are loaded then, and what comes later is growth
QIR = "define void @main() #0 {\nentry:\n%s  ret void\n}\nattributes #0 = { %s }\n"
ENTRY = '"entry_point" "required_num_qubits"="2" "required_num_results"="2"'
GATE = "  call void @__quantum__qis__h__body(%Qubit* inttoptr (i64 0 to %Qubit*))\n"
H2, IONQ, QVM = "quantinuum.sim.h2-1e", "ionq.simulator", "rigetti.sim.qvm"
NESTED = "".join(f"gate g{n} a {{ g{n - 1} a; g{n - 1} a; }}\n" for n in range(1, 45))


def _ionq(qubits: int, *gates: dict[str, object]) -> str:
    return json.dumps({"qubits": qubits, "circuit": gates})


# Each is a format, a target, a payload and a number of shots
HOSTILE = (
    ("ionq.circuit.v1", IONQ, _ionq(100_000_000, {"gate": "h", "target": 0}), 100),
    ("ionq.circuit.v1", IONQ, _ionq(29, *({"gate": "h", "target": n} for n in range(29))), 100),
    ("ionq.circuit.v1", IONQ, '{"qubits":1,"circuit":' + "[" * 100_000 + "]" * 100_000 + "}", 100),
    ("qir.v1", H2, QIR % ("\n" * 100_000, ENTRY), 10),
    ("qir.v1", H2, QIR % ("  br label %l\nl:\n" + GATE * 50 + "  br label %l\n", ENTRY), 10),
    ("honeywell.openqasm.v1", H2, "OPENQASM 2.0;\nqreg q[1];\ngate g0 a { }\n" + NESTED + "g44 q[0];\n", 10),
    ("rigetti.quil.v1", QVM, "DECLARE ro BIT[1000000000]\nMEASURE 0 ro[0]", 10),
    ("rigetti.quil.v1", QVM, "LABEL @a\nJUMP @a", 10),
    ("qir.v1", H2, "BC\xc0\xde" + "\x00" * 100, 10),
)  # fmt: skip


class Gone(Exception):  # noqa: N818 - it is no error here
    """The soak has ended."""


@dataclass
class Server:
    """The service as a process of its own, on one port and one directory for the whole soak."""

    directory: Path
    port: int
    log: IO[bytes]
    process: subprocess.Popen[str] | None = None
    starts: int = 0
    key: str = ""
    base: str = ""
    memory: list[list[int]] = field(default_factory=list)  # kB, of each start

    def start(self) -> None:
        """Start it and learn its key."""
        command = [sys.executable, "-m", "qsession_core", "serve", "--port", str(self.port)]
        self.process = subprocess.Popen(
            [*command, "--directory", str(self.directory)], stdout=subprocess.PIPE, stderr=self.log, text=True
        )
        assert self.process.stdout is not None
        parts = dict(part.split("=", 1) for part in self.process.stdout.readline().strip().rstrip(";").split(";"))
        self.key = parts["ApiKey"]
        self.base = (
            f"/subscriptions/{parts['SubscriptionId']}/resourceGroups/{parts['ResourceGroupName']}"
            f"/providers/Microsoft.Quantum/workspaces/{parts['WorkspaceName']}"
        )
        self.starts += 1
        self.memory.append([])

    def kill(self) -> None:
        """Kill it, as a power failure would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def full_disk(self) -> Iterator[None]:
        """Let it write next to nothing for a while."""
        assert self.process is not None
        resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (FULL_BYTES, resource.RLIM_INFINITY))
        try:
            yield
        finally:
            resource.prlimit(self.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))

    def look(self) -> None:
        """Note how much memory it has."""
        assert self.process is not None
        with contextlib.suppress(OSError, StopIteration):
            lines = Path(f"/proc/{self.process.pid}/status").read_text().splitlines()
            self.memory[-1].append(int(next(line for line in lines if line.startswith("VmRSS")).split()[1]))


@dataclass
class Tally:
    """What came out."""

    acknowledged: dict[str, float] = field(default_factory=dict)  # honest jobs by id: when they were first sent
    right: dict[str, float] = field(default_factory=dict)  # by id: the seconds until the result
    wrong: list[str] = field(default_factory=list)
    hostile: Counter[str] = field(default_factory=Counter)
    answers: Counter[int] = field(default_factory=Counter)


class Client:
    """One client with one connection, which repeats what did not get through."""

    def __init__(self, server: Server, tally: Tally, until: float) -> None:
        self._server = server
        self._tally = tally
        self.until = until
        self._connection: http.client.HTTPConnection | None = None

    def ask(
        self, method: str, path: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> tuple[int, bytes]:
        """Make one request, again and again until it is answered with something else than "later"."""
        while time.monotonic() < self.until:
            key = {} if headers is not None else {"x-ms-quantum-api-key": self._server.key}
            try:
                if self._connection is None:
                    self._connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=30)
                self._connection.request(method, path, body, {**key, **(headers or {})})
                reply = self._connection.getresponse()
                status, data = reply.status, reply.read()
            except (OSError, http.client.HTTPException):
                if self._connection is not None:
                    self._connection.close()
                self._connection = None
                time.sleep(0.2)
                continue
            self._tally.answers[status] += 1
            if status not in {429, 503, 507}:
                return status, data
            time.sleep(0.5)
        raise Gone

    def submit(self, job_id: str, name: str, job: tuple[str, str, str, int]) -> int:
        """Send one job and return the status of the answer."""
        input_format, target, payload, shots = job
        base, container = self._server.base, f"job-{job_id}"
        _, body = self.ask("POST", f"{base}/storage/sasUri", json.dumps({"containerName": container}).encode())
        address, _, query = json.loads(body)["sasUri"].partition("?")
        path = "/" + address.split("/", 3)[3]
        headers = {"x-ms-blob-type": "BlockBlob"}
        self.ask("PUT", f"{path}/inputData?{query}", payload.encode("latin-1"), headers)
        record = {
            "name": name, "target": target, "containerUri": address, "inputDataUri": f"{address}/inputData",
            "inputDataFormat": input_format, "inputParams": {"shots": shots},
        }  # fmt: skip
        return self.ask("PUT", f"{base}/jobs/{job_id}", json.dumps(record).encode())[0]

    def state(self, job_id: str) -> dict[str, object]:
        """Return a job as the service tells it."""
        status, body = self.ask("GET", f"{self._server.base}/jobs/{job_id}")
        found: dict[str, object] = json.loads(body) if status == 200 else {"status": f"answer {status}"}
        return found

    def wait(self, job_id: str, seconds: float) -> dict[str, object]:
        """Poll a job until it has ended, or for so long."""
        until, pause = time.monotonic() + seconds, 0.05
        while True:
            found = self.state(job_id)
            if found["status"] not in {"Waiting", "Executing", "CancellationRequested"} or time.monotonic() > until:
                return found
            time.sleep(pause)
            pause = min(1.0, pause * 1.5)

    def honest(self, dice: random.Random) -> None:
        """Send a job whose one outcome is known, and look at its result."""
        bits = [dice.random() < 0.5 for _ in range(dice.randint(1, 8))]
        flips = [{"gate": "x", "target": place} for place, bit in enumerate(bits) if bit]
        payload = _ionq(len(bits), *flips, {"gate": "h", "target": 0}, {"gate": "h", "target": 0})
        job_id, began = str(uuid.UUID(int=dice.getrandbits(128))), time.monotonic()
        if self.submit(job_id, f"honest {job_id}", ("ionq.circuit.v1", IONQ, payload, 100)) != 200:
            self._tally.wrong.append(f"{job_id} was refused")
            return
        self._tally.acknowledged[job_id] = began
        found = self.wait(job_id, float("inf"))
        if found["status"] == "Succeeded":
            address = str(found["outputDataUri"])
            status, body = self.ask("GET", "/" + address.split("/", 3)[3], headers={})
            expected = {str(sum(1 << place for place, bit in enumerate(bits) if bit)): 1.0}
            result = json.loads(body)["histogram"] if status == 200 else status
            if isinstance(result, dict) and {key: round(value, 9) for key, value in result.items()} == expected:
                self._tally.right[job_id] = time.monotonic() - began
                return
            found["status"] = f"{result}, not {expected}"
        self._tally.wrong.append(f"{job_id}: {found['status']} {found.get('errorData')}")

    def hostile(self, dice: random.Random) -> None:
        """Send a job that means ill; give up after a while."""
        job_id = str(uuid.UUID(int=dice.getrandbits(128)))
        self.submit(job_id, "hostile", dice.choice(HOSTILE))
        found = self.wait(job_id, HOSTILE_PATIENCE)
        if found["status"] not in ENDED:
            self.ask("POST", f"{self._server.base}/jobs/{job_id}:cancel?api-version=2026-01-15-preview")
            found = self.wait(job_id, HOSTILE_PATIENCE)
        self._tally.hostile[str(found["status"])] += 1


def _work(server: Server, tally: Tally, number: int, sending_until: float) -> None:
    dice = random.Random(number)
    client = Client(server, tally, sending_until + DRAIN_SECONDS)
    with contextlib.suppress(Gone):
        time.sleep(dice.random() * THINKING_SECONDS)
        while time.monotonic() < sending_until:
            client.hostile(dice) if dice.random() < HOSTILE_SHARE else client.honest(dice)
            time.sleep(dice.expovariate(1 / THINKING_SECONDS))


def _idle(server: Server, until: float) -> None:
    """Hold connections that send nothing, half a head, or half a body without a key."""
    sent = (b"", b"GET /_/health HTT", b"PUT /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\nx")
    while time.monotonic() < until:
        with contextlib.ExitStack() as stack, contextlib.suppress(OSError):
            for number in range(100):
                connection = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), 5))
                connection.sendall(sent[number % len(sent)])
            time.sleep(5)
        time.sleep(0.5)


def _disturb(server: Server, until: float, kills_until: float, done: list[str]) -> None:
    """Kill the server and fill its disk, in turn; towards the end only fill its disk."""
    dice = random.Random(0)
    while time.monotonic() + DISTURBANCE_SECONDS < until:
        time.sleep(DISTURBANCE_SECONDS * (0.5 + dice.random()))
        if len(done) % 2 and time.monotonic() < kills_until:
            server.kill()
            server.start()
            done.append("kill")
        else:
            with server.full_disk():
                time.sleep(FULL_SECONDS)
            done.append("full disk")


def _settled(client: Client, tally: Tally) -> tuple[list[str], int]:
    """Return the acknowledged honest jobs that never ended, and how many names two jobs have."""
    lost = [job_id for job_id in tally.acknowledged if job_id not in tally.right]
    lost = [job_id for job_id in lost if client.wait(job_id, 30)["status"] not in ENDED]
    names: Counter[str] = Counter()
    link = f"{client._server.base}/jobs?api-version=2026-01-15-preview"
    while link:
        page = json.loads(client.ask("GET", link)[1])
        names.update(job["name"] for job in page["value"] if job["name"] != "hostile")
        link = "" if page["nextLink"] is None else "/" + page["nextLink"].split("/", 3)[3]
    return lost, sum(count > 1 for count in names.values())


def main() -> int:
    """Run the soak and print what came out; 1 if a job was lost, doubled or wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--clients", type=int, default=200)
    parser.add_argument("--calm", action="store_true", help="no kills and no full disks")
    chosen = parser.parse_args()
    tally, disturbances = Tally(), []  # type: ignore[var-annotated]
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe, open(f"{folder}/log", "wb") as log:  # noqa: PTH123
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        server = Server(Path(folder) / "workspace", port, log)
        server.start()
        until = time.monotonic() + 60 * chosen.minutes
        threads = [
            threading.Thread(target=_work, args=(server, tally, number, until)) for number in range(chosen.clients)
        ]
        threads.append(threading.Thread(target=_idle, args=(server, until)))
        if not chosen.calm:
            kills_until = until - 20 * chosen.minutes
            threads.append(threading.Thread(target=_disturb, args=(server, until, kills_until, disturbances)))
        for thread in threads:
            thread.start()
        while any(thread.is_alive() for thread in threads):
            server.look()
            time.sleep(1)
        lost, doubled = _settled(Client(server, tally, time.monotonic() + DRAIN_SECONDS), tally)
        assert server.process is not None
        began = time.monotonic()
        server.process.send_signal(signal.SIGTERM)
        server.process.wait()
        ended = time.monotonic() - began
    return _report(chosen, server, tally, disturbances, lost, doubled, ended)


def _report(
    chosen: argparse.Namespace,
    server: Server,
    tally: Tally,
    disturbances: list[str],
    lost: list[str],
    doubled: int,
    ended: float,
) -> int:
    took = sorted(tally.right.values())
    say = sys.stdout.write
    say(
        f"{chosen.clients} clients, {chosen.minutes:g} minutes, {dict(Counter(disturbances))}, {server.starts} starts\n"
    )
    say(f"answers: {dict(sorted(tally.answers.items()))}\n")
    say(f"honest jobs acknowledged: {len(tally.acknowledged)}; right: {len(took)}\n")
    if len(took) > 1:
        say(f"seconds until their results: median {statistics.median(took):.2f}, 99th percentile ")
        say(f"{took[int(0.99 * (len(took) - 1))]:.2f}, longest {took[-1]:.2f}\n")
    say(f"lost: {len(lost)}, doubled: {doubled}, wrong: {len(tally.wrong)}\n")
    say("".join(f"  {line}\n" for line in [*lost, *tally.wrong][:10]))
    say(f"hostile jobs: {dict(tally.hostile)}\n")
    say("memory of the service, each life (seconds: MB when warm -> MB at its end):\n")
    for life in server.memory:
        if len(life) > WARM_SECONDS:
            say(f"  {len(life)} s: {life[WARM_SECONDS] // 1024} -> {life[-1] // 1024}, at most {max(life) // 1024}\n")
    last = server.memory[-1][WARM_SECONDS:]
    if len(last) > 2 * WARM_SECONDS:
        slope = statistics.linear_regression(range(len(last)), last).slope
        say(f"its growth in the last life: {60 * slope / 1024:.1f} MB a minute\n")
    say(f"SIGTERM to its end: {ended:.1f} s\n")
    return int(bool(lost or doubled or tally.wrong))


if __name__ == "__main__":
    sys.exit(main())
