"""Programs that break things on purpose and count what goes wrong: `python -m bench.faults`. docs/faults.md says what each does."""
