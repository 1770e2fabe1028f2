"""One module for each thing that people do here. Every door comes to these.

Rows are locked in one order: the standing of people (by key), the post, its comments. Whoever needs several takes them
that way, so that two who write at once wait for each other rather than lock each other.
"""
