/** The definitions of one session's tools, as they were last listed. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { CallError } from "../McpError.ts"
import type { CallToolResult, Tool } from "../Protocol.ts"
import { isRecord } from "./json.ts"
import * as outputSchema from "./outputSchema.ts"
import * as paramHeaders from "./paramHeaders.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"
import type { Session } from "./session.ts"

export interface Definition {
  readonly tool: Tool
  readonly headers: ReadonlyArray<paramHeaders.Declaration>
}

export interface Definitions {
  /** Asks the server, and remembers what it says. */
  readonly list: Effect.Effect<ReadonlyArray<Tool>, CallError>
  /** Asks the server, unless its tools are known already or it failed to say; takes no longer than `longestLook`. */
  readonly learn: Effect.Effect<void>
  /** Nothing before the tools were listed, and once the server has said that they are others. */
  readonly get: (name: string) => Definition | undefined
  /** The names listed last, those included that we left out of the list. */
  readonly names: () => ReadonlySet<string>
  /** Whether the tool may be called twice: as it says itself, for which the server is asked where it never was. */
  readonly isRepeatable: (name: string) => Effect.Effect<boolean>
  /** Whether there is nothing to check. */
  readonly isPlain: (name: string, result: CallToolResult) => boolean
  /** What of the `structuredContent` does not fit the tool's `outputSchema`; nothing where that cannot be told. */
  readonly issues: (name: string, result: CallToolResult) => Effect.Effect<ReadonlyArray<string>>
}

/** How long a look at the tools may take that nobody asked for. */
export const longestLook = Duration.seconds(2)

export const make = (session: Session): Definitions => {
  const lock = Semaphore.makeUnsafe(1)
  const remarked = new Set<string>()
  let names: ReadonlySet<string> = new Set()
  let current: ReadonlyMap<string, Definition> | undefined
  const checks = new WeakMap<Tool, Result.Result<outputSchema.Check, string>>()
  let hasFailed = false
  let version = 0

  session.listeners.add(({ method }) => {
    if (method !== "notifications/tools/list_changed") return
    version++
    current = undefined
    hasFailed = false
  })

  const warnOnce = (description: string) => {
    if (remarked.has(description)) return
    remarked.add(description)
    session.warn(description)
  }

  const list = Effect.suspend(() => {
    const before = version
    return requests.list(session, {
      isOffered: () => session.capabilities.tools !== undefined,
      method: "tools/list",
      key: "tools",
      isItem: results.isTool
    }).pipe(Effect.flatMap(Effect.fnUntraced(function*(listed) {
      const definitions = session.hasHttpHeaders
        ? listed.flatMap((tool) => declaring(session, tool))
        : listed.map((tool) => ({ tool, headers: [] }))
      // Of tens of thousands, each of these steps takes its time: between them it is everybody else's turn.
      yield* Effect.yieldNow
      names = new Set(listed.map(({ name }) => name))
      yield* Effect.yieldNow
      // They may have changed again while they were listed.
      if (before === version) current = new Map(definitions.map((definition) => [definition.tool.name, definition]))
      return definitions.map(({ tool }) => tool)
    })))
  }).pipe(requests.remembered(session, "tools/list"), session.telemetry.operation("tools/list"))

  const learn = Effect.suspend(() =>
    current !== undefined || hasFailed ? Effect.void : list.pipe(
      Effect.timeoutOrElse({
        duration: longestLook,
        orElse: () => Effect.fail({ message: `no answer within ${Duration.format(longestLook)}` })
      }),
      Effect.catch(({ message }) =>
        Effect.sync(() => {
          hasFailed = true
          warnOnce(`results go unchecked, because the tools could not be listed: ${message}`)
        })
      )
    )
  ).pipe(Semaphore.withPermit(lock))

  const checkOf = Effect.fnUntraced(function*(tool: Tool) {
    const known = checks.get(tool)
    if (known !== undefined) return known
    const check = yield* outputSchema.compile(tool.outputSchema)
    checks.set(tool, check)
    return check
  })

  const issues = Effect.fnUntraced(function*(name: string, result: CallToolResult) {
    const { structuredContent } = result
    // Many a server of the legacy era says null for nothing.
    const isThere = structuredContent !== undefined && (structuredContent !== null || session.era === "modern")
    if (isThere && current === undefined) yield* learn
    const tool = current?.get(name)?.tool
    if (!isRecord(tool?.outputSchema)) return []
    if (!isThere) {
      warnOnce(`what tool "${name}" answers lacks the structuredContent that its outputSchema describes`)
      return []
    }
    const outcome = Result.flatMap(yield* checkOf(tool), (check) => check(structuredContent))
    if (Result.isSuccess(outcome)) return outcome.success
    warnOnce(`what tool "${name}" answers goes unchecked against its outputSchema: ${outcome.failure.slice(0, 300)}`)
    return []
  })

  const isPlain = (name: string, { isError, structuredContent }: CallToolResult) =>
    isError !== true && structuredContent === undefined && current?.get(name)?.tool.outputSchema === undefined

  const isRepeatable = (name: string) =>
    Effect.suspend(() => current !== undefined ? Effect.void : Effect.ignore(Effect.timeoutOption(list, longestLook)))
      .pipe(Effect.map(() => {
        const { idempotentHint, readOnlyHint } = current?.get(name)?.tool.annotations ?? {}
        return readOnlyHint === true || idempotentHint === true
      }))

  return { isRepeatable, list, learn, get: (name) => current?.get(name), names: () => names, isPlain, issues }
}

/** Tools whose declarations are not valid must not be offered. Specification: 2026-07-28, Tools, x-mcp-header. */
const declaring = (session: Session, tool: Tool): ReadonlyArray<Definition> => {
  const headers = paramHeaders.declared(tool)
  if (Result.isSuccess(headers)) return [{ tool, headers: headers.success }]
  session.warn(`left out tool "${tool.name}", which is not valid: ${headers.failure}`)
  return []
}
