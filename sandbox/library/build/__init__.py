"""Makes the assets from the sources: `python -m sandbox.library.build [slug ...]`. See __main__ for the tools it needs."""
