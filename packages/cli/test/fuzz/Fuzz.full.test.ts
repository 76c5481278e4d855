import { suite } from "./suite.ts"

suite(1000, 2)
