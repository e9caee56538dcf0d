"""The program of `main.py` with the one line that switches the recording on."""

import otel_steps

otel_steps.configure()

from main import main  # noqa: E402 - the recording may begin before the agent is imported

main()
