/** The spans of a command as a tree: what was done, for how long, and what came of it. */
import * as SafeText from "@universal-mcp/core/SafeText"
import * as Cause from "effect/Cause"
import * as Option from "effect/Option"
import * as Result from "effect/Result"
import type * as Tracer from "effect/Tracer"
import type { Style } from "./Screen.ts"
import { spaces, unlines } from "./text.ts"

/** In the order in which they began. Servers are named where there is more than one. */
export const tree = (spans: ReadonlyArray<Tracer.Span>, style: Style): SafeText.SafeText => {
  const known = new Set(spans.map(({ spanId }) => spanId))
  const children = new Map<string, Array<Tracer.Span>>()
  const roots: Array<Tracer.Span> = []
  for (const span of spans) {
    const parent = Option.getOrUndefined(span.parent)
    const siblings = parent === undefined ? undefined : children.get(parent.spanId)
    if (parent === undefined || !known.has(parent.spanId)) roots.push(span)
    else if (siblings === undefined) children.set(parent.spanId, [span])
    else siblings.push(span)
  }
  const namesServers = new Set(spans.flatMap(serverOf)).size > 1
  const render = (span: Tracer.Span, depth: number): ReadonlyArray<SafeText.SafeText> => [
    SafeText.format`${spaces(2 * depth)}${line(span, namesServers, style)}`,
    ...(children.get(span.spanId) ?? []).flatMap((child) => render(child, depth + 1))
  ]
  return unlines(roots.flatMap((root) => render(root, 0)))
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const serverOf = ({ attributes }: Tracer.Span): ReadonlyArray<string> => {
  const server = attributes.get("mcp.server")
  return typeof server === "string" ? [server] : []
}

const line = (span: Tracer.Span, namesServers: boolean, style: Style): SafeText.SafeText => {
  const server = namesServers
    ? serverOf(span).map((name) => style.dim(SafeText.format`(${SafeText.line(name)})`))
    : []
  const named = SafeText.join([SafeText.line(span.name), ...server], SafeText.format` `)
  return SafeText.join([named, ...ending(span, style)], SafeText.format`  `)
}

const ending = ({ status }: Tracer.Span, style: Style): ReadonlyArray<SafeText.SafeText> => {
  if (status._tag === "Started") return [style.red(SafeText.format`not ended`)]
  const time = style.dim(duration(Number(status.endTime - status.startTime) / 1e6))
  if (status.exit._tag === "Success") return [time]
  if (Cause.hasInterruptsOnly(status.exit.cause)) return [time, style.red(SafeText.format`interrupted`)]
  return [time, style.red(words(status.exit.cause))]
}

/** What Effect cannot write, because it is nested too deeply, has failed and no more is said. */
const words = (cause: Cause.Cause<unknown>): SafeText.SafeText => {
  const [error] = Result.getOrElse(Result.try(() => Cause.prettyErrors(cause)), () => [])
  if (error === undefined) return SafeText.format`failed`
  const { message, name } = error
  return name === message ? SafeText.line(name) : SafeText.format`${SafeText.line(name)}: ${SafeText.line(message)}`
}

/** `0.4 ms`, `12 ms`, `1.5 s` */
const duration = (milliseconds: number): SafeText.SafeText =>
  SafeText.line(
    milliseconds >= 1000
      ? `${(milliseconds / 1000).toFixed(1)} s`
      : `${milliseconds.toFixed(milliseconds < 10 ? 1 : 0)} ms`
  )
