"""EstimatorV2: circuits and observables in, expectation values out.

Terms that commute qubit by qubit are measured together: each qubit is measured in one basis, and a term belongs to the
group if its letters agree with these bases. A binding takes one job for each group, however many observables there are.
"""

from __future__ import annotations

import functools
import math
import operator
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import numpy as np
from qiskit.primitives import BaseEstimatorV2, PrimitiveResult, PubResult
from qiskit.primitives.containers import DataBin
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qsession_core.errors import ConfigurationError, ResultFormatError
from qsession_core.keywords import strict_keywords
from qsession_core.program import Block
from qsession_core.results.result import Register
from qsession_qiskit.basis import NATIVE
from qsession_qiskit.primitives.circuit import Circuit
from qsession_qiskit.primitives.job import AzurePrimitiveJob
from qsession_qiskit.primitives.mode import Primitive, mode_of
from qsession_qiskit.primitives.options import EstimatorOptions, options_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray
    from qiskit.primitives import EstimatorPubLike

    from qsession_core.formats import Payload
    from qsession_core.program import Operation
    from qsession_core.results.result import Result
    from qsession_qiskit.primitives.mode import Mode, ModeLike
    from qsession_qiskit.primitives.options import Options

__all__ = ["EstimatorV2"]

# The letters of Qiskit's observables: the basis of the measurement, and the values of outcomes 0 and 1
_BASIS = {"X": "X", "+": "X", "-": "X", "Y": "Y", "r": "Y", "l": "Y", "Z": "Z", "0": "Z", "1": "Z"}
_VALUES = {
    letter: values for letters, values in (("XYZ", (1, -1)), ("+r0", (1, 0)), ("-l1", (0, 1))) for letter in letters
}
# The gates that rotate a basis into the Z basis, in order of time; native gates have phases in turns
_TURNS: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "X": (("h", ()),),
    "Y": (("sdg", ()), ("h", ())),
    "Z": (),
}
_NATIVE_TURNS: dict[str, tuple[tuple[str, tuple[float, ...]], ...]] = {
    "X": (("gpi2", (0.75,)),),
    "Y": (("gpi2", (0.0,)),),
    "Z": (),
}
_READOUT = "qsession_readout"

Basis = tuple[tuple[int, str], ...]  # (qubit, X, Y or Z) of the qubits that are measured, in order


class EstimatorV2(Primitive[EstimatorOptions], BaseEstimatorV2):  # type: ignore[misc]
    """Estimates expectation values on a target.

    A circuit with parameters is converted once; each binding and each group of terms is one job, and all jobs of a run
    are sent together.

    >>> from qiskit import QuantumCircuit
    >>> from qsession_core import Workspace
    >>> from qiskit.quantum_info import SparsePauliOp
    >>> from qsession_qiskit import AzureQuantumProvider
    >>> backend = AzureQuantumProvider(Workspace.local(seed=7)).get_backend("ionq.simulator")
    >>> circuit = QuantumCircuit(1)
    >>> _ = circuit.x(0)
    >>> EstimatorV2(backend).run([(circuit, SparsePauliOp("Z"))]).result()[0].data.evs
    array(-1.)
    """

    OPTIONS = EstimatorOptions

    @strict_keywords
    def __init__(
        self,
        mode: ModeLike | None = None,
        *,
        options: EstimatorOptions | Mapping[str, Any] | None = None,
        default_precision: float | None = None,
        seed: int | None = None,
    ) -> None:
        """Keep the mode and the options.

        Args:
            mode: A backend, whose open session is joined if it has one; or a session; None in a block of a session.
            options: Options of every run; may be changed later.
            default_precision: As in the options.
            seed: As in the options.

        Raises:
            ConfigurationError: There is no mode, or an option asks for what no provider does.
            TypeError: There is no such option.
        """
        self._mode = mode_of(mode)
        self._options = options_of(EstimatorOptions, options)
        if default_precision is not None:
            self.options.default_precision = default_precision
        if seed is not None:
            self.options.seed = seed

    def __repr__(self) -> str:
        return f"<EstimatorV2 on {self.mode!r}: {self.options}>"

    def run(self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None) -> AzurePrimitiveJob:
        """Estimate expectation values.

        Args:
            pubs: Each a circuit with observables, values for its parameters and a precision; the shapes of observables
                and values are broadcast against each other.
            precision: For PUBs without a precision.

        Returns:
            The job. The data of its result has ``evs`` and ``stds``, of the PUB's shape.

        Raises:
            ConversionError: A circuit cannot be sent as it is.
            ValueError: A precision is not positive.
        """
        default = self._default_precision() if precision is None else precision
        works = [_Work(EstimatorPub.coerce(pub, default), self._mode, self.options) for pub in pubs]
        payloads = [payload for work in works for payload in work.payloads]
        names = [work.circuit.name for work in works for _ in work.payloads]

        def evaluate(outcomes: list[Result]) -> PrimitiveResult:
            found, start = [], 0
            for work in works:
                found.append(work.result(outcomes[start : start + len(work.payloads)]))
                start += len(work.payloads)
            return PrimitiveResult(found, metadata={"version": 2})

        inputs = {"pubs": [work.pub for work in works], "options": asdict(self.options)}
        return AzurePrimitiveJob(payloads, names, self._mode, evaluate, inputs=inputs, tags=self.options.tags)

    def _default_precision(self) -> float:
        shots = self.options.default_shots
        if shots is None:
            return self.options.default_precision
        try:
            number = 0 if isinstance(shots, bool) else operator.index(shots)
        except TypeError:
            number = 0
        if number < 1:
            raise ConfigurationError(f"default_shots is {shots!r}; it must be a whole number of at least 1.")
        return 1.0 / math.sqrt(number)


