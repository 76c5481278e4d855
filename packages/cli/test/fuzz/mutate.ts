/** Makes a valid message hostile: some changes, each told in a line. */
import { hostile, names } from "./hostile.ts"
import { excerpt, isRecord, stringify, twin } from "./json.ts"
import type { Random } from "./random.ts"

export interface Mutated {
  readonly value: unknown
  readonly changes: ReadonlyArray<string>
}

export const mutate = (value: unknown, random: Random): Mutated => {
  const root = { message: structuredClone(value) }
  const changes: Array<string> = []
  for (let count = 1 + random.upTo(3); count > 0; count--) {
    const place = random.oneOf(placesIn(root))
    changes.push(random.oneOf(place.parent === root ? waysForAll : ways)(place, random))
  }
  return { value: root.message, changes }
}

// ---------------------------------------------------------------------------------------------------------------------
// Internal
// ---------------------------------------------------------------------------------------------------------------------

type Parent = Record<string, unknown> | Array<unknown>

interface Place {
  readonly parent: Parent
  readonly key: string
  readonly path: string
}

const most = 2000

/** Every value in the message, and the message itself. */
const placesIn = (root: Parent): ReadonlyArray<Place> => {
  const places: Array<Place> = []
  const parents: Array<{ readonly parent: Parent; readonly path: string }> = [{ parent: root, path: "" }]
  for (const { parent, path } of parents) {
    for (const [key, value] of Object.entries(parent)) {
      if (places.length > most) return places
      const place = { parent, key, path: `${path}/${excerpt(key, 40)}` }
      places.push(place)
      if (isRecord(value) || Array.isArray(value)) parents.push({ parent: value, path: place.path })
    }
  }
  return places
}

const get = ({ key, parent }: Place): unknown => Reflect.get(parent, key)

/** Also where the key is `__proto__`. */
const set = (parent: Parent, key: string, value: unknown): void =>
  void Object.defineProperty(parent, key, { value, enumerable: true, configurable: true, writable: true })

type Way = (place: Place, random: Random) => string

const replace: Way = (place, random) => {
  const value = hostile(place.key, random)
  set(place.parent, place.key, value)
  return `${place.path} := ${excerpt(stringify(value), 80)}`
}

const drop: Way = ({ key, parent, path }) => {
  if (Array.isArray(parent)) parent.splice(Number(key), 1)
  else Reflect.deleteProperty(parent, key)
  return `${path} left out`
}

const rename: Way = (place, random) => {
  const { key, parent, path } = place
  if (Array.isArray(parent)) return replace(place, random)
  const name = random.oneOf([key.toUpperCase(), `${key} `, ...names])
  set(parent, name, get(place))
  Reflect.deleteProperty(parent, key)
  return `${path} renamed ${JSON.stringify(excerpt(name, 40))}`
}

const double: Way = (place, random) => {
  const { key, parent, path } = place
  if (Array.isArray(parent)) {
    const times = random.oneOf([1, 1, 50, 1000])
    parent.push(...Array.from({ length: times }, () => get(place)))
    return `${path} repeated ${times} times`
  }
  const value = random.chance(0.5) ? get(place) : hostile(key, random)
  set(parent, key + twin, value)
  return `${path} twice, then ${excerpt(stringify(value), 80)}`
}

const add: Way = ({ key, parent, path }, random) => {
  const name = Array.isArray(parent) ? String(parent.length) : random.oneOf(names)
  const value = hostile(key, random)
  set(parent, name, value)
  return `beside ${path} ${JSON.stringify(excerpt(name, 40))}: ${excerpt(stringify(value), 80)}`
}

const reshape: Way = (place, random) => {
  const value = get(place)
  const [what, other] = random.oneOf<readonly [string, unknown]>([
    ["in a list", [value]],
    ["in an object", { value }],
    ["as text", stringify(value)],
    ["its values", isRecord(value) ? Object.values(value) : { ...Object(value) }]
  ])
  set(place.parent, place.key, other)
  return `${place.path} ${what}`
}

const ways: ReadonlyArray<Way> = [replace, replace, replace, replace, drop, rename, double, add, reshape]

/** The message itself stays where it is. */
const waysForAll: ReadonlyArray<Way> = [replace, reshape]
