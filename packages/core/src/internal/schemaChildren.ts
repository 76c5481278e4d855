/** The keywords about what is inside of objects and lists. */
import { isRecord } from "./json.ts"
import type { KeywordValue } from "./schemaKeywordValue.ts"
import { type Assertion, first, issue, keysOf, shown } from "./schemaRun.ts"

export const properties = (keyword: KeywordValue): Assertion => {
  const named = keyword.readNamedSchemas()
  return (value, run) =>
    isRecord(value) && run.work.spend(named.length)
      ? first(named, run.work, ([name, node]) => {
        if (!Object.hasOwn(value, name)) return undefined
        run.sawName(name)
        return run.inside(node, value[name], name)
      })
      : undefined
}

export const patternProperties = (keyword: KeywordValue): Assertion => {
  const patterns = keyword.readPatterns()
  return (value, run) =>
    isRecord(value)
      ? first(keysOf(value, run.work), run.work, (name) =>
        first(patterns, run.work, ([pattern, node]) => {
          if (!pattern.matches(name, run.work)) return undefined
          run.sawName(name)
          return run.inside(node, value[name], name)
        }))
      : undefined
}

export const additionalProperties = (keyword: KeywordValue): Assertion => {
  const node = keyword.readSchema()
  const isNone = keyword.value === false
  const named = new Set(keyword.sibling("properties")?.readNamedSchemas().map(([name]) => name))
  const patterns = keyword.sibling("patternProperties")?.readPatterns() ?? []
  return (value, run) =>
    isRecord(value)
      ? first(keysOf(value, run.work), run.work, (name) => {
        if (named.has(name) || patterns.some(([pattern]) => pattern.matches(name, run.work))) return undefined
        if (isNone) return issue(`must NOT have additional properties: ${shown(name)}`)
        run.sawName(name)
        return run.inside(node, value[name], name)
      })
      : undefined
}

export const propertyNames = (keyword: KeywordValue): Assertion => {
  const node = keyword.readSchema()
  return (value, run) =>
    isRecord(value)
      ? first(keysOf(value, run.work), run.work, (name) =>
        run.inside(node, name, name) === undefined
          ? undefined
          : issue(`must NOT have a property of the name ${shown(name)}`))
      : undefined
}

export const unevaluatedProperties = (keyword: KeywordValue): Assertion => {
  const node = keyword.readSchema()
  const isNone = keyword.value === false
  return (value, run) => {
    const { seen } = run
    if (!isRecord(value) || seen === undefined || seen.allNames) return undefined
    const issues = first(keysOf(value, run.work), run.work, (name) => {
      if (seen.names.has(name)) return undefined
      return isNone
        ? issue(`must NOT have unevaluated properties: ${shown(name)}`)
        : run.inside(node, value[name], name)
    })
    seen.allNames = true
    return issues
  }
}

/** One schema for each of the first items. */
export const prefixItems = (keyword: KeywordValue): Assertion => {
  const nodes = keyword.readSchemas()
  return (value, run) => {
    if (!Array.isArray(value)) return undefined
    if (run.seen !== undefined) run.seen.items = Math.max(run.seen.items, nodes.length)
    for (let i = 0; i < value.length && run.work.refused === undefined; i++) {
      const node = nodes[i]
      if (node === undefined) return undefined
      const issues = run.inside(node, value[i], i)
      if (issues !== undefined) return issues
    }
    return undefined
  }
}

/** One schema for all items, or a list with one for each: draft-07, and many schemas without `$schema`. */
export const items = (keyword: KeywordValue): Assertion =>
  Array.isArray(keyword.value)
    ? prefixItems(keyword)
    : itemsFrom(keyword, lengthOf(keyword.sibling("prefixItems")))

export const additionalItems = (keyword: KeywordValue): Assertion | undefined => {
  const before = keyword.sibling("items")
  return Array.isArray(before?.value) ? itemsFrom(keyword, before.value.length) : undefined
}

export const unevaluatedItems = (keyword: KeywordValue): Assertion => {
  const node = keyword.readSchema()
  const isNone = keyword.value === false
  return (value, run) => {
    const { seen } = run
    if (!Array.isArray(value) || seen === undefined || !run.work.spend(value.length)) return undefined
    for (let i = seen.items; i < value.length; i++) {
      if (seen.indexes.has(i)) continue
      const issues = isNone ? issue("must NOT have unevaluated items") : run.inside(node, value[i], i)
      if (issues !== undefined) return issues
    }
    seen.items = value.length
    return undefined
  }
}

export const contains = (keyword: KeywordValue): Assertion => {
  const node = keyword.readSchema()
  const has2020 = !keyword.reader.isDraft07
  const least = (has2020 ? keyword.sibling("minContains")?.readNumber() : undefined) ?? 1
  const most = (has2020 ? keyword.sibling("maxContains")?.readNumber() : undefined) ?? Number.POSITIVE_INFINITY
  return (value, run) => {
    if (!Array.isArray(value) || !run.work.spend(value.length)) return undefined
    let count = 0
    for (let i = 0; i < value.length; i++) {
      const issues = run.inside(node, value[i], i)
      if (run.work.refused !== undefined) return undefined
      if (issues !== undefined) continue
      count++
      if (has2020) run.sawIndex(i)
    }
    if (count < least) return issue(`must contain at least ${least} valid item(s)`)
    return count > most ? issue(`must contain at most ${most} valid item(s)`) : undefined
  }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

const lengthOf = (keyword: KeywordValue | undefined): number => Array.isArray(keyword?.value) ? keyword.value.length : 0

const itemsFrom = (keyword: KeywordValue, start: number): Assertion => {
  const node = keyword.readSchema()
  const isNone = keyword.value === false
  return (value, run) => {
    if (!Array.isArray(value)) return undefined
    if (isNone && value.length > start) return issue(`must NOT have more than ${start} items`)
    if (!run.work.spend(value.length)) return undefined
    for (let i = start; i < value.length; i++) {
      const issues = run.inside(node, value[i], i)
      if (issues !== undefined) return issues
    }
    if (run.seen !== undefined) run.seen.items = value.length
    return undefined
  }
}
