/**
 * The skills that a server offers: folders of instructions for a model, each file verified as it is read. Follows the
 * Skills extension, SEP-2640.
 *
 * Listing reads no file. A file is only handed out when it is what the server's own list promised: in the list, of the
 * size and with the digest given there, and, for `SKILL.md`, with the frontmatter given there, of at most 64 KiB and
 * 4 KiB a line. Whether a skill may be
 * loaded at all stays with you.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as Skills from "@universal-mcp/core/Skills"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect } from "effect"
 *
 * const program = Effect.gen(function*() {
 *   const skills = Skills.make(yield* McpSession.McpSession)
 *   const [first] = yield* skills.list
 *   return first === undefined ? "no skills" : (yield* skills.read(first)).text
 * })
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * await Effect.runPromise(program.pipe(Effect.provide(InMemoryTransport.layer({ name: "demo", server })))) // => "no skills"
 * ```
 *
 * @since 0.1.0
 */
import * as Digest from "effect/crypto/Digest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Yaml from "effect/encoding/Yaml"
import * as Equal from "effect/Equal"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Base64 from "./Base64.ts"
import type { Lister } from "./internal/pages.ts"
import * as percent from "./internal/percent.ts"
import * as requests from "./internal/requests.ts"
import * as trace from "./internal/trace.ts"
import { CallError, InvalidResult } from "./McpError.ts"
import type { McpSession } from "./McpSession.ts"

/** In characters. */
const longestUri = 8 * 1024

const Uri = Schema.String.check(Schema.isMaxLength(longestUri))

/**
 * An entry of the server's list of skills, whose URIs have at most 8 KiB. `resources` are its files; `"dynamic"` are files that nobody can list, so
 * that only the frontmatter can be verified.
 *
 * @category schemas
 * @since 0.1.0
 */
export const Skill = Schema.Struct({
  /** Of its `SKILL.md`. */
  uri: Uri.check(Schema.isPattern(/^[a-z][a-z\d+.-]*:\/\/(.*[^/])?\/SKILL\.md$/i)),
  frontmatter: Schema.StructWithRest(Schema.Struct({ name: Schema.String, description: Schema.String }), [
    Schema.Record(Schema.String, Schema.Unknown)
  ]),
  resources: Schema.Union([
    Schema.Literal("dynamic"),
    Schema.Array(Schema.Struct({
      uri: Uri,
      digest: Schema.String.check(Schema.isPattern(/^sha256:[\da-f]{64}$/)),
      size: Schema.Int.check(Schema.isGreaterThanOrEqualTo(0))
    }))
  ])
})
/**
 * @category models
 * @since 0.1.0
 */
export type Skill = typeof Skill.Type

/**
 * A file of a skill, verified.
 *
 * @category models
 * @since 0.1.0
 */
export interface SkillFile {
  readonly uri: string
  readonly mimeType?: string | undefined
  readonly bytes: Uint8Array
  /** Absent where the bytes are not UTF-8. */
  readonly text?: string | undefined
}

/**
 * A file of a skill is not what the server's list promised, and must not be used; if it is `SKILL.md`, neither must the
 * skill. `skill` is the skill's URI, `file` the one of the file.
 *
 * @category errors
 * @since 0.1.0
 */
export class SkillRejected extends Schema.TaggedError<SkillRejected>()("SkillRejected", {
  server: Schema.String,
  skill: Schema.String,
  file: Schema.String,
  reason: Schema.Literals(["unlisted", "size", "digest", "frontmatter"])
}) {
  override get message(): string {
    const why = this.reason === "unlisted" ? "is not in its list" : `has not the ${this.reason} that its list gives`
    return `"${this.server}" offers a skill that is not as it says: ${JSON.stringify(this.file)} ${why}`
  }
}

/**
 * @category models
 * @since 0.1.0
 */
export interface Skills {
  /**
   * All skills, every page; none where the server has no such extension. An entry that is not valid is left out, with a
   * warning in the log. Takes no longer than 10 minutes.
   */
  readonly list: Effect.Effect<ReadonlyArray<Skill>, CallError>
  /** Reads and verifies a file: a path in the skill's folder, or the file's URI; default `SKILL.md`. */
  readonly read: (skill: Skill, file?: string) => Effect.Effect<SkillFile, CallError | SkillRejected>
}

/**
 * The skills of a session's server.
 *
 * @category constructors
 * @since 0.1.0
 */
