"""Random Q#: functions, loops, arrays, conditionals and doubles, as far as a target profile allows."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

PROFILES = ("Base", "Adaptive_RI", "Adaptive_RIF", "Adaptive")
_IMPORTS = "import Std.Measurement.*; import Std.Convert.*; "
_FUNCTIONS = (
    "function Triple(n : Int) : Int { return 3 * n - 1; } "
    "function Scale(x : Double, n : Int) : Double { return x * IntAsDouble(n) + 0.25; } "
)


def program(rng: np.random.Generator, profile: str) -> str:
    """Return a program whose entry is ``Main()``."""
    return _Writer(rng, profile).program()


class _Writer:
    def __init__(self, rng, profile):
        self.rng = rng
        self.num_qubits = int(rng.integers(2, 5))
        self.is_adaptive = profile != "Base"
        self.has_floats = profile in {"Adaptive_RIF", "Adaptive"}
        self.steps = ["gate", "call", "loop", "table"]
        self.steps += ["branch", "branch", "parity", "search"] if self.is_adaptive else []
        self.steps += ["double"] if self.has_floats else []
        self.steps += ["repeat"] if profile == "Adaptive" else []
        self.num_helpers = int(rng.integers(1, 3))

    def program(self):
        table = ", ".join(str(value) for value in self.rng.integers(0, 5, 4))
        lines = [f"use q = Qubit[{self.num_qubits}]; mutable n = 0; mutable x = 0.5; mutable flag = false;"]
        lines += [f"let table = [{table}];"]
        lines += [self.step(0) for _ in range(int(self.rng.integers(4, 9)))]
        kind, value = ("Result[]", "MResetEachZ(q)")
        if self.is_adaptive:
            kind, value = "(Result[], Int, Bool", "(MResetEachZ(q), n, flag"
            kind, value = (f"{kind}, Double)", f"{value}, x)") if self.has_floats else (f"{kind})", f"{value})")
        helpers = " ".join(self.helper(number) for number in range(self.num_helpers))
        body = " ".join(lines)
        return f"{_IMPORTS}{helpers} {_FUNCTIONS}operation Main() : {kind} {{ {body} return {value}; }}"

    def helper(self, number):
        steps = ["H(a);", "Ry(t, a);", "S(a);", f"Rz(t * {self.angle()}, b);", "CNOT(a, b);", "Rxx(t, a, b);"]
        body = " ".join(steps[place] for place in self.rng.integers(0, len(steps), 3))
        return f"operation F{number}(a : Qubit, b : Qubit, t : Double) : Unit {{ {body} }}"

    def angle(self):
        return round(float(self.rng.uniform(-3, 3)), 3)

    def pair(self):
        one, other = self.rng.permutation(self.num_qubits)[:2]
        return f"q[{one}]", f"q[{other}]"

    def step(self, depth):
        a, b = self.pair()
        angle, small = self.angle(), int(self.rng.integers(1, 5))
        match self.steps[self.rng.integers(len(self.steps))]:
            case "gate":
                gates = [
                    f"H({a});", f"Rx({angle}, {a});", f"Ry({angle}, {a});", f"T({a});", f"CNOT({a}, {b});", f"X({a});",
                    f"CZ({a}, {b});", f"SWAP({a}, {b});", f"Rzz({angle}, {a}, {b});", f"Adjoint S({a});",
                ]  # fmt: skip
                return gates[self.rng.integers(len(gates))]
            case "call":
                return f"F{self.rng.integers(self.num_helpers)}({a}, {b}, {angle});"
            case "loop":
                last = min(small, self.num_qubits - 1)
                return f"for i{depth} in 0..{last} {{ Ry({angle} * IntAsDouble(i{depth} + 1), q[i{depth}]); }}"
            case "table":
                return f"for v in table {{ if v > {small} {{ Rz(0.3 * IntAsDouble(v), {a}); }} else {{ H({b}); }} }}"
            case "branch" if depth < 2:
                otherwise = f" else {{ {self.step(depth + 1)} set n -= 2; }}" if self.rng.random() < 0.5 else ""
                then = f"{self.step(depth + 1)} {self.step(depth + 1)} set n += {small};"
                return f"if M({a}) == One {{ {then} }}{otherwise}"
            case "parity":
                return f"if M({a}) == M({b}) {{ set flag = not flag; X({a}); set n = n * 2 + 1; }}"
            case "search":
                return f"for j in 0..{small} {{ if n % 3 == j {{ Ry(0.4, {a}); set n += table[j % 4]; }} }}"
            case "double":
                return f"set x = Scale({angle}, {small});"
            case "repeat":
                name = f"c{self.rng.integers(1 << 30)}"
                moved = f"set n += table[{name}]; set {name} += 1; set x = x * 0.5 + 0.125;"
                return f"mutable {name} = 0; while {name} < n and {name} < 3 {{ Ry(0.7, q[{name} % 2]); {moved} }}"
        return f"set n += Triple({small});"
