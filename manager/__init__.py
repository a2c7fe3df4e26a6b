"""The control plane: pipelines in a store, a registry of instances, and every Envoy's configuration by xDS."""
