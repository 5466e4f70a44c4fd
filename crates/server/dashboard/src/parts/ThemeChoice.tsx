// The switch between light, dark, and what the system says.

import type { JSX } from "preact";
import { Choice } from "./Choice";
import { choice, CHOICES, choose } from "./theme";

const LABELS = { system: "Auto", light: "Light", dark: "Dark" } as const;
const OPTIONS = CHOICES.map((value) => ({ value, label: LABELS[value] }));

export function ThemeChoice(): JSX.Element {
  return <Choice legend="Theme" options={OPTIONS} value={choice.value} onChoose={choose} />;
}
