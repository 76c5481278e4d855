/** Reads a JSON Schema: only the keywords that `schemaKeywords.ts` lists, and each schema once. */
import * as Result from "effect/Result"
import { isRecord } from "./json.ts"
import * as jsonPointer from "./jsonPointer.ts"
import * as percent from "./percent.ts"
import * as costs from "./schemaCosts.ts"
import * as schemaKeywords from "./schemaKeywords.ts"
import * as schemaPatterns from "./schemaPatterns.ts"
import { type Assertion, issue, type Node, type Resource } from "./schemaRun.ts"
import type { Work } from "./schemaWork.ts"

export type Schema = Readonly<Record<string, unknown>>

export class SchemaReader {
  readonly work: Work
  readonly isDraft07: boolean
  readonly #engine: schemaPatterns.Engine
  readonly #resources = new Map<string, Resource>()
  /** By the schemas that have an `$id`. */
  readonly #starts = new Map<unknown, Resource>()
  readonly #nodes = new Map<unknown, Node>()
  readonly #unread: Array<() => void> = []
  readonly #patterns = new Map<string, schemaPatterns.Pattern>()

  constructor(schema: Schema, engine: schemaPatterns.Engine, work: Work) {
    const dialect = schema["$schema"]
    this.isDraft07 = typeof dialect === "string" && dialect.includes("draft-07")
    this.#engine = engine
    this.work = work
  }

  /** The schema can be used unless `work` is refused afterwards. */
  read(schema: Schema): Node {
    const root = this.#start(schema, { uri: rootUri, root: schema, anchors: new Map(), dynamic: new Map() })
    this.#resources.set(rootUri, root)
    this.#index(schema, root)
    // It is too large: to read it a second time would take as long again.
    if (this.work.refused !== undefined) return { resource: root, tracks: false, assertions: [] }
    const node = this.node(schema, root)
    for (let next = this.#unread.pop(); next !== undefined && this.spendParts(1); next = this.#unread.pop()) next()
    return node
  }

  /** Call it before keywords, names or items are looked at. */
  spendParts(count: number): boolean {
    return this.work.spend(count * costs.part)
  }

  /** A schema in the schema. It is put on a list to read, so that deep schemas need no deep stack. */
  node(value: unknown, around: Resource): Node {
    const resource = this.#starts.get(value) ?? around
    if (!isRecord(value)) {
      if (typeof value !== "boolean") this.work.refuse("it has something else where a schema is expected")
      return { resource, tracks: false, assertions: value === false ? [never] : [] }
    }
    const known = this.#nodes.get(value)
    if (known !== undefined) return known
    const assertions: Array<Assertion> = []
    const node = { resource, assertions, tracks: !this.isDraft07 && schemaKeywords.tracks(value) }
    this.#nodes.set(value, node)
    this.#unread.push(() => assertions.push(...schemaKeywords.read(value, resource, this)))
    return node
  }

  pattern(source: string): schemaPatterns.Pattern {
    const known = this.#patterns.get(source)
    if (known !== undefined) return known
    const pattern = schemaPatterns.compile(this.#engine, source, this.work)
    this.#patterns.set(source, pattern)
    return pattern
  }

  /** The schema that a reference names. */
  reference(reference: string, around: Resource): Node {
    const nothing = { resource: around, tracks: false, assertions: [] }
    if (!this.#isShort(reference)) return nothing
    if (!this.work.spend(reference.length * costs.referenceCharacter)) return nothing
    const [address = "", ...rest] = reference.split("#")
    const fragment = rest.join("#")
    const resource = address === "" ? around : this.#resources.get(this.#absolute(address, around.uri))
    const [found, where] = resource === undefined ? [] : this.#lookUp(fragment, resource)
    if (found === undefined || where === undefined) {
      this.work.refuse(`its reference ${JSON.stringify(reference.slice(0, 100))} leads to no part of it`)
      return nothing
    }
    return this.node(found, where)
  }

  #lookUp(fragment: string, resource: Resource): [found: unknown, where: Resource] {
    if (fragment !== "" && !fragment.startsWith("/")) {
      return [resource.anchors.get(`#${percent.decode(fragment)}`), resource]
    }
    let found = resource.root
    let where = resource
    for (const name of jsonPointer.names(fragment)) {
      found = jsonPointer.get(found, name)
      where = this.#starts.get(found) ?? where
    }
    return [found, where]
  }

  /** Finds the addresses and anchors, before the first reference is followed. */
  #index(root: Schema, resource: Resource): void {
    const open: Array<readonly [part: Schema, around: Resource]> = [[root, resource]]
    const dynamic: Array<() => void> = []
    for (let next = open.pop(); next !== undefined && this.spendParts(1); next = open.pop()) {
      const [part, around] = next
      const where = part === root ? around : this.#start(part, around)
      this.#anchor(part["$anchor"], part, where)
      const anchor = this.#anchor(part["$dynamicAnchor"], part, where)
      if (anchor !== undefined) dynamic.push(() => where.dynamic.set(anchor, this.node(part, where)))
      schemaKeywords.eachSchemaIn(part, this, (inner) => open.push([inner, where]))
    }
    dynamic.forEach((add) => add())
  }

  #anchor(name: unknown, part: Schema, where: Resource): string | undefined {
    if (typeof name !== "string" || this.isDraft07) return undefined
    if (!this.#isShort(name)) return undefined
    if (!where.anchors.has(`#${name}`)) where.anchors.set(`#${name}`, part)
    return name
  }

  #start(part: Schema, around: Resource): Resource {
    const id = part["$id"]
    if (typeof id !== "string" || this.isDraft07 && typeof part["$ref"] === "string") return around
    if (!this.#isShort(id)) return around
    if (id.startsWith("#")) {
      if (this.isDraft07) around.anchors.set(id, part)
      return around
    }
    const uri = this.#absolute(id, around.uri)
    const resource = { uri, root: part, anchors: new Map<string, unknown>(), dynamic: new Map<string, Node>() }
    this.#resources.set(uri, resource)
    this.#starts.set(part, resource)
    return resource
  }

  #absolute(address: string, base: string): string {
    if (!this.work.spend(costs.address + (address.length + base.length) * costs.addressCharacter)) return address
    const uri = absolute(address, base)
    return this.#isShort(uri) ? uri : address
  }

  #isShort(address: string): boolean {
    return address.length <= costs.maxAddressLength
      || this.work.refuse(`it has an address or anchor longer than ${costs.maxAddressLength} characters`)
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

/** The address of a schema without `$id`. */
const rootUri = "schema://root/"

const never: Assertion = () => issue("must not be there (its schema is false)")

const absolute = (uri: string, base: string): string =>
  Result.getOrElse(Result.try(() => new URL(uri, base).href.replace(/#$/, "")), () => uri)
