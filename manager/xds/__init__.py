"""Pure builders of Envoy's resources, from a topology or from what an Envoy says of itself; a file a type."""
