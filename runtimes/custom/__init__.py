"""The custom runtime: models that are a folder with a `model.py`."""
