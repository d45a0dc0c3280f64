"""What Hardened clusters of the sandbox trust: key services outside their own pods, and a CA.

Every key service is reached through a `Link` on the host's own address, so that a test can refuse or hang it without
touching the service. Not proven over them: real cloud key services, HSMs, and public certificate authorities.
"""
