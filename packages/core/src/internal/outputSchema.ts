/**
 * Checks `structuredContent` against a tool's `outputSchema`: JSON Schema 2020-12, or draft-07 where it says so. Both come
 * from the server. The schema is read as data: no code is made of it, references are never fetched, patterns run in
 * linear time, and what a check costs is counted before it is done.
 */
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import { isRecord } from "./json.ts"
import * as costs from "./schemaCosts.ts"
import type { Engine } from "./schemaPatterns.ts"
import { type Schema, SchemaReader } from "./schemaReader.ts"
import { type Issue, Run, shown } from "./schemaRun.ts"
import { Work } from "./schemaWork.ts"

/** What is wrong with a value; nothing if it is valid. Fails where that cannot be told. */
export type Check = (value: unknown) => Result.Result<ReadonlyArray<string>, string>

/** Fails where the schema itself cannot be used. The engine of its patterns is loaded when it is first needed. */
export const compile = (schema: unknown): Effect.Effect<Result.Result<Check, string>> =>
  isRecord(schema)
    ? Effect.map(Effect.promise(load), (engine) => total(() => checkOf(schema, engine)))
    : Effect.succeed(Result.succeed(() => Result.succeed([])))

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const load = async (): Promise<Engine> => (await import("re2js")).RE2JS

const checkOf = (schema: Schema, engine: Engine): Result.Result<Check, string> => {
  const reading = new Work(costs.maxReading, "it is too large to be checked")
  const node = new SchemaReader(schema, engine, reading).read(schema)
  if (reading.refused !== undefined) return Result.fail(reading.refused)
  return Result.succeed((value) =>
    total(() => {
      const work = new Work(costs.maxWork, "it takes more work than a check may take")
      const issues = new Run(work).start(node, value) ?? []
      return work.refused === undefined ? Result.succeed(issues.map(textOf)) : Result.fail(work.refused)
    })
  )
}

/** A caller deep in the stack may leave too little of it: that is a failure too, not a defect. */
const total = <A>(evaluate: () => Result.Result<A, string>): Result.Result<A, string> =>
  Result.flatMap(Result.try({ try: evaluate, catch: String }), (outcome) => outcome)

const textOf = ({ message, path }: Issue): string => {
  const names: Array<string> = []
  for (let at = path; at !== undefined && names.length < maxNames; at = at.rest) {
    names.push(`.${shown(String(at.name))}`)
  }
  return `structuredContent${names.join("")} ${message}`
}

/** How much of a path a message shows. */
const maxNames = 20
