"""`python -m otel_steps` is `otel-steps`."""

from otel_steps.cli import main

if __name__ == "__main__":
    main()
