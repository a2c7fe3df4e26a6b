"""The manager's side of Zipkin's API: the last traces, kept in memory, or those of the Zipkin server that keeps them.

Answers as Zipkin's own server does; what is wrong with a request is a problem document, as everywhere.
"""
