/** The definitions of one session's tools, as they were last listed. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Semaphore from "effect/Semaphore"
import type { CallError } from "../McpError.ts"
import type { CallToolResult, Tool } from "../Protocol.ts"
import { isRecord } from "./json.ts"
import * as numbers from "./numbers.ts"
import * as outputSchema from "./outputSchema.ts"
import * as paramHeaders from "./paramHeaders.ts"
import * as requests from "./requests.ts"
import * as results from "./results.ts"
import type { Session } from "./session.ts"

/** How long a look at the tools may take that nobody asked for. */
export const longestLook = Duration.seconds(2)

export class Definitions {
  readonly #session: Session
  /** As they were listed last; only the names of those that we left out of the list, and of all once they are others. */
  #listed: ReadonlyMap<string, Tool | undefined> = none
  /** Not before they were listed, and not once the server has said that they are others. */
  #isCurrent = false
  /** Of those tools that declare some. */
  #headers: ReadonlyMap<string, ReadonlyArray<paramHeaders.Declaration>> | undefined
  #hasFailed = false
  /** Counts how often the server has said that its tools are others, from the first list on. */
  #version: number | undefined
  #lock: Semaphore.Semaphore | undefined
  #warned: Set<string> | undefined
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
      this.#isCurrent || this.#hasFailed ? Effect.void : this.list.pipe(
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
  get(name: string): Tool | undefined {
    return this.#isCurrent ? this.#listed.get(name) : undefined
  }

  /** The arguments that are to be headers too. */
  headersOf(name: string): ReadonlyArray<paramHeaders.Declaration> | undefined {
    return this.#headers?.get(name)
  }

  /** Those listed last, those included that we left out of the list. */
  get names(): Pick<ReadonlyMap<string, unknown>, "has" | "keys" | "size"> {
    return this.#listed
  }

  /** Whether the tool may be called twice: as it says itself, for which the server is asked where it never was. */
  isRepeatable(name: string): Effect.Effect<boolean> {
    return Effect.suspend(() =>
      this.#isCurrent ? Effect.void : Effect.ignore(Effect.timeoutOption(this.list, longestLook))
    ).pipe(Effect.map(() => {
      const { idempotentHint, readOnlyHint } = this.get(name)?.annotations ?? {}
      return readOnlyHint === true || idempotentHint === true
    }))
  }

  /** Whether there is nothing to check. */
  isPlain(name: string, { isError, structuredContent }: CallToolResult): boolean {
    return isError !== true && structuredContent === undefined &&
      this.get(name)?.outputSchema === undefined
  }

  /** What of the `structuredContent` does not fit the tool's `outputSchema`; nothing where that cannot be told. */
  issues(name: string, { structuredContent }: CallToolResult): Effect.Effect<ReadonlyArray<string>> {
    return Effect.gen({ self: this }, function*() {
      // Many a server of the legacy era says null for nothing.
      const isThere = structuredContent !== undefined && (structuredContent !== null || this.#session.era === "modern")
      if (isThere && !this.#isCurrent) yield* this.learn
      const tool = this.get(name)
      if (!isRecord(tool?.outputSchema)) return []
      if (!isThere) {
        this.#warnOnce(`what tool "${name}" answers lacks the structuredContent that its outputSchema describes`)
        return []
      }
      const outcome = Result.flatMap(
        yield* this.#checkOf(tool),
        (check) => Result.flatMap(plain(structuredContent), check)
      )
      if (Result.isSuccess(outcome)) return outcome.success
      this.#warnOnce(`what tool "${name}" answers goes unchecked against its outputSchema: ${outcome.failure}`)
      return []
    })
  }

  #listen(): void {
    if (this.#version !== undefined) return
    this.#version = 0
    this.#session.listeners.add(({ method }) => {
      if (method !== "notifications/tools/list_changed") return
      this.#version = (this.#version ?? 0) + 1
      this.#hasFailed = false
      if (!this.#isCurrent) return
      this.#isCurrent = false
      this.#headers = undefined
      // Only the names still tell something.
      this.#listed = new Map(Array.from(this.#listed.keys(), (name) => [name, undefined]))
    })
  }

  #learned(listed: ReadonlyArray<Tool>, before: number | undefined): Effect.Effect<ReadonlyArray<Tool>> {
    return Effect.gen({ self: this }, function*() {
      const headers = new Map<string, ReadonlyArray<paramHeaders.Declaration>>()
      const byName = new Map<string, Tool | undefined>()
      const tools = this.#session.hasHttpHeaders ? yield* this.#valid(listed, headers) : listed
      // Those that are left out are known by name.
      for (const tool of tools.length < listed.length ? listed : []) byName.set(tool.name, undefined)
      // Of tens of thousands, each of these steps takes its time: between them it is everybody else's turn.
      yield* Effect.yieldNow
      for (const tool of tools) byName.set(tool.name, tool)
      yield* Effect.yieldNow
      // They may have changed again while they were listed, and been listed again.
      const isCurrent = before === this.#version
      if (isCurrent || !this.#isCurrent) {
        this.#listed = byName
        this.#isCurrent = isCurrent
        this.#headers = isCurrent && headers.size > 0 ? headers : undefined
      }
      return tools
    })
  }

  /** Tools whose declarations are not valid must not be offered. Specification: 2026-07-28, Tools, x-mcp-header. */
  #valid(
    listed: ReadonlyArray<Tool>,
    headers: Map<string, ReadonlyArray<paramHeaders.Declaration>>
  ): Effect.Effect<ReadonlyArray<Tool>> {
    return Effect.gen({ self: this }, function*() {
      const valid: Array<Tool> = []
      for (const [i, tool] of listed.entries()) {
        // Schemas can be large.
        if (i % 100 === 99) yield* Effect.yieldNow
        const declared = paramHeaders.declared(tool)
        if (Result.isSuccess(declared)) {
          valid.push(tool)
          // Of two with one name the last counts.
          if (declared.success.length > 0) headers.set(tool.name, declared.success)
          else headers.delete(tool.name)
        } else if (i - valid.length < mostLeftOut) {
          this.#session.warn(`left out tool "${tool.name.slice(0, 100)}", which is not valid: ${declared.failure}`)
        }
      }
      const leftOut = listed.length - valid.length
      if (leftOut > mostLeftOut) this.#session.warn(`left out ${leftOut - mostLeftOut} more tools, which are not valid`)
      return valid
    })
  }

  #checkOf(tool: Tool): Effect.Effect<Result.Result<outputSchema.Check, string>> {
    const checks = this.#checks ??= new WeakMap()
    const known = checks.get(tool)
    return known !== undefined
      ? Effect.succeed(known)
      : Effect.tap(outputSchema.compile(tool.outputSchema), (check) => Effect.sync(() => checks.set(tool, check)))
  }

  /** A server can change names and schemas as often as it wants to. */
  #warnOnce(description: string): void {
    const warned = this.#warned ??= new Set()
    const text = description.slice(0, longestWarning)
    if (warned.has(text) || warned.size >= mostWarnings) return
    warned.add(text)
    this.#session.warn(warned.size < mostWarnings ? text : "no more warnings about results that go unchecked follow")
  }
}

const none: ReadonlyMap<string, Tool> = new Map()

const mostWarnings = 100

/** Invalid tools of one list that are each warned of. */
const mostLeftOut = 20

/** In characters. */
const longestWarning = 500

const plain = (value: unknown): Result.Result<unknown, string> =>
  Result.try({ try: () => numbers.asNumbers(value), catch: String })
