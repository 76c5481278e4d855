/** What is read from package.json files. */
import * as Schema from "effect/Schema"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"

const require = createRequire(import.meta.url)

const Manifest = Schema.Struct({
  version: Schema.String,
  bin: Schema.optionalKey(Schema.Record(Schema.String, Schema.String))
})

const manifest = (path: string) => Schema.decodeUnknownSync(Manifest)(require(path))

/** Our own version. */
export const version = manifest("../../package.json").version

/** The script behind the command of an installed package. */
export const script = (name: string): string => {
  const path = require.resolve(`${name}/package.json`)
  const [bin] = Object.values(manifest(path).bin ?? {})
  return join(dirname(path), bin ?? "index.js")
}
