// Single checks, with what was observed against its limit.

import type { JSX } from "preact";
import type { Check } from "../contract/types";
import { measured } from "../text/numbers";
import { span } from "../text/times";
import { Figure } from "./Figure";
import { StatusMark } from "./Sign";

export function Checks({ checks, caption }: { checks: Check[]; caption: string }): JSX.Element {
  return (
    <table class="checks">
      <caption class="unseen">{caption}</caption>
      <thead>
        <tr>
          <th scope="col">Check</th>
          <th scope="col">Status</th>
          <th scope="col" class="number">
            Observed
          </th>
          <th scope="col" class="number">
            Limit
          </th>
          <th scope="col" class="number spare">
            Age
          </th>
        </tr>
      </thead>
      <tbody>
        {checks.map((check) => (
          <Row key={check.name} check={check} />
        ))}
      </tbody>
    </table>
  );
}

function Row({ check }: { check: Check }): JSX.Element {
  const { name, status, observed, threshold, unit, message, ageSeconds } = check;
  return (
    <tr>
      <th scope="row">
        {name}
        {message && <span class="check-message">{message}</span>}
      </th>
      <td>
        <StatusMark status={status} />
      </td>
      <td class="number">
        <Figure text={measured(observed, unit)} />
      </td>
      <td class="number">
        <Figure text={measured(threshold, unit)} />
      </td>
      <td class="number spare">
        <Figure text={span(ageSeconds)} />
      </td>
    </tr>
  );
}
