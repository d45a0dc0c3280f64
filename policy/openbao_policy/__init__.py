"""The contract applied to Kubernetes resources that somebody else's Pulumi program creates.

`reading` sees in an object what a specification would have said, `judging` lets the contract judge that part with its
own rules, `pack` hands the verdicts to Pulumi under the rules' own ids.
"""
