/** What is read from package.json files. */
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const require = createRequire(import.meta.url)

interface Manifest {
  readonly version: string
  readonly bin?: Readonly<Record<string, string>>
}

/** By our own name, because how far away the file is differs between the sources and the bundle. */
const manifest = (name: string): Manifest => require(`${name}/package.json`)

/** Our own version. */
export const version = manifest("@universal-mcp/cli").version

/** The script behind the command of an installed package. */
export const script = (name: string): string => {
  const [bin] = Object.values(manifest(name).bin ?? {})
  return join(dirname(require.resolve(`${name}/package.json`)), bin ?? "index.js")
}
