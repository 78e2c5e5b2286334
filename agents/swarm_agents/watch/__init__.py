"""What runs in the background on a host while somebody looks: ending leases, telling the human.

Uses every room of the domain, `panes/` and `system/`.
"""
