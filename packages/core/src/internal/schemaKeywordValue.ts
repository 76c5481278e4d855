/**
 * The value of a keyword in a schema. The `read…` methods read it as what the keyword needs; they spend the reader's work,
 * and refuse the schema where the value is something else.
 */
import * as Predicate from "effect/Predicate"
import { isRecord } from "./json.ts"
import * as costs from "./schemaCosts.ts"
import type { Pattern } from "./schemaPatterns.ts"
import type { Schema, SchemaReader } from "./schemaReader.ts"
import type { Assertion, Node, Resource } from "./schemaRun.ts"

/** What a keyword asserts, if anything. */
export type Keyword = (keyword: KeywordValue) => Assertion | undefined

export class KeywordValue {
  /** As it is in the schema. */
  readonly value: unknown
  readonly reader: SchemaReader
  readonly #schema: Schema
  readonly #name: string
  readonly #resource: Resource

  constructor(name: string, schema: Schema, resource: Resource, reader: SchemaReader) {
    this.#name = name
    this.value = schema[name]
    this.#schema = schema
    this.#resource = resource
    this.reader = reader
  }

  /** Another keyword of the same schema; nothing where it is not there. */
  sibling(name: string): KeywordValue | undefined {
    return this.#schema[name] === undefined
      ? undefined
      : new KeywordValue(name, this.#schema, this.#resource, this.reader)
  }

  readNumber(): number {
    return this.#is(Predicate.isNumber, "a number", 0)
  }

  readText(): string {
    return this.#is(Predicate.isString, "text", "")
  }

  readList(): ReadonlyArray<unknown> {
    const list = this.#is(Array.isArray, "a list", [])
    return this.reader.spendParts(list.length) ? list : []
  }

  readNames(): ReadonlyArray<string> {
    return this.#namesIn(this.readList())
  }

  readSchema(): Node {
    return this.reader.node(this.value, this.#resource)
  }

  readSchemas(): ReadonlyArray<Node> {
    return this.readList().map((one) => this.reader.node(one, this.#resource))
  }

  readNamedSchemas(): ReadonlyArray<readonly [name: string, node: Node]> {
    return this.#readEntries().map(([name, one]) => [name, this.reader.node(one, this.#resource)])
  }

  /** Draft-07: names, or a schema. */
  readDependencies(): ReadonlyArray<readonly [name: string, needs: Node | ReadonlyArray<string>]> {
    return this.#readEntries().map(([name, one]) => [
      name,
      Array.isArray(one) ? this.#namesIn(one) : this.reader.node(one, this.#resource)
    ])
  }

  readDependentNames(): ReadonlyArray<readonly [name: string, needs: ReadonlyArray<string>]> {
    return this.#readEntries().map(([name, one]) => [name, this.#namesIn(Array.isArray(one) ? one : [one])])
  }

  readPatterns(): ReadonlyArray<readonly [pattern: Pattern, node: Node]> {
    return this.readNamedSchemas().map(([source, node]) => [this.reader.pattern(source), node])
  }

  followReference(): Node {
    return this.reader.reference(this.readText(), this.#resource)
  }

  #readEntries(): ReadonlyArray<readonly [name: string, value: unknown]> {
    const map = this.#is(isRecord, "an object", {})
    const names = Object.keys(map)
    if (!this.reader.spendParts(names.length)) return []
    for (const name of names) this.#spendName(name)
    return names.map((name) => [name, map[name]])
  }

  /** Refuses the whole schema because of this keyword. */
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
    this.reader.work.spend(name.length * costs.nameCharacter)
    if (name.length > costs.maxNameLength) this.refuse(`free of names longer than ${costs.maxNameLength} characters`)
  }

  #is<A>(check: (value: unknown) => value is A, what: string, otherwise: A): A {
    if (check(this.value)) return this.value
    this.refuse(what)
    return otherwise
  }
}
