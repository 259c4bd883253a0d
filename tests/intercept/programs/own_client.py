"""Our own client, which finds the workspace in its environment."""

from qsession_core import Program, Workspace

program = Program.of(1, 1, [("x", (0,), ()), ("measure", (0,), (0,))])
with Workspace() as workspace:
    print(workspace.get_target("ionq.simulator").submit(program, shots=100).result().counts)
