"""A sequence of pulses on Pasqal's emulator, by the official client."""

from azure.quantum import Workspace
from pulser import Pulse, Register, Sequence
from pulser.devices import AnalogDevice
from pulser.waveforms import BlackmanWaveform

workspace = Workspace(
    resource_id="/subscriptions/5a1f8f62-3c1d-4b6a-9e0d-7b3f8c2d1e40/resourceGroups/AzureQuantum/providers"
    "/Microsoft.Quantum/Workspaces/article",
    location="westus",
)
sequence = Sequence(Register.from_coordinates([(0, 0), (20, 0)], prefix="q"), AnalogDevice)
sequence.declare_channel("ising", "rydberg_global")
sequence.add(Pulse.ConstantDetuning(BlackmanWaveform(1000, 3.14159), 0, 0), "ising")

target = workspace.get_targets("pasqal.sim.emu-tn")
job = target.submit({"sequence_builder": sequence.to_abstract_repr()}, name="pulses", shots=100)
print(sum(job.get_results().values()))
