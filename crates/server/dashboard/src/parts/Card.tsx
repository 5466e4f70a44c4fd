// A section of the page with its heading, and what stands in one that is empty.

import type { ComponentChildren, JSX } from "preact";
import { useId } from "preact/hooks";

interface CardProps {
  title: string;
  /** Beside the heading: a number, a choice. */
  aside?: ComponentChildren;
  name?: string;
  children: ComponentChildren;
}

export function Card({ title, aside, name = "", children }: CardProps): JSX.Element {
  const id = useId();
  return (
    <section class={`card ${name}`} aria-labelledby={id}>
      <div class="card-head">
        <h2 id={id}>{title}</h2>
        {aside}
      </div>
      {children}
    </section>
  );
}

/** Says what is not there, and whether that is good. */
export function Empty({ children }: { children: ComponentChildren }): JSX.Element {
  return <p class="empty">{children}</p>;
}

/** A wide table: it moves within itself, by keyboard too, and never the page. */
export function Wide({ label, children }: { label: string; children: ComponentChildren }): JSX.Element {
  return (
    <div class="wide" role="region" aria-label={label} tabIndex={0}>
      {children}
    </div>
  );
}
