"""A local workspace in the place of one that a program names."""

from __future__ import annotations

import pytest

from qsession_core import Program, Workspace, errors
from qsession_core.local import LocalWorkspace
from qsession_core.local.service.addresses import LocalNames

NAMES = LocalNames("11111111-2222-4333-8444-555555555555", "my-group", "my-workspace", "westus")
BELL = Program.of(2, 2, [("h", (0,), ()), ("cx", (0, 1), ()), ("measure", (0,), (0,)), ("measure", (1,), (1,))])


class _Carrier:
    """Carries requests to a workspace and keeps the hosts that they were sent to."""

    def __init__(self, service: LocalWorkspace) -> None:
        self.service = service
        self.hosts: set[str] = set()

    def send(self, request):
        self.hosts.add(request.url.split("/")[2])
        return self.service.handle(request)

    def close(self) -> None:
        self.service.close()


def test_it_answers_under_these_names_and_its_addresses_lead_to_hosts_of_its_own():
    service = LocalWorkspace(seed=1, names=NAMES)
    carrier = _Carrier(service)
    with Workspace(
        NAMES.subscription_id,
        NAMES.resource_group,
        NAMES.name,
        endpoint="https://westus.quantum.azure.com/",
        credential=service.connection.api_key,
        transport=carrier,
    ) as workspace:
        job = workspace.get_target("ionq.simulator").submit(BELL, shots=10)
        assert job.result().counts == {"00": 5, "11": 5}
    assert carrier.hosts == {"westus.quantum.azure.com", service.connection.blob_host}
    assert service.connection.blob_host.endswith(".blob.core.windows.net")


def test_two_workspaces_have_two_storage_accounts():
    other = LocalNames(NAMES.subscription_id, NAMES.resource_group, "another", NAMES.location)
    assert NAMES.connection("k").blob_host != other.connection("k").blob_host


def test_its_directory_keeps_the_names(tmp_path):
    with LocalWorkspace(tmp_path, names=NAMES) as first:
        key = first.connection.api_key
    with LocalWorkspace(tmp_path) as again:
        assert again.connection == NAMES.connection(key)
    other = LocalNames(NAMES.subscription_id, NAMES.resource_group, "another", NAMES.location)
    with pytest.raises(errors.ConfigurationError, match="my-workspace"):
        LocalWorkspace(tmp_path, names=other)


def test_a_directory_without_names_takes_none(tmp_path):
    LocalWorkspace(tmp_path).close()
    with pytest.raises(errors.ConfigurationError, match="no names"):
        LocalWorkspace(tmp_path, names=NAMES)
