/**
 * Answers to what servers ask the user for: a form to fill in, or a page to visit.
 *
 * Provide the service to the layer of a session, and the session advertises it; without it servers are told that nobody
 * can be asked.
 *
 * ```ts
 * import { McpServer } from "@modelcontextprotocol/server"
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 * import * as McpSession from "@universal-mcp/core/McpSession"
 * import * as InMemoryTransport from "@universal-mcp/transports/InMemoryTransport"
 * import { Effect, Layer } from "effect"
 *
 * const server = new McpServer({ name: "demo", version: "1.0.0" })
 * server.registerTool("greet", {}, async () => {
 *   const answer = await server.server.elicitInput({
 *     message: "Who are you?",
 *     requestedSchema: { type: "object", properties: { name: { type: "string", default: "stranger" } } }
 *   })
 *   return { content: [{ type: "text", text: `hello ${answer.content?.["name"]}` }] }
 * })
 * const Ada = Layer.succeed(Elicitation.Elicitation, {
 *   modes: ["form"],
 *   elicit: () => Effect.succeed({ action: "accept", content: { name: "Ada" } })
 * })
 * const Demo = InMemoryTransport.layer({ name: "demo", server }).pipe(Layer.provide(Ada))
 * const greeting = McpSession.McpSession.use((session) => session.callTool("greet")).pipe(Effect.provide(Demo))
 * const { content } = await Effect.runPromise(greeting)
 * content // => [{ type: "text", text: "hello Ada" }]
 * ```
 *
 * Follows the chapter "Elicitation" of revisions 2025-06-18 to 2026-07-28: one handler serves the requests of the legacy
 * era and the multi-round-trip results of the modern one.
 *
 * @since 0.1.0
 */
import type { PrimitiveSchemaDefinition } from "@modelcontextprotocol/client"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Result from "effect/Result"
import * as form from "./internal/form.ts"
import * as pageUrl from "./internal/pageUrl.ts"
import * as words from "./internal/secretFields.ts"

// ---------------------------------------------------------------------------------------------------------------------
// Models
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The JSON Schema of a form: an object whose properties are fields.
 *
 * @category models
 * @since 0.1.0
 */
export interface FormSchema {
  readonly type: "object"
  readonly properties: Readonly<Record<string, FieldSchema>>
  readonly required?: ReadonlyArray<string> | undefined
  readonly [key: string]: unknown
}

/**
 * The JSON Schema of one field: text, a number, a boolean, a choice of one or many, a list of text; or anything.
 *
 * Servers write more than the specification allows. What they write is read as one of these: `$ref` and `allOf` are
 * followed, a union is the widest of its members, text of an unknown `format` is text (the format is in `x-format`), and
 * a default of another type is dropped. An optional field that cannot be read is left out of the form, which is one of the
 * session's `warnings`; a required one is an `AnySchema`.
 *
 * @category models
 * @since 0.1.0
 */
export type FieldSchema = (PrimitiveSchemaDefinition | NumberChoiceSchema | TextListSchema | AnySchema) & {
  /** Whether null is an answer too. */
  readonly nullable?: boolean
}

/**
 * One of some numbers.
 *
 * @category models
 * @since 0.1.0
 */
export interface NumberChoiceSchema {
  readonly type: "number" | "integer"
  readonly title?: string
  readonly description?: string
  readonly enum: ReadonlyArray<number>
  readonly minimum?: number
  readonly maximum?: number
  readonly default?: number
}

/**
 * Any number of texts.
 *
 * @category models
 * @since 0.1.0
 */
export interface TextListSchema {
  readonly type: "array"
  readonly title?: string
  readonly description?: string
  readonly items: { readonly type: "string" }
  readonly minItems?: number
  readonly maxItems?: number
  readonly default?: ReadonlyArray<string>
}

/**
 * A required value of a type that forms do not support, such as an object: any JSON is sent, and the server checks it.
 *
 * @category models
 * @since 0.1.0
 */
export interface AnySchema {
  readonly type?: undefined
  readonly title?: string
  readonly description?: string
  readonly default?: undefined
  /** What the server wrote. */
  readonly schema: unknown
}