class _Work:
    """One PUB: the payloads of its measurements, and its values from their results."""

    def __init__(self, pub: EstimatorPub, mode: Mode, options: Options) -> None:
        if not pub.precision > 0:
            raise ValueError(f"the precision is {pub.precision}; it must be above 0")
        self.pub = pub
        # rounded to twelve digits first: 1 / sqrt(n) squared and inverted is not always n
        self.shots = math.ceil(float(f"{1.0 / pub.precision**2:.12g}"))
        self.circuit = Circuit(pub.circuit, mode, options)
        self.places, self.observables = _broadcast(pub)
        self.payloads: list[Payload] = []
        self._jobs: dict[tuple[int, Basis], int] = {}  # (binding, basis) -> index of the payload
        self._bases = self._grouped()
        self._prepare()

    def _grouped(self) -> list[dict[str, Basis]]:
        """Return the basis that each term is measured in, for each binding; the identity is in none."""
        terms: list[set[str]] = [set() for _ in range(self.pub.parameter_values.size)]
        for place, observable in zip(self.places, self.observables, strict=True):
            terms[place].update(observable)
        known: dict[frozenset[str], dict[str, Basis]] = {}
        found = []
        for each in terms:
            key = frozenset(each)
            if key not in known:
                known[key] = group(key)
            found.append(known[key])
        return found

    def _prepare(self) -> None:
        """Encode one payload for each binding and basis; each basis is encoded once."""
        parameters = self.pub.circuit.parameters
        bindings = self.pub.parameter_values.as_array(parameters).reshape(len(self._bases), len(parameters))
        wanted: dict[Basis, list[int]] = {}
        for place, bases in enumerate(self._bases):
            for basis in dict.fromkeys(bases.values()):
                wanted.setdefault(basis, []).append(place)
        for basis, places in wanted.items():
            num_clbits = self.pub.circuit.num_clbits
            register = Register(_READOUT, tuple(range(num_clbits, num_clbits + len(basis))))
            native = self.circuit.gateset() == NATIVE
            template = self.circuit.template(
                self.shots, Block.of(_measurement(basis, num_clbits, native=native)), [register]
            )
            for place in places:
                self._jobs[place, basis] = len(self._jobs)
            self.payloads += self.circuit.payloads(template, bindings[places])

    def result(self, outcomes: Sequence[Result]) -> PubResult:
        """Return the PUB's values, given the outcome of each payload."""
        readouts = [
            _Readout(outcomes[job], self.pub.circuit.num_clbits, basis) for (_, basis), job in self._jobs.items()
        ]
        evs, variances = np.zeros(len(self.places)), np.zeros(len(self.places))
        for index, (place, observable) in enumerate(zip(self.places, self.observables, strict=True)):
            bases, parts = self._bases[place], dict[int, dict[str, float]]()
            for term, coefficient in observable.items():
                basis = bases.get(term)
                if basis is None:  # the identity needs no measurement
                    evs[index] += coefficient
                else:
                    parts.setdefault(self._jobs[place, basis], {})[term] = coefficient
            for job, terms in parts.items():
                mean, variance = readouts[job].moments(terms)
                evs[index] += mean
                variances[index] += variance / outcomes[job].shots
        shape = self.pub.shape
        return PubResult(
            DataBin(evs=evs.reshape(shape), stds=np.sqrt(variances).reshape(shape), shape=shape),
            metadata={
                "target_precision": self.pub.precision,
                "shots": self.shots,
                "circuit_metadata": self.pub.circuit.metadata,
            },
        )


