module sandbox.invalid/tools/aws-privateca-issuer

go 1.26.0

require github.com/cert-manager/aws-privateca-issuer v1.11.0
