"""Stand-ins for the Pulumi plugins that a machine without the official ones cannot have.

The real engine runs here, and it talks to its plugins over gRPC. Where the official language host or a provider is
absent, a program in this package takes its place, so that the same stack runs without a download. Nothing in
`components` or `profiles` knows of it, and a user with the official plugins never meets it
(`sandbox.pulumi_environment` decides). What a stand-in does not show is listed in docs/stand-ins.md.
"""
