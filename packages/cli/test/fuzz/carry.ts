/** How messages become bytes, on each transport; most of the time as they should. */
import type { Random } from "./random.ts"
import type { Saying } from "./say.ts"

export interface Carried {
  readonly chunks: ReadonlyArray<Uint8Array>
  /** What is hostile about how it is carried. */
  readonly changes: ReadonlyArray<string>
  readonly end: "well" | "destroy" | "exit"
}

/** Lines, for stdio. */
export const lines = ({ random, rescue, texts, ...saying }: Saying): Carried => {
  const isHostile = saying.changes.length > 0 && random.chance(0.3)
  const [what, line] = isHostile ? random.oneOf(lineWays) : ["", (text: string) => `${text}\n`] as const
  const dies = isHostile && random.chance(0.04)
  const [broken, said] = corrupted(texts.map((text) => encode(line(text, random))), isHostile, random)
  return {
    chunks: [...inChunks(said, random), ...(rescue === undefined || dies ? [] : [encode(`\n${rescue}\n`)])],
    changes: [...saying.changes, ...[what, broken, dies ? "exits" : ""].filter((change) => change !== "")],
    end: dies ? "exit" : "well"
  }
}

/** Events, for both kinds of HTTP stream. */
export const events = ({ random, rescue, texts, ...saying }: Saying): Carried => {
  const isHostile = saying.changes.length > 0 && random.chance(0.4)
  const [what, event] = isHostile ? random.oneOf(eventWays) : ["", plain] as const
  const dies = isHostile && random.chance(0.1)
  const [broken, said] = corrupted(texts.map((text) => encode(event(text, random))), isHostile, random)
  return {
    chunks: [
      ...inChunks(said, random),
      ...(rescue === undefined || dies ? [] : [encode(`\n\n${plain(rescue)}`)])
    ],
    changes: [...saying.changes, ...[what, broken, dies ? "ends early" : ""].filter((change) => change !== "")],
    end: dies ? "destroy" : "well"
  }
}

