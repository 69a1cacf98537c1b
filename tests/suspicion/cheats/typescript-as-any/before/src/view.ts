import { label, type Item } from "./cart";

export function view(items: Item[]): string {
  return items.map(label).join("\n");
}
