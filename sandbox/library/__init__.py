"""The sample library of the demo: texts, drawings and films made for this project, the manifest of them, and the loader."""
