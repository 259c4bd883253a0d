"""Packages load their names when these are asked for."""

import subprocess
import sys

import pytest

import qsession_cirq
import qsession_core
import qsession_qiskit

PACKAGES = (qsession_core, qsession_qiskit, qsession_cirq)


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_every_public_name_is_there_and_listed(package):
    assert sorted(dir(package)) == sorted(package.__all__)
    for name in package.__all__:
        assert getattr(package, name) is not None


@pytest.mark.parametrize("package", PACKAGES, ids=lambda package: package.__name__)
def test_any_other_name_is_an_attribute_error(package):
    with pytest.raises(AttributeError, match=f"module '{package.__name__}' has no attribute 'nonsense'"):
        _ = package.nonsense


@pytest.mark.parametrize(("package", "sdk"), [("qsession_qiskit", "qiskit"), ("qsession_cirq", "cirq")])
def test_without_its_sdk_a_front_end_says_what_to_install(package, sdk):
    program = f"import sys; sys.modules[{sdk!r}] = None; import {package}; {package}.to_program"
    program = program.replace("qsession_cirq.to_program", "qsession_cirq.Target")
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last == (
        f'ModuleNotFoundError: {package} needs {sdk}, which is not installed: pip install "qsession[{sdk}]".'
    )


@pytest.mark.parametrize(
    ("statement", "unloaded"),
    [
        ("import qsession_core", ["numpy", "requests", "msgspec"]),
        ("from qsession_cirq import AzureQuantumService", ["qsession_cirq.conversion.walker", "requests"]),
        ("from qsession_qiskit import AzureQuantumProvider", ["qsession_qiskit.primitives.estimator", "requests"]),
    ],
)
def test_importing_loads_little(statement, unloaded):
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program], capture_output=True, text=True, check=True)
    assert not set(unloaded) & set(done.stdout.split())
