"""Model servers: a shared base and a short package for each type of model, run as `python -m runtimes.scikit`."""
