import { readFileSync } from "node:fs";

export interface Item {
  name: string;
  price: number;
}

export function total(items: Item[]): number {
  let sum = 0;
  for (const item of items) {
    sum += item.price;
  }
  return sum;
}

export function load(path: string): Item[] {
  const text = readFileSync(path, "utf8");
  return JSON.parse(text) as Item[];
}

export const label = (item: Item): string => {
  const price = (item.price / 100).toFixed(2);
  return `${item.name}: ${price}`;
};

export async function send(items: Item[]): Promise<void> {
  await fetch("/cart", { method: "POST", body: JSON.stringify(items) });
}
