/** One check of one value: what it may still cost, how deep it is, and what is known of the value on the way. */
import { maxDepth } from "./excess.ts"
import * as costs from "./schemaCosts.ts"
import type { Work } from "./schemaWork.ts"

/** A schema, read. */
export interface Node {
  readonly assertions: ReadonlyArray<Assertion>
  readonly resource: Resource
  /** Whether it has an `unevaluated…` keyword. */
  readonly tracks: boolean
}

/** Gives what is wrong; nothing if nothing is, or if the work is refused. */
export type Assertion = (value: unknown, run: Run) => Issues

export type Issues = ReadonlyArray<Issue> | undefined

export interface Issue {
  readonly path: Path | undefined
  readonly message: string
}

interface Path {
  readonly name: string | number
  readonly rest: Path | undefined
}

/** A schema with an `$id`, and the anchors in it. */
export interface Resource {
  readonly uri: string
  readonly root: unknown
  /** By `#` and their names: engines hash texts that are integers without a seed. */
  readonly anchors: Map<string, unknown>
  readonly dynamic: Map<string, Node>
}

interface Scope {
  readonly resource: Resource
  readonly outer: Scope | undefined
}

/** Which properties and items the keywords have looked at, for `unevaluatedProperties` and `unevaluatedItems`. */
export class Seen {
  readonly names = new Set<string>()
  readonly indexes = new Set<number>()
  allNames = false
  /** All items before this one. */
  items = 0

  add(other: Seen, work: Work): void {
    const { size } = other.names
    const count = other.indexes.size
    if (!work.spend(size * costs.remembered(size) + count * costs.remembered(count))) return
    for (const name of other.names) this.names.add(name)
    for (const index of other.indexes) this.indexes.add(index)
    this.allNames ||= other.allNames
    this.items = Math.max(this.items, other.items)
  }
}

export class Run {
  readonly work: Work
  /** Only while a schema around the value has an `unevaluated…` keyword. */
  seen: Seen | undefined
  #scope: Scope | undefined
  #depth = 0

  constructor(work: Work) {
    this.work = work
  }

  /** Checks a value against a schema. */
  start(node: Node, value: unknown): Issues {
    if (!this.work.spend(1 + node.assertions.length)) return undefined
    if (this.#depth >= maxDepth) {
      this.work.refuse(`it follows more than ${maxDepth} schemas or references into each other`)
      return undefined
    }
    const { seen } = this
    const scope = this.#scope
    this.#depth++
    if (scope?.resource !== node.resource) this.#scope = { resource: node.resource, outer: scope }
    if (node.tracks && this.work.spend(costs.tracking)) this.seen = new Seen()
    const issues = first(node.assertions, this.work, (assertion) => assertion(value, this))
    if (node.tracks) {
      if (issues === undefined && this.seen !== undefined) seen?.add(this.seen, this.work)
      this.seen = seen
    }
    this.#scope = scope
    this.#depth--
    return issues
  }

  /** Checks the same value; what is looked at counts for the schema around it. */
  here(node: Node, value: unknown): Issues {
    return this.work.spend(costs.again) ? this.start(node, value) : undefined
  }

  /** Checks the same value; what is looked at counts only if it is valid. */
  branch(node: Node, value: unknown): Issues {
    const { seen } = this
    if (seen === undefined) return this.here(node, value)
    const own = this.seen = new Seen()
    const issues = this.here(node, value)
    this.seen = seen
    if (issues === undefined) seen.add(own, this.work)
    return issues
  }

  /** Checks a property or an item of the value. */
  inside(node: Node, value: unknown, name: string | number): Issues {
    const { seen } = this
    this.seen = undefined
    const issues = this.start(node, value)
    this.seen = seen
    if (issues === undefined || !this.work.spend(costs.issue * issues.length)) return undefined
    return issues.map(({ message, path }) => ({ message, path: { name, rest: path } }))
  }

  sawName(name: string): void {
    if (this.seen !== undefined && this.work.spend(costs.remembered(this.seen.names.size))) this.seen.names.add(name)
  }

  sawIndex(index: number): void {
    if (this.seen !== undefined && this.work.spend(costs.remembered(this.seen.indexes.size))) {
      this.seen.indexes.add(index)
    }
  }

  /** Of the schemas that led here, the outermost with the anchor. */
  dynamic(anchor: string): Node | undefined {
    let found: Node | undefined
    for (let scope = this.#scope; scope !== undefined && this.work.spend(1); scope = scope.outer) {
      found = scope.resource.dynamic.get(anchor) ?? found
    }
    return found
  }
}

export const issue = (message: string): Issues => [{ path: undefined, message }]

/** A text of the server, short enough for a message. */
export const shown = (text: string): string => text.length > 100 ? `${text.slice(0, 100)}…` : text

/** None if the work is refused. */
export const keysOf = (value: Readonly<Record<string, unknown>>, work: Work): ReadonlyArray<string> => {
  const keys = Object.keys(value)
  return work.spend(costs.names(keys.length)) ? keys : []
}

/** What the first check says that says something. Ends where the work is refused. */
export const first = <A>(
  items: ReadonlyArray<A>,
  work: Work,
  check: (item: A, index: number) => Issues
): Issues => {
  for (let i = 0; i < items.length && work.refused === undefined; i++) {
    const item = items[i]
    const issues = item === undefined ? undefined : check(item, i)
    if (issues !== undefined) return issues
  }
  return undefined
}
