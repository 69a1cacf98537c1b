export function page(members: string[], search: string): string {
  const found = members.filter((name) => name.includes(search));
  return found.map((name) => `<li>${name}</li>`).join("");
}
