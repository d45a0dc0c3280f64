"""The plugin process `pulumi-resource-kubernetes`."""

from sandbox.plugins.kubernetes.provider import KubernetesProvider
from sandbox.plugins.server import serve

serve(KubernetesProvider())
