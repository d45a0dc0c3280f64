"""How a Kubernetes ServiceAccount is somebody at a cloud: the pods' for the seal's key, cert-manager's for DNS.

Each room that needs an identity says for whom and what for; trust is written here, and nowhere twice. A cloud's own
file is loaded only where that cloud is used.
"""
