"""What a text that was understood answers: verdicts, repairs, reports."""
