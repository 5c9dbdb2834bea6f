"""SurveyJS: questionnaires and answers."""
