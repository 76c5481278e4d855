/** `-H`: a header, or a file of them. */
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import type * as PlatformError from "effect/PlatformError"
import * as Redacted from "effect/Redacted"
import { Screen } from "../render/Screen.ts"
import { UsageError } from "./errors.ts"
import { printWarning } from "./printWarning.ts"
import { variable } from "./proxy.ts"
import { expand } from "./variables.ts"

export interface Headers {
  readonly headers: Readonly<Record<string, Redacted.Redacted<string>>>
  /** What variables in them stood for. */
  readonly secrets: ReadonlyArray<Redacted.Redacted<string>>
}

/** `Name: value` with variables, or `@FILE` with a header a line, as they are; of a name that comes again, in whatever case, the last. */
export const read = Effect.fnUntraced(function*(
  flags: ReadonlyArray<string>,
  json: boolean
): Effect.fn.Return<Headers, UsageError, FileSystem.FileSystem | Screen> {
  const headers = new Map<string, Header>()
  const secrets: Array<Redacted.Redacted<string>> = []
  for (const flag of flags) {
    if (flag.startsWith("@")) {
      for (const header of yield* readFile(flag.slice(1), json)) headers.set(header[0].toLowerCase(), header)
    } else {
      const expanded = yield* expand(flag, "--header")
      const header = parse(expanded.text)
      if (header === undefined) return yield* notAHeader
      headers.set(header[0].toLowerCase(), header)
      secrets.push(...expanded.secrets)
    }
  }
  return { headers: Object.fromEntries(headers.values()), secrets }
})

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Header = readonly [string, Redacted.Redacted<string>]

const notAHeader = new UsageError({
  description: "--header must be \"Name: value\" or @FILE",
  hint: "for example: --header 'X-Api-Key: $API_KEY'"
})

const parse = (text: string): Header | undefined => {
  const [, name, value] = /^([!#$%&'*+.^_`|~0-9A-Za-z-]+):[\t ]*(.*)$/s.exec(text) ?? []
  return name === undefined || value === undefined ? undefined : [name, Redacted.make(value)]
}

const readFile = Effect.fnUntraced(function*(path: string, json: boolean) {
  const fs = yield* FileSystem.FileSystem
  yield* warnIfOthersMayRead(path, json)
  const text = yield* Effect.mapError(fs.readFileString(path), unreadable(path))
  const headers: Array<Header> = []
  for (const [index, line] of text.replace(/^\uFEFF/, "").split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.startsWith("#")) continue
    headers.push(
      parse(line.trim()) ?? (yield* new UsageError({
        description: `--header: line ${index + 1} of ${path} is not "Name: value"`,
        hint: "write one header a line; a line that begins with # is a comment"
      }))
    )
  }
  return headers
})

const unreadable = (path: string) => (error: PlatformError.PlatformError) =>
  new UsageError({
    description: `--header: cannot read ${path}: ${
      error.reason._tag === "NotFound" ? "there is no such file" : error.message
    }`,
    ...(path === "-" ? { hint: "give the name of a file; standard input is not read for headers" } : {})
  })

/** Windows has no such mode. */
const warnIfOthersMayRead = Effect.fnUntraced(function*(path: string, json: boolean) {
  const fs = yield* FileSystem.FileSystem
  const info = yield* Effect.option(fs.stat(path))
  if (info._tag === "None" || info.value.type !== "File" || (info.value.mode & 0o044) === 0) return
  if ((yield* variable("OS")) === "Windows_NT") return
  const message = `other users of this machine can read ${path}, which has credentials in it: chmod 600 ${path}`
  yield* printWarning(yield* Screen, json, { message })
})
