"""QIR written by hand."""


def qir(body, attributes='"qir_profiles"="base_profile"'):
    """Return a module whose entry point has this body."""
    text = f'define void @main() #0 {{\n{body}\n  ret void\n}}\nattributes #0 = {{ "entry_point" {attributes} }}\n'
    return text.encode()


def gate(name, *numbers, angle=None):
    """Return a call of a gate, or a measurement, on qubits and results by number."""
    arguments = [f"double {angle}"] if angle is not None else []
    arguments += [f"ptr inttoptr (i64 {number} to ptr)" for number in numbers]
    return f"  call void @__quantum__qis__{name}({', '.join(arguments)})"


BELL_QIR = qir("\n".join([gate("h__body", 0), gate("cx__body", 0, 1), gate("mz__body", 0, 0), gate("mz__body", 1, 1)]))
