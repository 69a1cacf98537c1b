import { label, type Item } from "./cart";

export function view(items: Item[]): string {
  return (items as any).map(label).join("\n");
}
