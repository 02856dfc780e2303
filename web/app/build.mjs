// Builds the custom elements into ../dist: one script per element, the catalogues
// beside them, every name with a hash of the content in it, each file also
// compressed. manifest.json tells the names.
//
//   node build.mjs           the assets
//   node build.mjs --tests   the unit tests, into .tests/, for node --test
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { existsSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import * as esbuild from "esbuild";
import { minify } from "terser";

const here = path.dirname(fileURLToPath(import.meta.url));
const dist = path.join(here, "../dist");

// Style sheets become strings of the script: they are adopted by shadow roots.
const styles = {
  name: "styles",
  setup(build) {
    build.onLoad({ filter: /\.css$/ }, async (args) => {
      const css = await readFile(args.path, "utf8");
      const { code } = await esbuild.transform(css, { loader: "css", minify: true, target: "safari16.4" });
      return { contents: code.trim(), loader: "text" };
    });
  },
};

// What only the server says has keys "page.…", and the oversight page is not opened by
// members: neither is part of what an inbox loads.
const wording = (catalogue, without) =>
  Object.fromEntries(Object.entries(catalogue).filter(([key]) => !without.some((prefix) => key.startsWith(prefix))));
const english = (without) => ({
  name: "english",
  setup(build) {
    build.onLoad({ filter: /lang[/\\]en\.json$/ }, async (args) => ({
      contents: JSON.stringify(wording(JSON.parse(await readFile(args.path, "utf8")), without)),
      loader: "json",
    }));
  },
});

const common = {
  absWorkingDir: here,
  bundle: true,
  format: "esm",
  jsx: "automatic",
  jsxImportSource: "preact",
  plugins: [styles],
  logLevel: "warning",
};

// later.js shares what it can with inbox.js, which has put it there (inbox/kit.ts).
const own = /[/\\](later|new|recipients|dialogs|dialog)\.tsx$/;
const shared = {
  name: "shared",
  setup(build) {
    build.onResolve({ filter: /./ }, async (args) => {
      if (args.kind === "entry-point" || args.pluginData === "asked") return;
      const { path: found } = await build.resolve(args.path, { resolveDir: args.resolveDir, kind: args.kind, pluginData: "asked" });
      return own.test(found) ? { path: found } : { path: "kit", namespace: "kit" };
    });
    build.onLoad({ filter: /./, namespace: "kit" }, () => ({ contents: 'module.exports = globalThis[Symbol.for("parley-inbox")]' }));
  },
};

const hashed = (name, content) => {
  const { dir, name: base, ext } = path.parse(name);
  const hash = createHash("sha256").update(content).digest("hex").slice(0, 8);
  return path.posix.join(dir, `${base}-${hash}${ext}`);
};

async function assets() {
  const files = new Map(); // name with hash → content
  const manifest = {};
  const languages = {};
  for (const file of (await readdir(path.join(here, "lang"))).sort()) {
    if (file === "en.json") continue; // part of the scripts
    const content = Buffer.from(JSON.stringify(wording(JSON.parse(await readFile(path.join(here, "lang", file), "utf8")), ["page."])));
    const name = hashed(`lang/${file}`, content);
    files.set(name, content);
    manifest[`lang/${file}`] = name;
    languages[path.parse(file).name] = name;
  }
  const entries = {
    later: ["src/inbox/later.tsx", shared],
    inbox: ["src/inbox/index.tsx", english(["page.", "oversight."])],
    oversight: ["src/oversight/index.tsx", english(["page."])],
    page: ["src/page/index.ts"],
  };
  for (const [name, [entry, ...plugins]] of Object.entries(entries)) {
    if (!existsSync(path.join(here, entry))) continue;
    const { outputFiles } = await esbuild.build({
      ...common,
      plugins: [...common.plugins, ...plugins],
      entryPoints: [entry],
      minify: true,
      target: ["es2022", "safari16.4"],
      write: false,
      legalComments: "none",
      define: { LANGUAGES: JSON.stringify(languages), LATER: JSON.stringify(manifest["later.js"] ?? "") },
    });
    // esbuild leaves some three percent that count on a phone.
    const { code } = await minify(outputFiles[0].text, {
      module: true,
      ecma: 2022,
      compress: { passes: 3, unsafe_arrows: true, pure_getters: true, keep_fargs: false },
    });
    const content = Buffer.from(code);
    const file = hashed(`${name}.js`, content);
    files.set(file, content);
    manifest[`${name}.js`] = file;
  }
  for (const [name, content] of [...files]) {
    files.set(`${name}.gz`, gzipSync(content, { level: 9 }));
    files.set(`${name}.br`, brotliCompressSync(content, { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }));
  }
  files.set("manifest.json", Buffer.from(JSON.stringify(manifest, null, 1) + "\n"));

  // New files first, then the manifest, then the old files go: who reads
  // meanwhile finds whatever the manifest names.
  await mkdir(path.join(dist, "lang"), { recursive: true });
  for (const [name, content] of files) {
    const target = path.join(dist, name);
    await writeFile(`${target}.${process.pid}`, content);
    await rename(`${target}.${process.pid}`, target);
  }
  for (const dir of ["", "lang"]) {
    for (const entry of await readdir(path.join(dist, dir), { withFileTypes: true })) {
      const name = path.posix.join(dir, entry.name);
      if (entry.isFile() && name !== ".gitignore" && !files.has(name)) await rm(path.join(dist, name));
    }
  }
  for (const [name, file] of Object.entries(manifest)) {
    console.error(`   ${name}: ${(files.get(file).length / 1024).toFixed(1)} KB, ${(files.get(`${file}.gz`).length / 1024).toFixed(1)} KB gzip`);
  }
}

async function tests() {
  const out = path.join(here, ".tests");
  await rm(out, { recursive: true, force: true });
  const found = (await readdir(path.join(here, "src"), { recursive: true })).filter((f) => /\.test\.tsx?$/.test(f));
  await esbuild.build({
    ...common,
    entryPoints: found.map((f) => path.join("src", f)),
    outdir: out,
    outExtension: { ".js": ".mjs" },
    platform: "node",
    target: "node18",
    define: { LANGUAGES: "{}", LATER: '""' },
  });
}

await (process.argv.includes("--tests") ? tests() : assets());
