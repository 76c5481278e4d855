#!/usr/bin/env node
import { existsSync } from "node:fs"
import { constants, enableCompileCache } from "node:module"
import { isAbsolute, join } from "node:path"
import { setFlagsFromString } from "node:v8"

// In the user's own folder: what is in the shared temporary one may be another user's, and it would be run. Where it cannot
// be used, or NODE_DISABLE_COMPILE_CACHE is set, starting takes longer; that is all.
const caches = cacheFolder(process.platform)
const { ALREADY_ENABLED, ENABLED } = constants.compileCacheStatus
const status = caches === undefined ? undefined : enableCompileCache(join(caches, "umcp")).status
// Only what is compiled when a file is loaded gets into the cache: so all of it is, and no later run compiles what it calls.
if (status === ENABLED || status === ALREADY_ENABLED) setFlagsFromString("--no-lazy")
await import("./main.ts")

function cacheFolder(platform: string): string | undefined {
  switch (platform) {
    case "win32":
      return within(process.env["LOCALAPPDATA"])
    case "darwin":
      return within(process.env["HOME"], "Library", "Caches")
    default:
      return within(process.env["XDG_CACHE_HOME"]) ?? within(process.env["HOME"], ".cache")
  }
}

/** Only in a folder that is there: below one that is none Node may try to make it for ever. */
function within(folder: string | undefined, ...path: ReadonlyArray<string>): string | undefined {
  return folder !== undefined && isAbsolute(folder) && existsSync(folder) ? join(folder, ...path) : undefined
}
