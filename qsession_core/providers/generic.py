"""Any provider without a row of its own: QIR in, Microsoft's results out, widths and profiles from the workspace."""

from qsession_core.formats.qir.module import INPUT, Qir
from qsession_core.providers.row import Provider

PROVIDER = Provider(id="", formats=(Qir(),), raw_format=INPUT)
