"""The one background loop of a host: delivers notices, ends leases, announces to the human, watches files.

`swarm courier` and every dashboard run it (`loop`). The only room that imports watchfiles. Uses every room of the
engine below it, and owns no table.
"""
