// Pin the suite: `node trex.mjs` writes trex.lock.json from the installed packages. What is pinned is what we deploy
// as it is, and what its factories deploy; whoever deploys compares first, and the deployed code afterwards.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const TREX = "@tokenysolutions/t-rex";
const ONCHAINID = "@onchain-id/solidity";

const PINNED = {
  [TREX]: [
    "compliance/modular/ModularCompliance",
    "compliance/modular/modules/ModuleProxy",
    "factory/TREXFactory",
    "proxy/ClaimTopicsRegistryProxy",
    "proxy/IdentityRegistryProxy",
    "proxy/IdentityRegistryStorageProxy",
    "proxy/ModularComplianceProxy",
    "proxy/TokenProxy",
    "proxy/TrustedIssuersRegistryProxy",
    "proxy/authority/IAFactory",
    "proxy/authority/TREXImplementationAuthority",
    "registry/implementation/ClaimTopicsRegistry",
    "registry/implementation/IdentityRegistry",
    "registry/implementation/IdentityRegistryStorage",
    "registry/implementation/TrustedIssuersRegistry",
    "token/Token",
  ],
  [ONCHAINID]: ["ClaimIssuer", "Identity", "factory/IdFactory", "proxy/IdentityProxy", "proxy/ImplementationAuthority"],
};

const readJson = (...parts) => JSON.parse(readFileSync(join(...parts), "utf8"));
const sha256 = (hex) => createHash("sha256").update(Buffer.from(hex.replace(/^0x/, ""), "hex")).digest("hex");
const locked = readJson(HERE, "package-lock.json").packages;

/** [start, length] of each immutable in the runtime code. T-REX ships no build record and has none. */
function immutables(home, source, name) {
  const folder = join(home, "artifacts/build-info");
  if (!existsSync(folder)) return [];
  const { output } = readJson(folder, readdirSync(folder)[0]);
  const references = output.contracts[source][name].evm.deployedBytecode.immutableReferences;
  return Object.values(references).flat().map(({ start, length }) => [start, length]);
}

function pin(packageName, path) {
  const home = join(HERE, "node_modules", packageName);
  const name = path.split("/").at(-1);
  const source = `contracts/${path}.sol`;
  const artifact = `artifacts/${source}/${name}.json`;
  const { bytecode, deployedBytecode } = readJson(home, artifact);
  const hashes = { creation: sha256(bytecode), runtime: sha256(deployedBytecode) };
  return [name, { package: packageName, artifact, ...hashes, immutables: immutables(home, source, name) }];
}

const packages = Object.keys(PINNED).map((name) => {
  const { version, integrity } = locked[`node_modules/${name}`];
  return [name, { version, integrity }];
});
const contracts = Object.entries(PINNED).flatMap(([name, paths]) => paths.map((path) => pin(name, path)));
const lock = { packages: Object.fromEntries(packages), contracts: Object.fromEntries(contracts) };
writeFileSync(join(HERE, "trex.lock.json"), `${JSON.stringify(lock, null, 2)}\n`);
