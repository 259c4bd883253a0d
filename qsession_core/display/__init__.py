"""What people see of sessions, jobs and costs: rows of plain values, and their forms, such as tables of text.

The command line shows these rows; a page or a notebook can show the same. Nothing here asks a service.
"""
