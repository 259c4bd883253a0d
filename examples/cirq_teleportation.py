"""Teleportation with feed-forward: Bob's corrections happen on the machine, within the shot."""

import cirq

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace


def teleport(angle: float) -> cirq.Circuit:
    message, alice, bob = cirq.NamedQubit("message"), cirq.NamedQubit("alice"), cirq.NamedQubit("bob")
    return cirq.Circuit(
        cirq.H(alice),
        cirq.CNOT(alice, bob),
        cirq.ry(angle)(message),
        cirq.CNOT(message, alice),
        cirq.H(message),
        cirq.measure(message, key="z"),
        cirq.measure(alice, key="x"),
        cirq.X(bob).with_classical_controls("x"),
        cirq.Z(bob).with_classical_controls("z"),
        cirq.ry(-angle)(bob),  # undo the message: what is left is 0 if it arrived
        cirq.measure(bob, key="left"),
    )


def main() -> None:
    service = AzureQuantumService(Workspace.local(seed=7))
    target = service.get_target("quantinuum.sim.h2-1e")  # profile Adaptive_RI: it branches on measurements
    with target.open_session(name="teleportation") as session:
        for angle in (0.0, 0.7, 2.1):
            # the emulator is noisy by default; this is the provider's own switch
            job = target.submit(teleport(angle), f"angle {angle}", repetitions=200, error_model=False)
            result = job.results()
            corrections = result.multi_measurement_histogram(keys=["x", "z"])
            print(f"angle {angle}: corrections {dict(corrections)}, left over {dict(result.histogram(key='left'))}")
            assert result.histogram(key="left") == {0: 200}
    print(f"session {session.name!r}: {session.status}, {len(session.list_jobs())} jobs")


if __name__ == "__main__":
    main()
