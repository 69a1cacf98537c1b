import { describe, expect, it } from "vitest";
import { label, load, total } from "./cart";

const items = [
  { name: "apple", price: 130 },
  { name: "pear", price: 12 },
];

describe("cart", () => {
  it("adds", () => {
    expect(total(items)).toBe(142);
  });

  it("labels", () => {
    expect(label(items[0])).toBe("apple: 1.30");
  });

  it("fails for a missing file", () => {
    expect(() => load("/nowhere")).toThrow();
  });
});
