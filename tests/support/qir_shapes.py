"""QIR of many shapes: what compilers other than ours write, or may write. Each program gives one outcome."""

from tests.support.qir_text import gate, pointer, qir, record

_X, _H, _MZ = gate("x__body", 0), gate("h__body", 0), gate("mz__body", 0, 0)
_READ = f"  %r = call zeroext i1 @__quantum__rt__read_result({pointer(0)})"
_WIDE = "  %z = sext i1 %r to i64"
_END = record("result", pointer(0))
_FLIP = "define void @flip(ptr %q) {\n  call void @__quantum__qis__x__body(ptr %q)\n  ret void\n}\n"


def _program(*lines, more=""):
    size = '"required_num_qubits"="4" "required_num_results"="4"'
    return qir("\n".join([_X, _MZ, _READ, _WIDE, *lines, _END]), size, more=more)


def _ints(*names):
    return [record("int", f"i64 {name}") for name in names]


def _bools(*names):
    return [record("bool", f"i1 {name}") for name in names]


def _doubles(*names):
    return [record("double", f"double {name}") for name in names]


_EVEN = """define i1 @{0}(i64 %n) {{
  %is_last = icmp eq i64 %n, 0
  br i1 %is_last, label %last, label %more
last:
  ret i1 {2}
more:
  %m = sub i64 %n, 1
  %found = call i1 @{1}(i64 %m)
  ret i1 %found
}}
"""
_FACTORIAL = """define i64 @factorial(i64 %n) {
  %is_last = icmp sle i64 %n, 1
  br i1 %is_last, label %last, label %more
last:
  ret i64 1
more:
  %m = sub i64 %n, 1
  %smaller = call i64 @factorial(i64 %m)
  %product = mul i64 %n, %smaller
  ret i64 %product
}
"""
_UNTIL_ONE = """define i64 @until_one(ptr %q) {
  br label %try
try:
  call void @__quantum__qis__h__body(ptr %q)
  call void @__quantum__qis__mz__body(ptr %q, ptr null)
  %r = call i1 @__quantum__rt__read_result(ptr null)
  br i1 %r, label %done, label %try
done:
  ret i64 0
}
"""
_MEASURE_ALL = """  br label %next
next:
  %i = phi i64 [ 0, %0 ], [ %j, %next ]
  %q = inttoptr i64 %i to ptr
  call void @__quantum__qis__x__body(ptr %q)
  call void @__quantum__qis__mz__body(ptr %q, ptr %q)
  %j = add i64 %i, 1
  %c = icmp ult i64 %j, 3
  br i1 %c, label %next, label %end
end:"""
_EXCHANGED = """  br label %next
next:
  %a = phi i64 [ 1, %0 ], [ %b, %next ]
  %b = phi i64 [ 2, %0 ], [ %a, %next ]
  %i = phi i64 [ 0, %0 ], [ %j, %next ]
  %j = add i64 %i, 1
  %c = icmp slt i64 %j, 4
  br i1 %c, label %next, label %end
end:"""
_SWITCH = """  switch i64 %z, label %d [ i64 -1, label %a  i64 5, label %a ]
a:
  %y = phi i64 [ 4, %0 ], [ 4, %0 ]
  br label %d
d:
  %p = phi i64 [ 1, %0 ], [ %y, %a ]"""
