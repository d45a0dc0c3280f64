"""The policy pack, as a folder that tests can import from."""
