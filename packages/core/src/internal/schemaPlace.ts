/** A keyword in its schema, and what it says, read as what it is to be; anything else refuses the schema. */
import * as Predicate from "effect/Predicate"
import { isRecord } from "./json.ts"
import type { Pattern } from "./schemaPatterns.ts"
import type { Schema, SchemaReader } from "./schemaReader.ts"
import type { Node, Resource } from "./schemaRun.ts"

export class Place {
  readonly reader: SchemaReader
  readonly schema: Schema
  readonly #name: string
  readonly #given: unknown
  readonly #resource: Resource

  constructor(name: string, schema: Schema, resource: Resource, reader: SchemaReader) {
    this.#name = name
    this.#given = schema[name]
    this.schema = schema
    this.#resource = resource
    this.reader = reader
  }

  /** Another keyword of the same schema; nothing where it is not there. */
  beside(name: string): Place | undefined {
    return this.schema[name] === undefined
      ? undefined
      : new Place(name, this.schema, this.#resource, this.reader)
  }

  get given(): unknown {
    return this.#given
  }

  get number(): number {
    return this.#is(Predicate.isNumber, "a number", 0)
  }

  get text(): string {
    return this.#is(Predicate.isString, "text", "")
  }

  get list(): ReadonlyArray<unknown> {
    const list = this.#is(Array.isArray, "a list", [])
    this.reader.spendParts(list.length)
    return list
  }

  get names(): ReadonlyArray<string> {
    return this.#namesIn(this.list)
  }

  get node(): Node {
    return this.reader.node(this.#given, this.#resource)
  }

  get nodes(): ReadonlyArray<Node> {
    return this.list.map((one) => this.reader.node(one, this.#resource))
  }

  get namedNodes(): ReadonlyArray<readonly [name: string, node: Node]> {
    return this.#entries.map(([name, one]) => [name, this.reader.node(one, this.#resource)])
  }

  /** Draft-07: names, or a schema. */
  get dependencies(): ReadonlyArray<readonly [name: string, needs: Node | ReadonlyArray<string>]> {
    return this.#entries.map(([name, one]) => [
      name,
      Array.isArray(one) ? this.#namesIn(one) : this.reader.node(one, this.#resource)
    ])
  }

  get dependentNames(): ReadonlyArray<readonly [name: string, needs: ReadonlyArray<string>]> {
    return this.#entries.map(([name, one]) => [name, this.#namesIn(Array.isArray(one) ? one : [one])])
  }

  get patterns(): ReadonlyArray<readonly [pattern: Pattern, node: Node]> {
    return this.namedNodes.map(([source, node]) => [this.reader.pattern(source), node])
  }

  get reference(): Node {
    return this.reader.reference(this.text, this.#resource)
  }

  get #entries(): ReadonlyArray<readonly [name: string, value: unknown]> {
    const map = this.#is(isRecord, "an object", {})
    const names = Object.keys(map)
    if (!this.reader.spendParts(names.length)) return []
    for (const name of names) this.#spendName(name)
    return names.map((name) => [name, map[name]])
  }

  /** The whole schema, because of this keyword. */
  refuse(what: string): void {
    this.reader.work.refuse(`its "${this.#name}" is not ${what}`)
  }

  #namesIn(list: ReadonlyArray<unknown>): ReadonlyArray<string> {
    if (!this.reader.spendParts(list.length)) return []
    if (!list.every(Predicate.isString)) {
      this.refuse("a list of text")
      return []
    }
    for (const name of list) this.#spendName(name)
    return list
  }

  #spendName(name: string): void {
    this.reader.work.spend(name.length / 32)
    if (name.length > maxNameLength) this.refuse(`free of names longer than ${maxNameLength} characters`)
  }

  #is<A>(check: (value: unknown) => value is A, what: string, otherwise: A): A {
    if (check(this.#given)) return this.#given
    this.refuse(what)
    return otherwise
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** Longer ones make every look-up slow. */
const maxNameLength = 1000
