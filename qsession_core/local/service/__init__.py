"""The REST API of the local workspace: routes, requests and answers."""
