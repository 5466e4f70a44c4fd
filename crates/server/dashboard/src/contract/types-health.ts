// How a server and the deployments behind it are doing.

/** How a part is doing. `unsupported` is for checks alone, and is no trouble. */
export const STATUSES = ["up", "degraded", "down", "unknown", "unsupported"] as const;
export type Status = (typeof STATUSES)[number];

/** Why a part is not up. */
export interface Reason {
  code: string;
  message: string;
  observed: number | null;
  threshold: number | null;
  unit: string;
}

/** One thing that was looked at. */
export interface Check {
  name: string;
  status: Status;
  observed: number | null;
  threshold: number | null;
  unit: string;
  message: string | null;
  ageSeconds: number | null;
}

/** A node of the tree: a deployment, a logical database, the process. */
export interface Component {
  name: string;
  kind: string;
  required: boolean;
  status: Status;
  sinceSeconds: number | null;
  ageSeconds: number | null;
  reasons: Reason[];
  checks: Check[];
  components: Component[];
}

export interface Health {
  status: Status;
  ready: boolean | null;
  draining: boolean;
  components: Component[];
}

/** One server of a deployment, as the driver sees it. */
export interface Node {
  address: string;
  kind: string;
  roundTripMs: number | null;
  lagSeconds: number | null;
}

export interface Deployment {
  name: string;
  databases: string[];
  budget: { tokens: number | null; capacity: number | null };
  servers: Node[];
}
