module sandbox.invalid/tools/gateway-api/1.3

go 1.26.0

require sigs.k8s.io/gateway-api v1.3.0
