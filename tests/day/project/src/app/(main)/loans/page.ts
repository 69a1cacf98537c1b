import { State } from "./loan";

export function page(title: string, state: State): string {
  return `<h1>${title}</h1><p>${state}</p>`;
}
