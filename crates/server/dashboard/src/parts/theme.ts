// Light, dark, or as the system says; the choice is kept on this machine.

import { effect, signal } from "@preact/signals";

export const CHOICES = ["system", "light", "dark"] as const;
export type Choice = (typeof CHOICES)[number];

const KEY = "mongoplex.theme";
const dark = matchMedia("(prefers-color-scheme: dark)");

export const choice = signal<Choice>(kept());

/** What is shown now; what paints by itself reads it to paint again. */
export const appearance = signal<"light" | "dark">("light");

/** Applies the choice now and from then on. */
export function startTheme(): void {
  const isDark = signal(dark.matches);
  dark.addEventListener("change", () => (isDark.value = dark.matches));
  effect(() => {
    const root = document.documentElement;
    if (choice.value === "system") delete root.dataset["theme"];
    else root.dataset["theme"] = choice.value;
    const system = isDark.value ? "dark" : "light";
    appearance.value = choice.value === "system" ? system : choice.value;
  });
}

/** Takes and keeps a choice. */
export function choose(one: Choice): void {
  choice.value = one;
  try {
    localStorage.setItem(KEY, one);
  } catch {
    // A browser may refuse to keep anything; then the choice lasts as long as the page.
  }
}

function kept(): Choice {
  try {
    const value = localStorage.getItem(KEY);
    return CHOICES.find((one) => one === value) ?? "system";
  } catch {
    return "system";
  }
}
