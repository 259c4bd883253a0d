"""Azure Quantum for one process and its children: a proxy on loopback, an authority and a login of one run.

Nothing is trusted beyond the child, and nothing outlives the run:

* Sockets listen on 127.0.0.1 only, and the proxy answers only those who know the run's password.
* The authority's key is in memory only. The key of the certificates is on disk for as long as it takes to load it,
  encrypted with a password that is in memory.
* Certificates name hosts of Azure Quantum, its storage, the resource manager and the login only; the authority itself
  can certify no others (name constraints).
* The child knows of all this by its environment. No file of the system and none of the user's is changed.
* Every process that the command started ends with it.
"""
