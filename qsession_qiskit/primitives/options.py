"""Options of the primitives: our own, and IBM Runtime's names where they mean something here.

Names of IBM Runtime that mean the same are taken (``environment.job_tags``, ``simulator.seed_simulator``). The others
keep the value that changes nothing; any other value is refused by name, because no provider of Azure Quantum would act
on it. A name that neither has is an error with a similar name, in a constructor, in ``update`` and as an attribute.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, TypeVar

from qsession_core.errors import ConfigurationError
from qsession_core.keywords import near, unknown_keywords

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["EstimatorOptions", "Options", "SamplerOptions", "options_of"]

# IBM Runtime's names -> ours
_SAME = {
    "environment.job_tags": "tags",
    "simulator.seed_simulator": "seed",
    "seed_estimator": "seed",
}
# IBM Runtime's names without a meaning here -> the values that change nothing, the default first
_INERT: dict[str, tuple[object, ...]] = {
    "optimization_level": (0, None),
    "resilience_level": (0, None),
    "max_execution_time": (None,),
    "experimental": (None,),
    "environment.log_level": ("WARNING",),
    "environment.callback": (None,),
    "environment.private": (False, None),
    "simulator.noise_model": (None,),
    "simulator.coupling_map": (None,),
    "simulator.basis_gates": (None,),
    "dynamical_decoupling.enable": (False, None),
    "dynamical_decoupling.sequence_type": ("XX", None),
    "dynamical_decoupling.extra_slack_distribution": ("middle", None),
    "dynamical_decoupling.scheduling_method": ("alap", None),
    "dynamical_decoupling.skip_reset_qubits": (False, None),
    "twirling.enable_gates": (False, None),
    "twirling.enable_measure": (False, None),
    "twirling.num_randomizations": ("auto", None),
    "twirling.shots_per_randomization": ("auto", None),
    "twirling.strategy": ("active-accum", None),
    "execution.init_qubits": (True, None),
    "execution.rep_delay": (None,),
    "execution.meas_type": ("classified", None),
    "resilience.measure_mitigation": (False, None),
    "resilience.zne_mitigation": (False, None),
    "resilience.pec_mitigation": (False, None),
    "resilience.zne": (None,),
    "resilience.pec": (None,),
    "resilience.measure_noise_learning": (None,),
    "resilience.layer_noise_learning": (None,),
    "resilience.layer_noise_model": (None,),
}
_IBM = frozenset(_SAME) | frozenset(_INERT)
_GROUPS = {name.partition(".")[0] for name in _IBM if "." in name}
_WAY_OUT = (
    "No provider of Azure Quantum acts on it. Noise and error mitigation of a target are in input_params, such as "
    "{'error-mitigation': {'debias': True}} for IonQ's hardware."
)


class _Group:
    """A group of IBM Runtime's options, such as ``options.environment``."""

    _options: Options
    _name: str

    def __init__(self, options: Options, name: str) -> None:
        object.__setattr__(self, "_options", options)
        object.__setattr__(self, "_name", name)

    def __getattr__(self, name: str) -> Any:
        return self._options.read(f"{self._name}.{name}")

    def __setattr__(self, name: str, value: object) -> None:
        setattr(self._options, f"{self._name}.{name}", value)

    def __repr__(self) -> str:
        members = sorted(each.partition(".")[2] for each in _IBM if each.startswith(self._name + "."))
        values = ", ".join(f"{member}={getattr(self, member)!r}" for member in members)
        return f"{self._name}({values})"

    def update(self, **options: Any) -> None:
        """Set several options of the group; raises as ``Options.update``."""
        self._options.update(**{self._name: options})


