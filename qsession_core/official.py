r"""Names of ``azure.quantum.target`` and below: the providers' classes as makers of targets, parameters, results.

They let a program that imports these names run with its import lines changed. What they make is an ordinary target, so
``target.submit`` is as everywhere. docs/coming-from/azure-quantum.md has the whole list.

>>> from qsession_core import Workspace
>>> target = Rigetti(Workspace.local(seed=7), RigettiTarget.QVM)
>>> program = "DECLARE ro BIT[1]\nX 0\nMEASURE 0 ro[0]\n"
>>> job = target.submit(program, "x", input_params=InputParams(count=2))
>>> Result(job)["ro"]
[[1], [1]]
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

from qsession_core.catalog import KnownTarget, targets_of
from qsession_core.decoding import read_json
from qsession_core.errors import ResultFormatError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from qsession_core.client.job import Job
    from qsession_core.client.target import Target
    from qsession_core.client.workspace import Workspace

__all__ = [
    "InputParams",
    "IonQ",
    "Pasqal",
    "PasqalTarget",
    "Quantinuum",
    "Result",
    "Rigetti",
    "RigettiTarget",
]


def IonQ(workspace: Workspace, name: str = "ionq.simulator") -> Target:  # noqa: N802 - the official client's class
    """Return a target of IonQ.

    >>> from qsession_core import Workspace
    >>> IonQ(Workspace.local())
    <Target ionq.simulator: 29 qubits, Base>

    Args:
        workspace: The workspace.
        name: The target's name.

    Raises:
        TargetNotFoundError: There is none.
    """
    return workspace.get_target(str(name))


def Quantinuum(workspace: Workspace, name: str = "quantinuum.sim.h2-1sc") -> Target:  # noqa: N802 - as above
    """Return a target of Quantinuum; arguments and errors as for :func:`IonQ`.

    >>> from qsession_core import Workspace
    >>> Quantinuum(Workspace.local(), "quantinuum.sim.h2-1e").name
    'quantinuum.sim.h2-1e'
    """
    return workspace.get_target(str(name))


def Rigetti(workspace: Workspace, name: str = "rigetti.sim.qvm") -> Target:  # noqa: N802 - as above
    """Return a target of Rigetti; arguments and errors as for :func:`IonQ`.

    >>> from qsession_core import Workspace
    >>> Rigetti(Workspace.local()).name
    'rigetti.sim.qvm'
    """
    return workspace.get_target(str(name))


def Pasqal(workspace: Workspace, name: str = "pasqal.sim.emu-tn") -> Target:  # noqa: N802 - as above
    """Return a target of Pasqal; arguments and errors as for :func:`IonQ`.

    >>> from qsession_core import Workspace
    >>> Pasqal(Workspace.local(), PasqalTarget.SIM_EMU_TN).name
    'pasqal.sim.emu-tn'
    """
    return workspace.get_target(str(name))


def _known(name: str) -> KnownTarget:
    found = {target.name: target for target in (*targets_of("rigetti"), *targets_of("pasqal"))}
    if name not in found:
        raise ValueError(f"The target {name!r} is not known; there is: {', '.join(found)}.")
    return found[name]


class _Targets(StrEnum):
    """The known targets of a provider; members are text."""

    @classmethod
    def simulators(cls) -> list[str]:
        """Return the names of the simulators."""
        return [member.value for member in cls if ".sim" in member.value]

    @classmethod
    def qpus(cls) -> list[str]:
        """Return the names of the hardware."""
        return [member.value for member in cls if ".qpu" in member.value]

    @staticmethod
    def num_qubits(target_name: str) -> int:
        """Return the qubits of a target by its name.

        Raises:
            ValueError: The target is not known.
        """
        return _known(str(target_name)).num_qubits


class RigettiTarget(_Targets):
    """The known targets of Rigetti.

    >>> RigettiTarget.QVM.value
    'rigetti.sim.qvm'
    """

    QVM = "rigetti.sim.qvm"
    CEPHEUS_1_108Q = "rigetti.qpu.cepheus-1-108q"


class PasqalTarget(_Targets):
    """The known targets of Pasqal.

    >>> PasqalTarget.SIM_EMU_TN.value
    'pasqal.sim.emu-tn'
    """

    SIM_EMU_TN = "pasqal.sim.emu-tn"
    SIM_EMU_SV = "pasqal.sim.emu-sv"
    SIM_EMU_MPS = "pasqal.sim.emu-mps"
    SIM_EMU_FREE = "pasqal.sim.emu-free"
    QPU_FRESNEL = "pasqal.qpu.fresnel"
    QPU_FRESNEL_CAN1 = "pasqal.qpu.fresnel-can1"


class InputParams(dict[str, Any]):
    """The parameters of a job on Rigetti's or Pasqal's targets: a dict with the provider's own names.

    >>> InputParams(count=5, skip_quilc=True)
    {'count': 5, 'skipQuilc': True}
    """

    def __init__(
        self,
        count: int | None = None,
        skip_quilc: bool | None = None,  # noqa: FBT001 - the official client's signature
        substitutions: Mapping[str, Sequence[Sequence[float]]] | None = None,
        runs: int | None = None,
    ) -> None:
        """Keep what is given.

        Args:
            count: Shots; those of the job if left out.
            skip_quilc: Whether Quil runs as it is.
            substitutions: Values by memory region: one list for each run of the program.
            runs: Pasqal's word for shots.
        """
        named = {"count": count, "skipQuilc": skip_quilc, "substitutions": substitutions, "runs": runs}
        super().__init__({name: value for name, value in named.items() if value is not None})


class Result:
    """The result of a job on Rigetti's or Pasqal's targets, by register or outcome.

    Attributes:
        data_per_register: Rigetti: by register one list of values for each shot; pairs of numbers are complex numbers.
        data: Pasqal: how many shots have each outcome.
    """

    def __init__(self, job: Job) -> None:
        """Wait for a job and read its result.

        Raises:
            JobFailedError: It failed; a ``RuntimeError``, as in the official client.
            ResultFormatError: It is not of these providers.
        """
        try:
            members = read_json(job.download_results(), dict[str, Any])
        except ValueError as error:
            raise ResultFormatError(
                f"The result of job {job.id} is no JSON object; job.result() reads results of every provider.",
                format=job.details.output_data_format or "",
                problem=str(error),
                job_id=job.id,
            ) from error
        self.data: dict[str, int] = members.get("counter", members)
        self.data_per_register: dict[str, Any] = {
            name: _readout(shots) for name, shots in members.items() if isinstance(shots, list)
        }

    def __getitem__(self, name: str) -> Any:
        """Return a register's values, or the shots of an outcome.

        Raises:
            KeyError: There is none of this name.
        """
        return self.data_per_register[name] if name in self.data_per_register else self.data[name]


def _readout(shots: list[Any]) -> list[Any]:
    if shots and isinstance(shots[0], list) and shots[0] and isinstance(shots[0][0], list):
        return [[complex(*pair) for pair in shot] for shot in shots]
    return shots
