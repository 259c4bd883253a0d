"""A page in the browser over one workspace: its sessions, jobs, targets and costs.

It reads any workspace of the client, so it is the same for Azure and for a local workspace. Every view has its data as
JSON; the files of the page itself, under ``assets``, hold none.
"""

from qsession_core.page.page import Page

__all__ = ["Page"]
