"""Readout of a circuit written for a grid device: keys, masks and instances stay what they are."""

import cirq

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace


def checkerboard(rows: int, columns: int) -> cirq.Circuit:
    qubits = cirq.GridQubit.rect(rows, columns)
    odd = [qubit for qubit in qubits if (qubit.row + qubit.col) % 2]
    return cirq.Circuit(
        cirq.X.on_each(odd),
        # recorded inverted, as calibrated devices do; the mask travels with the job
        cirq.measure(*qubits, key="board", invert_mask=(True,) * len(qubits)),
        cirq.X.on_each(qubits),
        [cirq.measure(*qubits[row * columns : (row + 1) * columns], key="row") for row in range(rows)],
    )


def main() -> None:
    service = AzureQuantumService(Workspace.local(seed=7))
    circuit = checkerboard(2, 3)
    job = service.create_job(circuit, 4, name="board", target="quantinuum.sim.h2-1sc")
    print(f"{job.name()} on {job.target()}: {job.num_qubits()} qubits {', '.join(job.qubits())}")
    # a syntax checker measures nothing but zeros: what comes back are the masks
    print(job.results().records["board"][0].tolist())

    result = service.run(circuit, 4, "quantinuum.sim.h2-1e", input_params={"error-model": False})
    print("board, first repetition:", result.records["board"][0].reshape(2, 3).tolist())
    print("row, two instances each:", result.records["row"][0].tolist())
    assert result == cirq.Simulator().run(circuit, repetitions=4)

    later = service.get_job(job.job_id())  # by id alone, in any process
    print("fetched again, equal:", later.results() == job.results())


if __name__ == "__main__":
    main()
