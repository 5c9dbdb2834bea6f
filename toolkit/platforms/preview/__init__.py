"""The HTML preview of a questionnaire."""
