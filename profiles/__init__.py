"""The security-profile contract of an OpenBao cluster: specification, rules, report and rendered configuration.

Pure: neither pulumi nor the components are imported here, so the contract can be checked anywhere, fast.
"""
