"""Stand-in for the official Pulumi Kubernetes provider, for plain Kubernetes objects of any kind.

`provider` is what the engine calls; `api` speaks to the cluster, `rules` and `live` decide what a change means,
`readiness` decides when an object is done, `waiting` waits for it, `directives` reads the `pulumi.com/…` annotations.
The behaviour follows github.com/pulumi/pulumi-kubernetes 4.34 (provider/pkg); docs/stand-ins.md lists the differences.
"""
