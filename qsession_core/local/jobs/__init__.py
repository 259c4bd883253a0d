"""Life of jobs and sessions: states, queue, admission."""