/**
 * What a field may hold. A `bigint` is an integer beyond 2^53; null is for fields that are `nullable`, an object for an
 * `AnySchema`.
 *
 * @category models
 * @since 0.1.0
 */
export type FieldValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | ReadonlyArray<unknown>
  | Readonly<Record<string, unknown>>

/**
 * What the user filled in, by the name of the field.
 *
 * @category models
 * @since 0.1.0
 */
export type FormContent = Readonly<Record<string, FieldValue>>

/**
 * What a server asks, and which one. Keys that are not known here are passed through.
 *
 * A `Form` must not ask for secrets, and one that does all the same should be shown with a warning: `secretFields`. A
 * form has at most 100 fields and 2,000 choices; one with more is refused.
 *
 * A `Url` is to be shown to the user as it is, who decides whether to open it: it must not be fetched or opened unasked.
 * Only `https:` gets here, and `http:` where the host is this machine itself (`localhost`, `127.0.0.0/8`, `[::1]`),
 * without a user name and at most 8192 characters long; anything else is refused with -32602, and one of the session's
 * `warnings` says why. `urlHost` tells what to show beside it.
 * A tool may refuse a call until the user has been there (error -32042); the call is repeated, once, as soon as all is
 * accepted. There a service should accept when the user says that it is done.
 *
 * @category models
 * @since 0.1.0
 */
export type ElicitationRequest =
  | {
    readonly _tag: "Form"
    /** The name we gave the server. */
    readonly server: string
    readonly message: string
    readonly requestedSchema: FormSchema
  }
  | {
    readonly _tag: "Url"
    /** The name we gave the server. */
    readonly server: string
    readonly message: string
    /** As a browser reads it: what is shown is what is opened. */
    readonly url: string
    /** Legacy era only: `notifications/elicitation/complete` carries it when the user is done there. */
    readonly elicitationId?: string | undefined
  }

/**
 * What the user said. It is sent as it is: nothing is filled in that the user left out, so offer the form's defaults
 * while asking, or take them with `withDefaults` where nobody is asked. Content that does not fit the form is not sent:
 * the server gets `cancel`, and the session's `warnings` say why.
 *
 * @category models
 * @since 0.1.0
 */
export type ElicitationResult =
  | { readonly action: "accept"; readonly content?: FormContent | undefined }
  | { readonly action: "decline" }
  | { readonly action: "cancel" }

// ---------------------------------------------------------------------------------------------------------------------
// Service
// ---------------------------------------------------------------------------------------------------------------------

/**
 * Asks the user.
 *
 * When to use: wherever servers may need something that only a person knows. Several servers may ask at once, and one of
 * them several times: a service with one screen has to queue them. The fiber that asks is interrupted when the server
 * takes its question back or is gone.
 *
 * @category services
 * @since 0.1.0
 */
export class Elicitation extends Context.Service<Elicitation, {
  /** What is advertised; a request of another mode is refused without being seen here. */
  readonly modes: ReadonlyArray<"form" | "url">
  readonly elicit: (request: ElicitationRequest) => Effect.Effect<ElicitationResult>
}>()("@universal-mcp/core/Elicitation") {}

/**
 * Declines everything: for programs that nobody watches, where servers insist on asking.
 *
 * @category layers
 * @since 0.1.0
 */
export const layerDecline: Layer.Layer<Elicitation> = Layer.succeed(Elicitation, {
  modes: ["form", "url"],
  elicit: () => Effect.succeed({ action: "decline" })
})

// ---------------------------------------------------------------------------------------------------------------------
// Forms
// ---------------------------------------------------------------------------------------------------------------------

/**
 * What is wrong with a value for a field, in words that follow its name; `undefined` when it fits.
 *
 * When to use: to ask again, field by field. Knows all that the specification allows in a form's schema. A date and time
 * may be without a zone, as in `2026-07-28T09:30`: the server decides what it means.
 *
 * ```ts
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 *
 * Elicitation.fieldIssue({ type: "integer", minimum: 18 }, 17) // => "must be at least 18"
 * Elicitation.fieldIssue({ type: "string", format: "email" }, "ada@example.org") // => undefined
 * ```
 *
 * @category validation
 * @since 0.1.0
 */
