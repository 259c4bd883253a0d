"""From a program to a job: encoding, checks, upload, journal, cost."""
