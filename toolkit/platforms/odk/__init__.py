"""ODK, KoboToolbox and others of XLSForm: questionnaires and answers."""
