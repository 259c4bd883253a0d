"""A client as thin as can be: what the protocol says, sent and read."""

import json
import os
import uuid

from qsession_core.transport.message import Request

BELL = {"qubits": 2, "circuit": [{"gate": "h", "target": 0}, {"gate": "cnot", "control": 0, "target": 1}]}
BAD = {"qubits": 1, "circuit": [{"gate": "warp", "target": 0}]}
VERSION = "2026-01-15-preview"
# Longer runs of the tests that draw at random: QSESSION_LONG=1
LONG = os.environ.get("QSESSION_LONG") == "1"


class Reply:
    def __init__(self, response):
        self.status = response.status
        self.headers = dict(response.headers)
        self.body = response.body

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        return self.json["error"]["code"]


class Client:
    """Speaks to a service in process, in one api-version."""

    def __init__(self, service, version=VERSION):
        self.service = service
        self.version = version
        own = service.connection
        self.base = (
            f"{own.endpoint}subscriptions/{own.subscription_id}/resourceGroups/{own.resource_group}"
            f"/providers/Microsoft.Quantum/workspaces/{own.name}"
        )
        self.headers = {"x-ms-quantum-api-key": own.api_key, "Content-Type": "application/json"}

    def send(self, method, url, body=b"", headers=None):
        return Reply(self.service.handle(Request(method, url, headers or {}, body)))

    def call(self, method, path, body=None, headers=None):
        separator = "&" if "?" in path else "?"
        return self.send(
            method,
            f"{self.base}/{path}{separator}api-version={self.version}",
            b"" if body is None else json.dumps(body).encode(),
            self.headers if headers is None else headers,
        )

    def get(self, path):
        return self.call("GET", path)

    # --- sessions ---

    def open(self, target="ionq.simulator", session_id=None, **members):
        session_id = session_id or str(uuid.uuid1())
        body = {"itemType": "Session", "name": f"session-{session_id}", "providerId": target.split(".")[0],
                "target": target, **members}  # fmt: skip
        reply = self.call("PUT", f"sessions/{session_id}", body)
        assert reply.status == 200, reply.body
        return session_id

    def session(self, session_id):
        return self.get(f"sessions/{session_id}").json

    def state(self, session_id):
        return self.session(session_id)["status"]

    def close(self, session_id):
        return self.call("POST", f"sessions/{session_id}:close").json

    # --- jobs ---

    def container(self, job_id):
        return self.call("POST", "storage/sasUri", {"containerName": f"job-{job_id}"}).json["sasUri"]

    def upload(self, sas_uri, payload, name="inputData"):
        address, query = sas_uri.split("?")
        return self.send(
            "PUT", f"{address}/{name}?{query}", payload, {"x-ms-blob-type": "BlockBlob", "If-None-Match": "*"}
        )

    def put(self, payload=BELL, target="ionq.simulator", input_format="ionq.circuit.v1", session=None, job_id=None,
            params=None, output=None, name="Job 1", **members):  # fmt: skip
        """Send a job as the official client does; return the reply to its PUT and its id."""
        job_id = job_id or str(uuid.uuid1())
        sas_uri = self.container(job_id)
        body = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
        assert self.upload(sas_uri, body).status in {201, 409}
        job = {
            "itemType": "Job", "name": name, "providerId": target.split(".")[0], "target": target,
            "containerUri": sas_uri, "inputDataUri": f"{sas_uri.split('?')[0]}/inputData",
            "inputDataFormat": input_format, "inputParams": {"shots": 100} if params is None else params, **members,
        }  # fmt: skip
        if output:
            job["outputDataFormat"] = output
        if session:
            job["sessionId"] = session
        return self.call("PUT", f"jobs/{job_id}", job), job_id

    def submit(self, *args, **kwargs):
        reply, job_id = self.put(*args, **kwargs)
        assert reply.status == 200, reply.body
        return job_id

    def job(self, job_id):
        return self.get(f"jobs/{job_id}").json

    def done(self, job_id):
        """Return a job once the service has nothing more to do."""
        self.service.settle(60)
        return self.job(job_id)

    def run(self, *args, **kwargs):
        """Submit a job and return its result."""
        job = self.done(self.submit(*args, **kwargs))
        assert job["status"] == "Succeeded", job["errorData"]
        return self.result(job)

    def result(self, job):
        reply = self.send("GET", job["outputDataUri"], headers={"x-ms-range": "bytes=0-33554431"})
        assert reply.status == 206, reply.body
        return reply.json

    def failure(self, *args, **kwargs):
        """Submit a job that must fail and return its errorData."""
        job = self.done(self.submit(*args, **kwargs))
        assert job["status"] == "Failed"
        return job["errorData"]
