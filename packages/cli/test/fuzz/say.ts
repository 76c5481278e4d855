/** What a hostile server says to one request, from the seed, the number of the case, the method and the turn. */
import { type Context, type Era, errorOf, type Json, notificationOf, requestOf, resultOf } from "./grammar.ts"
import { hostile, names } from "./hostile.ts"
import { excerpt, isRecord, Raw, stringify, twin } from "./json.ts"
import { mutate } from "./mutate.ts"
import type { Case } from "./plan.ts"
import { type Random, random } from "./random.ts"

export interface Request {
  readonly id: unknown
  readonly method: string
  readonly params: Json
}

export interface Saying {
  /** Messages as JSON texts, in order; the answer may be among them. */
  readonly texts: ReadonlyArray<string>
  /** A valid answer, so that a client that could not use the others need not wait for its time-out. */
  readonly rescue: string | undefined
  /** What is hostile about it, a line each; none where it is valid. */
  readonly changes: ReadonlyArray<string>
  /** For how all of it is carried. */
  readonly random: Random
}

/** `turn`: how often the method was asked for in this case before. */
export const say = (one: Case, era: Era, request: Request, turn: number): Saying => {
  const chances = random(one.seed, one.number, request.method, turn)
  const context = { random: chances, era, params: request.params }
  const message = envelope(request.id, answerOf(request.method, context))
  const valid = stringify(message)
  const isHandshake = request.method === "initialize" || request.method === "server/discover"
  const isMeant = one.act.via === "library" && one.act.operation === "connect"
  if (!chances.chance(isHandshake ? isMeant ? 0.8 : one.act.via === "library" ? 0 : 0.1 : 0.8)) {
    return { texts: [valid], rescue: undefined, changes: [], random: chances }
  }
  const changes: Array<string> = []
  const texts = [
    ...asides(context, request, changes),
    ...answers(message, chances, changes),
    ...asides(context, request, changes)
  ]
  return { texts, rescue: chances.chance(0.9) ? valid : undefined, changes, random: chances }
}

/** A valid answer. */
export const sayWell = (era: Era, request: Request): string =>
  stringify(envelope(request.id, {
    result: resultOf(request.method, { random: { upTo: () => 0, chance: () => false, oneOf: first }, era, params: {} })
  }))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const first = <A>(items: ReadonlyArray<A>): A => items[0] as A

const envelope = (id: unknown, rest: Json): Json => ({ jsonrpc: "2.0", id, ...rest })

const answerOf = (method: string, context: Context): Json =>
  context.random.chance(method === "server/discover" || method === "initialize" ? 0.05 : 0.12)
    ? { error: errorOf(context) }
    : { result: resultOf(method, context) }

/** Notifications and requests around the answer. */
const asides = (context: Context, { id }: Request, changes: Array<string>): ReadonlyArray<string> => {
  const { chance, oneOf, upTo } = context.random
  const count = chance(0.4) ? 1 + upTo(3) : chance(0.02) ? 200 : 0
  return Array.from({ length: count }, () => {
    const isRequest = chance(0.4)
    const aside = isRequest
      ? envelope(oneOf<unknown>([id, 1, "1", `q${upTo(10)}`, upTo(1000)]), requestOf(context))
      : { jsonrpc: "2.0", ...notificationOf(context) }
    const mutated = mutate(aside, context.random)
    changes.push(`${isRequest ? "request" : "notification"} ${mutated.changes.join(", ")}`)
    return stringify(mutated.value)
  })
}

const answers = (message: Json, chances: Random, changes: Array<string>): ReadonlyArray<string> => {
  const mutated = chances.chance(0.85) ? mutate(message, chances) : { value: message, changes: [] }
  changes.push(...mutated.changes.map((change) => `answer ${change}`))
  const [words, ways] = chances.chance(0.75)
    ? ["", [stringify(mutated.value)]]
    : chances.oneOf(wholes)(mutated.value, chances)
  if (words !== "") changes.push(words)
  return ways
}

const nextOf = (message: unknown) => isRecord(message) && typeof message["id"] === "number" ? message["id"] + 1 : 1

type Whole = (message: unknown, random: Random) => readonly [string, ReadonlyArray<string>]

/** Ways to say the whole answer. */
const wholes: ReadonlyArray<Whole> = [
  (message) => ["answered twice", [stringify(message), stringify(message)]],
  (message) => ["in a batch", [stringify([message, message, 1, null, []])]],
  (message) => ["over several lines", [stringify(message, 2)]],
  (message, random) => {
    const id = random.oneOf<unknown>([null, "x", -1, 1.5, 0, {}, [], true, new Raw("1e999"), ...names])
    return [`under the id ${excerpt(stringify(id), 40)}`, [stringify({ ...Object(message), id })]]
  },
  (message) => ["under the next id", [stringify({ ...Object(message), id: nextOf(message) })]],
  (message) => ["under its id as text", [stringify({ ...Object(message), id: stringify(Object(message).id) })]],
  (message, random) => {
    const jsonrpc = random.oneOf<unknown>(["1.0", 2, null, {}, "2.0\0"])
    return [`as JSON-RPC ${stringify(jsonrpc)}`, [stringify({ ...Object(message), jsonrpc })]]
  },
  (message) => ["with a result and an error", [
    stringify({ ...Object(message), result: {}, error: { code: 1, message: "both" } })
  ]],
  (message, random) => ["with a method", [stringify({ ...Object(message), method: hostile("", random) })]],
  (message, random) => ["a hostile value instead", [stringify(hostile("", random)), stringify(message)]],
  (message, random) => {
    const text = stringify(message)
    return ["cut off", [text.slice(0, random.upTo(text.length))]]
  },
  (message, random) => {
    const text = stringify(message)
    const at = random.upTo(text.length)
    const junk = random.oneOf(["\0", "NaN", ",", "}", "\u001b[2J", "\"", "\\u12", "\ufeff"])
    return [`with ${JSON.stringify(junk)} at ${at}`, [text.slice(0, at) + junk + text.slice(at)]]
  },
  (message) => ["with its id twice", [stringify({ ...Object(message), [`id${twin}`]: "other" })]],
  () => ["not at all", []]
]
