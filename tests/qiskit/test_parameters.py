import numpy as np
import pytest
from qiskit import QuantumCircuit
from qiskit.circuit import Parameter, ParameterVector
from qiskit.circuit.library import PauliEvolutionGate, efficient_su2
from qiskit.quantum_info import SparsePauliOp, Statevector

from qsession_core.errors import ConversionError
from qsession_core.program import Angle
from qsession_qiskit.conversion.convert import to_parametric, to_program
from qsession_qiskit.conversion.parameters import Symbols
from tests.support.judge import qiskit_statevector


def bound(circuit, values):
    parametric = to_parametric(circuit)
    return parametric.program.with_values(parametric.values(np.asarray(values, float)).tolist())


def test_a_parameter_alone_is_one_parameter_of_the_program_wherever_it_stands():
    x = Parameter("x")
    circuit = QuantumCircuit(2)
    circuit.rx(x, 0)
    circuit.rz(x, 1)
    program = to_program(circuit)
    assert program.parameters == ("x",)
    assert program.body.params == ((Angle.parameter(0),), (Angle.parameter(0),))


def test_each_different_expression_is_a_parameter_of_its_own():
    x, y = Parameter("x"), Parameter("y")
    circuit = QuantumCircuit(1)
    circuit.rx(2 * x + y, 0)
    circuit.rz(x * y, 0)
    circuit.ry(2 * x + y, 0)
    parametric = to_parametric(circuit)
    assert len(parametric.program.parameters) == 2
    assert parametric.values(np.array([0.5, 0.25])).tolist() == [1.25, 0.125]


def test_values_are_computed_for_any_shape_of_bindings():
    x, y = Parameter("x"), Parameter("y")
    circuit = QuantumCircuit(1)
    circuit.rx(y, 0)
    circuit.rz(x - y / 2, 0)
    circuit.ry((x * y).sin(), 0)
    bindings = np.random.default_rng(1).uniform(-3, 3, (4, 3, 2))
    values = to_parametric(circuit).values(bindings)
    a, b = bindings[..., 0], bindings[..., 1]
    assert values.shape == (4, 3, 3)
    assert np.array_equal(values[..., 0], b)
    assert np.allclose(values, np.stack([b, a - b / 2, np.sin(a * b)], axis=-1), rtol=1e-15, atol=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_converting_then_binding_is_binding_then_converting(seed):
    rng = np.random.default_rng(seed)
    vector = ParameterVector("v", 12)
    circuit = efficient_su2(3, reps=1).assign_parameters(vector)
    circuit.append(PauliEvolutionGate(SparsePauliOp(["XYZ", "ZZI"], [0.3, 1.0]), vector[0] * 2), [0, 2, 1])
    circuit.rzz(vector[1] * vector[2], 0, 1)
    circuit.cu(vector[3], vector[4] + 1, vector[5], vector[6], 1, 2)
    circuit.r(vector[7], vector[8], 0)
    values = rng.uniform(-3, 3, len(circuit.parameters))
    once = qiskit_statevector(bound(circuit, values))
    other = Statevector(circuit.assign_parameters(values).decompose("PauliEvolution")).data
    assert abs(np.vdot(once, other)) == pytest.approx(1, abs=1e-9)


def test_an_expression_without_parameters_is_its_value():
    x = Parameter("x")
    circuit = QuantumCircuit(1)
    circuit.rx((2 * x).bind({x: 0.1}), 0)
    assert to_program(circuit).body.params == ((0.2,),)


def test_a_complex_angle_is_refused():
    with pytest.raises(ConversionError, match="1j is not a real number"):
        Symbols().angle(1j)
