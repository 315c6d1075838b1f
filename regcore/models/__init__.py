"""What is known of a model without running it: tensors, metadata, records, timm's tags."""
