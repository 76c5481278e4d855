/**
 * What reading a schema and checking a value may cost. One unit is about 20 ns: the time to look at a number in a list,
 * on a machine that parses 32 MiB of small objects in about 310 ms. Each cost was measured as the processor time of a
 * schema that does little else (`test/fixtures/heavySchemas.ts`), divided by how often it does it, and rounded up.
 */

// ---------------------------------------------------------------------------------------------------------------------
// Budgets: `JSON.parse` of 32 MiB of small objects takes about 15,000,000 units.
// ---------------------------------------------------------------------------------------------------------------------

/** To read a schema: about 70,000 keywords, names and items of lists. */
export const maxReading = 4_000_000

/** To check one value. */
export const maxWork = 6_000_000

// ---------------------------------------------------------------------------------------------------------------------
// Reading
// ---------------------------------------------------------------------------------------------------------------------

/** A keyword, a name or an item of a list. */
export const part = 30

/** A character of a reference: it is split, decoded and looked up. */
export const referenceCharacter = 10

/** Each address is resolved against one that is as long, so that schemas with longer ones are refused. */
export const maxAddressLength = 2000

/** To resolve an address, and each character of it and of the address around it. */
export const address = 100
export const addressCharacter = 3

/** Longer names make every look-up slow, so that schemas with such names are refused. */
export const maxNameLength = 1000

/** A character of a name, which is hashed. */
export const nameCharacter = 1 / 32

// ---------------------------------------------------------------------------------------------------------------------
// Patterns
// ---------------------------------------------------------------------------------------------------------------------

/** To compile the shortest. */
export const pattern = 500

/** A character of a pattern, which is parsed. */
export const patternCharacter = 100

/** What one character or group compiles to: one or two instructions. Counted repetitions multiply it. */
export const instructions = 100

/** To make `\pL` and its like, which are hundreds of ranges; they are sorted and joined with their neighbours. */
export const unicodeClass = 15_000

/** To make `\w`, a dot and their like. */
export const perlClass = 500

/** A range of characters, each time an instruction asks for it: the engine sorts them before the first match. */
export const range = 1

/** Ranges of `\pL` and its like. */
export const unicodeRanges = 700

/** To start a match. */
export const match = 20

/** Instructions that one character of a text is compared with in the time of a unit, as long as states are reused. */
export const instructionsPerUnit = 32

/** The same for texts so long that the engine may stop to keep states, and follows all instructions at once. */
export const instructionsPerUnitOfLong = 3

/** In characters: fewer cannot fill the memory of the engine. */
export const longText = 2000

/** A byte of the states that the engine makes, by its own count. */
export const stateByte = 1 / 4

// ---------------------------------------------------------------------------------------------------------------------
// Checking
// ---------------------------------------------------------------------------------------------------------------------

/** To look at a value once more. Honest schemas do so a few times, others thousands of times. */
export const again = 10

/** To list what the keywords look at. */
export const tracking = 15

/** To divide numbers of which one is far larger: some engines subtract bit by bit. */
export const longRemainder = 60

/** To put a name before the path of an issue, or one issue with others. */
export const issue = 10

/** To put the issues of all branches together. */
export const issues = 20

/** What is small is quick to look at, because engines keep it in another way and it is in the cache. */
const many = 100

/** To list names. */
export const names = (count: number): number => count * (count > many ? 20 : 5)

/** To remember one more name or index. */
export const remembered = (size: number): number => size > many ? 40 : 8

/** A character that is compared or copied. */
export const character = 1 / 16

/** A character of a text of which the length in characters of Unicode is asked. */
export const countedCharacter = 1 / 8

/** To look a value up in a set, and to add it. */
export const lookUp = 5
export const addition = 20

/** Longer texts of one length are told from each other only by comparing them. */
export const longKey = 1000
export const comparedCharacter = 1 / 100

/** To write a list or an object as text, and each item or name in it. */
export const list = 20
export const item = 5

/** To write a number as text. */
export const integer = 3
export const fraction = 15
export const object = 50
export const name = 40
