"""Any provider without a row: QIR in, Microsoft's results out, limits as the workspace says them."""

from qsession_core.formats.qir.module import INPUT, Qir
from qsession_core.providers.row import Provider

PROVIDER = Provider(id="", formats=(Qir(),), raw_format=INPUT)
