// Build Alef's own contracts: `npm run build` writes abi/<Name>.json, `npm run check` compares and writes nothing.
//
// Two compilers: what inherits the T-REX suite keeps its audited 0.8.17, the rest uses a newer one. A file's own
// pragma says which. Everything written here is committed, so a running system needs neither node nor solc.

import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const HERE = dirname(fileURLToPath(import.meta.url));
const MODULES = join(HERE, "node_modules");
const OUT = join(HERE, "abi");
const require = createRequire(import.meta.url);

const COMPILERS = {
  "0.8.17": { package: "solc-0.8.17", evmVersion: "london" },
  "^0.8.20": { package: "solc", evmVersion: "shanghai" },
};

const OUTPUTS = ["abi", "metadata", "evm.bytecode.object", "evm.deployedBytecode.object", "evm.deployedBytecode.immutableReferences"];

const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));
const locked = JSON.parse(readFileSync(join(HERE, "package-lock.json"))).packages;

/** Our own source files, as the compiler will name them. */
function sourceFiles(folder = "src") {
  return readdirSync(join(HERE, folder), { withFileTypes: true })
    .flatMap((entry) => (entry.isDirectory() ? sourceFiles(`${folder}/${entry.name}`) : [`${folder}/${entry.name}`]))
    .filter((name) => name.endsWith(".sol"))
    .sort();
}

function readImport(name) {
  const path = name.startsWith("src/") ? join(HERE, name) : join(MODULES, name);
  return existsSync(path) ? { contents: readFileSync(path, "utf8") } : { error: `${name} is not there` };
}

/** The package that an imported source belongs to, as the lock names it. */
const packageOf = (source) => source.split("/").slice(0, 2).join("/");

function compile(pragma, files) {
  const { package: solcName, evmVersion } = COMPILERS[pragma];
  const solc = require(solcName);
  const outputSelection = Object.fromEntries(files.map((name) => [name, { "*": OUTPUTS }]));
  const settings = { optimizer: { enabled: true, runs: 200 }, evmVersion, outputSelection };
  const sources = Object.fromEntries(files.map((name) => [name, { content: readFileSync(join(HERE, name), "utf8") }]));
  const input = JSON.stringify({ language: "Solidity", sources, settings });
  const output = JSON.parse(solc.compile(input, { import: readImport }));
  const complaints = (output.errors ?? []).filter((e) => e.severity === "error" || e.sourceLocation?.file.startsWith("src/"));
  if (complaints.length) throw new Error(complaints.map((e) => e.formattedMessage).join("\n"));
  return files.flatMap((file) =>
    Object.entries(output.contracts[file] ?? {})
      .filter(([, made]) => made.evm.bytecode.object)
      .map(([name, made]) => artefact(name, file, made, solc.version())),
  );
}

/** One committed file. `sourceHash` covers all that the bytecode depends on, so a stale file is found without a compiler. */
function artefact(contractName, sourceName, made, version) {
  const metadata = JSON.parse(made.metadata);
  const used = Object.keys(metadata.sources).sort();
  const sources = used.filter((name) => name.startsWith("src/"));
  const packages = [...new Set(used.filter((name) => !name.startsWith("src/")).map(packageOf))];
  const { optimizer, evmVersion } = metadata.settings;
  const compiler = { version: version.replace(/\.Emscripten.*/, ""), optimizer, evmVersion };
  const depends = {
    compiler,
    packages: packages.map((name) => [name, locked[`node_modules/${name}`].integrity]),
    sources: sources.map((name) => [name, sha256(readFileSync(join(HERE, name)))]),
  };
  const { object, immutableReferences } = made.evm.deployedBytecode;
  const immutables = Object.values(immutableReferences ?? {}).flat().map(({ start, length }) => [start, length]);
  return {
    contractName,
    sourceName,
    abi: made.abi,
    bytecode: `0x${made.evm.bytecode.object}`,
    deployedBytecode: `0x${object}`,
    immutables: immutables.sort(([a], [b]) => a - b),
    compiler,
    packages,
    sources,
    sourceHash: sha256(JSON.stringify(depends)),
  };
}

function buildAll() {
  const groups = {};
  for (const file of sourceFiles()) {
    const pragma = /^pragma solidity ([^;]+);/m.exec(readFileSync(join(HERE, file), "utf8"))?.[1];
    if (!(pragma in COMPILERS)) throw new Error(`${file}: no compiler for pragma ${pragma}`);
    (groups[pragma] ??= []).push(file);
  }
  const made = Object.entries(groups).flatMap(([pragma, files]) => compile(pragma, files));
  return sorted(Object.fromEntries(made.map((one) => [`${one.contractName}.json`, `${JSON.stringify(one, null, 1)}\n`])));
}

function main() {
  const built = buildAll();
  mkdirSync(OUT, { recursive: true });
  const there = readdirSync(OUT);
  const isSame = (name) => there.includes(name) && readFileSync(join(OUT, name), "utf8") === built[name];
  const stale = [...Object.keys(built).filter((name) => !isSame(name)), ...there.filter((name) => !(name in built))];
  if (process.argv.includes("--check")) {
    if (stale.length) {
      console.error(`abi/ is stale (${stale.join(", ")}): run npm run build in contracts/`);
      process.exit(1);
    }
    return;
  }
  for (const name of there.filter((old) => !(old in built))) rmSync(join(OUT, name));
  for (const [name, text] of Object.entries(built)) writeFileSync(join(OUT, name), text);
}

main();
