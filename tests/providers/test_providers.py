"""Providers as rows: the targets and formats of each, and how a row is found."""

from __future__ import annotations

import pytest

from qsession_core.errors import PluginError
from qsession_core.providers.find import find_provider
from qsession_core.providers.row import DEFAULT_SHOTS

# Azure Quantum's provider pages and the official client 3.13: target, qubits, QIR profile, most shots
TARGETS = [
    ("ionq", "ionq.simulator", 29, "Base", None),
    ("ionq", "ionq.qpu.aria-1", 25, "Base", 10_000),
    ("ionq", "ionq.qpu.forte-1", 36, "Base", 10_000),
    ("quantinuum", "quantinuum.qpu.h2-1", 56, "Adaptive_RI", 10_000),
    ("quantinuum", "quantinuum.sim.h2-1e", 56, "Adaptive_RI", None),
    ("quantinuum", "quantinuum.sim.h2-2sc", 56, "Adaptive_RI", None),
    ("quantinuum", "quantinuum.qpu.helios-1", 98, "Adaptive_RIF", 10_000),
    ("rigetti", "rigetti.sim.qvm", 20, "Base", None),
    ("rigetti", "rigetti.qpu.cepheus-1-108q", 108, "Base", None),
    ("pasqal", "pasqal.sim.emu-tn", 100, "", None),
]


@pytest.mark.parametrize(("provider", "name", "num_qubits", "profile", "max_shots"), TARGETS)
def test_a_target_is_what_its_providers_page_says(provider, name, num_qubits, profile, max_shots):
    row = find_provider(provider).target(name)

    assert (row.num_qubits, row.profile, row.max_shots) == (num_qubits, profile, max_shots)
    assert row.is_simulator is (".sim" in name)


@pytest.mark.parametrize(
    ("provider", "formats", "raw_format"),
    [
        ("ionq", ["ionq.circuit.v1", "qir.v1"], "ionq.circuit.v1"),
        ("quantinuum", ["qir.v1", "honeywell.openqasm.v1"], "honeywell.openqasm.v1"),
        ("rigetti", ["qir.v1"], "rigetti.quil.v1"),
        ("pasqal", [], "pasqal.pulser.v1"),
        ("somebody-new", ["qir.v1"], "qir.v1"),
    ],
)
def test_a_provider_takes_its_formats_the_default_first(provider, formats, raw_format):
    row = find_provider(provider)

    assert [format_.input_data_format for format_ in row.formats] == formats
    assert row.raw_format == raw_format


def test_ionq_has_two_gate_sets():
    assert {name: format_.gateset for name, format_ in find_provider("ionq").gatesets.items()} == {
        "qis": "qis",
        "native": "native",
    }


def test_quantinuums_qir_is_in_its_own_dialect():
    assert find_provider("quantinuum").formats[0].dialect == "quantinuum"


def test_five_hundred_shots_are_the_default():
    assert DEFAULT_SHOTS == 500


def test_a_target_without_a_row_is_none():
    assert find_provider("ionq").target("ionq.qpu.nova") is None
    assert find_provider("somebody-new").target("somebody.sim") is None


def test_a_plugin_that_is_no_provider_is_refused_by_name(monkeypatch):
    from qsession_core import plugins

    monkeypatch.setattr(plugins, "names", lambda _: ["acme"])
    monkeypatch.setattr(plugins, "load", lambda _group, _name: "no provider")

    with pytest.raises(PluginError, match=r"'acme'.*is a str, not of type Provider"):
        find_provider("acme")


def test_rows_do_not_change():
    with pytest.raises(AttributeError):
        find_provider("ionq").id = "other"
