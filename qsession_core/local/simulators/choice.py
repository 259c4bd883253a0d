"""Which simulator runs a circuit: the cheapest of those that are installed and can, or the one that was asked for."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from qsession_core import plugins
from qsession_core.errors import PluginError
from qsession_core.local.readers.circuit import JobFailure
from qsession_core.logs import logger

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from qsession_core.local.readers.circuit import Circuit
    from qsession_core.local.simulators.interface import Simulator
    from qsession_core.local.simulators.noise import Noise

__all__ = ["Choice", "choose", "refuse_noise", "simulator"]

_LOG = logger(__name__)

# A simulator, and the seconds that it says a run takes (0 where it does not say)
Choice = tuple["Simulator", float]


def simulator(name: str) -> Simulator:
    """Return a simulator by the name of its entry point.

    Raises:
        JobFailure: There is none, or it cannot be loaded.
    """
    try:
        found = plugins.load(plugins.SIMULATORS, name)
    except PluginError as error:
        raise JobFailure("InvalidInputData", error.message) from error
    if not callable(found):
        raise JobFailure("InvalidInputData", f"The plugin {name} of {plugins.SIMULATORS} is not a class.")
    return _made(found, name)


@cache
def _made(found: Callable[[], Simulator], name: str) -> Simulator:
    """Return an instance of a simulator's class; one is enough for all jobs."""
    try:
        made = found()
        members = (made.name, made.bytes_per_amplitude, made.is_inline)
    except Exception as error:  # of a third party's class
        raise JobFailure("InvalidInputData", f"The simulator {name} cannot be made: {error!r}.") from error
    if made.name != name or [type(member) for member in members] != [str, int, bool]:
        raise JobFailure(
            "InvalidInputData",
            f"The simulator {name} has {members!r} for name, bytes_per_amplitude and is_inline; they must be the name"
            " of its entry point, an int and a bool.",
        )
    return made


def choose(
    circuit: Circuit,
    shots: int,
    noise: Noise,
    name: str = "",
    allowed: Callable[[Simulator], bool] = lambda _: True,
) -> Choice:
    """Return the simulator for a circuit, and what it costs.

    Args:
        circuit: What is to be run.
        shots: How often.
        noise: What goes wrong.
        name: The simulator that was asked for; empty for the cheapest.
        allowed: Leaves simulators out of the choice.

    Raises:
        JobFailure: The one that was asked for cannot run it, or none can.
    """
    if name:
        forced = simulator(name)
        try:
            _check(forced, circuit, noise)
            return forced, float(forced.cost(circuit, shots, noise) or 0.0)
        except JobFailure:
            raise
        except Exception as error:  # of a third party's class
            raise JobFailure("InvalidInputData", f"The simulator {name} cannot be asked: {error!r}.") from error
    found = [offer for offer in _offers(circuit, shots, noise) if allowed(offer[0])]
    if not found:
        raise JobFailure("InvalidInputData", "No installed simulator can run this program with this noise.")
    return min(found, key=lambda offer: (offer[1], offer[0].name))


def _offers(circuit: Circuit, shots: int, noise: Noise) -> list[Choice]:
    """Return the simulators that can run a circuit, with their costs. One that breaks is left out."""
    offers = []
    for name in plugins.names(plugins.SIMULATORS):
        try:
            engine = simulator(name)
            cost = engine.cost(circuit, shots, noise) if engine.can_run(circuit, noise) else None
            cost = None if cost is None else float(cost)
        except JobFailure as failure:
            _LOG.warning("simulator %s is left out: %s", name, failure.message)
        except Exception:  # noqa: BLE001 - a third party's plugin must not break the others
            _LOG.exception("simulator %s is left out: it could not tell its cost", name)
        else:
            if cost is not None:
                offers.append((engine, cost))
    return offers


def _check(engine: Simulator, circuit: Circuit, noise: Noise) -> None:
    """Refuse a circuit, or a noise parameter by its name, that a simulator cannot run."""
    if engine.can_run(circuit, noise):
        return
    if engine.can_run(circuit, noise.only()):
        refuse_noise(engine.name, {name for name in noise.names if not engine.can_run(circuit, noise.only(name))})
    raise JobFailure("InvalidInputData", f"The simulator {engine.name} cannot run this program.")


def refuse_noise(name: str, parameters: Collection[str]) -> None:
    """Refuse the noise parameters that a simulator does not simulate, if there are any."""
    if parameters:
        raise JobFailure(
            "InvalidInputData", f"The simulator {name} cannot run this program with {', '.join(sorted(parameters))}."
        )
