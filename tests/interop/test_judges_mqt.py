"""MQT Bench's algorithms of up to eight qubits, in every format that can hold them, against Qiskit's statevector."""

from __future__ import annotations

import warnings
from collections import Counter

import pytest

from qsession_core.errors import ConversionError
from qsession_core.formats.ionq import IonQCircuit
from qsession_core.formats.qir.module import Qir
from tests.support import judge, payload_judge

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the benchmark's own dependencies warn on import
    from mqt import bench
    from mqt.bench.benchmarks import get_available_benchmark_names

SIZES = range(2, 9)
STATIC = [(IonQCircuit(), ""), (Qir(), "Base"), (Qir("quantinuum"), "Base"), (Qir("quantinuum"), "Adaptive_RI")]
DYNAMIC = [(Qir("quantinuum"), "Adaptive_RI"), (Qir("quantinuum"), "Adaptive_RIF")]
# need more than eight qubits
TOO_WIDE = {"seven_qubit_steane_code", "shor", "shors_nine_qubit_code"}


def circuits(name):
    """Return the benchmark at every size that it has, measured."""
    found = []
    for size in SIZES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                circuit = bench.get_benchmark(name, bench.BenchmarkLevel.ALG, size)
            except Exception:  # noqa: BLE001, S112 - each benchmark says in its own way which sizes it has
                continue
        if not circuit.clbits:
            circuit.measure_all()
        if circuit.num_qubits <= SIZES[-1]:
            found.append(circuit)
    return found


def statevector_distribution(circuit):
    """Return the distribution by our keys, or None where the circuit does not measure at its end only."""
    from qiskit.quantum_info import Statevector

    readout = [None] * circuit.num_clbits
    gates = circuit.copy_empty_like()
    for item in circuit.data:
        if item.operation.name == "measure":
            readout[circuit.find_bit(item.clbits[0]).index] = circuit.find_bit(item.qubits[0]).index
        elif item.operation.name == "barrier":
            continue
        elif item.operation.name in {"reset", "if_else"} or any(
            circuit.find_bit(qubit).index in readout for qubit in item.qubits
        ):
            return None
        else:
            gates.append(item)
    found = Counter()
    for key, chance in Statevector(gates).probabilities_dict().items():
        bits = key[::-1]
        found["".join("0" if qubit is None else bits[qubit] for qubit in readout)] += chance
    return found


@pytest.mark.parametrize("name", sorted(set(get_available_benchmark_names()) - TOO_WIDE))
def test_an_algorithm_keeps_its_distribution(name):
    from qsession_qiskit.conversion.convert import to_program

    checked = 0
    for circuit in circuits(name):
        program = to_program(circuit)
        wanted = statevector_distribution(circuit)
        formats = STATIC if wanted is not None else DYNAMIC
        if wanted is None:
            wanted = judge.distribution(program)
        for format_, profile in formats:
            payload = format_.encode(program, profile=profile)
            checked += 1

            assert judge.gap(wanted, payload_judge.distribution(payload)) < 1e-9, (circuit.num_qubits, format_, profile)
    assert checked


def test_what_measures_midway_is_refused_where_it_cannot_be_held():
    from qsession_qiskit.conversion.convert import to_program

    (circuit, *_) = circuits("iqpe")

    with pytest.raises(ConversionError, match=r"classical control.*Adaptive"):
        IonQCircuit().encode(to_program(circuit))