export const make = (session: McpSession["Service"]): Skills => {
  const server = session.name
  const invalid = (method: string, description: string) =>
    new CallError({ server, method, delivery: "answered", reason: new InvalidResult({ description }) })

  const list = Effect.gen(function*() {
    const warnings: Array<string> = []
    const lister: Lister = {
      server,
      requestTimeout: Duration.minutes(1),
      request: (method, params, check) =>
        Effect.flatMap(session.request(method, params), (result) => {
          const checked = check(result)
          return typeof checked === "string" ? Effect.fail(invalid(method, checked)) : Effect.succeed(checked.value)
        }),
      warn: (warning) => warnings.push(warning)
    }
    const isOffered = () => session.server.capabilities.extensions?.[extension] !== undefined
    const skills = yield* requests.list(lister, { isOffered, method: "skills/list", key: "skills", isItem: isSkill })
    yield* Effect.forEach(warnings, (warning) => Effect.logWarning(`"${server}": ${warning}`), { discard: true })
    return skills
  }).pipe(trace.span("Skills.list", { "mcp.server": server }))

  const read: Skills["read"] = Effect.fnUntraced(function*(skill, file = "SKILL.md") {
    const uri = URL.parse(file, skill.uri)?.href ?? file
    const key = keyOf(uri)
    const rejected = (reason: SkillRejected["reason"]) =>
      new SkillRejected({ server, skill: skill.uri, file: uri, reason })
    const isDynamic = skill.resources === "dynamic"
    const listed = isDynamic ? undefined : skill.resources.find((resource) => keyOf(resource.uri) === key)
    if (!isWithin(skill.uri, key) || !isDynamic && listed === undefined) return yield* rejected("unlisted")

    const { contents } = yield* session.readResource(listed?.uri ?? uri)
    const content = contents.find((content) => keyOf(content.uri) === key)
    if (content === undefined) return yield* invalid("resources/read", `the result has no contents for ${uri}`)
    const bytes = bytesOf(content)
    if (bytes === undefined) {
      return yield* invalid("resources/read", `the contents of ${uri} are neither text nor base64`)
    }

    if (listed !== undefined) {
      if (bytes.length !== listed.size) return yield* rejected("size")
      if (`sha256:${yield* sha256(bytes)}` !== listed.digest) return yield* rejected("digest")
    }
    const text = Result.getOrUndefined(Result.try(() => utf8.decode(bytes)))
    if (key === keyOf(skill.uri) && !isSame(frontmatterOf(text ?? ""), skill.frontmatter)) {
      return yield* rejected("frontmatter")
    }
    const { mimeType } = content
    return { uri, mimeType: typeof mimeType === "string" ? mimeType : undefined, bytes, text }
  }, trace.span("Skills.read", { "mcp.server": server }))

  return { list, read }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const extension = "io.modelcontextprotocol/skills"

const isSkill = Schema.is(Skill)

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })

const sha256 = (bytes: Uint8Array): Effect.Effect<string> =>
  Digest.Digest.use((digest) => digest.digestHex(Digest.sha256, bytes)).pipe(Effect.provide(Digest.layerWebCrypto))

/** The server's text or base64, whatever it says that it is. */
const bytesOf = (content: Readonly<Record<string, unknown>>): Uint8Array | undefined => {
  const { blob, text } = content
  if (typeof text === "string") return new TextEncoder().encode(text)
  return typeof blob === "string" ? Result.getOrUndefined(Base64.decode(blob)) : undefined
}

/**
 * One spelling for all ways to percent-encode the same URI, without its fragment. One that is too long does not
 * change: no list has it.
 */
const keyOf = (uri: string): string => {
  if (uri.length > longestUri) return uri
  const [whole = ""] = (URL.parse(uri)?.href ?? uri.toWellFormed()).split("#", 1)
  return whole.replaceAll(/[^/:?]+/g, (part) => encodeURIComponent(percent.decode(part)))
}

/** No way out of the skill's folder, also not after somebody decodes the path. */
const isWithin = (skill: string, key: string): boolean => {
  const file = keyOf(skill)
  const folder = file.slice(0, file.lastIndexOf("/") + 1)
  return key.startsWith(folder) &&
    key.slice(folder.length).split("/").every((part) => !/^\.{0,2}$|[/\\\0]/.test(percent.decode(part)))
}

/** In characters. */
const longestFrontmatter = 64 * 1024

/** In characters. On one line the YAML parser takes time that grows with the square of its length. */
const longestLine = 4 * 1024

/** Undefined where there is none that is YAML. */
const frontmatterOf = (markdown: string): unknown => {
  const [opening] = /^\uFEFF?---\r?\n/.exec(markdown) ?? []
  if (opening === undefined) return undefined
  const lines = markdown.slice(opening.length, opening.length + longestFrontmatter).split("\n")
  const end = lines.findIndex((line) => line.startsWith("---") && line.trimEnd() === "---")
  if (end === -1 || lines.slice(0, end).some((line) => line.length > longestLine)) return undefined
  return Result.getOrUndefined(Result.try(() => Yaml.parse(lines.slice(0, end).join("\n"))))
}

/** What is nested too deeply to be compared is not the same. */
const isSame = (a: unknown, b: unknown): boolean => Result.getOrElse(Result.try(() => Equal.equals(a, b)), () => false)
