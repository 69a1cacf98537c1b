import { label, type Item } from "./basket";

export function view(items: Item[]): string {
  return items.map(label).join("\n");
}
