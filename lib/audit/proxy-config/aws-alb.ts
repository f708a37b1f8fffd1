import { UsageError } from '../command.js';
import { headline } from './headline.js';
import type { ProxySetup } from './proxy.setup.js';

/** Seconds: what the load balancer's attribute may be. */
const LONGEST_IDLE = 4_000;

/** An Application Load Balancer of AWS, as commands for the AWS CLI. */
export function awsAlb(setup: ProxySetup): string {
  const { path, upstream, limitSeconds: limit } = setup;
  if (limit > LONGEST_IDLE) {
    throw new UsageError(
      `--interval: expected at most ${LONGEST_IDLE / 2.5} s, since an Application Load Balancer's idle timeout ends at ` +
        `${LONGEST_IDLE} s, got ${setup.intervalMs} ms`,
    );
  }
  return `${headline(setup, [
    'untested: no AWS account was at hand when this was written. The AWS CLI takes the commands; run them with sh.',
    'Needs LOAD_BALANCER_ARN, TARGET_GROUP_ARN and LISTENER_ARN in the environment. Clients connect to the listener',
    `of the load balancer; the targets are registered with port ${upstream.port}.`,
  ])}
set -eu

# Silence both ways for so long ends a connection; the default is 60, an HTTP/2 ping does not count. Heartbeats in one
# direction keep it alive, also towards a client that is gone: finding those is the gateway's part.
aws elbv2 modify-load-balancer-attributes --load-balancer-arn "$LOAD_BALANCER_ARN" \\
  --attributes Key=idle_timeout.timeout_seconds,Value=${limit}

# How long old connections live on when a target is taken out (a deployment); the default is 300.
# Connections are counted instead of taking turns: WebSockets stay for hours.
aws elbv2 modify-target-group-attributes --target-group-arn "$TARGET_GROUP_ARN" \\
  --attributes Key=deregistration_delay.timeout_seconds,Value=${Math.min(limit, 3_600)} \\
    Key=load_balancing.algorithm.type,Value=least_outstanding_requests

# WebSockets are on by default, with HTTP and HTTPS listeners alike; upgrade headers and X-Forwarded-For pass.
aws elbv2 create-rule --listener-arn "$LISTENER_ARN" --priority 10 \\
  --conditions 'Field=path-pattern,Values=${path}*' \\
  --actions "Type=forward,TargetGroupArn=$TARGET_GROUP_ARN"
`;
}
