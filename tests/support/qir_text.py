"""QIR written by hand."""

import re

_CALL = re.compile(r"\bcall (?:zeroext )?(\w+) @(__quantum__\w+)\((.*)\)$", re.MULTILINE)


def qir(body, attributes='"qir_profiles"="base_profile"', *, more=""):
    """Return a module whose entry point has this body; what it calls is declared.

    Args:
        body: The lines between the braces, without the return.
        attributes: Of the entry point, besides the mark.
        more: Functions and global variables of the module's own.
    """
    declared = {}
    for returned, name, arguments in _CALL.findall(f"{body}\n{more}"):
        types = [part.split()[0] for part in re.sub(r"\([^()]*\)", "", arguments).split(", ") if part]
        declared[name] = f"declare {returned} @{name}({', '.join(types)})\n"
    return (
        f"{more}\ndefine void @main() #0 {{\n{body}\n  ret void\n}}\n{''.join(declared.values())}"
        f'attributes #0 = {{ "entry_point" {attributes} }}\n'
    ).encode()


def pointer(number):
    """Return a qubit or a result as an argument."""
    return f"ptr inttoptr (i64 {number} to ptr)"


def gate(name, *numbers, angle=None):
    """Return a call of a gate, or a measurement, on qubits and results by number."""
    arguments = [f"double {angle}"] if angle is not None else []
    arguments += [pointer(number) for number in numbers]
    return f"  call void @__quantum__qis__{name}({', '.join(arguments)})"


def record(kind, value):
    """Return a call that records a value, written with its type."""
    return f"  call void @__quantum__rt__{kind}_record_output({value}, ptr null)"


BELL_QIR = qir("\n".join([gate("h__body", 0), gate("cx__body", 0, 1), gate("mz__body", 0, 0), gate("mz__body", 1, 1)]))
