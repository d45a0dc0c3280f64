// A Hardened cluster whose key lies in another OpenBao's transit engine.
import * as pulumi from "@pulumi/pulumi";
import * as openbao from "@pulumi/openbao";

const config = new pulumi.Config();

const cluster = new openbao.HardenedVaultCluster("vault", {
    image: { digest: config.require("imageDigest") },
    replicas: 3,
    unseal: {
        type: "transit",
        address: config.require("transitAddress"),
        keyName: "autounseal",
        credentialsSecretRef: "vault-transit-token",
    },
    tls: { mode: "External", issuerRef: { name: "internal-ca", kind: "ClusterIssuer" } },
    selfInit: {
        policies: [{ name: "admin", policy: 'path "sys/*" { capabilities = ["create", "read", "update", "sudo"] }' }],
        userpass: { users: [{ username: "admin", policies: ["admin"], passwordSecretRef: "vault-admin" }] },
    },
    network: {
        trustedIngressPeers: [{ namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "apps" } } }],
    },
});

export const address = cluster.address;
export const productionReady = cluster.productionReady;
