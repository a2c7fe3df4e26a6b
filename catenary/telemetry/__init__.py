"""Spans of the Python processes: whose trace a request belongs to, and how spans leave the process.

What is measured is the business of whoever measures; nothing here is done for a request whose trace is not kept.
"""
