"""The quickstart of pytket-azure: the workspace is the one that the environment names."""

from pytket import Circuit
from pytket.extensions.azure import AzureBackend

circuit = Circuit(2).H(0).CX(0, 1).measure_all()
backend = AzureBackend("quantinuum.sim.h2-1e")
compiled = backend.get_compiled_circuit(circuit)
handle = backend.process_circuit(compiled, n_shots=100)
print(sorted(backend.get_result(handle).get_counts()))
