/** The metrics of one server. What is measured often is found without allocating. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

export class Metrics {
  readonly #attributes: Labels
  #inFlight: Metric.Gauge<number> | undefined
  #reconnects: Metric.Counter<number> | undefined
  #methods: Map<string, Durations> | undefined
  #tools: Map<string, Durations> | undefined

  constructor(server: string) {
    this.#attributes = { "mcp.server": server }
  }

  begin(context: Context.Context<never>): void {
    this.#inFlight ??= Metric.gauge("mcp.client.in_flight", {
      description: "Operations that have begun and not ended.",
      attributes: this.#attributes
    })
    this.#inFlight.modifyUnsafe(1, context)
  }

  end(
    context: Context.Context<never>,
    { error = "", method, tool }: {
      readonly method: string
      readonly tool?: string | undefined
      readonly error?: string | undefined
    },
    seconds: number
  ): void {
    this.#inFlight?.modifyUnsafe(-1, context)
    const { byError, labels } = tool === undefined
      ? this.#durations(this.#methods ??= new Map(), method, (method) => ({ "mcp.method.name": method }))
      : this.#durations(this.#tools ??= new Map(), tool, (tool) => ({
        "mcp.method.name": method,
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool
      }))
    let duration = byError.get(error)
    if (duration === undefined) {
      duration = Metric.histogram("mcp.client.operation.duration", {
        description: "How long operations took, from the call to the answer, retries included.",
        attributes: { ...labels, ...(error === "" ? {} : { "error.type": error }), unit: "s" },
        boundaries
      })
      byError.set(error, duration)
    }
    duration.updateUnsafe(seconds, context)
  }

  reconnected(context: Context.Context<never>): void {
    this.#reconnects ??= Metric.counter("mcp.client.reconnects", {
      description: "Connections that were made in place of one that was lost.",
      attributes: this.#attributes,
      incremental: true
    })
    this.#reconnects.updateUnsafe(1, context)
  }

  /** Names come from callers, and so from models: whatever they make up, the memory that it takes is bounded. */
  #durations(known: Map<string, Durations>, name: string, labels: (name: string) => Labels): Durations {
    const found = known.get(name)
    if (found !== undefined) return found
    if (known.size >= most && name !== other) return this.#durations(known, other, labels)
    const made = { labels: { ...this.#attributes, ...labels(name) }, byError: new Map() }
    known.set(name, made)
    return made
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Labels = Readonly<Record<string, string>>

interface Durations {
  readonly labels: Labels
  /** By the tag of the error, of which there are few; "" for none. */
  readonly byError: Map<string, Metric.Histogram<number>>
}

/** How many tools, and how many methods, of one server have durations of their own. */
const most = 1000

const other = "_other"

/** In seconds, as the convention has them. */
const boundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
