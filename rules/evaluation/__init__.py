"""Rules about evaluation, selection and regularisation."""
