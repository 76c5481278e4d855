/** The metrics of one server. What is measured often is found without allocating. */
import type * as Context from "effect/Context"
import * as Metric from "effect/Metric"

export class Metrics {
  readonly #attributes: Labels
  #inFlight: Metric.Gauge<number> | undefined
  #reconnects: Metric.Counter<number> | undefined
  readonly #succeeded: Durations = { methods: undefined, tools: undefined }
  /** By the tag of the error, of which there are few. */
  #failed: Map<string, Durations> | undefined

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
    { error, method, tool }: {
      readonly method: string
      readonly tool?: string | undefined
      readonly error?: string | undefined
    },
    seconds: number
  ): void {
    this.#inFlight?.modifyUnsafe(-1, context)
    this.#duration(method, tool, error).updateUnsafe(seconds, context)
  }

  reconnected(context: Context.Context<never>): void {
    this.#reconnects ??= Metric.counter("mcp.client.reconnects", {
      description: "Connections that were made in place of one that was lost.",
      attributes: this.#attributes,
      incremental: true
    })
    this.#reconnects.updateUnsafe(1, context)
  }

  #duration(method: string, tool: string | undefined, error: string | undefined): Metric.Histogram<number> {
    const durations = error === undefined ? this.#succeeded : this.#failure(error)
    const known = tool === undefined ? durations.methods ??= new Map() : durations.tools ??= new Map()
    const name = tool ?? method
    const found = known.get(name)
    if (found !== undefined) return found
    // Names come from callers, and so from models: whatever they make up, the memory that it takes is bounded.
    if (known.size >= most && name !== other) {
      return tool === undefined ? this.#duration(other, undefined, error) : this.#duration(method, other, error)
    }
    const made = Metric.histogram("mcp.client.operation.duration", {
      description: "How long operations took, from the call to the answer, retries included.",
      attributes: {
        ...this.#attributes,
        "mcp.method.name": method,
        ...(tool === undefined ? {} : { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": tool }),
        ...(error === undefined ? {} : { "error.type": error }),
        unit: "s"
      },
      boundaries
    })
    known.set(name, made)
    return made
  }

  #failure(error: string): Durations {
    const failed = this.#failed ??= new Map()
    const found = failed.get(error)
    if (found !== undefined) return found
    const made: Durations = { methods: undefined, tools: undefined }
    failed.set(error, made)
    return made
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Labels = Readonly<Record<string, string>>

interface Durations {
  methods: Map<string, Metric.Histogram<number>> | undefined
  tools: Map<string, Metric.Histogram<number>> | undefined
}

/** How many tools, and how many methods, of one server have durations of their own. */
const most = 1000

const other = "_other"

/** In seconds, as the convention has them. */
const boundaries = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300]
