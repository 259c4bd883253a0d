"""Bundles: the traffic of one run, without secrets, in one file; and its replay, offline.

What must hold:

1. No secret is in a bundle: no key, token, signature or cookie, no id of a subscription or tenant, no e-mail address of
   who made an item. What is replaced has the same replacement everywhere.
2. The bytes of programs and results are as they were.
3. A replay invents nothing: a request that was not recorded is an error that shows the nearest one that was.
"""
