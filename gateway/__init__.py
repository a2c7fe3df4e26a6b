"""The gateway's app: what the gateway's Envoy cannot answer from a pipeline's route."""
