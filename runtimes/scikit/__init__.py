"""The scikit runtime: fitted scikit-learn estimators."""
