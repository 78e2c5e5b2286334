"""The folder of one host; see `hosts/host.py`."""