def _broadcast(pub: EstimatorPub) -> tuple[list[int], list[Mapping[str, float]]]:
    """Return the binding and the observable of each of the PUB's values, in order."""
    values = pub.parameter_values
    numbers = np.arange(values.size).reshape(values.shape)
    observables = np.empty(pub.observables.shape, dtype=object)
    for index in np.ndindex(observables.shape):
        observables[index] = pub.observables[index] if index else pub.observables[()]
    places, each = np.broadcast_arrays(numbers, observables)
    return places.ravel().tolist(), [_plain(observable) for observable in each.ravel()]


def _plain(observable: Any) -> Mapping[str, float]:
    """Return an observable as coefficients by term; a term's last letter is qubit 0."""
    return {term: float(coefficient) for term, coefficient in observable.items()}


def group(terms: Iterable[str]) -> dict[str, Basis]:
    """Return the basis that each term is measured in; bases are found greedily from the widest terms on.

    >>> group({"XX", "IX", "ZZ", "II"})
    {'XX': ((0, 'X'), (1, 'X')), 'ZZ': ((0, 'Z'), (1, 'Z')), 'IX': ((0, 'X'), (1, 'X'))}
    """
    bases: list[dict[int, str]] = []
    number_of: dict[str, int] = {}  # term -> which of the bases
    for term in sorted(terms, key=lambda term: (term.count("I"), term)):
        letters = dict(_letters(term))
        if not letters:  # the identity needs no measurement
            continue
        for number, basis in enumerate(bases):
            if all(basis.get(qubit, letter) == letter for qubit, letter in letters.items()):
                basis.update(letters)
                number_of[term] = number
                break
        else:
            number_of[term] = len(bases)
            bases.append(letters)
    whole = [tuple(sorted(basis.items())) for basis in bases]
    return {term: whole[number] for term, number in number_of.items()}


def _letters(term: str) -> Iterator[tuple[int, str]]:
    """Yield the qubits of a term with the bases that they are measured in."""
    return ((qubit, _BASIS[letter]) for qubit, letter in enumerate(reversed(term)) if letter != "I")


def _measurement(basis: Basis, first: int, *, native: bool) -> Iterator[Operation]:
    """Yield the operations that measure qubits in their bases, into classical bits from ``first`` on."""
    turns = _NATIVE_TURNS if native else _TURNS
    for qubit, letter in basis:
        for name, angles in turns[letter]:
            yield name, (qubit,), angles
    for place, (qubit, _) in enumerate(basis):
        yield "measure", (qubit,), (first + place,)


class _Readout:
    """What one job has measured, and the values of observables in it."""

    def __init__(self, outcome: Result, first: int, basis: Basis) -> None:
        """Read the bits from ``first`` on, which are those of the basis's qubits, in order."""
        bits, weights = outcome.outcome_bits()
        if not len(bits):
            raise ResultFormatError(
                "Every shot lost a qubit, so there is nothing to estimate from; run it again.",
                format="",
                problem="no shot was kept",
            )
        self._weights: NDArray[np.float64] = weights / weights.sum()
        rows = np.ascontiguousarray(bits[:, first : first + len(basis)].T, dtype=np.int8)
        self._bits = {qubit: row for (qubit, _), row in zip(basis, rows, strict=True)}
        self._values: dict[tuple[int, str], NDArray[np.int8]] = {}

    def moments(self, terms: Mapping[str, float]) -> tuple[float, float]:
        """Return the mean and the variance of a sum of terms with their coefficients."""
        total, share = np.zeros(len(self._weights)), np.empty(len(self._weights))
        for term, coefficient in terms.items():
            factors = [self._value(qubit, letter) for qubit, letter in enumerate(reversed(term)) if letter != "I"]
            total += np.multiply(functools.reduce(operator.mul, factors), coefficient, out=share)
        mean = float(self._weights @ total)
        total -= mean
        total *= total
        return mean, float(self._weights @ total)

    def _value(self, qubit: int, letter: str) -> NDArray[np.int8]:
        """Return the value of a letter on a qubit for each outcome."""
        if (qubit, letter) not in self._values:
            zero, one = _VALUES[letter]
            self._values[qubit, letter] = np.int8(zero) + np.int8(one - zero) * self._bits[qubit]
        return self._values[qubit, letter]
