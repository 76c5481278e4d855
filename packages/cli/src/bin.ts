#!/usr/bin/env node
import { enableCompileCache } from "node:module"
import { isAbsolute, join } from "node:path"

// In the user's own folder: what is in the shared temporary one may be another user's, and it would be run. That it cannot
// be used is no failure; starting then takes longer.
const caches = cacheFolder(process.platform)
if (caches !== undefined) enableCompileCache(join(caches, "umcp"))
await import("./main.ts")

function cacheFolder(platform: string): string | undefined {
  switch (platform) {
    case "win32":
      return absolute(process.env["LOCALAPPDATA"])
    case "darwin":
      return absolute(process.env["HOME"], "Library", "Caches")
    default:
      return absolute(process.env["XDG_CACHE_HOME"]) ?? absolute(process.env["HOME"], ".cache")
  }
}

function absolute(folder: string | undefined, ...within: ReadonlyArray<string>): string | undefined {
  return folder !== undefined && isAbsolute(folder) ? join(folder, ...within) : undefined
}
