import { suite } from "./suite.ts"

suite(10_000, 3)
