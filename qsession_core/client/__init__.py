"""The service's nouns: workspace, target, session, job, batch."""
