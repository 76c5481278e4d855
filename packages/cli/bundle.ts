/**
 * Makes `umcp` of its sources and all they import: `bin.js`, `main-*.js` with what every command needs, and files with
 * what only some do.
 *
 *     node bundle.ts [folder]
 */
import * as Undici from "@effect/platform-node/Undici"
import { globSync, readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type Plugin, rolldown } from "rolldown"

const root = fileURLToPath(new URL(".", import.meta.url))

export const bundle = async (folder: string): Promise<void> => {
  const build = await rolldown({
    cwd: root,
    input: { bin: "src/bin.ts" },
    platform: "node",
    plugins: [namedExportsOfUndici, segmenterOnDemand, cryptoOnDemand]
  })
  const { output } = await build.write({
    dir: folder,
    format: "esm",
    cleanDir: true,
    chunkFileNames: "[name]-[hash].js",
    codeSplitting: { groups: [{ name: "main", test: /src\/main\.ts$/ }] },
    comments: { legal: true, annotation: false, jsdoc: false },
    // Names and lines stay: they are what a report of a bug says.
    minify: { compress: true, mangle: false, codegen: { removeWhitespace: false } }
  })
  await build.close()
  const modules = output.flatMap((chunk) => chunk.type === "chunk" ? chunk.moduleIds : [])
  writeFileSync(join(root, folder, "LICENSES.txt"), licenses(modules))
}

/** What those whose code is in the bundle want to be passed on with it. */
const licenses = (modules: ReadonlyArray<string>): string => {
  const packages = new Set(modules.flatMap((id) => /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id) ?? []))
  return [...packages].toSorted().map((folder) => {
    const { license, name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"))
    const texts = globSync("{LICENSE,LICENCE,license,NOTICE}*", { cwd: folder })
    const text = texts.map((file) => readFileSync(join(folder, file), "utf8").trim()).join("\n\n")
    return `${name} ${version} (${license})\n\n${text}\n`
  }).join("\n---\n\n")
}

/** It says `export * from "undici"`, and what a CommonJS module exports only Node finds out. */
const namedExportsOfUndici: Plugin = {
  name: "named-exports-of-undici",
  load: {
    filter: { id: /platform-node\/dist\/Undici\.js$/ },
    handler: () => {
      const names = Object.keys(Undici).filter((name) => /^[A-Za-z]+$/.test(name) && name !== "default")
      return `import undici from "undici"\nexport default undici\nexport const { ${names.join(", ")} } = undici`
    }
  }
}

/** It takes 10 ms to make, and only help and text in other scripts need it. */
const segmenterOnDemand: Plugin = {
  name: "segmenter-on-demand",
  transform: {
    filter: { id: /effect\/dist\/cli\/CliOutput\.js$/ },
    handler(code) {
      const eager = /const graphemeSegmenter = [^]*?(new Intl\.Segmenter\([^)]*\))/
      if (!eager.test(code)) this.error("there is no graphemeSegmenter any more: is this still needed?")
      return code.replace(
        eager,
        "let segmenter; const graphemeSegmenter = { segment: (text) => (segmenter ??= $1).segment(text) }"
      )
    }
  }
}

/** `NodeFileSystem` needs it for the names of temporary files alone, and it takes 6 ms to load. */
const cryptoOnDemand: Plugin = {
  name: "crypto-on-demand",
  resolveId: {
    filter: { id: /^node:crypto$/ },
    handler: (_, importer) => importer?.endsWith("/NodeFileSystem.js") === true ? "\0crypto-on-demand" : null
  },
  load: {
    filter: { id: /crypto-on-demand$/ },
    handler: () => `export const randomBytes = (size) => process.getBuiltinModule("node:crypto").randomBytes(size)`
  }
}

if (import.meta.main) await bundle(process.argv[2] ?? "dist/umcp")
