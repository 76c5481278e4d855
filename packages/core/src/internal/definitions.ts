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

/** How long a look at the tools may take that nobody asked for. */
export const longestLook = Duration.seconds(2)

export class Definitions {
  readonly #session: Session
  /** Those listed last, those included that we left out of the list. */
  #names: ReadonlySet<string> | undefined
  #current: ReadonlyMap<string, Definition> | undefined
  #hasFailed = false
  /** Counts how often the server has said that its tools are others, from the first list on. */
  #version: number | undefined
  #lock: Semaphore.Semaphore | undefined
  #remarked: Set<string> | undefined
  #checks: WeakMap<Tool, Result.Result<outputSchema.Check, string>> | undefined

  constructor(session: Session) {
    this.#session = session
  }

  /** Asks the server, and remembers what it says. */
  get list(): Effect.Effect<ReadonlyArray<Tool>, CallError> {
    return Effect.suspend(() => {
      const session = this.#session
      this.#listen()
      const before = this.#version
      return requests.list(session, {
        isOffered: () => session.capabilities.tools !== undefined,
        method: "tools/list",
        key: "tools",
        isItem: results.isTool
      }).pipe(Effect.flatMap((listed) => this.#learned(listed, before)))
    }).pipe(
      requests.remembered(this.#session, "tools/list"),
      this.#session.telemetry.operation("tools/list")
    )
  }

  /** Asks the server, unless its tools are known already or it failed to say; takes no longer than `longestLook`. */
  get learn(): Effect.Effect<void> {
    return Effect.suspend(() =>
      this.#current !== undefined || this.#hasFailed ? Effect.void : this.list.pipe(
        Effect.timeoutOrElse({
          duration: longestLook,
          orElse: () => Effect.fail({ message: `no answer within ${Duration.format(longestLook)}` })
        }),
        Effect.catch(({ message }) =>
          Effect.sync(() => {
            this.#hasFailed = true
            this.#warnOnce(`results go unchecked, because the tools could not be listed: ${message}`)
          })
        )
      )
    ).pipe(Semaphore.withPermit(this.#lock ??= Semaphore.makeUnsafe(1)))
  }

  /** Nothing before the tools were listed, and once the server has said that they are others. */
  get(name: string): Definition | undefined {
    return this.#current?.get(name)
  }

  get names(): ReadonlySet<string> {
    return this.#names ?? none
  }

  /** Whether the tool may be called twice: as it says itself, for which the server is asked where it never was. */
  isRepeatable(name: string): Effect.Effect<boolean> {
    return Effect.suspend(() =>
      this.#current !== undefined ? Effect.void : Effect.ignore(Effect.timeoutOption(this.list, longestLook))
    ).pipe(Effect.map(() => {
      const { idempotentHint, readOnlyHint } = this.#current?.get(name)?.tool.annotations ?? {}
      return readOnlyHint === true || idempotentHint === true
    }))
  }

  /** Whether there is nothing to check. */
  isPlain(name: string, { isError, structuredContent }: CallToolResult): boolean {
    return isError !== true && structuredContent === undefined &&
      this.#current?.get(name)?.tool.outputSchema === undefined
  }

  /** What of the `structuredContent` does not fit the tool's `outputSchema`; nothing where that cannot be told. */
  issues(name: string, { structuredContent }: CallToolResult): Effect.Effect<ReadonlyArray<string>> {
    return Effect.gen({ self: this }, function*() {
      // Many a server of the legacy era says null for nothing.
      const isThere = structuredContent !== undefined && (structuredContent !== null || this.#session.era === "modern")
      if (isThere && this.#current === undefined) yield* this.learn
      const tool = this.#current?.get(name)?.tool
      if (!isRecord(tool?.outputSchema)) return []
      if (!isThere) {
        this.#warnOnce(`what tool "${name}" answers lacks the structuredContent that its outputSchema describes`)
        return []
      }
      const outcome = Result.flatMap(yield* this.#checkOf(tool), (check) => check(structuredContent))
      if (Result.isSuccess(outcome)) return outcome.success
      const why = outcome.failure.slice(0, 300)
      this.#warnOnce(`what tool "${name}" answers goes unchecked against its outputSchema: ${why}`)
      return []
    })
  }

  #listen(): void {
    if (this.#version !== undefined) return
    this.#version = 0
    this.#session.listeners.add(({ method }) => {
      if (method !== "notifications/tools/list_changed") return
      this.#version = (this.#version ?? 0) + 1
      this.#current = undefined
      this.#hasFailed = false
    })
  }

  #learned(listed: ReadonlyArray<Tool>, before: number | undefined): Effect.Effect<ReadonlyArray<Tool>> {
    return Effect.gen({ self: this }, function*() {
      const definitions = this.#session.hasHttpHeaders
        ? listed.flatMap((tool) => declaring(this.#session, tool))
        : listed.map((tool) => ({ tool, headers: [] }))
      // Of tens of thousands, each of these steps takes its time: between them it is everybody else's turn.
      yield* Effect.yieldNow
      this.#names = new Set(listed.map(({ name }) => name))
      yield* Effect.yieldNow
      // They may have changed again while they were listed.
      if (before === this.#version) {
        this.#current = new Map(definitions.map((definition) => [definition.tool.name, definition]))
      }
      return definitions.map(({ tool }) => tool)
    })
  }

  #checkOf(tool: Tool): Effect.Effect<Result.Result<outputSchema.Check, string>> {
    const checks = this.#checks ??= new WeakMap()
    const known = checks.get(tool)
    return known !== undefined
      ? Effect.succeed(known)
      : Effect.tap(outputSchema.compile(tool.outputSchema), (check) => Effect.sync(() => checks.set(tool, check)))
  }

  #warnOnce(description: string): void {
    this.#remarked ??= new Set()
    if (this.#remarked.has(description)) return
    this.#remarked.add(description)
    this.#session.warn(description)
  }
}

const none: ReadonlySet<string> = new Set()

/** Tools whose declarations are not valid must not be offered. Specification: 2026-07-28, Tools, x-mcp-header. */
const declaring = (session: Session, tool: Tool): ReadonlyArray<Definition> => {
  const headers = paramHeaders.declared(tool)
  if (Result.isSuccess(headers)) return [{ tool, headers: headers.success }]
  session.warn(`left out tool "${tool.name}", which is not valid: ${headers.failure}`)
  return []
}
