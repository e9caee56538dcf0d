"""
What of a span may be written: the content switch, `redact`, pictures, secrets, in one call.

Each span passes it once, when it enters: from the SDK (`recorder`), over OTLP (`collector`) or from
what another recorder left (`importing`). `otlp` has made it storable by then, and nobody behind
cleans it again. The order is: pictures out, values cleaned and cut, secrets in the texts of errors
masked, the parts of the content that are switched off taken away, `redact` asked.

`facts` holds the table of what is content, `redaction` that of what `redact` is shown.
"""

from otel_steps.admit.admission import Admission, names_in, picture_names
from otel_steps.admit.redaction import Redact

__all__ = ["Admission", "Redact", "names_in", "picture_names"]
