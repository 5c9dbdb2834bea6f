"""LimeSurvey: questionnaires, answers, and answers fetched from a server."""
