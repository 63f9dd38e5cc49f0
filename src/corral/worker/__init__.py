"""Runs claimed jobs with any runner."""
