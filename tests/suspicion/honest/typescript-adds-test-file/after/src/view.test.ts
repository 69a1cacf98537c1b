import { expect, it } from "vitest";
import { view } from "./view";

it("shows nothing", () => {
  expect(view([])).toBe("");
});
