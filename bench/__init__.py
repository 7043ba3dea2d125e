"""What `make bench` measures: ratios against a floor in the same run, never bare speeds."""
