// Build what the browser gets: `npm run build` writes, `npm run check` compares and writes nothing.
//
//   css/src/*.pcss + templates  ->  css/alef.css           (Tailwind and daisyUI)
//   js/parts/*.js               ->  js/alef.js             (one module, one block a part)
//   icons/icons.json            ->  vendor/lucide/sprite.svg
//   VENDORED                    ->  vendor/**  and  vendor/vendor.lock.json (sha256 of each file)
//
// Everything written here is committed, so a running system needs neither node nor the network.

import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const STATIC = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(STATIC, "..");
const MODULES = join(ROOT, "node_modules");

const VENDORED = {
  "htmx.org": {
    "htmx/htmx.min.js": "dist/htmx.min.js",
    "htmx/hx-csp.min.js": "dist/ext/hx-csp.min.js",
    "htmx/hx-ws.min.js": "dist/ext/hx-ws.min.js",
    "htmx/LICENSE": "LICENSE",
  },
  "@fontsource-variable/inter": {
    "inter/latin.woff2": "files/inter-latin-wght-normal.woff2",
    "inter/latin-ext.woff2": "files/inter-latin-ext-wght-normal.woff2",
    "inter/LICENSE": "LICENSE",
  },
  "@fontsource-variable/noto-sans-arabic": {
    "noto-sans-arabic/arabic.woff2": "files/noto-sans-arabic-arabic-wght-normal.woff2",
    "noto-sans-arabic/LICENSE": "LICENSE",
  },
  "lightweight-charts": {
    "lightweight-charts/lightweight-charts.js": "dist/lightweight-charts.standalone.production.js",
    "lightweight-charts/LICENSE": "LICENSE",
  },
  "lucide-static": { "lucide/LICENSE": "LICENSE" },
  daisyui: { "daisyui/LICENSE": "LICENSE" },
  tailwindcss: { "tailwindcss/LICENSE": "LICENSE" },
};

const read = (...parts) => readFileSync(join(...parts));
const sha256 = (bytes) => createHash("sha256").update(bytes).digest("hex");
const sorted = (object) => Object.fromEntries(Object.entries(object).sort(([a], [b]) => (a < b ? -1 : 1)));

function packageFacts(name) {
  const facts = JSON.parse(read(MODULES, name, "package.json"));
  return { package: name, version: facts.version, license: facts.license };
}

function sprite() {
  const names = JSON.parse(read(STATIC, "icons/icons.json")).icons;
  const symbols = names.map((name) => {
    const svg = read(MODULES, "lucide-static/icons", `${name}.svg`).toString();
    const body = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>"));
    return `<symbol id="${name}" viewBox="0 0 24 24">${body.replace(/\s*\n\s*/g, "").replaceAll(" />", "/>")}</symbol>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`;
}

function vendored() {
  const files = {};
  for (const [name, copies] of Object.entries(VENDORED)) {
    for (const [target, source] of Object.entries(copies)) {
      files[target] = { bytes: read(MODULES, name, source), facts: { ...packageFacts(name), source } };
    }
  }
  files["lucide/sprite.svg"] = {
    bytes: Buffer.from(sprite()),
    facts: { ...packageFacts("lucide-static"), source: "icons, those named in icons/icons.json" },
  };
  const lock = Object.fromEntries(
    Object.entries(files).map(([target, { bytes, facts }]) => [target, { ...facts, sha256: sha256(bytes) }]),
  );
  const outputs = Object.fromEntries(Object.entries(files).map(([target, { bytes }]) => [`vendor/${target}`, bytes]));
  outputs["vendor/vendor.lock.json"] = Buffer.from(JSON.stringify(sorted(lock), null, 2) + "\n");
  return outputs;
}

function script() {
  const parts = readdirSync(join(STATIC, "js/parts")).filter((name) => name.endsWith(".js")).sort();
  const blocks = parts.map((name) => `// ${name}\n{\n${read(STATIC, "js/parts", name).toString().trim()}\n}\n`);
  const head = "// Built from js/parts by build.mjs; edit those. Loaded as a module: strict, deferred, no global but `alef`.\n";
  return Buffer.from([head, ...blocks].join("\n"));
}

function styles() {
  const folder = mkdtempSync(join(tmpdir(), "alef-css-"));
  const out = join(folder, "alef.css");
  try {
    execFileSync(
      process.execPath,
      [join(MODULES, "@tailwindcss/cli/dist/index.mjs"), "--minify", "--input", "css/src/alef.pcss", "--output", out],
      { cwd: STATIC, stdio: ["ignore", "ignore", "pipe"] },
    );
    // One rule a line: a change of one class is a change of one line in a review.
    return Buffer.from(read(out).toString().replace(/\}(?=[^}\n])/g, "}\n"));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const outputs = { ...vendored(), "js/alef.js": script(), "css/alef.css": styles() };
const check = process.argv.includes("--check");
const stale = [];
for (const [target, bytes] of Object.entries(outputs)) {
  const path = join(STATIC, target);
  let current = null;
  try {
    current = readFileSync(path);
  } catch {
    // not built yet
  }
  if (current?.equals(bytes)) continue;
  stale.push(target);
  if (check) continue;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, bytes);
}
if (check && stale.length) {
  console.error(`Stale: ${stale.join(", ")}. Run \`npm run build\` and commit what it writes.`);
  process.exit(1);
}
console.log(check ? "Built files are current." : stale.length ? `Wrote ${stale.join(", ")}.` : "Nothing changed.");
