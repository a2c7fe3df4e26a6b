"""The model repository: watches the folder of models and serves index, metadata, files and downloads."""
