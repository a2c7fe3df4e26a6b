"""What every runtime stands on: models kept up with the repository, predictions off the event loop, the HTTP shell.

`main.run` is the whole of a runtime's process; a runtime itself is one short class, see `model.Runtime`.
"""
