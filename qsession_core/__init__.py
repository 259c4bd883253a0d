"""Azure Quantum sessions: workspace, targets, sessions, jobs."""
