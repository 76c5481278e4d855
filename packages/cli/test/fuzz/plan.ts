/** What one case does, from the seed and its number alone. */
import { random } from "./random.ts"

export const kinds = ["stdio-legacy", "stdio-modern", "http-legacy", "http-modern", "sse"] as const

/** Transport and era of a hostile server. */
export type Kind = typeof kinds[number]

/** What the library is asked to do, by the name in `operations.ts`. */
export const operations = [
  "connect",
  "listTools",
  "listAllTools",
  "serverInfo",
  "callTool",
  "callToolOrFail",
  "callToolStream",
  "callExact",
  "callTask",
  "listResources",
  "listResourceTemplates",
  "readResource",
  "subscribe",
  "changes",
  "listPrompts",
  "getPrompt",
  "complete",
  "setLogLevel",
  "ping",
  "taskGet",
  "taskResult",
  "taskCancel",
  "taskList",
  "skills",
  "request"
] as const

export type Operation = typeof operations[number]

/** Command lines, but for the flags that all have. */
const commands: ReadonlyArray<ReadonlyArray<string>> = [
  ["list"],
  ["list", "hostile"],
  ["list", "hostile.echo"],
  ["call", "hostile.echo", "text=hello"],
  ["call", "hostile.count", "number=1"],
  ["resources"],
  ["read", "hostile", "fuzz://one"],
  ["prompts"],
  ["prompt", "hostile.greet", "name=Ada"],
  ["complete", "hostile.greet", "name=A"],
  ["servers"],
  ["doctor"],
  ["doctor", "hostile"]
]

export type Act =
  | { readonly via: "library"; readonly operation: Operation }
  | {
    /** `process`: as a process of its own. */
    readonly via: "command" | "process"
    readonly args: ReadonlyArray<string>
    /** What stdout and stderr pretend to be. */
    readonly terminal: boolean
  }

export interface Case {
  readonly seed: number
  readonly number: number
  readonly kind: Kind
  readonly act: Act
}

export const plan = (seed: number, number: number): Case => {
  const { chance, oneOf } = random(seed, number, "plan")
  const kind = kinds[number % kinds.length] as Kind
  if (!chance(0.15)) return { seed, number, kind, act: { via: "library", operation: oneOf(operations) } }
  const via = chance(0.1) ? "process" : "command"
  const args = [
    ...oneOf(commands),
    ...(chance(0.4) ? ["--json"] : []),
    ...(chance(0.1) ? ["--trace"] : [])
  ]
  return { seed, number, kind, act: { via, args, terminal: chance(0.5) } }
}

/** The act in words. */
export const inWords = ({ act }: Case): string =>
  act.via === "library" ? act.operation : `${act.via} umcp ${act.args.join(" ")}${act.terminal ? " (terminal)" : ""}`
