// Alerts: what fires first, what pages before what can wait, what is over last.

import type { JSX } from "preact";
import { useState } from "preact/hooks";
import type { Alert } from "../contract/types";
import { figure } from "../text/numbers";
import { span } from "../text/times";
import { Card, Empty } from "./Card";
import { Mark, type Tone } from "./Sign";

const STATES = ["firing", "pending", "resolved"];
const SEVERITIES = ["page", "ticket"];

/** So many of those that are over stand there unasked. */
const FIRST_RESOLVED = 3;

export function Alerts({ alerts }: { alerts: Alert[] | null }): JSX.Element {
  const firing = (alerts ?? []).filter((alert) => alert.state === "firing").length;
  return (
    <Card title="Alerts" name="alerts" aside={firing > 0 && <span class="aside bad">{`${firing} firing`}</span>}>
      {alerts === null && <Empty>Not watched: this server has no alerts.</Empty>}
      {alerts?.length === 0 && <Empty>None fires, is pending, or was lately.</Empty>}
      {alerts && alerts.length > 0 && <List alerts={[...alerts].sort(byUrgency)} />}
    </Card>
  );
}

function List({ alerts }: { alerts: Alert[] }): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const current = alerts.filter((alert) => alert.state !== "resolved");
  const resolved = alerts.filter((alert) => alert.state === "resolved");
  const shown = [...current, ...(isOpen ? resolved : resolved.slice(0, FIRST_RESOLVED))];
  return (
    <>
      {current.length === 0 && <Empty>None fires or is pending.</Empty>}
      <ul class="alert-list">
        {shown.map((alert) => (
          <One key={`${alert.rule} ${alert.database}`} alert={alert} />
        ))}
      </ul>
      {resolved.length > FIRST_RESOLVED && (
        <button type="button" class="more" onClick={() => setOpen(!isOpen)}>
          {isOpen ? "Show fewer" : `Show all ${resolved.length} resolved`}
        </button>
      )}
    </>
  );
}

function One({ alert }: { alert: Alert }): JSX.Element {
  const { rule, database, severity, state, sinceSeconds, message, observed, threshold } = alert;
  return (
    <li class={`alert ${state} ${severity}`}>
      <div class="alert-head">
        <Mark tone={toneOf(alert)} word={state} />
        <b>{rule}</b>
        {database && <span class="kind">{database}</span>}
        <span class="severity">{severity}</span>
        <span class="since">{sinceSeconds !== null && sinceText(state, span(sinceSeconds))}</span>
      </div>
      {state !== "resolved" && (
        <p class="alert-message">
          {message}
          {observed !== null && (
            <span class="observed">
              {figure(observed)}
              {threshold !== null && `, limit ${figure(threshold)}`}
            </span>
          )}
        </p>
      )}
    </li>
  );
}

function sinceText(state: string, since: string): string {
  return state === "resolved" ? `${since} ago` : `for ${since}`;
}

function toneOf({ state, severity }: Alert): Tone {
  if (state === "resolved") return "good";
  if (state === "firing" && severity === "page") return "bad";
  return "warn";
}

/** Orders what a person should read first; words that this page does not know come last. */
function byUrgency(one: Alert, other: Alert): number {
  const place = (words: string[], word: string) => (words.indexOf(word) + words.length + 1) % (words.length + 1);
  return (
    place(STATES, one.state) - place(STATES, other.state) ||
    place(SEVERITIES, one.severity) - place(SEVERITIES, other.severity) ||
    (one.sinceSeconds ?? 0) - (other.sinceSeconds ?? 0)
  );
}