@dataclass
class Options:
    """Options of every run of a primitive.

    Attributes:
        input_params: Added to each job's ``inputParams``, by the service's and provider's own names.
        input_data_format: The format to encode circuits in; by default the target's first that can express them.
        job_name: The jobs' name; by default the circuit's.
        seed: Seeds the order of memory if the provider gives no single shots.
        tags: The jobs' tags.
        allow_unknown: Let options and values of ``input_params`` through that the provider's row does not know.
    """

    input_params: Mapping[str, Any] = field(default_factory=dict)
    input_data_format: str | None = None
    job_name: str | None = None
    seed: int | None = None
    tags: Sequence[str] | None = None
    allow_unknown: bool = False

    def __setattr__(self, name: str, value: object) -> None:
        if name in _GROUPS and isinstance(value, Mapping):
            self.update(**{name: value})
            return
        try:
            self.set(name, value)
        except TypeError as error:  # of an attribute, as Python has it
            raise AttributeError(str(error)) from None

    def __getattr__(self, name: str) -> Any:
        if name in _GROUPS:
            return _Group(self, name)
        return self.read(name)

    def read(self, name: str) -> object:
        """Return an option of IBM Runtime, by its name with dots.

        Raises:
            AttributeError: There is no such option.
        """
        if name in _SAME:
            return getattr(self, _SAME[name])
        if name in _INERT:
            return _INERT[name][0]
        raise AttributeError(f"{type(self).__name__} has no option {name!r}. {near(name, self._names())}")

    def set(self, name: str, value: object) -> None:
        """Set an option by its name; one of a group of IBM Runtime's has a dot in it.

        Raises:
            TypeError: There is no such option; the sentence names a similar one.
            ConfigurationError: It is one of IBM Runtime's, and the value asks for what no provider does.
        """
        if name in self._own():
            object.__setattr__(self, name, value)
        elif name in _SAME:
            object.__setattr__(self, _SAME[name], value)
        elif name not in _INERT:
            raise unknown_keywords(type(self).__name__, [name], self._names())
        elif not any(value is neutral or (value == neutral and value is not None) for neutral in _INERT[name]):
            raise ConfigurationError(f"The option {name} cannot be {value!r}: leave it {_INERT[name][0]!r}. {_WAY_OUT}")

    def update(self, **options: Any) -> None:
        """Set several options; those of a group are a mapping, as in ``update(environment={"job_tags": ["a"]})``.

        Raises:
            TypeError: There is no such option; nothing is set.
            ConfigurationError: A value asks for what no provider does; nothing is set.
        """
        flat: dict[str, object] = {}
        for name, value in options.items():
            if name in _GROUPS and isinstance(value, Mapping):
                flat.update({f"{name}.{member}": each for member, each in value.items()})
            else:
                flat[name] = value
        unknown = [name for name in flat if name not in self._own() and name not in _IBM]
        if unknown:
            raise unknown_keywords(type(self).__name__, unknown, self._names())
        trial = replace(self)
        for name, value in flat.items():
            trial.set(name, value)
        self.__dict__.update(trial.__dict__)

    def _own(self) -> list[str]:
        return [each.name for each in fields(self)]

    def _names(self) -> list[str]:
        return [*self._own(), *_IBM]


@dataclass
class SamplerOptions(Options):
    """Options of every run of a sampler.

    >>> options = SamplerOptions(default_shots=100)
    >>> options.environment.job_tags = ["thesis"]  # IBM Runtime's name
    >>> options.tags
    ['thesis']

    Attributes:
        default_shots: Shots if neither the PUB nor the run has a number.
    """

    default_shots: int = 1024


@dataclass
class EstimatorOptions(Options):
    """Options of every run of an estimator.

    >>> EstimatorOptions(default_precision=0.05).default_precision
    0.05

    Attributes:
        default_precision: The standard error of a single Pauli string, 1 / sqrt(shots), if neither the PUB nor the run
            has a precision.
        default_shots: Shots instead of ``default_precision``, if not None.
    """

    default_precision: float = 1 / 64
    default_shots: int | None = None


T = TypeVar("T", bound=Options)


def options_of(kind: type[T], given: T | Mapping[str, Any] | None) -> T:
    """Return options, given as an object or by name.

    Raises:
        TypeError: There is no option of this name; the sentence names a similar one.
        ConfigurationError: A value asks for what no provider does.
    """
    if isinstance(given, kind):
        return replace(given)
    options = kind()
    options.update(**(given or {}))
    return options