export const fieldIssue: (schema: FieldSchema, value: FieldValue) => string | undefined = form.fieldIssue

/**
 * Everything that is wrong with the content of a form, a line each; empty when it fits.
 *
 * ```ts
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 *
 * Elicitation.formIssues({ type: "object", properties: { age: { type: "integer" } }, required: ["age"] }, {})
 * // => ["age is missing"]
 * ```
 *
 * @category validation
 * @since 0.1.0
 */
export const formIssues: (schema: FormSchema, content: FormContent) => ReadonlyArray<string> = form.formIssues

/**
 * The content with the form's default for each field that it leaves out.
 *
 * When to use: to fill in a form before a user sees it (SEP-1034), or instead of one. What a user has left out is to stay
 * out.
 *
 * ```ts
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 *
 * Elicitation.withDefaults({ type: "object", properties: { size: { type: "string", default: "M" } } }, {})
 * // => { size: "M" }
 * ```
 *
 * @category validation
 * @since 0.1.0
 */
export const withDefaults: (schema: FormSchema, content: FormContent) => FormContent = form.withDefaults

// ---------------------------------------------------------------------------------------------------------------------
// Who asks for what
// ---------------------------------------------------------------------------------------------------------------------

/**
 * The names of the fields that ask for a secret, such as a password, a token or a PIN, as far as the English words of
 * their names, titles and descriptions tell, or those of the message. The specification forbids servers to ask for
 * secrets in a form.
 *
 * When to use: to warn the person before the form is filled in.
 *
 * ```ts
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 *
 * Elicitation.secretFields({
 *   message: "Sign in again",
 *   requestedSchema: { type: "object", properties: { user: { type: "string" }, p: { type: "string", title: "GitHub password" } } }
 * })
 * // => ["p"]
 * ```
 *
 * @category security
 * @since 0.1.0
 */
export const secretFields = (
  { message, requestedSchema }: Pick<
    Extract<ElicitationRequest, { readonly _tag: "Form" }>,
    "message" | "requestedSchema"
  >
): ReadonlyArray<string> => words.secretFields(message, requestedSchema)

/**
 * Where a URL leads.
 *
 * @category models
 * @since 0.1.0
 */
export interface UrlHost {
  /** The host with its port, if it is not the usual one. Other alphabets are written in ASCII: `xn--…`. */
  readonly name: string
  /** Whether the name is in another alphabet, whose letters may look like Latin ones. */
  readonly isInternational: boolean
  /** `private`: an address or a name of a local network. `loopback`: this machine. */
  readonly network: "public" | "private" | "loopback"
}

/**
 * Where a URL leads; `undefined` for one without a host.
 *
 * When to use: to show, beside the URL that a server wants opened, whose page it is.
 *
 * ```ts
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 *
 * Elicitation.urlHost("https://xn--pypal-4ve.example/login") // => { name: "xn--pypal-4ve.example", isInternational: true, network: "public" }
 * Elicitation.urlHost("https://192.168.0.1:8443/") // => { name: "192.168.0.1:8443", isInternational: false, network: "private" }
 * ```
 *
 * @category security
 * @since 0.1.0
 */
export const urlHost: (url: string) => UrlHost | undefined = pageUrl.hostOf

/**
 * The URL of a page as a browser reads it, or what is wrong with it, in words that follow "its url". It must be `https:`,
 * or `http:` on this machine, without a password, a backslash or a character that is not seen, and have at most 8192
 * characters.
 *
 * When to use: before a URL of a server is shown or opened that no `ElicitationRequest` brought, such as those in the
 * data of an error -32042. The URL of an `ElicitationRequest` is checked already.
 *
 * ```ts
 * import * as Elicitation from "@universal-mcp/core/Elicitation"
 * import * as Result from "effect/Result"
 *
 * Elicitation.checkUrl("HTTPS://Shop.example") // => Result.succeed("https://shop.example/")
 * Elicitation.checkUrl("file:///etc/passwd") // => Result.fail("is neither https nor, on this machine itself, http")
 * ```
 *
 * @category security
 * @since 0.1.0
 */
export const checkUrl: (url: unknown) => Result.Result<string, string> = pageUrl.read
