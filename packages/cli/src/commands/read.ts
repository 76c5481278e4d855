/** `umcp read`: one resource. */
import * as Base64 from "@universal-mcp/core/Base64"
import type { ReadResourceResult } from "@universal-mcp/core/Protocol"
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Argument from "effect/cli/Argument"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Effect from "effect/Effect"
import * as FileSystem from "effect/FileSystem"
import * as Option from "effect/Option"
import { UsageError } from "../internal/errors.ts"
import { printJson } from "../internal/output.ts"
import * as Registry from "../internal/registry.ts"
import { requestOf } from "../internal/requestOf.ts"
import { root } from "../internal/root.ts"
import { findServer, servers } from "../internal/servers.ts"
import { print, printError, writeResource } from "../internal/sink.ts"
import { timeout, withTimeout } from "../internal/timeout.ts"
import { block, label } from "../render/result.ts"
import { Screen } from "../render/Screen.ts"
import { bytes, unlines } from "../render/text.ts"

export const read = Command.make(
  "read",
  {
    server: Argument.String("server").pipe(Argument.withDescription("The server; with --url or --stdio left out")),
    uri: Argument.String("uri").pipe(Argument.withDescription("The resource"), Argument.optional),
    output: Flag.String("output").pipe(
      Flag.withAlias("o"),
      Flag.withMetavar("FILE"),
      Flag.withDescription("Write the contents to this file, binary ones as their bytes"),
      Flag.optional
    ),
    timeout
  },
  Effect.fnUntraced(function*(input) {
    const options = yield* withTimeout(input.timeout)
    const { json } = yield* root
    if (json && Option.isSome(input.output)) {
      return yield* new UsageError({ description: "--json and --output exclude each other: give one of them" })
    }
    const { config, uri } = yield* resource(input)
    const result = yield* requestOf(
      config,
      SafeText.format`reading ${SafeText.line(uri)}`,
      "resources",
      (session) => session.readResource(uri, options)
    )
    if (json) return yield* printJson(result)
    if (Option.isSome(input.output)) return yield* writeTo(input.output.value, result)
    yield* printContents(result)
  })
).pipe(
  Command.withShortDescription("Read a resource"),
  Command.withDescription(
    "Read a resource and print its text as it is. Of binary contents the type and size are printed; --output writes them."
  ),
  Command.withExamples([
    { command: "umcp read docs file:///README.md", description: "A resource of a configured server" },
    { command: "umcp read art image://logo --output logo.png", description: "A binary resource, into a file" },
    { command: "umcp read demo://one --url http://localhost:3000/mcp", description: "A server that is not configured" }
  ]),
  Command.provide(Registry.layer)
)

const resource = Effect.fnUntraced(function*(input: { readonly server: string; readonly uri: Option.Option<string> }) {
  const chosen = yield* servers
  const { config } = yield* findServer(chosen, input.server)
  const [uri, surplus] = chosen.only === undefined
    ? [Option.getOrUndefined(input.uri), undefined]
    : [input.server, Option.getOrUndefined(input.uri)]
  if (uri !== undefined && surplus === undefined) return { config, uri }
  return yield* new UsageError({
    description: uri === undefined
      ? `name the resource too: umcp read ${config.name} <uri>`
      : "with --url or --stdio give the URI alone",
    ...(uri === undefined ? { hint: `\`umcp resources ${config.name}\` shows its resources` } : {})
  })
})

type Contents = ReadResourceResult["contents"][number]

/** Of contents only the URI is known to be what the protocol says. */
const partsOf = (contents: Contents): { readonly text: string | undefined; readonly blob: string | undefined } => {
  const { blob, text }: { readonly blob?: unknown; readonly text?: unknown } = contents
  return {
    text: typeof text === "string" ? text : undefined,
    blob: typeof blob === "string" ? blob : undefined
  }
}

/** Text reaches a file or a pipe as it is; a terminal must not be driven by it. */
const printContents = Effect.fnUntraced(function*({ contents }: ReadResourceResult) {
  const { err, out, outIsTerminal } = yield* Screen
  const several = contents.length > 1
  let hasBytes = false
  for (const one of contents) {
    const { blob, text } = partsOf(one)
    const heading = several && outIsTerminal ? [out.dim(label([one.uri, one.mimeType]))] : []
    if (text === undefined) yield* print(block({ type: "resource", resource: one }))
    else yield* outIsTerminal ? print(unlines([...heading, SafeText.block(text)])) : writeResource(text)
    hasBytes ||= blob !== undefined
  }
  if (hasBytes) {
    yield* printError(SafeText.format`${err.cyan(SafeText.format`hint:`)} --output <file> writes the bytes`)
  }
})

const writeTo = Effect.fnUntraced(function*(path: string, { contents }: ReadResourceResult) {
  const [one, ...others] = contents
  if (one === undefined || others.length > 0) {
    return yield* new UsageError({
      description: `--output writes one part, and this resource has ${contents.length}`,
      hint: "--json has them all"
    })
  }
  const fs = yield* FileSystem.FileSystem
  const data = yield* bytesOf(one)
  yield* Effect.mapError(
    fs.writeFile(path, data),
    (error) => new UsageError({ description: `cannot write ${path}: ${error.message}` })
  )
  const { errIsTerminal } = yield* Screen
  if (errIsTerminal) yield* printError(SafeText.format`${SafeText.line(path)}: ${bytes(data.length)}`)
})

const bytesOf = (contents: Contents): Effect.Effect<Uint8Array, UsageError> => {
  const { blob, text } = partsOf(contents)
  if (text !== undefined) return Effect.succeed(new TextEncoder().encode(text))
  if (blob === undefined) {
    return Effect.fail(new UsageError({ description: `${contents.uri} has neither text nor bytes` }))
  }
  return Effect.mapError(
    Effect.fromResult(Base64.decode(blob)),
    () => new UsageError({ description: `${contents.uri} is not valid base64` })
  )
}