/** The status line and the headers of a hostile answer, as bytes that no HTTP library would write. */
export const head = (random: Random): readonly [string, string] => {
  const status = random.oneOf(statuses)
  const headers = Array.from({ length: 1 + random.upTo(3) }, () => random.oneOf(headerWays)(random))
  const lines = [`HTTP/1.1 ${status} ${random.oneOf(["OK", "", "\u001b[31m", "x".repeat(500)])}`, ...headers]
  return [`HTTP ${lines.join(" | ")}`, `${lines.join("\r\n")}\r\nConnection: close\r\n\r\n`]
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const encode = (text: string): Uint8Array => Buffer.from(text)

/** Sometimes with a byte that is no UTF-8. */
const corrupted = (
  said: ReadonlyArray<Uint8Array>,
  isHostile: boolean,
  random: Random
): readonly [string, Uint8Array] => {
  const bytes = Buffer.concat(said)
  if (bytes.length === 0 || !isHostile || !random.chance(0.15)) return ["", bytes]
  const at = random.upTo(bytes.length)
  const byte = random.oneOf([0xff, 0xc0, 0x80, 0xed])
  bytes[at] = byte
  return [`byte ${at} is 0x${byte.toString(16)}`, bytes]
}

const inChunks = (bytes: Uint8Array, random: Random): ReadonlyArray<Uint8Array> => {
  if (bytes.length < 2 || !random.chance(0.3)) return [bytes]
  const first = random.upTo(bytes.length)
  const second = first + random.upTo(bytes.length - first)
  return [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]
}

type Way = readonly [string, (text: string, random: Random) => string]

const lineWays: ReadonlyArray<Way> = [
  ["with CRLF", (text) => `${text}\r\n`],
  ["with CR alone", (text) => `${text}\r`],
  ["behind a BOM", (text) => `\ufeff${text}\n`],
  ["behind NULs", (text) => `\0\0${text}\0\n`],
  ["behind blank lines", (text) => `\n\n  \n\t${text}  \n`],
  ["behind a line that is not JSON", (text) => `[INFO] {"ready": \u001b[32mtrue\n${text}\n`],
  ["behind a long line", (text, { oneOf }) => `${oneOf(["{", "[", "\"", "x"]).repeat(200_000)}\n${text}\n`],
  ["two in a line", (text) => `${text}${text}\n`],
  ["without a line end", (text) => text],
  ["broken in the middle", (text) => `${text.slice(0, text.length / 2)}\n${text.slice(text.length / 2)}\n`],
  ["as an HTTP message", (text) => `Content-Length: ${text.length}\r\n\r\n${text}\n`]
]

const plain = (text: string): string => `event: message\ndata: ${text}\n\n`

const eventWays: ReadonlyArray<Way> = [
  ["CRLF", (text) => `event: message\r\ndata: ${text}\r\n\r\n`],
  ["CR", (text) => `event: message\rdata: ${text}\r\r`],
  ["no space behind data", (text) => `data:${text}\n\n`],
  [
    "a retry without end",
    (text, { oneOf }) => `retry: ${oneOf(["1e999", "9".repeat(400), "-1", "0"])}\n${plain(text)}`
  ],
  [
    "a hostile event id",
    (text, { oneOf }) => `id: ${oneOf(["\0", "a\u001b[2J", "", "x".repeat(70_000), "é\ud83d"])}\n${plain(text)}`
  ],
  [
    "another event",
    (text, { oneOf }) => `event: ${oneOf(["endpoint", "error", "__proto__", "close", ""])}\ndata: ${text}\n\n`
  ],
  ["behind comments", (text) => `${": ping\n\n".repeat(2000)}${plain(text)}`],
  ["data over lines", (text) => `data: ${text.slice(0, text.length / 2)}\ndata: ${text.slice(text.length / 2)}\n\n`],
  ["data in many lines", (text) => `${"data: \n".repeat(5000)}data: ${text}\n\n`],
  ["behind a BOM", (text) => `\ufeff${plain(text)}`],
  ["unknown fields", (text) => `__proto__: 1\nconstructor\n:\nid\ndata\n${plain(text)}`],
  ["empty data", (text) => `data\n\ndata:\n\n${plain(text)}`],
  ["without an end", (text) => `data: ${text}`],
  ["a long line of no field", (text) => `${"x".repeat(100_000)}\n${plain(text)}`]
]

const statuses: ReadonlyArray<number> = [
  200,
  200,
  200,
  201,
  202,
  204,
  206,
  301,
  302,
  304,
  307,
  308,
  400,
  401,
  403,
  404,
  405,
  406,
  408,
  409,
  410,
  413,
  415,
  418,
  422,
  429,
  431,
  451,
  500,
  501,
  502,
  503,
  504,
  511,
  599,
  999
]

const longHeader = "x".repeat(8000)

const headerWays: ReadonlyArray<(random: Random) => string> = [
  ({ oneOf }) =>
    `Content-Type: ${
      oneOf([
        "text/html",
        "application/json; charset=utf-16",
        "application/json;;;=\"",
        "TEXT/EVENT-STREAM",
        "text/event-stream; charset=",
        "",
        "/",
        `a/${longHeader}`,
        "application/problem+json"
      ])
    }`,
  ({ oneOf }) => `Content-Length: ${oneOf(["0", "5", "99999", "1e3", "-1", "18446744073709551616"])}`,
  ({ oneOf }) => `Content-Encoding: ${oneOf(["gzip", "deflate", "br", "zstd", "gzip, gzip, gzip", "identity", "x"])}`,
  ({ oneOf }) => `Transfer-Encoding: ${oneOf(["chunked", "gzip", "chunked, chunked"])}`,
  ({ oneOf }) => `Mcp-Session-Id: ${oneOf(["", "\u00e9", "a b", "\u001b[2J", longHeader, "__proto__", "../x?y#z"])}`,
  ({ oneOf }) =>
    `WWW-Authenticate: ${
      oneOf([
        "Bearer",
        "Bearer resource_metadata=\"javascript:alert(1)\"",
        "Bearer error=\"\\",
        `Bearer ${"a=\"\\\"\",".repeat(800)}`,
        `Bearer scope="${longHeader}"`,
        "Basic realm=\"\u001b[31m\", Bearer error=\"invalid_token\", error_description=\"%\"",
        ",,,===,,"
      ])
    }`,
  ({ oneOf }) => `Retry-After: ${oneOf(["0", "-1", "1e999", "9".repeat(300), "Wed, 99 Foo", "soon", "0.001", ""])}`,
  ({ oneOf }) =>
    `Location: ${
      oneOf(["", "//127.0.0.1:1/", "http://[::1", "javascript:x", "?a", "http://127.0.0.1:1@evil/", longHeader])
    }`,
  ({ oneOf }) => `Set-Cookie: ${oneOf(["__proto__=1", "a=\u001b[2J; Path=/; Max-Age=1e999", longHeader, ";;;", "=x"])}`,
  ({ oneOf }) => `Date: ${oneOf(["", "Thu, 01 Jan 1970 00:00:00 GMT", "tomorrow"])}`,
  ({ oneOf }) => `Mcp-Protocol-Version: ${oneOf(["", "2099-01-01", "__proto__"])}`
]
