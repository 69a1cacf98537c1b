export type State = "asked" | "lent" | "overdue" | "returned";

const after: Record<State, State[]> = {
  asked: ["lent"],
  lent: ["overdue", "returned"],
  overdue: ["returned"],
  returned: [],
};

export function step(from: State, to: State): State {
  if (!after[from].includes(to)) {
    throw new Error(`a loan that is ${from} does not become ${to}`);
  }
  return to;
}
