/**
 * What is run here and never imported: the official suite, published servers, a peer. `pnpm test` installs none of it; it
 * is installed when it is first asked for.
 */
import { spawnSync } from "node:child_process"
import { existsSync, readFileSync } from "node:fs"
import { fileURLToPath } from "node:url"

const folder = fileURLToPath(new URL("published/", import.meta.url))

if (!existsSync(`${folder}node_modules`)) {
  const { status } = spawnSync("npx", ["-y", "pnpm@12", "install", "--frozen-lockfile"], {
    cwd: folder,
    stdio: ["ignore", process.stderr, process.stderr]
  })
  if (status !== 0) throw new Error(`pnpm install in ${folder} ended with ${status}`)
}

const names: ReadonlySet<string> = new Set(
  Object.keys(JSON.parse(readFileSync(`${folder}package.json`, "utf8")).dependencies)
)

/** Where a package is, which may also be one of the workspace. */
export const folderOf = (name: string): string =>
  `${names.has(name) ? folder : fileURLToPath(new URL("./", import.meta.url))}node_modules/${name}/`
