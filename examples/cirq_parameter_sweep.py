"""A sweep over one angle under a hardware's noise, and Cirq's own state tomography on the same sampler.

With --show, and matplotlib installed, Cirq draws both.
"""

import sys
from importlib.util import find_spec

import cirq
import numpy as np
import sympy

from qsession_cirq import AzureQuantumService
from qsession_core import Workspace


def main(*, show: bool) -> None:
    service = AzureQuantumService(Workspace.local(seed=7))
    target = service.get_target("ionq.simulator")
    sampler = target.sampler(input_params={"noise": {"model": "aria-1", "seed": 7}})
    qubit, angle = cirq.GridQubit(0, 0), sympy.Symbol("angle")
    circuit = cirq.Circuit(cirq.ry(angle)(qubit), cirq.measure(qubit, key="m"))
    prepared = cirq.Circuit(cirq.H(qubit), cirq.S(qubit))

    with target.open_session(name="one qubit") as session:
        frame = sampler.sample(circuit, repetitions=300, params=cirq.Linspace(angle, 0, np.pi, 9))
        state = cirq.experiments.single_qubit_state_tomography(sampler, qubit, prepared, repetitions=1000)
    print(f"{len(session.list_jobs())} jobs in session {session.name!r}: {session.status}")
    excited = frame.groupby("angle")["m"].mean()
    for value, share in excited.items():
        print(f"{value:5.2f} {'█' * round(40 * share)} {share:.2f}")
    print(f"state after H and S:\n{state.data.round(2)}")

    if show and find_spec("matplotlib"):
        cirq.plot_state_histogram(sampler.run(circuit, {"angle": 1.0}, repetitions=300))
        state.plot()
    assert excited.is_monotonic_increasing


if __name__ == "__main__":
    main(show="--show" in sys.argv)
