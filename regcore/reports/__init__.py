"""Results as tables, as JSON and as HTML."""
