/** The spans of a command as a tree: what was done, for how long, and what came of it. */
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import type * as Tracer from "effect/Tracer"
import type { Style } from "./Screen.ts"
import { safeLine } from "./text.ts"

/** In the order in which they began. Servers are named where there is more than one. */
export const tree = (spans: ReadonlyArray<Tracer.Span>, style: Style): string => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const children = new Map<string, Array<Tracer.Span>>()
  const roots: Array<Tracer.Span> = []
  for (const span of spans) {
    const parent = Option.getOrUndefined(span.parent)
    if (parent === undefined || !known.has(parent.spanId)) roots.push(span)
    else children.set(parent.spanId, [...children.get(parent.spanId) ?? [], span])
  }
  const namesServers = new Set(spans.flatMap(serverOf)).size > 1
  const render = (span: Tracer.Span, depth: number): ReadonlyArray<string> => [
    `${"  ".repeat(depth)}${line(span, namesServers, style)}`,
    ...(children.get(span.spanId) ?? []).flatMap((child) => render(child, depth + 1))
  ]
  return roots.flatMap((root) => render(root, 0)).join("\n")
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const serverOf = ({ attributes }: Tracer.Span): ReadonlyArray<string> => {
  const server = attributes.get("mcp.server")
  return typeof server === "string" ? [server] : []
}

const line = (span: Tracer.Span, namesServers: boolean, style: Style): string => {
  const server = namesServers ? serverOf(span).map((name) => style.dim(`(${safeLine(name)})`)) : []
  return [[safeLine(span.name), ...server].join(" "), ...ending(span, style)].join("  ")
}

const ending = ({ status }: Tracer.Span, style: Style): ReadonlyArray<string> => {
  if (status._tag === "Started") return [style.red("not ended")]
  const time = style.dim(duration(Number(status.endTime - status.startTime) / 1e6))
  if (status.exit._tag === "Success") return [time]
  if (Cause.hasInterruptsOnly(status.exit.cause)) return [time, style.red("interrupted")]
  const [error] = Cause.prettyErrors(status.exit.cause)
  return [time, style.red(error === undefined ? "failed" : words(error))]
}

const words = ({ message, name }: Error): string => safeLine(name === message ? name : `${name}: ${message}`)

/** `0.4 ms`, `12 ms`, `1.5 s` */
const duration = (milliseconds: number): string => {
  if (milliseconds >= 1000) return `${(milliseconds / 1000).toFixed(1)} s`
  return `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
}