LEGAL = {
    "a switch with one target twice": _program(_SWITCH, *_ints("%p")),
    "a switch over one bit": _program(
        "  switch i1 %r, label %d [ i1 true, label %a ]\na:", *_ints(5), "  br label %d\nd:"
    ),
    "bytes that overflow": _program(
        "  %a = add i8 127, 1\n  %s = sext i8 %a to i64\n  %u = zext i8 %a to i64", *_ints("%s", "%u")
    ),
    "integers of three bits": _program(
        "  %a = add i3 3, 2\n  %s = sext i3 %a to i64\n  %b = udiv i3 -1, 2\n  %u = zext i3 %b to i64",
        *_ints("%s", "%u"),
    ),
    "signs of division": _program(
        "  %m = mul i64 %z, 7\n  %a = srem i64 %m, 3\n  %b = sdiv i64 %m, 2\n  %c = urem i64 %m, 10",
        "  %d = udiv i64 %m, 10\n  %e = lshr i64 %m, 60\n  %f = ashr i64 %m, 1",
        *_ints("%a", "%b", "%c", "%d", "%e", "%f"),
    ),
    "bits of integers": _program(
        "  %a = and i64 -6, 12\n  %b = or i64 %a, 3\n  %c = xor i64 %b, -1\n  %d = shl i64 %c, 62", *_ints("%c", "%d")
    ),
    "comparisons with what is no number": _program(
        "  %n = fdiv double 0.0, 0.0\n  %a = fcmp uno double %n, 1.0\n  %b = fcmp ord double %n, 1.0",
        "  %c = fcmp une double %n, %n\n  %d = fcmp oeq double %n, %n\n  %e = fcmp ult double %n, 1.0",
        "  %f = fcmp ueq double 2.0, 1.0",
        *_bools("%a", "%b", "%c", "%d", "%e", "%f"),
    ),
    "doubles": _program(
        "  %a = fneg double 2.5\n  %b = frem double %a, 2.0\n  %c = fadd fast double %b, 1.0",
        *_doubles("%a", "%b", "%c", "-0.0")
    ),
    "conversions": _program(
        "  %a = fptosi double -2.7 to i64\n  %b = fptoui double 2.7 to i8\n  %c = zext i8 %b to i64",
        "  %d = uitofp i8 -1 to double\n  %e = sitofp i8 -1 to double",
        *_ints("%a", "%c"), *_doubles("%d", "%e"),
    ),
    "the largest integers": _program(*_ints(-(2**63), 2**63 - 1)),
    "a qubit that a measurement selects": _program(
        f"  %q = select i1 %r, {pointer(1)}, {pointer(2)}\n  call void @__quantum__qis__x__body(ptr %q)",
        gate("mz__body", 1, 1), gate("mz__body", 2, 2), record("result", pointer(1)), record("result", pointer(2)),
    ),
    "a function that returns a qubit": _program(
        "  %q = call ptr @pick(i64 2)\n  call void @__quantum__qis__x__body(ptr %q)",
        gate("mz__body", 2, 1), record("result", pointer(1)),
        more="define ptr @pick(i64 %n) {\n  %q = inttoptr i64 %n to ptr\n  ret ptr %q\n}\n",
    ),
    "a qubit by a constant expression": _program(
        "  call void @__quantum__qis__x__body(ptr inttoptr (i64 add (i64 1, i64 1) to ptr))",
        gate("mz__body", 2, 1), record("result", pointer(1)),
    ),
    "a constant array of qubits": _program(
        "  %a = getelementptr [2 x ptr], ptr @qs, i64 0, i64 1\n  %q = load ptr, ptr %a",
        "  call void @__quantum__qis__x__body(ptr %q)", gate("mz__body", 3, 1), record("result", pointer(1)),
        more=f"@qs = constant [2 x ptr] [ptr null, {pointer(3)}]\n",
    ),
    "pointers compared": _program(
        f"  %c = icmp eq {pointer(0)}, null\n  %d = icmp ult {pointer(1)}, inttoptr (i64 2 to ptr)", *_bools("%c", "%d")
    ),
    "recursion": _program("  %f = call i64 @factorial(i64 10)", *_ints("%f"), more=_FACTORIAL),
    "functions that call each other": _program(
        "  %f = call i1 @even(i64 7)", *_bools("%f"),
        more=_EVEN.format("even", "odd", "true") + _EVEN.format("odd", "even", "false"),
    ),
    "a loop in a function that a measurement ends": _program("  %f = call i64 @until_one(ptr null)", more=_UNTIL_ONE),
    "results by a computed number": _program(_MEASURE_ALL, *[record("result", pointer(n)) for n in (1, 2, 3)]),
    "values exchanged in a loop": _program(_EXCHANGED, *_ints("%a", "%b")),
    "an array in memory": _program(
        "  %a = alloca [3 x i64]\n  %p = getelementptr [3 x i64], ptr %a, i64 0, i64 2\n  store i64 9, ptr %p",
        "  %o = getelementptr i64, ptr %a, i64 2\n  %k = load i64, ptr %o", *_ints("%k"),
    ),
    "a quoted entry point": _program().replace(b"@main", b'@"my main"'),
    "an entry point that returns a value": _program().replace(b"define void", b"define double").replace(
        b"  ret void\n}\nd", b"  ret double 3.0\n}\nd"
    ),
    "attributes in line": _program().replace(b"@main() #0", b'@main() "entry_point" "required_num_qubits"="1"'),
    "a header, and other ends of lines": (
        b'source_filename = "a"\ntarget datalayout = "e-m:e-i64:64"\n' + _program()
    ).replace(b"\n", b"\r\n"),
    "an unreachable place that no shot comes to": _program("  br i1 %r, label %a, label %b\nb:\n  unreachable\na:"),
    "turned and turned back": _program(
        gate("rxx__body", 0, 1, angle="3.141592653589793"), gate("rxx__body", 0, 1, angle="-3.141592653589793")
    ),
    "a tuple of an array and a value": _program(
        "  call void @__quantum__rt__tuple_record_output(i64 2, ptr null)",
        "  call void @__quantum__rt__array_record_output(i64 1, ptr null)", _END,
    ),
}  # fmt: skip
# Text -> words of the sentence that the job fails with
NOT_UNDERSTOOD = {
    "a structure": (_program("  %s = insertvalue {i64, i1} undef, i64 7, 0"), "insertvalue"),
    "a vector": (_program("  %a = add <2 x i64> <i64 1, i64 2>, <i64 1, i64 1>"), "not understood"),
    "128 bits": (_program("  %a = add i128 1, 2"), "i128"),
    "single precision": (_program("  %f = fptrunc double 0.1 to float"), "to float"),
    "a shift by too much": (_program("  %a = shl i64 1, 64"), "shift by 64"),
    "a division by zero": (
        _program("  %y = add i64 %z, 1\n  %a = sdiv i64 4, %y", *_ints("%a")),
        "sdiv where it has no value",
    ),
    "an integer that is too large": (_program("  %a = fptosi double 1.0e300 to i64"), "1e+300"),
    "a branch on an undefined value": (_program("  br i1 undef, label %a, label %a\na:"), "undefined value"),
    "memory read as another type": (
        _program("  %a = alloca i64\n  store i64 259, ptr %a\n  %k = load i8, ptr %a"), "reads i8",
    ),
    "memory beyond its end": (
        _program("  %a = getelementptr i64, ptr @g, i64 7\n  %k = load i64, ptr %a", more="@g = constant i64 1\n"),
        "at byte 56 of 8",
    ),
    "a function pointer": (
        _program("  %f = select i1 %r, ptr @flip, ptr @flip\n  call void %f(ptr null)", more=_FLIP),
        "address of the function",
    ),
    "an alias": (
        _program("  call void @other(ptr null)", more=f"@other = alias void (ptr), ptr @flip\n{_FLIP}"), "@other",
    ),
    "an intrinsic": (
        _program("  %m = call i64 @llvm.smax.i64(i64 -4, i64 3)", more="declare i64 @llvm.smax.i64(i64, i64)\n"),
        "llvm.smax",
    ),
    "a place that ends nothing": (_program("  br i1 %r, label %b, label %a\nb:\n  unreachable\na:"), "unreachable"),
    "an array of too many items": (
        _program("  call void @__quantum__rt__array_record_output(i64 3, ptr null)"), "more items than follow",
    ),
    "an array of fewer items than none": (
        _program("  call void @__quantum__rt__array_record_output(i64 -1, ptr null)"), "announce -1 items",
    ),
    "an infinite double": (_program("  %a = fdiv double 1.0, 0.0", *_doubles("%a")), "the double inf"),
}  # fmt: skip
