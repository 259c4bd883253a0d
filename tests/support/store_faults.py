"""Faults of the store as they are on a machine: no room on the disk, and another program that holds the database."""

import sqlite3
from contextlib import closing, contextmanager


@contextmanager
def no_room(workspace):
    """Let the database grow no further for a while."""
    store = workspace.store
    pages = store.read("PRAGMA page_count")[0][0]
    store.read(f"PRAGMA max_page_count = {pages}")
    try:
        yield
    finally:
        if not store.is_closed:
            store.read("PRAGMA max_page_count = 1073741823")


@contextmanager
def held(directory):
    """Hold the database of a directory as another program would."""
    with closing(sqlite3.connect(directory / "workspace.db", isolation_level=None, check_same_thread=False)) as other:
        other.execute("BEGIN IMMEDIATE")
        try:
            yield other
        finally:
            other.execute("ROLLBACK")
