"""What scores are worth: accuracy, score files of any tool, verdicts."""
