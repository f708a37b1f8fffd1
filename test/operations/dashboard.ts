import { readFileSync } from 'node:fs';

interface Source {
  readonly type: string;
  readonly uid: string;
}

export interface Target {
  readonly refId: string;
  readonly expr: string;
  readonly legendFormat: string;
  readonly datasource: Source;
}

export interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly datasource?: Source;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly Target[];
}

export interface Dashboard {
  readonly id?: unknown;
  readonly uid: string;
  readonly title: string;
  readonly schemaVersion: number;
  readonly panels: readonly Panel[];
  readonly templating: {
    readonly list: readonly {
      readonly name: string;
      readonly type: string;
      readonly definition?: string;
      readonly datasource?: Source;
    }[];
  };
}

/** What Grafana puts for its variables. */
const VARIABLES: Readonly<Record<string, string>> = {
  $__rate_interval: '1m',
  $job: '.*',
  $instance: '.*',
  $gateway: '.*',
};

export function shippedDashboard(): Dashboard {
  return JSON.parse(readFileSync('lib/operations/grafana-dashboard.json', 'utf8')) as Dashboard;
}

/** What its panels ask Prometheus for, with Grafana's variables in it. */
export function targetsOf({ panels }: Dashboard): { readonly panel: string; readonly expr: string }[] {
  return panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ panel: title, expr })));
}

/** As Prometheus gets it when everything is chosen. */
export function filledIn(expr: string): string {
  return expr.replace(/\$\w+/g, (name) => VARIABLES[name] ?? name);
}
