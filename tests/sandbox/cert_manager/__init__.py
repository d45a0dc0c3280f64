"""A stand-in for cert-manager's controllers: enough of them that a Certificate of the product becomes a Secret.

It serves Issuers and ClusterIssuers of kind `selfSigned` and `ca`, and no other; it asks nobody's approval, keeps no
CertificateRequests, and runs no webhook. The CRDs are cert-manager's own. What passes over it shows that the product
asks for the right thing and lives with the answer, not that cert-manager gives it.
"""
