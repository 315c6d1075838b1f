"""Images through a model: inputs, the pipeline, its timeline, and the scores as they come."""
